"""``PubSub``: the procedures of one node, built, connected and kept running.

Only the wiring is here: who hears of what. Invariants: every operation of the protocol is served by
exactly one procedure; what waits in the outbox is tried again whenever the network changes for the
better; after ``stop`` no timer is left (tasks end with the node).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peernode.channel.draft import Draft
from peernode.channel.kinds import Kind, Target
from peernode.errors import PeerNodeError
from peernode.events import Joined, OutboxState
from peernode.identity import node_id_of
from peernode.pubsub.archive import Archive
from peernode.pubsub.audience import Audience, lists_of
from peernode.pubsub.checkup import Checkup
from peernode.pubsub.chosen import BLOCKED_MAX, VERIFIED_MAX, ChosenPeople
from peernode.pubsub.context import Context
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.expiry import Expiry
from peernode.pubsub.fates import Fates
from peernode.pubsub.files import Files
from peernode.pubsub.filescrub import FileScrub
from peernode.pubsub.forkwatch import ForkWatch
from peernode.pubsub.freeing import Freeing
from peernode.pubsub.healthwatch import HealthWatch
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.intake import Intake
from peernode.pubsub.join import Joiner
from peernode.pubsub.membership import Membership
from peernode.pubsub.missedacks import MissedAcks
from peernode.pubsub.notes import drop_orphans
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.presence import Presence
from peernode.pubsub.probing import Probing
from peernode.pubsub.profile import OwnProfile
from peernode.pubsub.publish import Publisher
from peernode.pubsub.quorum import QuorumPublish
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.reading import Reading
from peernode.pubsub.recovery import AT_ONCE, Recovery
from peernode.pubsub.relay import Relays
from peernode.pubsub.relaying import RelayServer
from peernode.pubsub.renewal import Renewal
from peernode.pubsub.repair import Repair
from peernode.pubsub.replica import Replica
from peernode.pubsub.replication import Replication
from peernode.pubsub.retention import Retention
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.sync import CatchUp
from peernode.pubsub.turns import in_turns
from peernode.pubsub.unreached import Unreached
from peernode.pubsub.wantedfiles import WantedFiles
from peernode.wire.contact import Contact


class PubSub:
    """All channels of one node."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.storage = PubSubStorage(context)
        self.ingest = Ingest(context)
        self.monitor = InitiatorReachabilityMonitor(context)
        self.relays = Relays(context, self.monitor)
        self.relaying = RelayServer(context, self.storage, self.monitor)
        self.delivery = MessageDelivery(context, self.monitor, self.relays)
        self.audience = Audience(context, self.delivery)
        self.outbox = Outbox(context)
        quorum = QuorumPublish(context, self.storage, self.outbox, self.audience)
        self.publisher = Publisher(context, self.storage, self.ingest, self.outbox, quorum)
        self.catch_up = CatchUp(context, self.ingest)
        self.subscriber = Subscriber(context, self.storage, self.audience)
        self.joiner = Joiner(context, self.storage, self.subscriber, self.catch_up)
        self.retention = Retention(context, self.storage)
        self.replication = Replication(context, self.storage, self.catch_up, self.retention)
        parts = (context, self.storage, self.subscriber, self.joiner, self.catch_up)
        self.renewal = Renewal(*parts, self.publisher)
        self.repair = Repair(context, self.storage, self.ingest, self.catch_up)
        self.recovery = Recovery(*parts)
        membership = self._membership = Membership(context, self.storage, self.joiner, self.monitor)
        Archive(context, self.storage)
        self.intake = Intake(context, self.storage, self.ingest, self.delivery)
        self.intake.asked = self.outbox.asked
        self.relaying.push = self.intake.push
        self.probing = Probing(context, self.storage, self.monitor, self.relays, membership.proving)
        self.checkup = Checkup(context, self.storage, self.monitor, self.probing, self.joiner.log)
        self.matrix = self.checkup.matrix
        self.profile = OwnProfile(context, self.storage, self.publisher)
        self.blocked = ChosenPeople(context, "blocked", BLOCKED_MAX, "TOO_MANY_BLOCKED")
        self.verified = ChosenPeople(context, "verified", VERIFIED_MAX, "TOO_MANY_VERIFIED")
        self.reading = Reading(context, self.blocked)
        self.presence = Presence(context, self.storage, self.audience)
        self.health_watch = HealthWatch(context, self.storage, self.subscriber, self.joiner)
        self.unreached = Unreached(context, self.outbox, self.matrix)
        self.missed_acks = MissedAcks(context, self.storage, self.outbox, quorum.acked)
        quorum.on_sent += (self.unreached.sent, self.missed_acks.sent)
        self.delivery.on_unanswered.append(self.probing.failed)
        self.files = Files(context, self.storage, self.audience)
        self.wanted = WantedFiles(context, self.storage, self.files)
        self.freeing = Freeing(context, self.storage, self.files, self.publisher)
        self.ingest.on_stored += (self.delivery.stored, self.wanted.stored, self.freeing.stored)
        self.fates = Fates(context, self.storage, self.outbox)
        self.expiry = Expiry(context, self.storage, self.outbox)
        self.fork_watch = ForkWatch(context, self.storage)
        self.ingest.on_stored += (self.expiry.stored, self.fork_watch.stored)
        self.ingest.beside = self.expiry.beside
        self.expiry.on_file_gone = self.freeing.soon
        self.storage.on_forgotten = self._forgotten
        self.ingest.on_gap = self.catch_up.gap
        self.delivery.on_ack.append(quorum.acked)
        membership.on_subscribers.append(self.replication.soon)
        membership.on_other_root.append(self.renewal.other_root)
        self.joiner.on_joined.append(self._after_join)
        self.recovery.on_recovered.append(self._after_recovery)
        context.overlay.on_change.append(self._peer_changed)
        context.overlay.moves.on_moved.append(self.renewal.all_now)
        context.overlay.attend_while(self._serves)
        context.overlay.watch(self._fellows)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        paths = (self.delivery, self.monitor, self.relays, self.relaying, self.probing, self.unreached)
        logs = (self.storage, self.retention, self.replication, self.catch_up, self.repair, self.expiry)
        own = (self.intake, self.ingest, self.outbox, self.publisher, self.fates, self.renewal)
        more = (self.files, self.wanted, self.freeing, self.health_watch, self.missed_acks, self.fork_watch)
        others = (self._membership, self.presence, self.recovery, self.checkup, self.joiner, self.joiner.log)
        parts = (*paths, *logs, *own, *more, *others)
        return {name: size for part in parts for name, size in part.sizes().items()}

    def start(self) -> None:
        """Take up what the database holds and go on where the last run ended."""
        self.storage.load()
        self.retention.load()
        self.publisher.load()
        self.fates.load()
        self.unreached.load()
        self.missed_acks.load()
        self.fork_watch.load()
        for entry in self.outbox.awaiting_acks():  # an ack that comes only now finds its message
            self.delivery.spread(entry.replica, entry.message)
        self.profile.load()
        self.freeing.load()
        spawn = self._context.tasks.spawn
        spawn(drop_orphans(self._context, self.storage.replicas), "notes.orphans")
        spawn(self.replication.run(), "replication")
        spawn(self.renewal.run(), "renewals")
        spawn(self.repair.run(), "repair")
        spawn(self.expiry.run(), "expiry")
        spawn(self.probing.run(), "probing")
        spawn(self.unreached.run(), "unreached")
        spawn(self.missed_acks.run(), "acks.missed")
        spawn(self.wanted.run(), "files")
        spawn(FileScrub(self._context, self.storage, self.files.shelf, self.wanted).run(), "files.scrub")
        spawn(self.fates.run(), "fates")
        for replica in self.storage.replicas.values():
            self.storage.local_view(replica)
            if replica.member:
                self.joiner.start(replica)

    def coordinator(self, name: str) -> dict[str, Any]:
        """The coordinator of a channel that is stored or joined here; ``NOT_A_MEMBER`` for others."""
        replica = self.storage.by_name(name)
        if replica is None:
            raise PeerNodeError("NOT_A_MEMBER", name)
        return self.storage.coordination.diagnosis(replica)

    def diagnostics(self) -> list[dict[str, Any]]:
        """What is stored or joined here, channel by channel, JSON-able."""
        now, shown = self._context.now(), []
        for replica in self.storage.replicas.values():
            view = replica.initiators
            shown.append(
                {
                    "name": replica.name,
                    "member": replica.member,
                    "joined": replica.joined,
                    "root": replica.log.root().hex(),
                    "messages": replica.log.version,
                    "initiators": [c.id.hex() for c in view.contacts] if view else [],
                    "subscribers": [lease.subscriber_id.hex() for lease in replica.leases.live(now)],
                }
            )
        return shown

    async def stop(self) -> None:
        """End the timers, and write down what is known of own messages."""
        self.delivery.reports.close()
        self.outbox.close()
        for replica in self.storage.replicas.values():
            replica.timeline.close()
        await self.fates.write()

    def recover(self, reason: str) -> None:
        """The network is back, or the process runs again: recover all channels, send what waits.

        With many channels the leases go first: they must not wait until each channel's turn has come.
        """
        if sum(1 for replica in self.storage.replicas.values() if replica.joined) > AT_ONCE:
            self.renewal.all_now()
        self.recovery.all(reason)
        self.publisher.resume()

    def _after_recovery(self, replica: Replica) -> None:
        self.publisher.resume(replica)
        self.missed_acks.soon(replica)
        if replica.serves:
            self.replication.soon(replica)

    def _forgotten(self, channel_id: bytes) -> None:
        self.expiry.forgotten(channel_id)
        self.storage.handoffs.ended(channel_id)
        self.freeing.load()

    def _serves(self) -> bool:
        return any(replica.serves for replica in self.storage.replicas.values())

    def _fellows(self) -> Iterable[Contact]:
        """The other initiators of the channels that this node serves: it must know soon when one dies."""
        own = self._context.identity.public_key
        for replica in self.storage.replicas.values():
            if replica.serves and replica.initiators is not None:
                yield from replica.initiators.others(own)

    def _peer_changed(self, kind: str, contact: Contact) -> None:
        self._context.collector.happened(f"peer.{kind}", contact.id.hex())
        self.replication.changed(contact)
        self.recovery.peer_changed(kind, contact)
        if kind == "appeared":
            self.joiner.hurry()
            self.renewal.hurry()
        if kind == "appeared" and self.outbox.waiting:
            self._context.tasks.spawn(self._publish_to(contact), "publish.appeared")

    async def _publish_to(self, contact: Contact) -> None:
        """A peer has appeared: send what waits in the channels that it is close to."""
        waiting = {entry.replica.channel_id: entry.replica for entry in self.outbox.waiting.values()}
        async for replica in in_turns(waiting.values()):
            if contact in self.storage.closest(replica.channel_id, self._context.config.replicas):
                if self.storage.local_view(replica) is None:  # else the others may not know the new one yet
                    replica.forget_initiators()
                self.publisher.resume(replica, sent=True)

    def _after_join(self, replica: Replica) -> None:
        self.publisher.take_up.joined(replica)
        self.publisher.resume(replica)
        if replica.serves:
            self.replication.soon(replica)  # the other initiators know subscribers that we don't
        self._context.tasks.spawn(self._settle(replica), "join.settle")

    async def _settle(self, replica: Replica) -> None:
        """After the newest messages, the older ones; and who we are, where it isn't known yet."""
        view = replica.initiators
        for contact in view.others(self._context.identity.public_key) if view else []:
            if await self.catch_up.run(replica, contact) is not None:
                break
        await self.profile.settled(replica)

    async def publish(self, name: str, message_id: bytes, draft: Draft) -> OutboxState:
        """Accept a message of our own; with the first one in a large channel our name goes out, too."""
        replica = self.storage.member(name)
        state = await self.profile.publish(replica, message_id, draft)
        if replica.joined:  # who has left meanwhile has published all the same
            self._context.tasks.spawn(self.profile.introduce(replica), "introduce")
        return state

    def target(self, name: str, kind: Kind, message_id: bytes) -> Target:
        """Which message of a channel an id names; ``MESSAGE_UNKNOWN``, ``NOT_AUTHOR`` to change another's."""
        replica = self.storage.member(name)
        found = replica.timeline.appearance.find(message_id)
        if found is None:
            raise PeerNodeError("MESSAGE_UNKNOWN")
        target = Target(node_id_of(found.author), found.id)
        if kind in (Kind.EDIT, Kind.DELETE) and target.author != self._context.identity.node_id:
            raise PeerNodeError("NOT_AUTHOR")
        return target

    async def subscribers(self, name: str) -> dict[str, list[str]]:
        """Each initiator's own list of subscribers, in hex; one that does not answer is left out."""
        replica = self.storage.member(name)
        return await lists_of(self._context, replica, await self.storage.initiators(replica, fresh=True))

    def joined(self, replica: Replica) -> Joined:
        """What a join of a channel that is joined already comes to."""
        me, view = self._context.identity.node_id.hex(), replica.initiators
        initiators = tuple(contact.id.hex() for contact in view.contacts) if view else ()
        listed = tuple(item.hex() for item in self.audience.known(replica))
        return Joined(replica.name, False, len(initiators) <= 1, 0.0, initiators, (*listed, me))

"""``Replication``: a channel's initiators keep each other equal, and newcomers get everything.

Every ``sync_s``, and soon after the set or the subscribers change, each holder of a channel tells the
other initiators its log root and its subscribers' digest; whoever differs pulls. Invariants: a
holder outside the set goes on telling until the set has what it has (``Retention``), a mere subscriber
leaves that to its renewals; at most one round per channel
waits at a time, so a burst of changes costs one round; however many channels there are, the loop is held for
``PER_TURN`` of them at a time, and their rounds begin ``ROUND_SPACING_S`` apart; a lease that another
initiator passes on counts only with the subscriber's signature, and no receipt names it until that one has
answered us (``LeaseTable``); no more of its list is read than there is room for; who names another log
without being an initiator is looked at when there is a place for it (``Visits``).
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import Any

from peernode.channel.lease import decode_lease
from peernode.channel.leasetable import Verdict
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.audience import subscriber_pages
from peernode.pubsub.context import Context
from peernode.pubsub.keptleases import keep_leases
from peernode.pubsub.replica import Replica
from peernode.pubsub.retention import Retention
from peernode.pubsub.storage import SERVED_MAX, PubSubStorage
from peernode.pubsub.sync import FAILURES, CatchUp
from peernode.pubsub.turns import PER_TURN, in_turns
from peernode.pubsub.visits import Visits
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Op, Status

ROUND_DELAY_S = 0.1
"""Changes within this time share one round."""

ROUND_SPACING_S = 0.002
"""And so much for each channel whose round waits already: at most 500 rounds begin in a second."""

MOVED_MAX = 1024
"""Peers that came or went while the channels are looked through; over it the regular rounds find it."""

HINTED_MAX = 64
"""Subscribers told of news that came by anti-entropy; the others' renewals find it."""


class Replication:
    """Rounds of SYNC among the initiators, and its handler."""

    def __init__(
        self, context: Context, storage: PubSubStorage, catch_up: CatchUp, retention: Retention
    ) -> None:
        self._context = context
        self._storage = storage
        self._catch_up = catch_up
        self._retention = retention
        self._visits = Visits(catch_up.outside)
        self._due: dict[bytes, None] = {}
        self._leasing: dict[tuple[bytes, bytes], None] = {}
        self._moved: dict[bytes, Contact] = {}
        """By public key: who came or went since the channels were last looked through."""
        self._looking = False
        context.rpc.serve(Op.SYNC, self._sync)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound; no more rounds wait than there are channels."""
        channels_max = self._context.config.channels_max + SERVED_MAX
        return {
            "rounds_due": (len(self._due), channels_max),
            "peers_moved": (len(self._moved), MOVED_MAX),
            **self._visits.sizes(),
        }

    async def run(self) -> None:
        """The regular rounds; ends with the node."""
        while True:
            await asyncio.sleep(self._context.jittered(self._context.config.sync_s))
            self._retention.forget_dropped()
            async for replica in in_turns(self._storage.replicas.values()):
                if self._storage.replicas.get(replica.channel_id) is not replica:
                    continue  # dropped meanwhile
                replica.leases.expire(self._context.now())
                self._storage.local_view(replica)
                if self._retention.look(replica) or replica.serves:
                    self.soon(replica)

    def changed(self, contact: Contact) -> None:
        """A peer appeared or left: channels it is close to have another set now."""
        if len(self._storage.replicas) <= PER_TURN:
            for replica in self._storage.replicas.values():
                self._look(replica, [contact])
            return
        if len(self._moved) >= MOVED_MAX:
            self._context.collector.count("replication.moved_full")
            return
        self._moved[contact.public_key] = contact
        if not self._looking:
            self._looking = True
            self._context.tasks.spawn(self._look_through(), "replication.changed")

    async def _look_through(self) -> None:
        """Look at all channels for everybody who came or went; who does so meanwhile gets another pass."""
        try:
            while self._moved:
                moved, self._moved = list(self._moved.values()), {}
                async for replica in in_turns(self._storage.replicas.values()):
                    self._look(replica, moved)
        finally:
            self._looking = False

    def _look(self, replica: Replica, moved: list[Contact]) -> None:
        """A round for the channel if one of these is, or was, among its closest, whatever our set is now."""
        want, view = self._context.config.replicas, replica.initiators
        near = self._storage.closest(replica.channel_id, want)
        target = int.from_bytes(replica.channel_id, "big")
        reach = near[-1].long_id ^ target if len(near) == want else 1 << 160
        if any(c.long_id ^ target <= reach or (view and view.holds(c.public_key)) for c in moved):
            self.soon(replica)

    def soon(self, replica: Replica) -> None:
        """A round for this channel, shortly."""
        if replica.channel_id not in self._due:
            delay_s = ROUND_DELAY_S + len(self._due) * ROUND_SPACING_S
            self._due[replica.channel_id] = None
            self._context.tasks.spawn(self._round(replica, delay_s), "replication.round")

    async def _round(self, replica: Replica, delay_s: float) -> None:
        await asyncio.sleep(self._context.jittered(delay_s))
        self._due.pop(replica.channel_id, None)
        self._storage.local_view(replica)
        if not replica.serves and not replica.member:
            self._retention.look(replica)
            await self._retention.hand_over(replica, self._tell)
            return
        view = replica.initiators
        if view is None:
            return
        if replica.serves:
            await keep_leases(self._context, replica)
        others = view.others(self._context.identity.public_key)
        await asyncio.gather(*(self._tell(replica, contact) for contact in others))

    async def _tell(self, replica: Replica, contact: Contact) -> None:
        view = replica.initiators
        body = [
            replica.channel_id,
            replica.name,
            replica.log.root(),
            replica.leases.digest(),
            [item.encode() for item in (view.contacts if view else ())],
        ]
        try:
            answer = Fields(await self._context.rpc.request(contact, Op.SYNC, body, prove=True))
            root, subscribers = answer.take_bytes(16), answer.take_bytes(16)
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"replication.{type(error).__name__}")
            return
        await self._compare(replica, contact, root, subscribers)

    async def _compare(
        self, replica: Replica, contact: Contact, root: bytes, subscribers: bytes, uncalled: bool = False
    ) -> None:
        with self._storage.handoffs.taking(replica.channel_id) or nullcontext():
            await self._catch_up_with(replica, contact, root, subscribers, uncalled)
        if replica.holds_all_of(contact.public_key, root):
            self._storage.handoffs.taken(replica.channel_id, contact)

    async def _visit(
        self,
        place: AbstractContextManager[None],
        replica: Replica,
        contact: Contact,
        digests: tuple[bytes, bytes],
    ) -> None:
        with place:
            await self._compare(replica, contact, *digests, uncalled=True)

    async def _catch_up_with(
        self, replica: Replica, contact: Contact, root: bytes, subscribers: bytes, uncalled: bool
    ) -> None:
        self._retention.confirmed(replica, contact, root)
        if replica.serves and subscribers != replica.leases.digest() and self._storage.near(replica, contact):
            await self._pull_leases(replica, contact)
        if not replica.holds_all_of(contact.public_key, root):
            new = await self._catch_up.run(replica, contact, uncalled=uncalled)
            if new and replica.serves:
                self._hint(replica)

    async def _pull_leases(self, replica: Replica, contact: Contact) -> None:
        key = (replica.channel_id, contact.public_key)
        if key in self._leasing:
            return
        self._leasing[key] = None
        try:
            async with aclosing(subscriber_pages(self._context, replica, contact)) as pages:
                async for page in pages:
                    if not self._copy(replica, contact, page):
                        break
        except FAILURES as error:
            self._context.collector.count(f"replication.{type(error).__name__}")
        finally:
            self._leasing.pop(key, None)

    def _copy(self, replica: Replica, teller: Contact, page: list[tuple[bytes, int, Contact]]) -> bool:
        """Take leases that another initiator tells of; whether there is room for more of its copies."""
        for raw, remaining_ms, subscriber in page:
            lease = decode_lease(raw, self._context.network_id)
            if lease.channel_id != replica.channel_id or lease.subscriber != subscriber.public_key:
                continue
            now, wall_ms, key = self._context.now(), self._context.wall_ms(), teller.public_key
            verdict = replica.leases.put(lease, subscriber, now, wall_ms, remaining_ms / 1000, key)
            if verdict is Verdict.FULL:
                self._context.collector.count("replication.copies_full")
                if not replica.leases.takes_copies(key):
                    return False
        return True

    def _hint(self, replica: Replica) -> None:
        """News came by anti-entropy: the subscribers may lack it too."""
        leases = replica.leases.live(self._context.now())[:HINTED_MAX]
        for lease in leases:
            if lease.subscriber != self._context.identity.public_key:
                self._context.tasks.spawn(self._tell(replica, lease.contact), "replication.hint")

    async def _sync(self, caller: Caller, body: Fields) -> list[Any]:
        channel_id, name = body.take_bytes(20), body.take_str(256)
        root, subscribers = body.take_bytes(16), body.take_bytes(16)
        decode_contacts(body.take(), 16)
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(channel_id)
        if replica is None or not replica.member:
            is_new = replica is None
            replica = await self._storage.serve(channel_id, name, caller.contact)
            if is_new and replica.serves:  # those who store the channel tell it to this node
                self._storage.handoffs.begin(channel_id, name)
        else:
            self._storage.local_view(replica)
        if root != replica.log.root() or (replica.serves and subscribers != replica.leases.digest()):
            if (place := self._visits.begin(replica, caller.contact)) is not None:
                visit = self._visit(place, replica, caller.contact, (root, subscribers))
                self._context.tasks.spawn(visit, "replication.compare")
            else:
                self._context.collector.count("replication.visits_full")
        return [replica.log.root(), replica.leases.digest()]

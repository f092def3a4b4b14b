"""``PubSubStorage``: the channels this node holds, and who their initiators are.

The initiators of a channel are the R nodes closest to its id (XOR), this node among them. An initiator reads
the set off its routing table; everybody else looks it up once and keeps it for ``initiators_ttl_s``.

Invariants: at most ``channels_max`` channels are joined, and others make this node store ``SERVED_MAX`` more:
no stranger takes the place of an own join, and what is being joined gives way to nobody; a view smaller than
R is only believed when another node answered, or when no other node was ever met (protocol, section 7); "not
found" and "could not ask" are different outcomes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice

from peernode.channel.coordinator import Coordinator
from peernode.channel.ids import channel_id_of, normalise_name
from peernode.channel.message import Message
from peernode.errors import PeerNodeError, Refused
from peernode.pubsub.context import Context
from peernode.pubsub.coordination import Coordination
from peernode.pubsub.damage import sound_channels
from peernode.pubsub.handoffs import Handoffs
from peernode.pubsub.keptleases import load_leases
from peernode.pubsub.loading import LATELY_S
from peernode.pubsub.notes import drop_notes
from peernode.pubsub.pings import Pings
from peernode.pubsub.prefixshares import PrefixShares
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.store.base import ChannelRow, DropChannel, PutChannel
from peernode.wire.contact import Contact
from peernode.wire.ops import Status

SERVED_MAX = 4096
"""Channels stored for others, those left too; over it an empty, unread one gives way, else one hears BUSY."""

LOOKED_AT_MAX = 64
"""Channels that are looked at for one that gives way; the next one who asks has the next ones looked at."""
SERVE_MARGIN = 2
"""A node among the R + 2 closest serves a channel: views differ by a node or two while they settle."""


class PubSubStorage:
    """Replicas by channel id, and the cache of initiator sets."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.replicas: dict[bytes, Replica] = {}
        self.coordination = Coordination(context, self)
        self.handoffs = Handoffs(context)
        self._own: dict[bytes, None] = {}
        """Ids of the channels that are joined, or being joined."""
        self.on_forgotten: Callable[[bytes], None] = lambda _: None
        self._places = 0  # reserved for channels whose rows are being written
        self._begun = PrefixShares[bytes]()
        self._pings = Pings(context)
        self._dropping: dict[bytes, asyncio.Task[bool]] = {}
        """By channel id: rows that are being deleted; whoever wants the channel again waits for that."""

    def load(self) -> None:
        """Take up what the database holds."""
        for row in sound_channels(self._context):
            replica = Replica(self._context, row.channel_id, row.name, row.member)
            replica.timeline.start_from([*replica.log.heads()])
            replica.timeline.people.load()
            for raw in self._context.store.newest(row.channel_id, None, 1):
                self._context.hlc.resume(Message.trusted(raw).hlc)
            load_leases(self._context, replica)
            self.replicas[row.channel_id] = replica
            if row.member:
                self._own[row.channel_id] = None

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound; of those per channel the fullest."""
        limit = self._context.config.channels_max + SERVED_MAX
        sizes = {"channels": (len(self.replicas), limit), "channels_begun": (len(self._begun), limit)}
        sizes |= {"own_channels": (len(self._own), limit - SERVED_MAX), **self.coordination.sizes(limit)}
        for replica in self.replicas.values():
            for name, size in replica.sizes().items():
                sizes[name] = max(size, sizes.get(name, size))
        return sizes | self.handoffs.sizes()

    def by_name(self, name: str) -> Replica | None:
        """The replica of a channel's name, if this node holds one."""
        return self.replicas.get(channel_id_of(self._context.network_id, normalise_name(name)))

    def member(self, name: str) -> Replica:
        """The replica of a channel this node has joined; ``NOT_A_MEMBER`` otherwise."""
        replica = self.by_name(name)
        if replica is None or not replica.member:
            raise PeerNodeError("NOT_A_MEMBER", name)
        return replica

    async def open(self, name: str) -> Replica:
        """The replica for joining ``name``, durable as a membership when this returns.

        ``TOO_MANY_CHANNELS`` when as many are joined; or when all places are taken, which strangers alone
        can't bring about: the channels that the person has left count among those stored for others.
        """
        name = normalise_name(name)
        channel_id = channel_id_of(self._context.network_id, name)
        await self._dropped(channel_id)
        limit, replica = self._context.config.channels_max, self.replicas.get(channel_id)
        if channel_id not in self._own and len(self._own) >= limit:
            raise PeerNodeError("TOO_MANY_CHANNELS", limit=limit)
        if replica is None:
            if len(self.replicas) + self._places >= limit + SERVED_MAX and not self._give_way():
                raise PeerNodeError("TOO_MANY_CHANNELS", limit=limit)
            replica = self._make(channel_id, name)
        self._own[channel_id] = None
        try:
            await self._context.commit(PutChannel(ChannelRow(channel_id, name, True, True)))
        except BaseException:
            if not replica.member:
                self._own.pop(channel_id, None)
            raise
        self._own[channel_id] = None  # whoever opened it beside us may have failed
        if not replica.member:
            replica.member, replica.member_since_ms = True, self._context.wall_ms()
            replica.timeline.tell_history()
        return replica

    def _make_room(self, by: Contact) -> bool:
        """Whether one more channel may be stored for others, at a peer's request."""
        served = len(self.replicas) - len(self._own) + self._places
        return self._begun.may(by, served, SERVED_MAX) or self._give_way()

    def _give_way(self) -> bool:
        """Whether an empty, unread channel of others was found among the next ones, and has gone."""
        now = self._context.now()
        for channel_id, replica in list(islice(self.replicas.items(), LOOKED_AT_MAX)):
            busy = channel_id in self._own or replica.pending or replica.syncing
            if not busy and not replica.log.version and not replica.leases.count(now):
                self._forget(replica)
                return True
            self.replicas[channel_id] = self.replicas.pop(channel_id)  # last in the row now
        return False

    async def drop(self, replica: Replica) -> None:
        """Forget a channel that this node needs no more, and what is noted of it."""
        if self.replicas.get(replica.channel_id) is replica:
            await asyncio.shield(self._forget(replica))

    def _forget(self, replica: Replica) -> asyncio.Task[bool]:
        del self.replicas[gone := replica.channel_id]
        self._begun.gave_back(gone)
        replica.timeline.close()
        replica.forgotten = True
        saving = self._context.save(DropChannel(gone), *drop_notes(gone))
        task = self._dropping[gone] = self._context.tasks.spawn(saving, "storage.drop")
        task.add_done_callback(lambda _: (self._dropping.pop(gone, None), self.on_forgotten(gone)))
        return task

    async def _dropped(self, channel_id: bytes) -> None:
        """Wait until rows that are being deleted are gone: a new replica must not count them."""
        if (task := self._dropping.get(channel_id)) is not None:
            await asyncio.shield(task)

    def _make(self, channel_id: bytes, name: str) -> Replica:
        return self.replicas.setdefault(channel_id, Replica(self._context, channel_id, name, False))

    async def close_membership(self, replica: Replica) -> bool:
        """The person leaves; what is stored stays, others may still need it. False: somebody was quicker.

        A disk that takes nothing leaves everything as it was: a restart would find a member.
        """
        await self._context.commit(PutChannel(ChannelRow(replica.channel_id, replica.name, False, True)))
        if not replica.member:
            return False
        replica.timeline.left()
        replica.member = replica.joined = False
        self._own.pop(replica.channel_id, None)
        return True

    async def serve(self, channel_id: bytes, name: str, by: Contact) -> Replica:
        """The replica of a channel that this node is asked to store for others, ``by`` a peer.

        ``Refused(NOT_INITIATOR)`` with closer contacts when others are closer and answer,
        ``Refused(BUSY)`` at the bound. The name must hash to the id: nobody plants wrong names.
        """
        if closer := await self.closer(channel_id):
            raise Refused(Status.NOT_INITIATOR, [[contact.encode() for contact in closer]])
        await self._dropped(channel_id)
        replica = self.replicas.get(channel_id)
        if replica is None:
            try:
                if channel_id_of(self._context.network_id, normalise_name(name)) != channel_id:
                    raise Refused(Status.INVALID)
                name = normalise_name(name)
            except PeerNodeError:
                raise Refused(Status.INVALID) from None
            if not self._make_room(by):
                raise Refused(Status.BUSY)
            self._places += 1  # other requests come in while the row is written
            counted = self._begun.took(channel_id, by)
            try:
                if not await self._context.save(PutChannel(ChannelRow(channel_id, name, False, True))):
                    raise Refused(Status.STORE_FULL)
                replica = self.replicas.get(channel_id) or self._make(channel_id, name)
            finally:
                self._places -= 1
                if counted and channel_id not in self.replicas:
                    self._begun.gave_back(channel_id)
        self.local_view(replica)
        return replica

    def is_close(self, channel_id: bytes) -> bool:
        """Whether this node is among the R + 2 closest that it knows to be alive."""
        want = self._context.config.replicas + SERVE_MARGIN
        return self._context.me() in self.closest(channel_id, want)

    async def closer(self, channel_id: bytes) -> list[Contact]:
        """Whom to name instead of serving: R nodes that are closer and have answered lately.

        Empty when this node is among the R + 2 closest of those that answer. Who has been silent for
        ``LATELY_S`` is asked first: a node that nobody has noticed to be dead must not leave a channel
        without an initiator.
        """
        config, overlay = self._context.config, self._context.overlay
        want = config.replicas + SERVE_MARGIN
        if self.is_close(channel_id):
            return []
        target = int.from_bytes(channel_id, "big")
        mine = self._context.me().long_id ^ target
        ahead = [c for c in overlay.closest(channel_id, want + SERVE_MARGIN) if c.long_id ^ target < mine]
        await asyncio.gather(*(self._pings.ask(c) for c in ahead if not self.answered_lately(c)))
        there = [contact for contact in ahead if self.answered_lately(contact)]
        if len(there) < want:
            self._context.collector.count("storage.served_for_the_silent")
            return []
        return there[: config.replicas]

    def near(self, replica: Replica, contact: Contact) -> bool:
        """Whether another node is itself among the R + 2 closest to the channel."""
        want = self._context.config.replicas + SERVE_MARGIN
        others = self._context.overlay.closest(replica.channel_id, want)
        return contact in self.merge(replica.channel_id, [contact], others, want)

    def may_read(self, replica: Replica, contact: Contact) -> bool:
        """Whether a node may read the channel here: with a live lease, or as one that stores it."""
        replica.leases.expire(self._context.now())
        if replica.leases.contact(contact.id) is not None:
            return True
        view = replica.initiators
        return (view is not None and view.holds(contact.public_key)) or self.near(replica, contact)

    def closest(self, channel_id: bytes, count: int) -> list[Contact]:
        """The ``count`` live nodes closest to the channel that this node knows, itself included."""
        return self.merge(channel_id, [], self._context.overlay.closest(channel_id, count), count)

    def answered_lately(self, contact: Contact) -> bool:
        """Whether a node answered us within ``LATELY_S``."""
        standing = self._context.overlay.table.standing(contact.public_key)
        return standing is not None and self._context.now() - standing.heard_at <= LATELY_S

    def merge(
        self, channel_id: bytes, known: list[Contact], found: list[Contact], count: int
    ) -> list[Contact]:
        """The ``count`` closest of two lists and this node, closest first, each key once."""
        target = int.from_bytes(channel_id, "big")
        unique = {contact.public_key: contact for contact in (*known, *found)}
        me = self._context.me()
        unique[me.public_key] = me
        return sorted(unique.values(), key=lambda contact: contact.long_id ^ target)[:count]

    def local_view(self, replica: Replica) -> InitiatorSet | None:
        """The set as the routing table has it, when this node is, or just was, among the closest."""
        contacts = self.closest(replica.channel_id, self._context.config.replicas)
        if self._context.me() not in contacts and not replica.serves:
            return None
        others = len(contacts) > 1
        if not others and self._context.overlay.met_others:
            return None
        before = replica.initiators
        replica.initiators = make_set(contacts, others, self._context.now())
        if replica.joined and (before is None or before.hash != replica.initiators.hash):
            replica.sync_due = True  # the new ones don't have our lease yet
        mine = self._context.identity.public_key
        if before is not None and replica.serves and not before.holds(mine):
            self.handoffs.became_initiator(replica.channel_id, replica.name)
        return replica.initiators

    async def known_initiators(self, replica: Replica) -> InitiatorSet:
        """Who stores the channel, at once when any set is at hand (``Coordination.known``)."""
        return await self.coordination.known(replica)

    async def initiators(self, replica: Replica, fresh: bool = False) -> InitiatorSet:
        """Who stores the channel; ``NO_INITIATOR`` when nobody could be asked."""
        return await self.coordination.initiators(replica, fresh)

    async def load_coordinator_resilient(self, replica: Replica) -> Coordinator:
        """The channel's coordinator by whatever way is left; never needed for safety.

        The cached set while it is fresh, then the local replica, the initiators known so far, a lookup, and
        other participants; ``RECOVERING`` when nobody could be asked, with retries in the background
        until it is ``ACTIVE`` again (``Coordination``).
        """
        return await self.coordination.load(replica)

"""``PubSubStorage``: the channels this node holds, and who their initiators are.

The initiators of a channel are the R nodes closest to its id (XOR), this node among them. An
initiator knows its own neighbourhood and reads the set off its routing table; everybody else looks
it up once and keeps it for ``initiators_ttl_s``, refreshed by the answers to renewals.

Invariants: at most ``channels_max`` replicas; a view smaller than R is only believed when another
node answered, or when no other node was ever met (protocol, section 7); "not found" and "could not
ask" are different outcomes.
"""

from __future__ import annotations

from peernode.channel.coordinator import ACTIVE, RECOVERING, Coordinator
from peernode.channel.ids import channel_id_of, normalise_name
from peernode.channel.message import Kind, Message
from peernode.errors import PeerNodeError, Refused
from peernode.pubsub.context import Context
from peernode.pubsub.keptleases import load_leases
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.store.base import ChannelRow, DropChannel, PutChannel
from peernode.wire.contact import Contact
from peernode.wire.ops import Status

SERVED_MAX = 4096
"""Channels stored for others beside the own ones."""

SERVE_MARGIN = 2
"""A node among the R + 2 closest serves a channel: views differ by a node or two while they settle."""


class PubSubStorage:
    """Replicas by channel id, and the cache of initiator sets."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.replicas: dict[bytes, Replica] = {}

    def load(self) -> None:
        """Take up what the database holds."""
        for row in self._context.store.channels():
            replica = Replica(self._context, row.channel_id, row.name, row.member)
            replica.timeline.start_from(
                [(author, instance, next_seq) for author, instance, next_seq in replica.log.heads()]
            )
            self._learn_names(replica)
            for raw in self._context.store.newest(row.channel_id, None, 1):
                self._context.hlc.merge(Message.trusted(raw).hlc)
            load_leases(self._context, replica)
            self.replicas[row.channel_id] = replica

    def _learn_names(self, replica: Replica) -> None:
        for raw in self._context.store.of_kind(replica.channel_id, int(Kind.PROFILE)):
            replica.timeline.learn_name(Message.trusted(raw))

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound; of those per channel the fullest."""
        sizes = {"channels": (len(self.replicas), self._context.config.channels_max + SERVED_MAX)}
        for replica in self.replicas.values():
            for name, size in replica.sizes().items():
                sizes[name] = max(size, sizes.get(name, size))
        return sizes

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
        """The replica for joining ``name``, durable as a membership when this returns."""
        name = normalise_name(name)
        channel_id = channel_id_of(self._context.network_id, name)
        limit = self._context.config.channels_max
        joined = sum(1 for replica in self.replicas.values() if replica.member)
        if joined >= limit and not (channel_id in self.replicas and self.replicas[channel_id].member):
            raise PeerNodeError("TOO_MANY_CHANNELS", limit=limit)
        replica = self.replicas.get(channel_id) or self._make(channel_id, name)
        await self._context.store.commit(PutChannel(ChannelRow(channel_id, name, True, True)))
        if not replica.member:
            replica.member, replica.member_since_ms = True, self._context.wall_ms()
            replica.timeline.tell_history()
        return replica

    def _make_room(self) -> bool:
        """Whether one more channel may be stored for others; an empty, unread one gives way."""
        if len(self.replicas) < self._context.config.channels_max + SERVED_MAX:
            return True
        now = self._context.now()
        for replica in self.replicas.values():
            if not replica.member and not replica.log.version and not replica.leases.count(now):
                del self.replicas[replica.channel_id]
                drop = DropChannel(replica.channel_id)
                self._context.tasks.spawn(self._context.save(drop), "storage.make_room")
                return True
        return False

    def _make(self, channel_id: bytes, name: str) -> Replica:
        replica = self.replicas[channel_id] = Replica(self._context, channel_id, name, False)
        return replica

    async def close_membership(self, replica: Replica) -> None:
        """The person left; what is stored stays, others may still need it."""
        replica.timeline.left()
        replica.member = replica.joined = False
        row = ChannelRow(replica.channel_id, replica.name, False, True)
        await self._context.store.commit(PutChannel(row))

    async def serve(self, channel_id: bytes, name: str) -> Replica:
        """The replica of a channel that this node is asked to store for others.

        ``Refused(NOT_INITIATOR)`` with closer contacts when others are clearly closer,
        ``Refused(BUSY)`` at the bound. The name must hash to the id: nobody plants wrong names.
        """
        replica = self.replicas.get(channel_id)
        if not self.is_close(channel_id):
            closer = self._context.overlay.closest(channel_id, self._context.config.replicas)
            raise Refused(Status.NOT_INITIATOR, [[contact.encode() for contact in closer]])
        if replica is None:
            try:
                if channel_id_of(self._context.network_id, normalise_name(name)) != channel_id:
                    raise Refused(Status.INVALID)
                name = normalise_name(name)
            except PeerNodeError:
                raise Refused(Status.INVALID) from None
            if not self._make_room():
                raise Refused(Status.BUSY)
            row = ChannelRow(channel_id, name, False, True)
            if not await self._context.save(PutChannel(row)):
                raise Refused(Status.STORE_FULL)
            replica = self.replicas.get(channel_id) or self._make(channel_id, name)
        self.local_view(replica)
        return replica

    def is_close(self, channel_id: bytes) -> bool:
        """Whether this node is among the R + 2 closest that it knows to be alive."""
        want = self._context.config.replicas + SERVE_MARGIN
        return self._context.me() in self.closest(channel_id, want)

    def near(self, replica: Replica, contact: Contact) -> bool:
        """Whether another node is itself among the R + 2 closest to the channel."""
        want = self._context.config.replicas + SERVE_MARGIN
        others = self._context.overlay.closest(replica.channel_id, want)
        return contact in self.merge(replica.channel_id, [contact], others, want)

    def closest(self, channel_id: bytes, count: int) -> list[Contact]:
        """The ``count`` live nodes closest to the channel that this node knows, itself included."""
        return self.merge(channel_id, [], self._context.overlay.closest(channel_id, count), count)

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
            self._context.collector.count("storage.became_initiator")
        return replica.initiators

    async def known_initiators(self, replica: Replica) -> InitiatorSet:
        """As ``initiators``, but a set that has grown old serves while the next renewal looks anew.

        So a message never waits for a lookup when there is a set at all.
        """
        cached = replica.initiators
        if cached is None:
            return await self.initiators(replica)
        if self._context.now() - cached.at_s >= self._context.config.initiators_ttl_s:
            replica.sync_due = True
        return cached

    async def initiators(self, replica: Replica, fresh: bool = False) -> InitiatorSet:
        """Who stores the channel; ``NO_INITIATOR`` when nobody could be asked."""
        cached = replica.initiators
        age = self._context.now() - cached.at_s if cached else 0.0
        if cached and not fresh and age < self._context.config.initiators_ttl_s:
            return cached
        started = self._context.now()
        result = await self._context.overlay.lookup(replica.channel_id, self._context.config.replicas)
        self._context.collector.count("storage.lookups")
        if not result.answered and self._context.overlay.met_others:
            if cached and not fresh:
                return cached  # could not ask: the old set is the best there is
            self._context.collector.record(
                "lookup", replica.name, "NO_INITIATOR", started, asked=result.asked
            )
            raise PeerNodeError("NO_INITIATOR", replica.name)
        contacts = self.merge(replica.channel_id, [], result.closest, self._context.config.replicas)
        replica.initiators = make_set(contacts, bool(result.answered), self._context.now())
        self._context.collector.record(
            "lookup", replica.name, "ok", started, asked=result.asked, answered=result.answered
        )
        return replica.initiators

    def confirmed(self, replica: Replica) -> None:
        """The initiators themselves agree with the cached set: it is fresh again, without a lookup."""
        view = replica.initiators
        if view is not None:
            replica.initiators = InitiatorSet(view.contacts, view.hash, True, self._context.now())

    def doubt(self, replica: Replica) -> None:
        """Others name another set: look it up at the next renewal, which comes soon."""
        view = replica.initiators
        if view is not None and not replica.serves:
            replica.initiators = InitiatorSet(view.contacts, view.hash, view.answered, float("-inf"))
        replica.sync_due = True

    async def load_coordinator_resilient(self, replica: Replica) -> Coordinator:
        """The channel's coordinator, derived from what is at hand; never needed for safety.

        The cached set while it is fresh, else a lookup, else the old set; ``RECOVERING`` when nobody
        could be asked.
        """
        started = self._context.now()
        state = ACTIVE
        try:
            view = await self.initiators(replica)
        except PeerNodeError as error:
            self._context.collector.record("coordinator", replica.name, error.code, started)
            view, state = make_set([self._context.me()], False, started), RECOVERING
        return Coordinator(
            version=replica.log.version,
            root=replica.log.root(),
            subscribers=replica.leases.digest(),
            initiators=view.contacts,
            set_hash=view.hash,
            state=state,
            updated_at=self._context.now(),
        )

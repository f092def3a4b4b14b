"""``Replica``: what this node holds of one channel, as initiator, as subscriber, or both.

Invariants: the log holds only what is durably stored (a message is committed first, then added), so
whoever asks the log may sign a receipt; a message that is being committed is in ``pending`` and is
never committed twice at the same time; the cached initiator set is a hint, never a right.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

from peernode.channel.assignment import rank, set_hash
from peernode.channel.coordinator import ACTIVE, Coordinator
from peernode.channel.ids import CANARY_KEEP_MS, is_canary
from peernode.channel.leasetable import LeaseTable
from peernode.channel.log import ChannelLog
from peernode.channel.message import Kind, Message, digest_of
from peernode.channel.quota import Room
from peernode.pubsub.arrival import Arrival
from peernode.pubsub.context import Context
from peernode.pubsub.disputes import Disputes
from peernode.pubsub.growth import Growth
from peernode.pubsub.syncing import Syncing
from peernode.pubsub.timeline import Timeline
from peernode.pubsub.traces import JoinTrace, LoadStep
from peernode.wire.contact import Contact

ROOTS_MAX = 64
"""Own roots that are remembered; a peer that is farther behind is asked what it has."""

COMPARED_MAX = 1024
"""Peers whose last compared root is remembered; over it the one compared longest ago is compared again."""

MISSING_PARTS_MAX = 1024

LENT_MAX = 1024
"""Peers that were brought a message with parts; over it the first one has to be a reader like others."""

LENT_S = 120.0
"""How long such a peer may fetch parts: longer than it goes on asking."""

TELLERS_MAX = 16
"""Initiators whose last word on the subscribers is remembered."""

DAY_MS = 86_400_000
EXPIRY_STEPS = 24
"""Messages expire in steps of so small a part of the time for which they are kept."""

FORKED_MAX = 3
"""Messages under one number that are looked at: the evidence of a fork and one more."""


@dataclass(frozen=True, slots=True)
class InitiatorSet:
    """The initiators of a channel as this node sees them, closest first; may contain this node.

    ``answered``: another node confirmed this view (else this node is alone or cut off).
    """

    contacts: tuple[Contact, ...]
    hash: bytes
    answered: bool
    at_s: float

    @property
    def quorum(self) -> int:
        """W: receipts that make a message ``sent``."""
        return len(self.contacts) // 2 + 1

    def others(self, me: bytes) -> list[Contact]:
        """All but the node with public key ``me``."""
        return [contact for contact in self.contacts if contact.public_key != me]

    def holds(self, public_key: bytes) -> bool:
        """Whether that node is one of them."""
        return any(contact.public_key == public_key for contact in self.contacts)


def make_set(contacts: list[Contact], answered: bool, now_s: float) -> InitiatorSet:
    """An initiator set of these contacts, in their order."""
    return InitiatorSet(tuple(contacts), set_hash([each.public_key for each in contacts]), answered, now_s)


@dataclass(frozen=True, slots=True)
class OwnStream:
    """Where our own stream in a channel stands: what the next message must carry."""

    instance: bytes
    seq: int
    prev: bytes


class Replica:
    """The state of one channel on this node."""

    def __init__(self, context: Context, channel_id: bytes, name: str, member: bool) -> None:
        self.context = context
        self.channel_id = channel_id
        self.name = name
        self.member = member
        self.member_since_ms = 0
        """When this run made us a member, 0 if we were one before: nobody counts on acks of what is older."""
        self.joined = False
        self.joining = False
        self.leaving = 0  # leaves that are being written: who joins meanwhile joins anew
        self.introducing = False
        self.recovering = False
        """A recovery is on its way: who the initiators are is not proven at the moment."""
        self.log = ChannelLog(context.config, self._digests_at)
        self.leases = LeaseTable(context.config)
        self.timeline = Timeline(context, self)
        self.pending: dict[bytes, Arrival] = {}
        self._initiators: InitiatorSet | None = None
        self._told_set: InitiatorSet | None = None
        """The last set that was recorded."""
        self.found_s = float("-inf")
        """When others' answers last decided who the initiators are; a doubt does not undo it."""
        self.remembered: tuple[Contact, ...] = ()
        """The initiators of a set that has proven wrong: they may know the right one."""
        self.rumoured: list[Contact] = []
        """Initiators that somebody named and nobody confirmed: messages go to them as well."""
        self.disputes = Disputes()
        self.rumour = b""
        """The hash of the set that they belong to, when one node named it."""
        self.coordinator: Coordinator | None = None
        self.version_seen: tuple[int, float | None] = (0, None)
        """The highest version believed so far, and when."""
        self.load_state = ACTIVE
        self.load_trace: tuple[LoadStep, ...] = ()
        self.join_trace: JoinTrace | None = None
        self.subscribers: dict[bytes, Contact] = {}
        """Subscriber id -> contact as an initiator told, no more than a table holds; for the direct push."""
        self.subscribers_told: OrderedDict[bytes, bytes] = OrderedDict()
        """Public key of an initiator -> the digest of its subscribers at our last look."""
        self.listeners = 0
        """How many subscribers an initiator counted at our last renewal."""
        self.growth = Growth()
        self.own: OwnStream | None = None
        self.syncing = Syncing()
        self.missing_parts: dict[bytes, None] = {}
        """Digests of parts that a message names and the disk has lost; ``MISSING_PARTS_MAX`` at most."""
        self.sync_due = self.repairing = False
        self.forgotten = False  # this node holds the channel no more: nothing is to be noted of it
        self.room = Room(context.config, context.store.charges(channel_id))  # first: it puts keys right
        self.log.rebuild(context.store.heads(channel_id))
        self._rankings_for = b""
        self._rankings: dict[bytes, list[bytes]] = {}
        self._roots: deque[bytes] = deque(maxlen=ROOTS_MAX)
        self._compared: OrderedDict[bytes, bytes] = OrderedDict()
        """A peer's public key -> the root that it named when nothing that it showed was wanted here."""
        self._lent: OrderedDict[bytes, float] = OrderedDict()
        """A peer's public key -> until when it may fetch parts, because it was brought what names them."""
        for raw in context.store.of_kind(channel_id, int(Kind.SKIP)):
            self.log.note_skip(Message.trusted(raw))

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        own = {
            "missing_parts": (len(self.missing_parts), MISSING_PARTS_MAX),
            "compared": (len(self._compared), COMPARED_MAX),
            "lent": (len(self._lent), LENT_MAX),
            "subscribers": (len(self.subscribers), self.context.config.subscribers_per_channel_max),
            "subscribers_told": (len(self.subscribers_told), TELLERS_MAX),
        }
        tables = {**self.log.sizes(), **self.leases.sizes(), **self.timeline.sizes(), **self.room.sizes()}
        return {**tables, **self.disputes.sizes(), **self.syncing.sizes(), **own}

    def miss_part(self, digest: bytes) -> None:
        """A part can't be read any more: to be repaired, if not too many wait for that already."""
        if len(self.missing_parts) < MISSING_PARTS_MAX:
            self.missing_parts[digest] = None

    def lend(self, public_key: bytes) -> None:
        """A message with parts is being brought to a peer, which will ask for them."""
        self._lent[public_key] = self.context.now() + LENT_S
        self._lent.move_to_end(public_key)
        if len(self._lent) > LENT_MAX:
            self._lent.popitem(last=False)

    def lent_to(self, public_key: bytes) -> bool:
        """Whether a peer was brought a message with parts lately."""
        return self._lent.get(public_key, float("-inf")) > self.context.now()

    def passed(self) -> None:
        """The log has taken one more message: remember its root."""
        self._roots.append(self.log.root())
        self.growth.grows(self.context.now(), self.log.version - 1)

    def compared(self, public_key: bytes, root: bytes) -> None:
        """A peer has shown a log with this root, as it says, and nothing in it is wanted here.

        It says so for itself alone: what others show under that root is looked at.
        """
        self._compared[public_key] = root
        self._compared.move_to_end(public_key)
        if len(self._compared) > COMPARED_MAX:
            self._compared.popitem(last=False)

    @property
    def keep_ms(self) -> int:
        """How long messages are kept here; 0: for ever."""
        config = self.context.config
        keep_ms = int((config.keep_own_days if self.member else config.keep_days) * DAY_MS)
        return min(keep_ms or CANARY_KEEP_MS, CANARY_KEEP_MS) if is_canary(self.name) else keep_ms

    def too_old_ms(self) -> int:
        """Messages of an earlier wall-clock millisecond are not kept here; 0: all are kept.

        It moves in steps, so that nodes of one policy drop the same messages at about the same time.
        """
        keep_ms = self.keep_ms
        if not keep_ms:
            return 0
        step_ms = max(1, keep_ms // EXPIRY_STEPS)
        return max(0, (self.context.wall_ms() - keep_ms) // step_ms * step_ms)

    def holds_all_of(self, public_key: bytes, root: bytes) -> bool:
        """Whether a peer's log with this root has nothing that ours lacks.

        So it is when ours was once the same, or when that peer has shown us the log. False only means that
        it may have: then the logs have to be compared.
        """
        return root == self.log.root() or root in self._roots or self._compared.get(public_key) == root

    def lists(self, subscriber_id: bytes) -> bool:
        """Whether this subscriber holds a lease here, or an initiator has named it."""
        return self.leases.contact(subscriber_id) is not None or subscriber_id in self.subscribers

    def position(self, subscriber_id: bytes, view: InitiatorSet) -> int:
        """Our place, from 0, among the initiators that push to a subscriber."""
        return self.ranking(subscriber_id, view).index(self.context.identity.public_key)

    def ranking(self, subscriber_id: bytes, view: InitiatorSet) -> list[bytes]:
        """The keys of the initiators, ranked for a subscriber; kept for each set."""
        if view.hash != self._rankings_for:
            self._rankings_for, self._rankings = view.hash, {}
        order = self._rankings.get(subscriber_id)
        if order is None:
            if len(self._rankings) >= self.context.config.subscribers_per_channel_max:
                self._rankings.clear()
            keys = [contact.public_key for contact in view.contacts]
            order = self._rankings[subscriber_id] = rank(subscriber_id, self.channel_id, keys)
        return order

    def _digests_at(self, author: bytes, instance: bytes, seq: int) -> list[bytes]:
        rows = self.context.store.messages(self.channel_id, author, instance, seq, seq, FORKED_MAX)
        return [digest_of(raw) for _, raw in rows]

    @property
    def initiators(self) -> InitiatorSet | None:
        """The channel's initiators as far as this node knows them; None: to be found out."""
        return self._initiators

    @initiators.setter
    def initiators(self, view: InitiatorSet | None) -> None:
        self._initiators, told = view, self._told_set
        if view is None or (told is not None and told.hash == view.hash):
            return
        self._told_set = view
        before = {contact.public_key for contact in told.contacts} if told is not None else set()
        came = [contact.id.hex() for contact in view.contacts if contact.public_key not in before]
        went = [c.id.hex() for c in told.contacts if not view.holds(c.public_key)] if told is not None else []
        self.context.collector.happened(
            "initiators.changed", self.name, came=came, went=went, count=len(view.contacts)
        )

    @property
    def serves(self) -> bool:
        """Whether this node is one of the channel's initiators in its own view."""
        mine = self.context.identity.public_key
        return self.initiators is not None and self.initiators.holds(mine)

    @property
    def subscribed(self) -> bool:
        """Whether pushes for this channel are wanted here."""
        return self.member and (self.joined or self.joining)

    def next_own(self) -> OwnStream:
        """The place of our next message.

        A fresh instance is taken at each start: a restored backup can then never sign a second
        message under a number that the lost database had used (protocol, section 6).
        """
        if self.own is None:
            self.context.collector.count("streams.begun")
            self.own = OwnStream(self.context.env.random.randbytes(8), 1, bytes(16))
        return self.own

    def advance_own(self, message: Message) -> None:
        """``message`` took the place that ``next_own`` gave."""
        self.own = OwnStream(message.instance, message.seq + 1, message.digest)

    def forget_initiators(self) -> None:
        """The cached set has proven wrong; the next use finds out anew."""
        if self.initiators is not None:
            self.remembered = self.initiators.contacts
        self.initiators = None

"""What the participants of a run saw, and what their disks hold: all that the checkers may judge by.

Idea: the run writes here, checkers and the report only read. Nothing in here is known from inside the
engine: publishes and joins are what a person asked for, sightings are what a person's screen was
told, finals and holdings are what the node shows and the disk holds when the run is over.

``node`` is an index from 0, ``life`` counts a node's starts from 0, times are virtual seconds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from peernode.events import ChatMessage
from peernode.simulation.claims import ACKNOWLEDGED, Claim
from peernode.simulation.lookups import Lookup

TEXT_MARK = " from node "
"""In every text of a run that is long enough, and in nothing else."""


@dataclass(slots=True)
class Copy:
    """A message on one node's disk."""

    since_s: float
    """When it was first durable there with all its parts; infinite: not yet."""
    lost_s: float | None = None
    """When the disk last lost it, whole or by damage."""
    rotten: dict[bytes, float] = field(default_factory=dict)
    """Digests of the row and parts that are there but damaged -> since when."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed message that some disk took in."""

    author: str
    id: str
    valid: bool
    """Whether the signature is the author's."""


@dataclass(frozen=True, slots=True)
class LatePush:
    """A push at ``at_s`` to a node that could renew no lease at the pusher since ``away_s``."""

    at_s: float
    by: int
    to: int
    away_s: float
    message: str


@dataclass(slots=True)
class Unserved:
    """A time in which no running initiator of a channel held the lease of a live subscriber."""

    node: int
    channel: str
    from_s: float
    to_s: float


@dataclass(slots=True)
class Sending:
    """One message that somebody sent."""

    id: str
    channel: str
    author: int
    text: str
    asked_at_s: float
    life: int = 0
    """The author's life in which it was sent."""
    accepted_at_s: float | None = None
    """When the author's node had it durably."""
    acked_at_s: float | None = None
    """When the author was first told ``sent`` or ``delivered``."""
    state: str = ""
    """The last state that the author was told; empty when the node never answered."""
    error: str = ""
    claims: list[Claim] = field(default_factory=list)
    """All that the author was told of receipts and acks, and what disks said to it."""

    @property
    def most_claimed_delivered(self) -> int:
        """The most deliveries that the author was told of."""
        return max((claim.delivered for claim in self.claims), default=0)

    @property
    def quorum(self) -> int:
        """Receipts that made it acknowledged: a majority of the initiators at that time."""
        acked = (claim.initiators for claim in self.claims if claim.state in ACKNOWLEDGED)
        return next(acked, 0) // 2 + 1


@dataclass(frozen=True, slots=True)
class Sighting:
    """A node told its application about a message of somebody else."""

    at_s: float
    node: int
    life: int
    id: str
    channel: str
    author: str
    text: str
    order: str
    history: bool


@dataclass(slots=True)
class Joining:
    """One node was asked to join one channel."""

    node: int
    channel: str
    asked_at_s: float
    joined_at_s: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception that nobody expected, a deadlock, an exceeded budget."""

    at_s: float
    what: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """What had been sent up to a moment."""

    at_s: float
    datagrams: int
    bytes: int
    by_op: dict[str, int]


@dataclass(slots=True)
class Cut:
    """A time in which some pairs of nodes could not talk; ``to_s`` None: it lasts still."""

    from_s: float
    to_s: float | None
    group_of: dict[int, int]
    """Node -> group; nodes of different groups are apart, who is in none is in group 0."""

    def parts(self, first: int, second: int, from_s: float, to_s: float) -> bool:
        """Whether it keeps the two apart at some moment of that time."""
        overlaps = self.from_s <= to_s and (self.to_s is None or from_s < self.to_s)
        return overlaps and self.group_of.get(first, 0) != self.group_of.get(second, 0)


@dataclass(slots=True)
class Evidence:
    """Everything seen in one run."""

    node_ids: list[str] = field(default_factory=list)
    sendings: dict[str, Sending] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    joinings: dict[tuple[int, str], Joining] = field(default_factory=dict)
    downs: dict[int, list[tuple[float, float | None]]] = field(default_factory=dict)
    """Node -> when it was without power (or stopped), None: to the end."""
    cuts: list[Cut] = field(default_factory=list)
    """Partitions and paused processes, as far as they keep nodes apart."""
    recovered_s: dict[tuple[int, str], float] = field(default_factory=dict)
    """(node, channel) -> when it last told of a recovery that was proven both ways."""
    alike_s: dict[tuple[str, float], float] = field(default_factory=dict)
    """(channel, end of a cut) -> when its members that ran were first seen with equal logs again."""
    lookups: list[Lookup] = field(default_factory=list)
    restored: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    """(node, life) -> ids that its screen showed from its own disk when it started."""
    stopped: dict[tuple[int, int], None] = field(default_factory=dict)
    """(node, life) of those that ended in good order."""
    disks_harmed: dict[int, None] = field(default_factory=dict)
    """Nodes whose disk was lost, set back, full, slow or rotten at some time."""
    finals: dict[tuple[int, str], list[ChatMessage]] = field(default_factory=dict)
    """(node, channel) -> what it shows at the end, oldest first; only nodes that run then."""
    holdings: dict[tuple[int, str], dict[str, None]] = field(default_factory=dict)
    """(node, channel) -> ids of sent messages on its disk at the end."""
    initiators: dict[str, list[int]] = field(default_factory=dict)
    """Channel -> the running nodes closest to it at the end, as many as there are replicas."""
    lists: dict[tuple[int, str], dict[str, None]] = field(default_factory=dict)
    """(initiator, channel) -> node ids that it lists as subscribers at the end."""
    copies: dict[str, dict[int, Copy]] = field(default_factory=dict)
    """Id of a sent message -> node -> what became of its copy on that node's disk."""
    signed: dict[str, Signed] = field(default_factory=dict)
    """Digest in hex -> the message that a disk took in under it; the end of every order key."""
    forks: list[str] = field(default_factory=list)
    """Each time a disk took in a second message under one author, instance and number."""
    amplifications: list[str] = field(default_factory=list)
    """Datagrams to unproven addresses over what is allowed."""
    disclosures: list[str] = field(default_factory=list)
    """Datagrams that showed what they must not."""
    late_pushes: list[LatePush] = field(default_factory=list)
    unserved: list[Unserved] = field(default_factory=list)
    oversized: dict[tuple[int, str], tuple[float, int, int]] = field(default_factory=dict)
    """(node, table) -> when it was first seen over its bound, the most it held, the bound."""
    hostile: dict[int, None] = field(default_factory=dict)
    """Nodes that break the rules on purpose: nothing is promised of them."""
    sworn: dict[str, dict[int, None]] = field(default_factory=dict)
    """Message id -> those of them that swore to have it and had it not: they may be believed."""
    hostile_spans: list[tuple[int, float, float]] = field(default_factory=list)
    """(node, from, to) of each time that a node was hostile."""
    clocks_doubtful: bool = False
    """Whether the scenario makes clocks wrong, or lets a hostile node lie about the time."""
    asked: Counter[str] = field(default_factory=Counter)
    """What the scenario asks for: ``messages``, and each kind of fault, how often."""
    closed: bool = False
    """The run is over: its tasks are ended, those of dead hosts too, and nothing is noted any more."""
    failures: list[Failure] = field(default_factory=list)
    coverage: Counter[str] = field(default_factory=Counter)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    """At ``publish`` (the first), ``quiet`` (half of the quiet time is over) and ``end``."""

    # -- what follows from it -----------------------------------------------------------------

    def acknowledged(self) -> list[Sending]:
        """Messages whose author was told that the network has them."""
        return [sending for sending in self.sendings.values() if sending.acked_at_s is not None]

    def is_gone(self, node: int) -> bool:
        """Whether ``node`` is without power at the end."""
        spans = self.downs.get(node, [])
        return bool(spans) and spans[-1][1] is None

    def in_touch(self, first: int, second: int, from_s: float, to_s: float) -> bool:
        """Whether both had power and no partition or pause kept them apart, all of that time."""
        return not (
            any(
                began <= to_s and (ended is None or from_s < ended)
                for node in (first, second)
                for began, ended in self.downs.get(node, ())
            )
            or any(cut.parts(first, second, from_s, to_s) for cut in self.cuts)
        )

    def away_since_s(self, first: int, second: int, at_s: float) -> float | None:
        """Since when ``second`` could not talk to ``first`` at ``at_s``; None if it could."""
        since = [
            began
            for began, ended in self.downs.get(second, ())
            if began <= at_s and (ended is None or at_s < ended)
        ]
        since += [
            cut.from_s
            for cut in self.cuts
            if cut.from_s <= at_s
            and (cut.to_s is None or at_s < cut.to_s)
            and cut.parts(first, second, at_s, at_s)
        ]
        return min(since, default=None)

    def entitled(self, sending: Sending) -> list[int]:
        """Who must have the message at the end: joined before it was sent, running at the end."""
        return [
            joining.node
            for joining in self.joinings.values()
            if joining.channel == sending.channel
            and joining.node != sending.author
            and joining.joined_at_s is not None
            and joining.joined_at_s <= sending.asked_at_s
            and not self.is_gone(joining.node)
        ]

    def first_seen(self) -> dict[tuple[int, str], Sighting]:
        """(node, message id) -> when it was told first."""
        first: dict[tuple[int, str], Sighting] = {}
        for sighting in self.sightings:
            first.setdefault((sighting.node, sighting.id), sighting)
        return first

    def seen(self) -> dict[tuple[int, str], None]:
        """(node, message id) of everything told, or shown at the end."""
        seen: dict[tuple[int, str], None] = dict.fromkeys(self.first_seen())
        for (node, _), messages in self.finals.items():
            seen.update(dict.fromkeys((node, message.id) for message in messages))
        return seen

"""What a run's report needs to know about its course: traffic in slices of time, faults as they were.

Idea: the virtual time of a run is cut into at most ``SLICES`` equal slices. The network's own notes are
counted per slice, and with up to ``PAIRS_NODES_MAX`` nodes per pair of nodes; of more nodes, a sample
is watched as receivers. What nodes count themselves is looked at when a slice begins.

Invariants: memory is bounded by the constants below, whatever the run does. Nothing in here schedules,
draws or answers anything: a run is the same with and without it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from peernode.environment import Address

SLICES = 120
PAIRS_NODES_MAX = 64
WATCHED_MAX = 64
LOOKS_MAX = 60_000
"""Times that a node's counters are looked at, over all nodes: fewer and longer slices with many nodes."""
FAULTS_MAX = 500
FAULT_NODES_MAX = 64

SENT = ("SEND", "DROP")
LOST = ("DROP", "LOST", "HELD", "OVERFLOW", "FULL")
"""What a datagram can come to instead of its receiver; held is late, and lost for that time."""


@dataclass(slots=True)
class FaultSpan:
    """One fault as it happened; ``to_s`` None: it was never over."""

    kind: str
    from_s: float
    to_s: float | None = None
    nodes: tuple[int, ...] = ()
    """Whom it hit, the first ``FAULT_NODES_MAX``; empty when it was not told."""
    hit: int = 0


class Timeline:
    """Counts per slice; ``rows`` are the receivers that are watched, by index."""

    def __init__(self, nodes: int, duration_s: float, index_of: Mapping[str, int]) -> None:
        self.slice_s = max(duration_s, 1e-3) / SLICES
        self.nodes = nodes
        self.pairs = nodes <= PAIRS_NODES_MAX
        self.rows: tuple[int, ...] = tuple(range(nodes)) if self.pairs else _sample(nodes)
        self.datagrams = array("Q", bytes(8 * SLICES))
        self.bytes = array("Q", bytes(8 * SLICES))
        self.looks: list[tuple[float, dict[str, int]]] = []
        """(when, what all nodes had counted up to then)."""
        self.look: Callable[[], dict[str, int]] | None = None
        """Sums up what all nodes have counted so far."""
        self._faults: dict[int, FaultSpan] = {}
        self._index_of = index_of
        self._row_of = {index: row for row, index in enumerate(self.rows)}
        self._width = nodes if self.pairs else 1
        self._arrived = array("I", bytes(4 * SLICES * len(self.rows) * self._width))
        self._lost = array("I", bytes(4 * SLICES * len(self.rows) * self._width))
        self._look_every = max(1, -(-SLICES * nodes // LOOKS_MAX))
        self._next_look = 0

    # -- what the run tells -------------------------------------------------------------------

    def datagram(self, at_s: float, kind: str, source: Address, target: Address, size: int) -> None:
        """The network noted what became of a datagram."""
        slice_ = min(SLICES - 1, int(at_s / self.slice_s))
        if slice_ >= self._next_look:
            self._next_look = slice_ - slice_ % self._look_every + self._look_every
            self._look_now(at_s)
        if kind in SENT:
            self.datagrams[slice_] += 1
            self.bytes[slice_] += size
        sender, receiver = self._index_of.get(source[0]), self._index_of.get(target[0])
        if sender is None or receiver is None or sender == receiver:
            return
        row = self._row_of.get(receiver)
        if row is None:
            return
        cell = (slice_ * len(self.rows) + row) * self._width + (sender if self.pairs else 0)
        if kind == "RECV":
            self._arrived[cell] += 1
        elif kind in LOST:
            self._lost[cell] += 1

    def _look_now(self, at_s: float) -> None:
        """Note what all nodes have counted up to now."""
        if self.look is not None:
            self.looks.append((at_s, self.look()))

    def fault_begins(self, number: int, kind: str, at_s: float) -> None:
        """Fault ``number`` of the scenario begins."""
        if len(self._faults) < FAULTS_MAX:
            self._faults[number] = FaultSpan(kind, at_s)

    def fault_hits(self, number: int, nodes: Sequence[int]) -> None:
        """Whom it hits."""
        if (span := self._faults.get(number)) is not None:
            span.nodes, span.hit = tuple(sorted(nodes)[:FAULT_NODES_MAX]), len(nodes)

    def fault_is_over(self, number: int, at_s: float) -> None:
        """It is over."""
        if (span := self._faults.get(number)) is not None:
            span.to_s = at_s

    def end(self, at_s: float) -> None:
        """The run is over: a last look, and the nodes are let go."""
        self._look_now(at_s)
        self.look = None

    # -- what the report asks -----------------------------------------------------------------

    @property
    def faults(self) -> list[FaultSpan]:
        """The faults in the order of their beginnings."""
        return list(self._faults.values())

    def arrivals(self, row: int, sender: int | None, first: int, last: int) -> tuple[int, int]:
        """What (arrived at, got lost on the way to) the receiver of a row in those slices.

        ``last`` is not among them; ``sender`` None: from anybody else. Each counts where its fate was
        decided, so that what was sent just before a fault is not blamed on it.
        """
        columns = range(self._width) if sender is None or not self.pairs else (sender,)
        arrived = lost = 0
        for slice_ in range(first, last):
            begin = (slice_ * len(self.rows) + row) * self._width
            for column in columns:
                arrived += self._arrived[begin + column]
                lost += self._lost[begin + column]
        return arrived, lost


def _sample(nodes: int) -> tuple[int, ...]:
    """Evenly over all indices, the first among them."""
    return tuple(number * nodes // WATCHED_MAX for number in range(WATCHED_MAX))

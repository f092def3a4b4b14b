"""``Windows``: how pushes went in the last five minutes, hour and day, in bounded memory.

A window is a ring of equal slices of time, each with its counts and a histogram of latencies whose bins grow
by a twelfth (HdrHistogram's idea: a bounded relative error at any scale). Histograms of several nodes can be
merged, which percentiles can not.

Invariants: a window forgets in steps of one slice; a percentile is at most ``2 ** (1 / BINS_PER_OCTAVE) - 1``
off; of several slices or nodes everything adds up.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

SPANS: dict[str, tuple[float, int]] = {"5m": (10.0, 30), "1h": (60.0, 60), "24h": (1800.0, 48)}
"""Name -> seconds of a slice, and how many there are."""

UNKNOWN = "unknown"
NO_PARTS: Mapping[str, float] = MappingProxyType({})

BINS_PER_OCTAVE = 8
BINS_MAX = 160
"""Over 2 ** 20 ms, which is a quarter of an hour, all are the same."""


def bin_of(latency_ms: float) -> int:
    """The bin of a latency; below one millisecond all are the same."""
    return min(BINS_MAX, max(0, round(BINS_PER_OCTAVE * math.log2(max(latency_ms, 1.0)))))


def ms_of(place: int) -> float:
    """The middle of a bin."""
    return float(2.0 ** (place / BINS_PER_OCTAVE))


@dataclass(slots=True)
class Tally:
    """What happened in some time, at one node or several."""

    attempted: int = 0
    acked: int = 0
    retried: int = 0
    failed: int = 0
    sum_ms: float = 0.0
    """Of the latencies of those acked."""
    bins: Counter[int] = field(default_factory=Counter)
    parts: dict[str, float] = field(default_factory=dict)
    """Where that sum went, in ms (``peernode.span``); ``UNKNOWN`` is what nobody said. It adds up."""

    def add(self, other: Tally) -> None:
        """Take another one in."""
        self.attempted += other.attempted
        self.acked += other.acked
        self.retried += other.retried
        self.failed += other.failed
        self.sum_ms += other.sum_ms
        self.bins.update(other.bins)
        self.spend(other.parts)

    def spend(self, parts: Mapping[str, float]) -> None:
        """Time of what was acked went there, in ms."""
        for name, ms in parts.items():
            self.parts[name] = self.parts.get(name, 0.0) + ms

    def percentile_ms(self, share: float) -> float | None:
        """The latency that ``share`` of those acked did not exceed; None when there was none."""
        total = self.bins.total()
        seen, wanted = 0, math.ceil(total * share)
        for place in sorted(self.bins):
            seen += self.bins[place]
            if seen >= wanted:
                return round(ms_of(place), 1)
        return None

    def told(self) -> dict[str, Any]:
        """JSON-able; times in ms, None when nothing was acked."""
        shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
        return {
            "attempted": self.attempted,
            "acked": self.acked,
            "retried": self.retried,
            "failed": self.failed,
            "average_ms": round(self.sum_ms / self.acked, 1) if self.acked else None,
            "parts": {name: round(ms / self.acked, 1) for name, ms in self.parts.items() if self.acked},
            **{name: self.percentile_ms(share) for name, share in shares.items()},
        }


def merged(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole


def history(slices: Iterable[tuple[int, Tally]], name: str) -> list[dict[str, Any]]:
    """The slices of one window at several nodes as one, the oldest first, JSON-able.

    Each has its beginning in wall-clock ms, and its place is that of the slice by the clock that this is in;
    those in which nothing happened are not there.
    """
    slice_ms = round(SPANS[name][0] * 1000)
    found: dict[int, Tally] = {}
    for at_ms, tally in slices:
        found.setdefault(at_ms // slice_ms, Tally()).add(tally)
    return [{"at_ms": number * slice_ms, **found[number].told()} for number in sorted(found)]


class _Ring:
    """The slices of one window, the newest last; ``number`` counts slices of time since the clock's zero."""

    __slots__ = ("_slices", "slice_s")

    def __init__(self, slice_s: float, count: int) -> None:
        self.slice_s = slice_s
        self._slices: deque[tuple[int, Tally]] = deque(maxlen=count)

    def now(self, now_s: float) -> Tally:
        number = int(now_s // self.slice_s)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, Tally()))
        return self._slices[-1][1]

    def slices(self, now_s: float) -> list[tuple[int, Tally]]:
        oldest = int(now_s // self.slice_s) - (self._slices.maxlen or 0)
        return [item for item in self._slices if item[0] > oldest]


class Windows:
    """The windows of one channel at one node."""

    def __init__(self) -> None:
        self._rings = {name: _Ring(slice_s, count) for name, (slice_s, count) in SPANS.items()}

    def add(
        self,
        now_s: float,
        *,
        acked: bool,
        again: bool,
        elapsed_ms: float,
        parts: Mapping[str, float] = NO_PARTS,
    ) -> None:
        """One push has ended, where its time went in ``parts``, in ms.

        ``again``: it was not the first of its message to its receiver.
        """
        for ring in self._rings.values():
            tally = ring.now(now_s)
            tally.attempted += 1
            tally.retried += again
            if acked:
                tally.acked += 1
                tally.sum_ms += elapsed_ms
                tally.bins[bin_of(elapsed_ms)] += 1
                tally.spend(parts)
            else:
                tally.failed += 1

    def tally(self, name: str, now_s: float) -> Tally:
        """All of one window."""
        return merged(tally for _, tally in self._rings[name].slices(now_s))

    def told(self, now_s: float) -> dict[str, dict[str, Any]]:
        """All windows, JSON-able."""
        return {name: self.tally(name, now_s).told() for name in SPANS}

    def series(self, name: str, now_s: float, wall_ms: int) -> list[tuple[int, Tally]]:
        """The slices of one window in which something happened, each with its beginning in wall-clock ms."""
        ring = self._rings[name]
        return [
            (wall_ms - round((now_s - number * ring.slice_s) * 1000), tally)
            for number, tally in ring.slices(now_s)
        ]

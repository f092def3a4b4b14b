"""Many runs of one scenario, each with its own seed: a short row per run, and what all rows say together.

Idea: a run ends as a ``Row`` that fits on a line. ``Sweep`` takes rows in any order and adds them up;
it holds whatever has been done so far, so a sweep that is cut short tells the truth about that part.

Invariants: what a ``Sweep`` says depends on the rows, not on the order they came in; a seed without a
row is not counted as good; samples are kept to three digits, so memory does not grow with the runs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from peernode.simulation.outcome import outcome
from peernode.simulation.result import Result, latencies_ms
from peernode.simulation.run import Run

SEEDS_MAX = 1_000_000
EXPECTED = "expect."
"""Stands before the name of an expectation among the kinds of failure."""
NO_END = "no result"
"""The kind of failure of a run that has no result: its process died, or it took too long."""
_IN_ALL = re.compile(r"… (\d+) in all")
_SUMMED = ("published", "acked", "failed", "expected", "delivered", "lost_acked", "duplicates", "phantom")

Samples = Counter[float]
"""Value to three digits -> how often."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of one run."""

    seed: int
    ok: bool
    trace_hash: str
    violations: dict[str, int]
    """Kind of failure -> how many; expectations that were not met are among them."""
    first: dict[str, str]
    """Kind of failure -> its first case, in words."""
    wall_s: float
    rss_mib: float = 0.0
    sums: dict[str, int] = field(default_factory=dict)
    samples: dict[str, Samples] = field(default_factory=dict)
    coverage: dict[str, int] = field(default_factory=dict)
    outcome: str = ""


def row(run: Run, result: Result) -> Row:
    """The row of a run that came to its end."""
    violations: dict[str, int] = {}
    first: dict[str, str] = {}
    for name, verdict in result.checkers.items():
        if not verdict["ok"]:
            violations[name] = _count(verdict["violations"])
            first[name] = verdict["violations"][0]
    for name, verdict in result.expect.items():
        if not verdict["ok"]:
            violations[EXPECTED + name] = 1
            first[EXPECTED + name] = f"{verdict['actual']} instead of {verdict['bound']:g}"
    evidence = run.evidence
    latencies = latencies_ms(evidence)
    one_way_ms = sum(run.one_way_ms.values()) / len(run.one_way_ms) if run.one_way_ms else 0.0
    sums: dict[str, int] = {name: getattr(result, name) for name in _SUMMED}
    sums["joins tried"], sums["joins ok"] = result.joins["tried"], result.joins["ok"]
    sums["lookups tried"], sums["lookups right"] = result.lookups["tried"], result.lookups["right"]
    sums["members"], sums["listed by all"] = result.listed["members"], result.listed["by_all"]
    sums["datagrams"], sums["bytes"] = int(result.datagrams["total"] or 0), int(result.bytes["total"] or 0)
    return Row(
        seed=result.seed,
        ok=result.ok,
        trace_hash=result.trace_hash,
        violations=violations,
        first=first,
        wall_s=result.wall_s,
        rss_mib=result.rss_mib,
        sums=sums,
        samples={
            "latency_ms": _sampled(latencies),
            "latency_one_way": _sampled([ms / one_way_ms for ms in latencies] if one_way_ms else []),
            "join_ms": _sampled(
                [
                    (joining.joined_at_s - joining.asked_at_s) * 1000
                    for joining in evidence.joinings.values()
                    if joining.joined_at_s is not None
                ]
            ),
        },
        coverage=result.coverage,
        outcome=outcome(evidence),
    )


def no_result(seed: int, why: str, wall_s: float = 0.0) -> Row:
    """The row of a run that never ended."""
    return Row(seed, False, "", {NO_END: 1}, {NO_END: why}, wall_s)


def _count(violations: list[str]) -> int:
    """How many there were, though only so many are listed."""
    more = _IN_ALL.fullmatch(violations[-1])
    return int(more[1]) if more else len(violations)


def _sampled(values: Sequence[float]) -> Samples:
    return Counter(float(f"{value:.3g}") for value in values)


@dataclass(slots=True)
class Sweep:
    """All rows so far, and sums over them."""

    rows: dict[int, Row] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)
    samples: dict[str, Samples] = field(default_factory=dict)
    coverage: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Fault or path -> how often in all, in how many seeds."""
    failing: dict[str, list[int]] = field(default_factory=dict)
    """Kind of failure -> seeds."""

    def add(self, row: Row) -> None:
        """Take in one run."""
        self.sums.update(row.sums)
        for name, samples in row.samples.items():
            self.samples.setdefault(name, Counter()).update(samples)
        for name, count in row.coverage.items():
            times, seeds = self.coverage.get(name, (0, 0))
            self.coverage[name] = (times + count, seeds + (1 if count else 0))
        for kind in row.violations:
            self.failing.setdefault(kind, []).append(row.seed)
        # Its sums are in by now; a row of a long sweep keeps what fits on a line.
        kept = Row(
            row.seed, row.ok, row.trace_hash, row.violations, row.first, row.wall_s, row.rss_mib,
            outcome=row.outcome,
        )  # fmt: skip
        self.rows[row.seed] = kept

    @property
    def in_order(self) -> list[Row]:
        """The rows by seed."""
        return [self.rows[seed] for seed in sorted(self.rows)]

    @property
    def failed(self) -> list[Row]:
        """The rows that did not hold, by seed."""
        return [row for row in self.in_order if not row.ok]

    def kinds(self) -> dict[str, list[int]]:
        """Kind of failure -> seeds in order; the most frequent kind first."""
        found = {kind: sorted(seeds) for kind, seeds in self.failing.items()}
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    def percentiles(self, name: str, *wanted: int) -> dict[str, float | None]:
        """Nearest-rank percentiles over the samples of all runs, as ``p50`` …; 100 is ``max``."""
        samples = self.samples.get(name, Counter())
        total = samples.total()
        found: dict[str, float | None] = {}
        for percent in wanted:
            rank, passed, value = max(1, -(-total * percent // 100)), 0, None
            for value in sorted(samples):
                passed += samples[value]
                if passed >= rank:
                    break
            found["max" if percent == 100 else f"p{percent}"] = value
        return found

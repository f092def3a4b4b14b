"""A sweep as JSON and as text. The JSON form is stable: fields keep their meaning, new ones come last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from peernode.simulation.questions import Verdict
from peernode.simulation.sweep import Row, Sweep

SEEDS_SHOWN_MAX = 40
"""Seeds listed per kind of failure in the text; the JSON form has all."""
VIOLATION_CHARS_MAX = 200


@dataclass(slots=True)
class Swept:
    """A sweep and what is known around it."""

    name: str
    scenario: str
    """What the command line was given."""
    version: str
    sweep: Sweep
    asked: list[int]
    jobs: int
    fresh: list[int] = field(default_factory=list)
    stopped: str = ""
    """Why not all seeds were run; empty: they were."""
    wall_s: float = 0.0
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every seed asked for has a row."""
        return all(seed in self.sweep.rows for seed in self.asked)

    @property
    def ok(self) -> bool:
        """Every seed ran and held, and no question has a bad answer."""
        return (
            self.complete
            and not self.stopped
            and not self.sweep.failed
            and all(verdict.ok is not False for verdict in self.verdicts)
        )

    def replay(self, seed: int) -> str:
        """The command that runs one seed again."""
        return f"python -m peernode.simulation run {self.scenario} --seed {seed}"


def to_json(swept: Swept) -> str:
    """The stable JSON form, one row per line."""
    sweep, failed = swept.sweep, swept.sweep.failed
    head = {
        "name": swept.name,
        "scenario": swept.scenario,
        "version": swept.version,
        "asked": len(swept.asked),
        "done": len(sweep.rows),
        "fresh": swept.fresh,
        "complete": swept.complete,
        "stopped": swept.stopped,
        "ok": swept.ok,
        "held": len(sweep.rows) - len(failed),
        "failed": len(failed),
        "first_failing": failed[0].seed if failed else None,
        "replay": swept.replay(failed[0].seed) if failed else None,
        "failures": {
            kind: {"seeds": seeds, "first": sweep.rows[seeds[0]].first[kind]}
            for kind, seeds in sweep.kinds().items()
        },
        "sums": dict(sweep.sums),
        "latency_ms": sweep.percentiles("latency_ms", 50, 90, 99, 100),
        "latency_one_way": sweep.percentiles("latency_one_way", 50, 99),
        "join_ms": sweep.percentiles("join_ms", 50, 99, 100),
        "coverage": {
            name: {"count": count, "seeds": seeds} for name, (count, seeds) in sorted(sweep.coverage.items())
        },
        "questions": {item.name: {"ok": item.ok, "said": item.said} for item in swept.verdicts},
        "jobs": swept.jobs,
        "wall_s": round(swept.wall_s, 3),
    }
    text = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
    rows = ",\n".join(f"    {json.dumps(_row(row), ensure_ascii=False)}" for row in sweep.in_order)
    return f'{text},\n  "rows": [\n{rows}\n  ]\n}}\n' if rows else f'{text},\n  "rows": []\n}}\n'


def _row(row: Row) -> dict[str, Any]:
    return {
        "seed": row.seed,
        "ok": row.ok,
        "trace_hash": row.trace_hash,
        "violations": row.violations,
        "wall_s": row.wall_s,
    }


def failing_words(row: Row) -> str:
    """``delivered (12), order (1)``."""
    return ", ".join(f"{kind} ({count})" for kind, count in row.violations.items())


def text(swept: Swept) -> str:
    """For a person at a terminal."""
    sweep, sums = swept.sweep, swept.sweep.sums
    done, failed = len(sweep.rows), len(swept.sweep.failed)
    rate = f", {done / swept.wall_s:.2g} seeds/s" if swept.wall_s else ""
    lines = [
        f"{swept.name}: {done} of {len(swept.asked)} seeds in {swept.wall_s:.0f} s with "
        f"{swept.jobs} jobs{rate}",
    ]
    if swept.stopped:
        lines.append(f"  NOT COMPLETE: {swept.stopped}; what follows is about the {done} seeds that ran")
    lines += [
        f"  held       {share(done - failed, done)}",
        f"  joins      {share(sums['joins ok'], sums['joins tried'])}, ms "
        f"{shown(sweep.percentiles('join_ms', 50, 99, 100))}",
        f"  messages   {sums['published']} published, {sums['acked']} acknowledged, {sums['failed']} failed",
        f"  delivered  {share(sums['delivered'], sums['expected'])}, {sums['duplicates']} duplicates, "
        f"{sums['phantom']} phantoms, {sums['lost_acked']} lost",
        f"  latency    ms {shown(sweep.percentiles('latency_ms', 50, 90, 99, 100))}; one-way delays "
        f"{shown(sweep.percentiles('latency_one_way', 50, 99))}",
        f"  traffic    {sums['datagrams']} datagrams, {sums['bytes']} bytes",
        f"  listed     {share(sums['listed by all'], sums['members'])} by every initiator at the end",
    ]
    if sums["lookups tried"]:
        lines.append(f"  lookups    {share(sums['lookups right'], sums['lookups tried'])} right")
    if sweep.coverage:
        width = max(map(len, sweep.coverage))
        lines += ["", f"  {'fault or path':<{width}}  {'count':>9}  {'seeds':>6}"]
        for name, (count, seeds) in sorted(sweep.coverage.items()):
            lines.append(f"  {name:<{width}}  {count:>9}  {seeds:>6}")
    lines += _failures(swept)
    for verdict in swept.verdicts:
        word = {True: "ok  ", False: "FAIL", None: "note"}[verdict.ok]
        lines += ["", f"  {word} {verdict.name}", *(f"         {words}" for words in verdict.said)]
    return "\n".join(lines)


def _failures(swept: Swept) -> list[str]:
    sweep = swept.sweep
    if not sweep.failed:
        return []
    lines = ["", "  failures by kind"]
    for kind, seeds in sweep.kinds().items():
        listed = " ".join(map(str, seeds[:SEEDS_SHOWN_MAX])) + (" …" if len(seeds) > SEEDS_SHOWN_MAX else "")
        lines.append(f"  {kind}: {len(seeds)} of {len(sweep.rows)} seeds: {listed}")
        words = sweep.rows[seeds[0]].first[kind]
        last_line = words.splitlines()[-1] if words else ""
        lines.append(f"         seed {seeds[0]}: {last_line[:VIOLATION_CHARS_MAX]}")
    first = sweep.failed[0]
    lines.append(f"  first failing seed: {first.seed}; replay: {swept.replay(first.seed)}")
    return lines


def share(part: int, whole: int) -> str:
    """``953 of 1000 (95.3 %)``; never rounded up to all."""
    if not whole:
        return f"{part} of {whole}"
    percent = 100 * part / whole
    return f"{part} of {whole} ({'100' if part == whole else f'{min(percent, 99.9999):.4g}'} %)"


def shown(numbers: Mapping[str, float | None]) -> str:
    """``p50 31.2, p99 812``."""
    return ", ".join(f"{name} {'-' if value is None else f'{value:g}'}" for name, value in numbers.items())

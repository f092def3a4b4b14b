"""``stress``: the scenarios that ship, one after another on several processes, with one page as summary.

Invariants: it takes ``BUDGET_S`` at most; every scenario runs once before any runs with more seeds. What is
too large, or was not begun in time, is named as left out, on the page and on the terminal; a scenario of
which nothing was begun makes the set fail.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peernode.simulation import report
from peernode.simulation.commands import HELD, NOT_HELD, UNUSABLE
from peernode.simulation.commands.interruption import interruptible
from peernode.simulation.commands.listing import Commands
from peernode.simulation.commands.pool import JOBS_MAX, Broken, Pool
from peernode.simulation.commands.progress import Progress
from peernode.simulation.commands.running import measured
from peernode.simulation.commands.seeds import whole_number
from peernode.simulation.commands.wall import now_s
from peernode.simulation.report import Entry
from peernode.simulation.scenario import SHIPPED, Scenario, load
from peernode.simulation.sweep_report import share

BUDGET_S = 900.0
"""Real seconds for everything."""
RUN_MAX_S = 400.0
"""Of these for one run; none begins later than this before the end."""
NODES_MAX = 150
"""Scenarios with more nodes are left out: each of them takes longer than all others together."""
SMALL_NODES_MAX = 20
SEEDS_OF_SMALL = 5
"""Scenarios of up to so many nodes run with so many seeds, from their own on."""
_NOT_BEGUN = "not begun"
_INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Planned:
    """One run to do, by the name of a shipped scenario."""

    name: str
    seed: int
    scenario: Scenario
    out: Path

    @property
    def weight(self) -> float:
        """Grows with the time that it takes."""
        return self.scenario.nodes.count * self.scenario.duration_s

    @property
    def stem(self) -> str:
        """What its files are called."""
        return f"{self.name}-{self.seed}"


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = commands.add_parser("stress", help="run the standing set of scenarios")
    parser.add_argument("--jobs", type=whole_number(JOBS_MAX), default=2, help="processes (default 2)")
    parser.add_argument(
        "--out", type=Path, default=Path("test-results/stress"), metavar="DIR", help="default %(default)s"
    )
    parser.set_defaults(carry_out=carry_out)


def carry_out(options: argparse.Namespace) -> int:
    """Run the set, write page and JSON, print the table."""
    out: Path = options.out
    planned, left_out = standing_set(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        began_s = now_s()
        entries = run_all(planned, options.jobs, BUDGET_S, left_out)
        wall_s = now_s() - began_s
        (out / "index.html").write_text(
            report.summary(entries, "The standing set of scenarios", wall_s, left_out), encoding="utf-8"
        )
        (out / "summary.json").write_text(to_json(entries, wall_s, left_out), encoding="utf-8")
    except OSError as error:
        print(f"can't write: {error}", file=sys.stderr)
        return UNUSABLE
    print(table(entries, wall_s, left_out))
    print(f"the page: {out / 'index.html'}")
    return HELD if held(entries, left_out) else NOT_HELD


def held(entries: list[Entry], left_out: dict[str, str]) -> bool:
    """Whether every run held, and every scenario of the set had one."""
    ran = {entry.scenario for entry in entries}
    unbegun = {
        stem.rpartition("-")[0]
        for stem, why in left_out.items()
        if why.startswith((_NOT_BEGUN, _INTERRUPTED))
    }
    return bool(entries) and all(entry.ok for entry in entries) and unbegun <= ran


def standing_set(out: Path) -> tuple[list[Planned], dict[str, str]]:
    """The runs to do, the longest first, those of further seeds last; and what is left out, and why."""
    planned, left_out = [], {}
    for path in sorted(SHIPPED.glob("*.toml")):
        scenario = load(path)
        if (nodes := scenario.nodes.count) > NODES_MAX:
            left_out[path.stem] = f"{nodes} nodes: too large for {BUDGET_S / 60:g} minutes"
            continue
        seeds = SEEDS_OF_SMALL if nodes <= SMALL_NODES_MAX else 1
        planned += [Planned(path.stem, scenario.seed + n, scenario, out) for n in range(seeds)]
    return sorted(planned, key=lambda run: (run.seed != run.scenario.seed, -run.weight)), left_out


def run_all(planned: list[Planned], jobs: int, budget_s: float, left_out: dict[str, str]) -> list[Entry]:
    """Run them within the budget; what is not begun in time goes to ``left_out``."""
    began_s = now_s()
    limit_s = min(RUN_MAX_S, budget_s / 2)
    progress = Progress(len(planned), "runs")
    found: dict[str, Entry] = {}

    def in_time() -> Iterator[Planned]:
        for run in planned:
            if now_s() - began_s <= budget_s - limit_s:
                yield run
            else:
                left_out[run.stem] = f"{_NOT_BEGUN}: {budget_s:g} s are nearly over"

    try:
        with interruptible() as interruption, Pool(perform, jobs, limit_s, fresh=True) as pool:

            def meanwhile() -> None:
                interruption.check()
                progress.tick()

            for run, answer in pool.answers(in_time(), meanwhile):
                found[run.stem] = entry_of(run, answer)
                progress.count(found[run.stem].ok)
    except KeyboardInterrupt:
        left_out |= {run.stem: _INTERRUPTED for run in planned if run.stem not in found | left_out}
        found.setdefault("interrupted", Entry("interrupted", None, None, "not all runs were made"))
    progress.wipe()
    return [found[stem] for stem in sorted(found)]


def perform(run: Planned) -> dict[str, Any]:
    """What a worker does: the run, its page and its JSON file."""
    finished, result = measured(run.scenario, run.seed)
    (run.out / f"{run.stem}.json").write_text(result.to_json(), encoding="utf-8")
    (run.out / f"{run.stem}.html").write_text(report.page(finished, result, run.name), encoding="utf-8")
    return asdict(result)


def entry_of(run: Planned, answer: dict[str, Any] | Broken) -> Entry:
    """How a run stands on the page."""
    if isinstance(answer, Broken):
        return Entry(f"{run.name} --seed {run.seed}", None, None, answer.why)
    return Entry(run.name, answer, f"{run.stem}.html")


def to_json(entries: list[Entry], wall_s: float, left_out: dict[str, str]) -> str:
    """The same for programs."""
    whole = {
        "ok": held(entries, left_out),
        "wall_s": round(wall_s, 3),
        "left_out": left_out,
        "runs": [asdict(entry) for entry in entries],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def table(entries: list[Entry], wall_s: float, left_out: dict[str, str]) -> str:
    """The same for a terminal."""
    form = "{:<22} {:>5} {:>6}  {:<6} {:>24} {:>8} {:>8} {:>6} {:>7}"
    lines = [form.format("scenario", "seed", "nodes", "", "delivered", "p50 ms", "p99 ms", "each", "s")]
    for entry in entries:
        if entry.result is None:
            why = entry.error.splitlines()[-1] if entry.error else "no result"
            lines.append(f"{entry.scenario:<22} NO RESULT: {why}")
            continue
        result = entry.result
        broken = [name for name, verdict in result["checkers"].items() if not verdict["ok"]]
        broken += [f"expect.{name}" for name, verdict in result["expect"].items() if not verdict["ok"]]
        numbers = (
            result["latency_ms"]["p50"],
            result["latency_ms"]["p99"],
            result["datagrams"]["per_delivery"],
            result["wall_s"],
        )
        lines.append(
            form.format(
                entry.scenario,
                result["seed"],
                result["nodes"],
                "ok" if entry.ok else "FAIL",
                share(result["delivered"], result["expected"]),
                *("-" if number is None else f"{number:.3g}" for number in numbers),
            )
            + ("  " + ", ".join(broken) if broken else "")
        )
    failed = sum(not entry.ok for entry in entries)
    lines.append(f"{len(entries) - failed} of {len(entries)} runs held, in {wall_s:.0f} s")
    lines += [f"left out: {name}, {why}" for name, why in left_out.items()]
    return "\n".join(lines)

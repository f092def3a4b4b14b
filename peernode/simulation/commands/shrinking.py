"""``shrink``: the smallest scenario that still fails as this seed does, as a file to run by itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from peernode.simulation.commands import HELD, NOT_HELD, UNUSABLE
from peernode.simulation.commands.listing import Commands
from peernode.simulation.commands.pool import JOBS_MAX, Pool
from peernode.simulation.commands.progress import Progress
from peernode.simulation.commands.seeds import seed_number, whole_number
from peernode.simulation.commands.trials import RUN_MAX_S, Trial, as_row, trial
from peernode.simulation.scenario import Scenario, load
from peernode.simulation.scenario_text import scenario_text
from peernode.simulation.shrink import RUNS_MAX, Shrunk, shrink
from peernode.simulation.sweep import Row


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = commands.add_parser("shrink", help="make a failing seed's scenario as small as it still fails")
    parser.add_argument("scenario", type=Path, help="a TOML file, or the name of a shipped scenario")
    parser.add_argument("--seed", type=seed_number, help="the seed that fails; default the scenario's own")
    parser.add_argument("--out", type=Path, metavar="FILE.toml", help="default NAME-SEED.toml, here")
    parser.add_argument(
        "--checker", metavar="NAME", help="only this has to go on failing; default all that do"
    )
    parser.add_argument("--jobs", type=whole_number(JOBS_MAX), default=2, help="processes (default 2)")
    parser.add_argument(
        "--runs", type=whole_number(10 * RUNS_MAX), default=RUNS_MAX, help=f"at most (default {RUNS_MAX})"
    )
    parser.set_defaults(carry_out=carry_out)


def carry_out(options: argparse.Namespace) -> int:
    """Shrink it and write the file; status 1 when the seed does not fail at all."""
    scenario = load(options.scenario)
    seed = scenario.seed if options.seed is None else options.seed
    out = options.out or Path(f"{options.scenario.stem}-{seed}.toml")
    with Pool(trial, options.jobs, RUN_MAX_S) as pool:
        found = next(as_row(seed, answer) for _, answer in pool.answers([(scenario, seed)]))
        if found.ok or (options.checker is not None and options.checker not in found.violations):
            broken = ", ".join(found.violations) or "nothing"
            print(f"seed {seed} of {options.scenario} breaks {broken}: there is nothing to shrink")
            return NOT_HELD
        wanted = [options.checker] if options.checker is not None else list(found.violations)
        shrunk = shrink_on(pool, options.jobs, scenario, seed, wanted, options.runs)
    try:
        write(out, str(options.scenario), scenario, shrunk, wanted)
    except OSError as error:
        print(f"can't write: {error}", file=sys.stderr)
        return UNUSABLE
    print(told(out, scenario, shrunk, wanted))
    return HELD


def shrink_on(
    pool: Pool[Trial, Row],
    jobs: int,
    scenario: Scenario,
    seed: int,
    wanted: Sequence[str],
    runs_max: int = RUNS_MAX,
) -> Shrunk:
    """Shrink with a pool's processes, ``jobs`` candidates at a time."""
    progress = Progress(runs_max, "runs at most")

    def judge(candidates: Sequence[Scenario]) -> int | None:
        for begin in range(0, len(candidates), jobs):
            batch = candidates[begin : begin + jobs]
            numbered = [(candidate, candidate.seed) for candidate in batch]
            failing = []
            for task, answer in pool.answers(numbered, progress.tick):
                fails = fails_so(as_row(seed, answer), wanted)
                progress.count(not fails)
                if fails:
                    failing.append(next(n for n, item in enumerate(numbered) if item is task))
            if failing:
                return begin + min(failing)
        return None

    shrunk = shrink(scenario, seed, wanted, judge, runs_max)
    progress.wipe()
    return shrunk


def fails_so(row: Row, wanted: Sequence[str]) -> bool:
    """Whether a run fails in all the wanted ways, others beside them or not."""
    return all(kind in row.violations for kind in wanted)


def write(out: Path, source: str, scenario: Scenario, shrunk: Shrunk, wanted: Sequence[str]) -> None:
    """The file, with the command that runs it on top."""
    comment = (
        f"Fails: {', '.join(wanted)}. Shrunk from {source}, seed {shrunk.scenario.seed}.\n"
        f"{_what(scenario, shrunk)}\n"
        f"Replay: {replay(out)}"
    )
    out.write_text(scenario_text(shrunk.scenario, comment), encoding="utf-8")


def replay(out: Path) -> str:
    """The command that runs the file."""
    return f"python -m peernode.simulation run {out}"


def told(out: Path, scenario: Scenario, shrunk: Shrunk, wanted: Sequence[str]) -> str:
    """For a person at a terminal."""
    return f"{out}: still breaks {', '.join(wanted)}\n  {_what(scenario, shrunk)}\n  replay: {replay(out)}"


def _what(before: Scenario, shrunk: Shrunk) -> str:
    after = shrunk.scenario
    counts = [
        ("faults", len(before.faults), len(after.faults)),
        ("messages", _messages(before), _messages(after)),
        ("nodes", before.nodes.count, after.nodes.count),
        ("seconds", before.duration_s, after.duration_s),
    ]
    said = ", ".join(f"{name} {first:g} -> {last:g}" for name, first, last in counts)
    end = "; the runs were used up, it may get smaller still" if shrunk.exhausted else ""
    return f"{said}, in {shrunk.runs} runs{end}."


def _messages(scenario: Scenario) -> int:
    return sum(publish.messages for publish in scenario.publish)

"""``sweep``: one scenario over many seeds, on several processes, and what they say together.

Whatever ends it early - Ctrl-C, a process that dies, a run that takes too long - is said in the result,
and what was done by then is kept: the JSON file is written anew now and then.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from peernode.simulation import questions
from peernode.simulation.commands import HELD, NOT_HELD, UNUSABLE
from peernode.simulation.commands.interruption import Interruption, interruptible
from peernode.simulation.commands.listing import Commands
from peernode.simulation.commands.pool import JOBS_MAX, Broken, Pool
from peernode.simulation.commands.progress import Progress
from peernode.simulation.commands.seeds import parse_seeds, whole_number
from peernode.simulation.commands.shrinking import shrink_on, told, write
from peernode.simulation.commands.trials import RUN_MAX_S, as_row, trial
from peernode.simulation.commands.wall import FRESH_MAX, fresh_seeds, now_s
from peernode.simulation.report.sweep import sweep_page
from peernode.simulation.result import version
from peernode.simulation.scenario import Scenario, load
from peernode.simulation.sweep import Row, Sweep
from peernode.simulation.sweep_report import Swept, failing_words, text, to_json

WRITE_EVERY_S = 30.0
SHRUNK_MAX = 8
"""Kinds of failure that are shrunk."""


def add(commands: Commands[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = commands.add_parser("sweep", help="run one scenario over many seeds")
    parser.add_argument("scenario", type=Path, help="a TOML file, or the name of a shipped scenario")
    parser.add_argument(
        "--seeds", type=parse_seeds, default=[], metavar="A:B", help="such as 1:1000 or 1:12,40,77"
    )
    parser.add_argument(
        "--fresh", type=whole_number(FRESH_MAX), default=0, metavar="N", help="so many new seeds as well"
    )
    parser.add_argument("--jobs", type=whole_number(JOBS_MAX), default=2, help="processes (default 2)")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the result")
    parser.add_argument("--html", type=Path, metavar="OUT.html", help="write the result as a page to look at")
    parser.add_argument("--brief", action="store_true", help="only the seeds, no questions at the end")
    parser.add_argument(
        "--run-max-s",
        type=whole_number(86_400),
        default=RUN_MAX_S,
        metavar="S",
        help=f"real seconds that one run may take (default {RUN_MAX_S})",
    )
    parser.add_argument(
        "--shrink", type=Path, metavar="DIR", help="shrink the first failure of each kind into this directory"
    )
    parser.set_defaults(carry_out=carry_out)


def carry_out(options: argparse.Namespace) -> int:
    """Run all seeds, ask the questions, say how it went."""
    scenario = load(options.scenario)
    fresh = fresh_seeds(options.fresh)
    asked = list(dict.fromkeys([*options.seeds, *fresh])) or [scenario.seed]
    if fresh:
        print(f"fresh seeds: {','.join(map(str, fresh))}", flush=True)
    swept = Swept(scenario.name, str(options.scenario), version(), Sweep(), asked, options.jobs, fresh)
    keeping = _Keeping(swept, options.json)
    try:
        if options.html is not None:
            options.html.write_text(sweep_page(swept), encoding="utf-8")
        keeping.write()  # a place that can't be written is found out now
        try:
            with interruptible() as interruption:
                _run_all(scenario, swept, options.run_max_s, keeping, interruption)
                if not options.brief:
                    _ask(scenario, swept, options.run_max_s, interruption)
        except KeyboardInterrupt:
            swept.stopped = "interrupted"
        keeping.write()
        if options.html is not None:
            options.html.write_text(sweep_page(swept), encoding="utf-8")
        print(text(swept), flush=True)
        if options.shrink is not None and not swept.stopped:
            _shrink(scenario, swept, options.run_max_s, options.shrink)
    except OSError as error:
        print(f"can't write: {error}", file=sys.stderr)
        return UNUSABLE
    return HELD if swept.ok else NOT_HELD


class _Keeping:
    """The JSON file, written anew as the sweep goes on."""

    def __init__(self, swept: Swept, path: Path | None) -> None:
        self._swept = swept
        self._path = path
        self._began_s = self._written_s = now_s()

    def now_and_then(self) -> None:
        if now_s() - self._written_s > WRITE_EVERY_S:
            self.write()

    def write(self) -> None:
        self._written_s = now_s()
        self._swept.wall_s = self._written_s - self._began_s
        if self._path is not None:
            part = self._path.with_name(f"{self._path.name}.part")
            part.write_text(to_json(self._swept), encoding="utf-8")
            part.replace(self._path)  # whole or not at all, whatever happens to us


def _run_all(
    scenario: Scenario, swept: Swept, limit_s: float, keeping: _Keeping, interruption: Interruption
) -> None:
    progress = Progress(len(swept.asked))

    def meanwhile() -> None:
        interruption.check()
        progress.tick()
        keeping.now_and_then()

    with Pool(trial, swept.jobs, limit_s) as pool:
        tasks = ((scenario, seed) for seed in swept.asked)
        for (_, seed), answer in pool.answers(tasks, meanwhile):
            found = as_row(seed, answer)
            if not found.ok and not swept.sweep.failed:
                progress.say(f"seed {seed} fails: {failing_words(found)}; replay: {swept.replay(seed)}")
            swept.sweep.add(found)
            progress.count(found.ok)
    progress.wipe()


def _ask(scenario: Scenario, swept: Swept, limit_s: float, interruption: Interruption) -> None:
    """The questions, in fresh processes: each hashes its strings and sets in its own way."""
    rows = swept.sweep.in_order
    verdicts = swept.verdicts
    verdicts += questions.not_vacuous(swept.sweep, scenario)
    with Pool(trial, swept.jobs, limit_s) as pool:
        first = questions.to_replay(rows)
        again = {
            seed: as_row(seed, answer)
            for (_, seed), answer in pool.answers(
                ((scenario, found.seed) for found in first), interruption.check
            )
        }
        verdicts.append(questions.replayable(first, again))
    matter = questions.FaultsMatter(scenario, rows)
    with Pool(_trial_without, swept.jobs, limit_s) as pool:
        while asks := matter.next_round():
            for (kind, _, seed), without in pool.answers(asks, interruption.check):
                matter.answer(kind, seed, None if isinstance(without, Broken) else without)
    verdicts.append(matter.verdict(len(rows)))


def _trial_without(ask: tuple[str, Scenario, int]) -> Row:
    _, scenario, seed = ask
    return trial((scenario, seed))


def _shrink(scenario: Scenario, swept: Swept, limit_s: float, directory: Path) -> None:
    """The first failure of each kind, the most frequent kinds first."""
    directory.mkdir(parents=True, exist_ok=True)
    with Pool(trial, swept.jobs, limit_s) as pool:
        for kind, seeds in list(swept.sweep.kinds().items())[:SHRUNK_MAX]:
            out = directory / f"{kind.replace(' ', '-')}-{seeds[0]}.toml"
            shrunk = shrink_on(pool, swept.jobs, scenario, seeds[0], [kind])
            write(out, swept.scenario, scenario, shrunk, [kind])
            print(told(out, scenario, shrunk, [kind]), flush=True)

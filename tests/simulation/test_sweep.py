"""Sweeps: rows add up, what fails is named, and neither a dead worker nor Ctrl-C costs what was done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from peernode.simulation import questions
from peernode.simulation.__main__ import main
from peernode.simulation.checkers import not_vacuous
from peernode.simulation.commands.pool import Broken, Pool
from peernode.simulation.commands.progress import bar, duration, progress_words
from peernode.simulation.commands.seeds import parse_seeds
from peernode.simulation.commands.trials import trial
from peernode.simulation.questions import FaultsMatter
from peernode.simulation.result import percentiles
from peernode.simulation.run import run
from peernode.simulation.scenario import load, parse
from peernode.simulation.sweep import Row, Sweep, no_result
from peernode.simulation.sweep_report import Swept, text, to_json
from tests.simulation.tiny import TINY, obey

ROOT = Path(__file__).parents[2]

IMPOSSIBLE = TINY + "\n[expect]\nlatency_p50_ms_max = 1\n"


def row_of(seed: int, violations: dict[str, int] | None = None, **changes: object) -> Row:
    failed = violations or {}
    row = Row(seed, not failed, f"hash {seed}", failed, dict.fromkeys(failed, "so"), 1.0, outcome=f"o{seed}")
    return replace(row, **changes)  # type: ignore[arg-type]


def swept_of(rows: Sequence[Row], asked: Sequence[int]) -> Swept:
    sweep = Sweep()
    for row in rows:
        sweep.add(row)
    return Swept("tiny", "tiny.toml", "0", sweep, list(asked), 2)


# -- the command --------------------------------------------------------------------------------


def test_a_sweep_runs_every_seed_and_asks_its_questions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, out = tmp_path / "tiny.toml", tmp_path / "out.json"
    scenario.write_text(TINY)
    assert main(["sweep", str(scenario), "--seeds", "1:3", "--json", str(out)]) == 0
    swept = json.loads(out.read_text())
    assert (swept["asked"], swept["done"], swept["complete"], swept["ok"]) == (3, 3, True, True)
    assert [row["seed"] for row in swept["rows"]] == [1, 2, 3]
    assert {key: type(value) for key, value in swept["rows"][0].items()} == {
        "seed": int, "ok": bool, "trace_hash": str, "violations": dict, "wall_s": float
    }  # fmt: skip
    assert swept["rows"][1]["trace_hash"] == run(parse(TINY), 2).trace_hash
    assert swept["coverage"]["fault pause"] == {"count": 3, "seeds": 3}
    assert swept["sums"]["published"] == 12
    verdicts = {name: verdict["ok"] for name, verdict in swept["questions"].items()}
    assert verdicts == {"not_vacuous": True, "paths_taken": None, "replayable": True, "faults_matter": True}
    printed = capsys.readouterr().out
    assert "held       3 of 3 (100 %)" in printed
    assert "fault pause " in printed
    assert "seed 1 goes differently without it" in printed


def test_failing_seeds_are_named_with_the_way_to_replay_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, out, small = tmp_path / "tiny.toml", tmp_path / "out.json", tmp_path / "small"
    scenario.write_text(IMPOSSIBLE)
    arguments = ["sweep", str(scenario), "--seeds", "4,2", "--brief", "--json", str(out)]
    assert main([*arguments, "--shrink", str(small)]) == 1
    swept = json.loads(out.read_text())
    assert swept["failures"]["expect.latency_p50_ms_max"]["seeds"] == [2, 4]
    assert swept["first_failing"] == 2
    assert swept["questions"] == {}
    printed = capsys.readouterr().out
    replay = f"python -m peernode.simulation run {scenario} --seed"
    assert f"first failing seed: 2; replay: {replay} 2" in printed
    assert "fails: expect.latency_p50_ms_max (1); replay:" in printed
    assert [path.name for path in small.iterdir()] == ["expect.latency_p50_ms_max-2.toml"]


def test_fresh_seeds_are_printed_and_can_be_given_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario, out = tmp_path / "tiny.toml", tmp_path / "out.json"
    scenario.write_text(TINY)
    assert main(["sweep", str(scenario), "--fresh", "2", "--brief", "--json", str(out)]) == 0
    fresh = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("fresh seeds: "))
    seeds = parse_seeds(fresh.removeprefix("fresh seeds: "))
    assert json.loads(out.read_text())["fresh"] == seeds
    assert [row["seed"] for row in json.loads(out.read_text())["rows"]] == seeds
    assert seeds[0] > 1_000_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_sweep_and_keeps_what_was_done(number: signal.Signals, tmp_path: Path) -> None:
    scenario, out = tmp_path / "tiny.toml", tmp_path / "out.json"
    scenario.write_text(IMPOSSIBLE)
    arguments = ["sweep", str(scenario), "--seeds", "1:100000", "--jobs", "1", "--json", str(out)]
    with subprocess.Popen(
        [sys.executable, "-m", "peernode.simulation", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as sweeping:
        assert sweeping.stdout is not None
        assert sweeping.stdout.readline().startswith("seed 1 fails")
        sweeping.send_signal(number)
        printed, errors = sweeping.communicate(timeout=60)
    assert sweeping.returncode == 1
    swept = json.loads(out.read_text())
    assert (swept["complete"], swept["stopped"], swept["ok"]) == (False, "interrupted", False)
    assert 1 <= swept["done"] == len(swept["rows"]) < 100_000
    assert "NOT COMPLETE: interrupted" in printed
    assert errors == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sweep", "nowhere.toml"], "can't be read"),
        (["sweep", "three-nodes", "--seeds", "9:1"], "first <= last is expected"),
        (["sweep", "three-nodes", "--seeds", "1:x"], "neither a seed nor a range"),
        (["sweep", "three-nodes", "--seeds", "1:9999999"], "more than 1000000 seeds"),
        (["sweep", "three-nodes", "--jobs", "0"], "not from 1 to"),
        (["sweep", "three-nodes", "--json", "/nowhere/out.json"], "can't write"),
        (["run", "three-nodes", "--seed", "-1"], "not from 0 to"),
        (["run", "three-nodes", "--html", "/nowhere/out.html"], "can't write"),
        (["shrink", "nowhere.toml"], "can't be read"),
    ],
)
def test_what_cannot_be_done_is_status_2_and_said(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(arguments)
    except SystemExit as end:  # argparse has its own way to leave
        assert isinstance(end.code, int)
        status = end.code
    assert status == 2
    assert said in capsys.readouterr().err


# -- workers ------------------------------------------------------------------------------------


def test_a_worker_that_dies_or_hangs_costs_its_task_alone() -> None:
    orders = ["one", "die", "two", "hang", "leave", "three", "raise", "four"]
    with Pool(obey, 2, 1.5) as pool:
        answers = dict(pool.answers(orders))
    assert list(answers) != []
    assert sorted(answers) == sorted(orders)
    why = {order: answer.why for order, answer in answers.items() if isinstance(answer, Broken)}
    assert why["die"] == "the process died: signal SIGKILL"
    assert why["leave"] == "the process died: exit status 3"
    assert why["hang"] == "took longer than 1.5 s of real time"
    assert why["raise"].endswith("ValueError: no such thing")
    assert len(why) == 4


def test_each_task_may_have_a_process_of_its_own() -> None:
    with Pool(obey, 1, 60, fresh=True) as pool:
        answers = [str(answer) for _, answer in pool.answers(["one", "two"])]
    assert [answer.split()[0] for answer in answers] == ["one", "two"]
    assert len({answer.split()[-1] for answer in answers}) == 2


def test_a_pool_leaves_no_process_behind() -> None:
    with Pool(obey, 2, 60) as pool:
        first = [answer for _, answer in pool.answers(["one", "two"])]
        waiting = pool.answers(["three", "hang"])
        assert next(waiting)[0] == "three"
    for answer in first:
        assert isinstance(answer, str)
        with pytest.raises(ProcessLookupError):
            os.kill(int(answer.rpartition(" ")[2]), 0)


# -- what rows say together ---------------------------------------------------------------------


def test_rows_add_up_whatever_their_order() -> None:
    rows = [
        row_of(1, sums={"published": 2}, coverage={"a": 3}, samples={"latency_ms": Counter([1.0, 2.0])}),
        row_of(2, {"delivered": 4}, sums={"published": 5}, samples={"latency_ms": Counter([7.0])}),
        row_of(3, {"delivered": 1, "order": 1}, coverage={"a": 1, "b": 0}),
    ]
    one, other = swept_of(rows, [1, 2, 3]), swept_of(rows[::-1], [1, 2, 3])
    assert to_json(one).split('"sums"')[0] == to_json(other).split('"sums"')[0]
    sweep = other.sweep
    assert sweep.sums["published"] == 7
    assert sweep.coverage == {"a": (4, 2), "b": (0, 0)}
    assert sweep.kinds() == {"delivered": [2, 3], "order": [3]}
    assert sweep.percentiles("latency_ms", 50, 100) == percentiles([1.0, 2.0, 7.0], 50, 100)
    assert [row.seed for row in sweep.failed] == [2, 3]
    assert not other.ok


def test_percentiles_of_samples_are_those_of_the_values() -> None:
    row = trial((replace(parse(TINY), faults=()), 1))
    sweep = Sweep()
    sweep.add(row)
    assert row.samples["latency_ms"].total() == 8
    found = sweep.percentiles("latency_ms", 1, 50, 90, 99, 100)
    values = [float(value) for value in row.samples["latency_ms"].elements()]
    assert found == percentiles(values, 1, 50, 90, 99, 100)
    assert sweep.percentiles("nothing", 50) == {"p50": None}


def test_a_seed_without_a_result_fails_the_sweep_and_one_not_run_too() -> None:
    swept = swept_of([row_of(1), no_result(2, "Traceback\nthe process died: signal SIGKILL")], [1, 2])
    assert not swept.ok
    assert "no result: 1 of 2 seeds: 2" in text(swept)
    assert "seed 2: the process died: signal SIGKILL" in text(swept)
    assert swept_of([row_of(1)], [1]).ok
    assert not swept_of([row_of(1)], [1, 2]).ok


def test_progress_in_words() -> None:
    assert (
        progress_words(120, 1000, 2, 60.0, "seeds")
        == "120 of 1000 seeds, 2 failing, 2 seeds/s, 7 min 20 s left"
    )
    assert progress_words(0, 5, 0, 9.0, "seeds") == "0 of 5 seeds, 0 failing"
    assert bar(1, 4, 8) == "##......"
    assert [duration(s) for s in (45.2, 629, 7500)] == ["45 s", "10 min 29 s", "2 h 05 min"]


# -- questions ----------------------------------------------------------------------------------


def test_a_kind_is_taken_out_and_the_others_draw_what_they_drew() -> None:
    crash = '[[faults]]\nkind = "crash"\nat_s = 5\nfor_s = 2\n'
    both = parse(TINY + crash)
    assert questions.kinds(both) == ["network loss", "pause", "crash"]
    left = questions.without(both, "pause")
    assert [(fault.kind, fault.draw) for fault in left.faults] == [("crash", 1)]
    assert questions.without(both, "network loss").network.loss == 0
    assert run(questions.pinned_draws(both), 3).trace_hash == run(both, 3).trace_hash


def test_a_fault_that_changes_nothing_is_found() -> None:
    idle = '[[faults]]\nkind = "disk_slow"\nflush_ms = 2\nat_s = 9\nfor_s = 1\n'
    scenario = parse((TINY + idle).replace(", loss = 0.01", ""))
    rows = [trial((scenario, seed)) for seed in (1, 2)]
    matter = FaultsMatter(scenario, rows)
    while asks := matter.next_round():
        for kind, changed, seed in asks:
            matter.answer(kind, seed, trial((changed, seed)))
    few, many = matter.verdict(questions.MATTER_SEEDS - 1), matter.verdict(questions.MATTER_SEEDS)
    assert few.said == ["disk_slow: changed nothing that anybody sees (seeds 1 2)"]
    assert (few.ok, many.ok) == (None, False)


def test_the_nightly_sweeps_are_long_enough_to_fail_for_a_fault_that_changes_nothing() -> None:
    counts = dict(re.findall(r"^(SWEEP\w*) \?= (\d+)$", Path("Makefile").read_text(), re.MULTILINE))
    assert int(counts["SWEEP_OTHERS"]) >= questions.MATTER_SEEDS
    assert int(counts["SWEEP"]) >= questions.MANY_SEEDS


def test_the_table_of_what_happened_in_a_long_sweep_lacks_nothing_that_must_have_happened() -> None:
    page = Path("docs/benchmarks.md").read_text()
    rows = set(re.findall(r"^\| ((?:fault|path) [^|]+?) \|", page, re.MULTILINE))
    mixed = load(Path("mixed"))
    wanted = {*not_vacuous.REQUIRED, *(f"fault {kind}: nodes hit" for kind in questions.asked_kinds(mixed))}
    assert not wanted - rows


def test_a_run_that_differs_the_second_time_is_not_replayable() -> None:
    rows = [row_of(1), row_of(2), row_of(3, {"order": 1})]
    assert [row.seed for row in questions.to_replay(rows)] == [1, 3]
    same = questions.replayable(rows, {1: row_of(1), 3: row_of(3)})
    other = questions.replayable(rows, {1: row_of(1), 3: row_of(4)})
    assert (same.ok, other.ok) == (True, False)
    assert other.said[0].startswith("seed 3: ")


def test_a_sweep_in_which_a_fault_never_hit_is_vacuous() -> None:
    scenario = parse(TINY)
    hit = swept_of([row_of(1, coverage={"fault pause: nodes hit": 1})], [1]).sweep
    missed = swept_of([row_of(1, coverage={"fault pause": 1})], [1]).sweep
    assert [verdict.ok for verdict in questions.not_vacuous(hit, scenario)] == [True, None]
    assert [verdict.ok for verdict in questions.not_vacuous(missed, scenario)] == [False, None]

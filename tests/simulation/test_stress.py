"""The standing set: what is in it, what is left out and why, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peernode.simulation.commands import stressing
from peernode.simulation.commands.pool import Broken
from peernode.simulation.commands.stressing import Planned, entry_of, run_all, standing_set, to_json
from peernode.simulation.report import summary
from peernode.simulation.scenario import SHIPPED, load, parse
from tests.simulation.tiny import TINY


def test_every_shipped_scenario_is_run_or_left_out_by_name(tmp_path: Path) -> None:
    planned, left_out = standing_set(tmp_path)
    names = {run.name for run in planned}
    assert names | set(left_out) == {path.stem for path in SHIPPED.glob("*.toml")}
    assert not names & set(left_out)
    assert {"mixed", "lossy", "three-nodes"} <= names
    assert all(load(SHIPPED / f"{name}.toml").nodes.count > stressing.NODES_MAX for name in left_out)
    firsts = planned[: len(names)]
    assert {run.name for run in firsts} == names  # each once before any a second time
    for part in (firsts, planned[len(names) :]):
        assert [run.weight for run in part] == sorted((run.weight for run in part), reverse=True)


def test_runs_leave_pages_and_a_summary_that_links_them(tmp_path: Path) -> None:
    good = parse(TINY)
    bad = parse(TINY + "[expect]\nlatency_p50_ms_max = 1\n")
    left_out = {"huge": "too large"}
    runs = [Planned("good", 1, good, tmp_path), Planned("bad", 2, bad, tmp_path)]
    entries = run_all(runs, 2, 60.0, left_out)
    assert [(entry.scenario, entry.ok) for entry in entries] == [("bad", False), ("good", True)]
    page = summary(entries, "The set", 3.0, left_out)
    for entry in entries:
        assert entry.report is not None
        assert f'href="{entry.report}"' in page
        assert "<html" in (tmp_path / entry.report).read_text()
        assert json.loads((tmp_path / entry.report).with_suffix(".json").read_text()) == entry.result
    assert "huge" in page
    assert "too large" in page
    whole = json.loads(to_json(entries, 3.0, left_out))
    assert (whole["ok"], whole["left_out"], len(whole["runs"])) == (False, left_out, 2)
    printed = stressing.table(entries, 3.0, left_out)
    assert "FAIL" in printed
    assert "expect.latency_p50_ms_max" in printed
    assert "1 of 2 runs held" in printed
    assert "left out: huge, too large" in printed


def test_what_has_no_result_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    entry = entry_of(Planned("good", 7, parse(TINY), tmp_path), Broken("the process died: signal SIGKILL"))
    assert not entry.ok
    assert "NO RESULT: the process died: signal SIGKILL" in stressing.table([entry], 1.0, {})
    assert "run good --seed 7" in summary([entry], "The set")


def test_what_does_not_fit_into_the_time_is_named(tmp_path: Path) -> None:
    left_out: dict[str, str] = {}
    assert run_all([Planned("late", 1, parse(TINY), tmp_path)], 1, -1.0, left_out) == []
    assert list(left_out) == ["late-1"]


def test_a_scenario_of_which_nothing_was_begun_fails_the_set(tmp_path: Path) -> None:
    runs = [Planned("good", 1, parse(TINY), tmp_path)]
    entries = run_all(runs, 1, 60.0, {})
    assert stressing.held(entries, {"huge": "5000 nodes: too large", "good-2": "not begun: no time"})
    assert not stressing.held(entries, {"late-1": "not begun: no time"})
    assert not stressing.held([], {})


@pytest.mark.parametrize("out", ["file/below"])
def test_a_place_that_cannot_be_written_is_status_2(out: str, tmp_path: Path) -> None:
    from peernode.simulation.__main__ import main

    (tmp_path / "file").write_text("")
    assert main(["stress", "--out", str(tmp_path / out)]) == 2

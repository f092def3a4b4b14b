"""A failing run is made small, and what is left fails by itself; scenarios can be written as files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from peernode.events import MessageReceived
from peernode.node import PeerNode
from peernode.simulation.commands import shrinking
from peernode.simulation.commands.pool import Pool
from peernode.simulation.commands.trials import Trial, trial
from peernode.simulation.faults.kinds import KINDS
from peernode.simulation.run import run
from peernode.simulation.scenario import SHIPPED, Scenario, load, parse
from peernode.simulation.scenario_text import scenario_text
from peernode.simulation.shrink import Shrunk, shrink
from peernode.simulation.shrink_messages import as_publish, messages_of
from peernode.simulation.sweep import Row

SEED = 3
TROUBLED = """\
name = "troubled"
duration_s = 36
settle_s = 12
network = { one_way_ms = [5, 20], loss = 0.02, jitter_ms = 1 }
nodes = { count = 5, bootstrap = 2 }

[[channels]]
name = "#a"
members = 4
join = { at_s = 2, over_s = 1 }

[[publish]]
channel = "#a"
authors = 3
messages = 40
start_s = 5
every_s = 0.4

[[faults]]
kind = "pause"
at_s = 6
for_s = 2

[[faults]]
kind = "partition"
at_s = 7
for_s = 3

[[faults]]
kind = "crash"
count = 2
at_s = 12
for_s = 3

[[faults]]
kind = "loss"
at_s = 10
for_s = 3

[[faults]]
kind = "clock_skew"
skew_ms = 2000
at_s = 8
for_s = 5

[[faults]]
kind = "disk_slow"
at_s = 9
for_s = 5

[expect]
delivered_min = 1.0
"""

_start = PeerNode.start


async def _start_and_tell_again(self: PeerNode) -> None:
    await _start(self)
    known = [message for name in self.channels() for message in self.history(name)]
    others = [message for message in known if not message.own]

    def tell() -> None:
        for message in others:
            self._tell(MessageReceived(message, False))

    asyncio.get_running_loop().call_later(0.5, tell)


@contextmanager
def forgetful() -> Iterator[None]:
    """An engine that, after a crash, tells the application what it has told it before."""
    with patch.object(PeerNode, "start", _start_and_tell_again):
        yield


class Judge:
    """Runs candidates here, in order, up to the first that fails."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = wanted
        self.runs = 0

    def __call__(self, candidates: Sequence[Scenario]) -> int | None:
        for number, candidate in enumerate(candidates):
            self.runs += 1
            if shrinking.fails_so(trial((candidate, candidate.seed)), self.wanted):
                return number
        return None


@pytest.fixture(scope="module")
def shrunk() -> Shrunk:
    with forgetful():
        return shrink(parse(TROUBLED), SEED, ["exactly_once"], Judge(["exactly_once"]))


def test_six_faults_and_forty_messages_come_down_to_a_crash_and_a_message(shrunk: Shrunk) -> None:
    left = shrunk.scenario
    assert [fault.kind for fault in left.faults] == ["crash"]
    assert sum(publish.messages for publish in left.publish) == 1
    assert left.network.loss == left.network.jitter_ms == 0
    assert left.nodes.count < 5
    assert left.duration_s < 36
    assert left.expect == parse(TROUBLED).expect.__class__()
    assert not shrunk.exhausted


def test_what_is_left_fails_by_its_file_alone(shrunk: Shrunk, tmp_path: Path) -> None:
    out = tmp_path / "small.toml"
    shrinking.write(out, "troubled.toml", parse(TROUBLED), shrunk, ["exactly_once"])
    first, second, third = out.read_text().splitlines()[:3]
    assert first == f"# Fails: exactly_once. Shrunk from troubled.toml, seed {SEED}."
    assert second.startswith("# faults 6 -> 1, messages 40 -> 1, nodes 5 -> ")
    assert third == f"# Replay: python -m peernode.simulation run {out}"
    scenario = load(out)
    with forgetful():
        assert list(trial((scenario, scenario.seed)).violations) == ["exactly_once"]
    assert trial((scenario, scenario.seed)).ok, "the healthy engine has nothing to shrink"


def test_runs_are_bounded_and_the_end_of_them_is_said() -> None:
    judge = Judge(["exactly_once"])
    with forgetful():
        found = shrink(parse(TROUBLED), SEED, ["exactly_once"], judge, runs_max=4)
    assert judge.runs == found.runs == 4
    assert found.exhausted


def test_naming_what_the_seed_draws_changes_nothing() -> None:
    scenario = parse(TROUBLED)
    kept: list[Scenario] = []

    def only_the_first(candidates: Sequence[Scenario]) -> int | None:
        kept.extend(candidates if not kept else [])
        return 0 if len(kept) == 1 and candidates == kept else None

    shrink(scenario, SEED, [], only_the_first)
    pinned = kept[0]
    assert pinned.channels[0].who is not None
    assert pinned.publish[0].who is not None
    assert len(pinned.faults[2].nodes or ()) == 2
    assert run(pinned).trace_hash == run(scenario, SEED).trace_hash


def test_messages_come_apart_and_together_again() -> None:
    scenario = parse(TROUBLED)
    messages = messages_of(scenario)
    assert len(messages) == 40
    pinned = replace(scenario.channels[0], who=(0, 1, 2, 3, 4), members=5)
    assert messages_of(replace(scenario, channels=(pinned,), publish=as_publish(messages))) == [
        replace(message, at_s=pytest.approx(message.at_s)) for message in messages
    ]
    assert len(as_publish(messages)) == 3, "one entry per author"
    assert [entry.messages for entry in as_publish([messages[4]])] == [1]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_scenario_written_and_read_again_is_the_same(path: Path) -> None:
    scenario = load(path)
    assert parse(scenario_text(scenario, "two\nlines")) == scenario


def test_everything_that_a_scenario_can_say_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "delays.csv").write_text("0,10\n20,0\n")
    faults = "".join(f'[[faults]]\nkind = "{kind}"\nat_s = 2.5\n' for kind in KINDS)
    faults += "[[lookups]]\ncount = 3\nstart_s = 1\n"
    odd = TROUBLED.replace('"troubled"', '"od\\"d\\n\\u007f ü"').replace("[expect]", f"{faults}[expect]")
    models = (
        'network = { model = "matrix", matrix = "delays.csv" }',
        'network = { model = "clusters", between_ms = [50, 90.5], clusters = '
        "[{ share = 0.25, within_ms = [1, 2] }, { share = 0.75, within_ms = [2, 9] }] }",
    )
    plain = next(line for line in TROUBLED.splitlines() if line.startswith("network"))
    machines = "spare = 1, up_kbit_s = 64, down_kbit_s = [100, 200], clock_skew_ms = 5, clock_drift_ppm = 0.1"
    machines += ", small_channel_max = 2"
    for model in (plain, *models):
        text = odd.replace(plain, model).replace("bootstrap = 2", f"bootstrap = 2, {machines}")
        scenario = parse(text, folder=tmp_path)
        assert parse(scenario_text(scenario)) == scenario


def test_the_command_shrinks_on_processes_and_refuses_what_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from peernode.simulation.__main__ import main

    failing = tmp_path / "slow.toml"
    failing.write_text(TROUBLED + "latency_p50_ms_max = 1\n")
    out = tmp_path / "out.toml"
    arguments = ["shrink", str(failing), "--seed", "2", "--runs", "6", "--out", str(out)]
    assert main([*arguments, "--checker", "expect.latency_p50_ms_max"]) == 0
    assert "still breaks expect.latency_p50_ms_max" in capsys.readouterr().out
    assert main(["run", str(out)]) == 1
    assert load(out).faults == ()
    assert main([*arguments, "--checker", "order"]) == 1
    assert "there is nothing to shrink" in capsys.readouterr().out


def test_candidates_side_by_side_give_the_first_that_fails() -> None:
    slow = parse(TROUBLED.replace("delivered_min", "latency_p50_ms_max"))
    good = replace(slow, expect=parse(TROUBLED).expect, faults=())
    kind = "expect.latency_p50_ms_max"
    answers: list[int | None] = []

    def order(scenario: Scenario, seed: int, wanted: Sequence[str], judge: object, runs: int) -> Shrunk:
        assert callable(judge)
        answers.append(judge([good, good, slow, slow]))
        answers.append(judge([good]))
        return Shrunk(scenario, 0, False)

    pool: Pool[Trial, Row]
    with Pool(trial, 2, 60) as pool, patch.object(shrinking, "shrink", order):
        shrinking.shrink_on(pool, 2, slow, 1, [kind])
    assert answers == [2, None]

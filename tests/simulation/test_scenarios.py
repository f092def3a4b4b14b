"""The scenarios that ship hold, and a run is the same in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from peernode.channel.assignment import rank
from peernode.channel.ids import channel_id_of
from peernode.config import NodeConfig
from peernode.identity import network_id_of, node_id_of
from peernode.simulation.participant import Participant
from peernode.simulation.result import summarize
from peernode.simulation.run import run
from peernode.simulation.scenario import parse

SCENARIOS = Path("peernode/simulation/scenarios")
STANDING = (
    "three-nodes",
    "burst",
    "join-20",
    "bootstraps",
    "initiators-crash",
    "initiators-crash-large",
    "split-half",
    "one-way-block",
    "slow-line",
    "two-sites",
)


def distance(node_id: bytes, channel_id: bytes) -> int:
    """XOR, as a number."""
    return int.from_bytes(node_id, "big") ^ int.from_bytes(channel_id, "big")


def _run(name: str, out: Path, hash_seed: str = "0") -> dict[str, object]:
    command = [sys.executable, "-m", "peernode.simulation", "run", str(SCENARIOS / f"{name}.toml")]
    done = subprocess.run(
        [*command, "--json", str(out)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, object] = json.loads(out.read_text())
    return result


def test_what_waits_for_who_is_gone_is_not_pushed_when_its_lease_has_ended(tmp_path: Path) -> None:
    result = _run("burst-gone", tmp_path / "result.json")
    assert result["ok"] is True
    assert result["lost_acked"] == 0


@pytest.mark.parametrize("name", STANDING)
def test_scenario_holds(name: str, tmp_path: Path) -> None:
    result = _run(name, tmp_path / "result.json")
    assert result["ok"] is True
    assert result["lost_acked"] == result["duplicates"] == result["phantom"] == 0
    assert result["delivered"] == result["expected"] != 0


def test_twenty_nodes_five_percent_loss_one_crash_twice_the_same(tmp_path: Path) -> None:
    first = _run("first-light", tmp_path / "first.json", hash_seed="1")
    second = _run("first-light", tmp_path / "second.json", hash_seed="2")
    assert first["nodes"] == 20
    assert first["lost_acked"] == first["duplicates"] == 0
    assert first["trace_hash"] == second["trace_hash"]


def test_the_one_way_block_is_between_a_primary_initiator_and_a_subscriber(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people: list[Participant] = []
    make = Participant.__init__

    def note(self: Participant, *parts: Any, **more: Any) -> None:
        make(self, *parts, **more)
        people.append(self)

    monkeypatch.setattr(Participant, "__init__", note)
    path = SCENARIOS / "one-way-block.toml"
    scenario = parse(path.read_text(encoding="utf-8"), str(path))
    ended = run(scenario, scenario.seed)
    channel_id = channel_id_of(network_id_of(people[0].config.network), "#lobby")
    keys = {item.identity.public_key: item.index for item in people}
    near = sorted(keys, key=lambda key: distance(node_id_of(key), channel_id))[: NodeConfig().replicas]
    blocks = [fault for fault in scenario.faults if fault.kind == "block"]
    for blocked in blocks[:2]:
        (subscriber,) = blocked.options["to"]
        order = [keys[key] for key in rank(people[subscriber].identity.node_id, channel_id, near)]
        assert subscriber not in order, "no initiator itself"
        assert order[0] in blocked.nodes, "its primary does not reach it"
    assert len(blocks[0].nodes) > 1 and len(blocks[1].nodes) == 1
    assert ended.evidence.coverage["path asymmetric"] > 0
    assert ended.evidence.coverage["path relay push"] > 0
    result = summarize(ended, 0.0, 0.0)
    assert result.ok and (result.latency_ms["max"] or 9_999) <= 2_000

"""The scenarios that ship hold, and a run is the same in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIOS = Path("peernode/simulation/scenarios")
STANDING = (
    "three-nodes",
    "burst",
    "join-20",
    "bootstraps",
    "initiators-crash",
    "split-half",
    "one-way-block",
    "slow-line",
)


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

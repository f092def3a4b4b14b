"""``python -m peernode doctor`` over real sockets: what it prints, and its exit status."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from peernode.doctor.steps import STEPS
from tests.headless.processes import ROOT, Headless, environment

RUN_MAX_S = 60.0


def doctor(*options: str) -> subprocess.CompletedProcess[str]:
    """One run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "peernode", "doctor", *options],
        capture_output=True,
        text=True,
        timeout=RUN_MAX_S,
        env=environment(ROOT),
        check=False,
    )


def told(run: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The steps of a run with ``--json``; of several of one name the last."""
    steps = [json.loads(line) for line in run.stdout.splitlines()]
    assert list(dict.fromkeys(step["name"] for step in steps)) == list(STEPS)
    return {step["name"]: step for step in steps}


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Headless]]:
    """A bootstrap and two nodes in #lobby."""
    boot = Headless(tmp_path / "boot")
    made = [boot]
    for name in ("ann", "bob"):
        made.append(Headless(tmp_path / name, "--bootstrap", boot.address, "--channel", "#lobby"))
        made[-1].first("joined")
    yield made
    assert [node.stop() for node in reversed(made)] == [0, 0, 0]


def test_a_healthy_network_is_told_to_be_one(nodes: list[Headless], tmp_path: Path) -> None:
    run = doctor(
        "--bootstrap", nodes[0].address, "--channel", "#lobby", "--data", str(tmp_path / "ann"), "--json"
    )
    steps = told(run)
    assert run.returncode == 0, run.stdout + run.stderr
    assert steps.pop("disk")["result"] != "skipped"  # how full it is, is this machine's matter
    assert {name: step["result"] for name, step in steps.items() if step["result"] != "ok"} == {}
    assert "a running program has it open" in steps["store"]["sentence"]
    assert steps["bootstrap"]["subject"] == nodes[0].address
    assert run.stderr == ""


def test_it_prints_lines_for_people(nodes: list[Headless]) -> None:
    run = doctor("--bootstrap", nodes[0].address, "--channel", "#lobby")
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1] == "All is well."
    assert max(map(len, run.stdout.splitlines())) <= 100
    columns = {line.index(" ms  ") for line in run.stdout.splitlines() if " ms  " in line}
    assert len(columns) == 1, "aligned"


def test_a_silent_bootstrap_is_a_failure() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        run = doctor("--bootstrap", f"127.0.0.1:{silent.getsockname()[1]}", "--json")
    assert run.returncode == 1
    step = told(run)["bootstrap"]
    assert (step["result"], step["code"]) == ("failed", "BOOTSTRAP_SILENT")
    assert "firewall" in step["remedy"]


def test_without_a_socket_the_disk_is_looked_at_all_the_same(tmp_path: Path) -> None:
    data = tmp_path / "node"
    node = Headless(data)
    port = node.address.rpartition(":")[2]
    run = doctor("--bootstrap", "127.0.0.1:9", "--listen", f"127.0.0.1:{port}", "--data", str(data), "--json")
    assert node.stop() == 0
    steps = told(run)
    assert run.returncode == 1
    assert steps["socket"]["code"] == "NODE_START_FAILED"
    assert steps["store"]["result"] == "ok"
    assert steps["lookup"]["result"] == "skipped"


def test_a_damaged_database_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "node.sqlite3").write_bytes(b"nothing of the kind" * 500)
    run = doctor("--bootstrap", "127.0.0.1:9", "--data", str(tmp_path), "--json")
    assert run.returncode == 1
    assert told(run)["store"]["code"] == "STORE_CORRUPT"
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "options", [[], ["--bootstrap", "nowhere"], ["--bootstrap", "127.0.0.1:99999"], ["--unknown"]]
)
def test_wrong_usage_has_a_status_of_its_own(options: list[str]) -> None:
    run = doctor(*options)
    assert run.returncode == 2
    assert "usage: python -m peernode doctor" in run.stderr

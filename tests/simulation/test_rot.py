"""Rotten rows, of messages and of parts, are found, fetched again, and shown again."""

from __future__ import annotations

import asyncio

import pytest

from peernode.pubsub.repair import Repair
from peernode.simulation import checkers
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import Scenario, parse

TEXT = """\
name = "rot"
duration_s = 48
settle_s = 20
nodes = {{ count = 3 }}
network = {{ one_way_ms = [5, 20] }}

[[channels]]
name = "#a"
join = {{ at_s = 1 }}

[[publish]]
channel = "#a"
authors = 2
messages = 6
start_s = 4
every_s = 0.5
size_bytes = {size_bytes}

[[faults]]
kind = "bit_rot"
nodes = [2]
rows = 30
at_s = 10
"""


def rot(size_bytes: int) -> Scenario:
    return parse(TEXT.format(size_bytes=size_bytes))


def violations(finished: Run) -> dict[str, list[str]]:
    return {name: found for name, found in checkers.judge(finished.evidence).items() if found}


@pytest.mark.parametrize("size_bytes", [100, 3000])
def test_damaged_rows_are_repaired(size_bytes: int) -> None:
    finished = run(rot(size_bytes))
    assert violations(finished) == {}
    assert finished.evidence.coverage["path damaged row repaired"] >= 6
    assert len(finished.evidence.finals[(2, "#a")]) == 6


@pytest.mark.parametrize("size_bytes", [100, 3000])
def test_rows_that_stay_damaged_are_seen(size_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def idle(repair: Repair) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(Repair, "run", idle)
    found = violations(run(rot(size_bytes)))
    assert len(found["durable"]) == 6
    assert all("on the disk of node 2" in violation for violation in found["durable"])


def test_a_node_that_doubts_who_the_initiators_are_looks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Repair._scrub

    async def doubt_and_look(repair: Repair) -> None:
        for replica in repair._storage.replicas.values():
            replica.forget_initiators()
        await look(repair)

    monkeypatch.setattr(Repair, "_scrub", doubt_and_look)
    assert violations(run(rot(100))) == {}

"""Looks during whole runs: they change nothing, and they see tables overflow and leases missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.channel.leasetable import LeaseTable
from peernode.pubsub import reachability
from peernode.pubsub.renewal import Renewal
from peernode.simulation import checkers
from peernode.simulation.observation.watch import Watch
from peernode.simulation.run import Run, run
from peernode.simulation.scenario import Scenario, parse

SCENARIO = parse("""\
name = "watched"
duration_s = 30
settle_s = 12
nodes = { count = 3 }
network = { one_way_ms = [5, 20] }

[[channels]]
name = "#a"
join = { at_s = 1 }

[[publish]]
channel = "#a"
authors = 2
messages = 6
start_s = 5
""")


def violations(finished: Run) -> dict[str, list[str]]:
    return {name: found for name, found in checkers.judge(finished.evidence).items() if found}


def longer(duration_s: float) -> Scenario:
    return replace(SCENARIO, duration_s=duration_s)


def test_a_run_is_the_same_with_and_without_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = run(SCENARIO)
    assert violations(watched) == {}
    assert watched.evidence.coverage["path new instance"] == 3

    async def look_away(watch: Watch) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(Watch, "run", look_away)
    assert run(SCENARIO).trace_hash == watched.trace_hash


def test_every_table_of_a_running_node_is_named_with_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, tuple[int, int]] = {}

    def look(watch: Watch) -> None:
        for participant in watch._participants:
            assert participant.node is not None
            seen.update(participant.node.sizes())

    monkeypatch.setattr(Watch, "sizes", look)
    run(SCENARIO)
    assert {name.split(".")[0] for name in seen} == {"rpc", "overlay", "pubsub", "diagnostics"}
    assert len(seen) >= 35
    assert all(0 <= size <= cap for size, cap in seen.values())


def test_a_table_without_its_bound_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "RECORDS_MAX", 1)
    assert violations(run(SCENARIO)) == {}  # the oldest record gives way

    def hoard(monitor: object, contact: object, answered: bool, started_s: float) -> None:
        records = monitor._records  # type: ignore[attr-defined]
        records[len(records)] = reachability.Reachability("")

    monkeypatch.setattr(reachability.InitiatorReachabilityMonitor, "pushed", hoard)
    assert list(violations(run(SCENARIO))) == ["bounded"]


def test_a_node_that_never_renews_is_seen_unserved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Renewal, "now", lambda renewal, *replicas: None)
    assert violations(run(longer(130))).keys() == {"leases_end"}


def test_a_lease_that_never_ends_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LeaseTable, "live", lambda table, now_s: list(table._held.values()))
    monkeypatch.setattr(LeaseTable, "expire", lambda table, now_s: None)
    text = """\
name = "gone"
duration_s = 100
settle_s = 12
nodes = { count = 4 }
network = { one_way_ms = [5, 20] }

[[channels]]
name = "#a"
join = { at_s = 1 }

[[publish]]
channel = "#a"
authors = 3
messages = 4
start_s = 80

[[faults]]
kind = "crash"
nodes = [3]
at_s = 8
"""
    assert "leases_end" in violations(run(parse(text)))

"""What dead bootstraps cost in the shipped scenario: a start among dead ones, and a restart without any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from peernode.simulation.result import summarize
from peernode.simulation.run import run
from peernode.simulation.scenario import Scenario, load
from tests.mutants.catalogue import MUTANTS

STARTS_S = 30.0
"""By then all nodes have started."""


def joins_s(scenario: Scenario) -> dict[int, float]:
    """Node -> the time from its start until it was in the channel."""
    joinings = run(scenario).evidence.joinings.values()
    return {
        each.node: each.joined_at_s - each.asked_at_s for each in joinings if each.joined_at_s is not None
    }


def test_one_bootstrap_dead_of_three_delays_a_start_by_less_than_a_second() -> None:
    scenario = load(Path("bootstraps"))
    starts = replace(scenario, duration_s=STARTS_S, settle_s=1.0, publish=(), faults=scenario.faults[:1])
    dead, alive = joins_s(starts), joins_s(replace(starts, faults=()))
    assert dead.keys() == alive.keys() == set(range(2, 9))
    assert all(dead[node] - alive[node] < 1.0 for node in dead)


def test_without_its_cache_nobody_is_back_in_time() -> None:
    """The scenario notices the mutant ``peer-cache-unread``."""
    scenario = load(Path("bootstraps"))
    with MUTANTS["peer-cache-unread"].applied():
        result = summarize(run(scenario), 0.0, 0.0)
    assert not result.expect["latency_max_ms_max"]["ok"]

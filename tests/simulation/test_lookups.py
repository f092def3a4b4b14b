"""Lookups that a scenario asks for: judged by who is truly closest, right among hostile nodes."""

from __future__ import annotations

import random

import pytest

from peernode.overlay.lookup import LookupResult
from peernode.overlay.overlay import Overlay
from peernode.simulation.lookups import Lookup, judged
from peernode.simulation.result import Result
from peernode.simulation.scenario import parse
from peernode.simulation.schema import ScenarioError
from tests.simulation.test_run import judged as run_judged

HOSTILE = """\
name = "lookups"
duration_s = 24
settle_s = 6
network = { one_way_ms = [10, 60], loss = 0.01 }
nodes = { count = 40, bootstrap = 2, online = { over_s = 2 } }

[[channels]]
name = "#a"
members = 3
join = { at_s = 5 }

[[faults]]
kind = "hostile"
at_s = 4
count = 8

[[lookups]]
count = 300
start_s = 6
every_s = 0.04

[expect]
lookups_min = 0.99
"""


def found(*nodes: int, closest: tuple[int, ...] = (1, 2, 3), node: int = 0) -> Lookup:
    return Lookup(1.0, node, "00", closest, nodes)


def test_right_is_who_finds_every_honest_node_among_the_closest() -> None:
    lookups = [found(1, 2, 3), found(3, 2, 1, 7), found(1, 2), found(1, 3)]
    assert judged(lookups, []) == {"tried": 4, "right": 2}
    assert judged(lookups, [3]) == {"tried": 4, "right": 3}


def test_hostile_lookers_and_power_cuts_are_not_counted() -> None:
    cut = Lookup(1.0, 0, "00", (1,), None)
    assert judged([found(1, 2, 3), found(node=9), cut], [9]) == {"tried": 1, "right": 1}


def of_hostile(seed: int = 1) -> Result:
    return run_judged(HOSTILE, seed)[1]


def test_with_a_fifth_of_the_nodes_hostile_lookups_are_right() -> None:
    result = of_hostile()
    assert result.coverage["fault hostile: nodes hit"] == 8
    assert all(result.coverage[f"fault hostile: {mode}"] > 100 for mode in ("garbage", "forged", "withheld"))
    assert 200 < result.lookups["tried"] < 300
    assert result.expect["lookups_min"]["ok"], result.lookups
    assert result.ok, result.checkers


def test_lookups_that_ask_nobody_do_not_meet_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    async def from_memory(self: Overlay, target: bytes, want: int) -> LookupResult:
        some = self.peers()
        return LookupResult(random.Random(target).sample(some, min(want, len(some))), 0, 0, news=False)

    monkeypatch.setattr(Overlay, "lookup", from_memory)
    result = of_hostile()
    assert result.lookups["right"] < result.lookups["tried"] / 2
    assert not result.expect["lookups_min"]["ok"]


def test_the_last_lookup_begins_before_the_end() -> None:
    with pytest.raises(ScenarioError, match=r"lookups\[0\]\.count: the last one, at 35\.9 s"):
        parse(HOSTILE.replace("every_s = 0.04", ""))

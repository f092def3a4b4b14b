"""Nodes that go for good, and others that come in their places: ``nodes.spare`` and the fault ``replace``."""

from __future__ import annotations

import itertools

import pytest

from peernode.simulation.scenario import parse
from peernode.simulation.schema import ScenarioError
from peernode.simulation.shrink import _with_nodes
from tests.simulation.test_run import SMALL, judged, with_fault

REPLACING = with_fault('kind = "replace"\nat_s = 8\nfor_s = 12\ndown_s = 3').replace(
    "count = 5, bootstrap = 2", "count = 11, bootstrap = 2, spare = 4"
)


def test_spare_nodes_come_in_the_places_of_others_join_and_take_part() -> None:
    finished, result = judged(REPLACING)
    evidence = finished.evidence
    gone = [node for node in range(11) if evidence.is_gone(node)]
    assert len(gone) == result.coverage["fault replace: nodes hit"] == 4
    assert set(gone) <= set(range(2, 7))  # neither bootstrap nodes nor those who came
    assert result.joins == {"tried": 11, "ok": 11}
    for node in range(7, 11):
        (first_up_s,) = [up_s for _, up_s in evidence.downs[node] if up_s is not None]
        assert 11 <= first_up_s <= 20
        assert evidence.joinings[node, "#a"].asked_at_s >= first_up_s
        assert node in {sighting.node for sighting in evidence.sightings}
    went = sorted(evidence.downs[node][-1][0] for node in gone)
    came = sorted(evidence.downs[node][-1][1] or 0.0 for node in range(7, 11))
    assert [round(up_s - down_s, 6) for down_s, up_s in zip(went, came, strict=True)] == [3.0] * 4
    assert any(later < sooner + 3 for sooner, later in itertools.pairwise(went))
    assert [name for name, verdict in result.checkers.items() if not verdict["ok"]] == [], result.checkers


def test_without_the_fault_spare_nodes_stay_away() -> None:
    finished, result = judged(SMALL.replace("count = 5", "count = 7, spare = 2"))
    assert result.joins == {"tried": 5, "ok": 5}
    assert [finished.evidence.is_gone(node) for node in (4, 5, 6)] == [False, True, True]
    assert result.ok, (result.checkers, result.expect)


def test_replacing_with_nobody_spare_proves_nothing() -> None:
    _, result = judged(with_fault('kind = "replace"\nat_s = 8'))
    assert result.checkers["not_vacuous"]["violations"] == ["the replace hit nobody"]


def test_some_node_must_be_there_from_the_start() -> None:
    with pytest.raises(ScenarioError, match=r"nodes\.bootstrap: 2 is not"):
        parse(SMALL.replace("count = 5", "count = 5, spare = 4"))


def test_with_fewer_nodes_the_spare_ones_go_first() -> None:
    scenario = parse(REPLACING)
    assert [_with_nodes(scenario, count).nodes.spare for count in (9, 7, 5)] == [2, 0, 0]

"""``listed``: a subscriber counts when every initiator lists it at the end, not when one does."""

from __future__ import annotations

import pytest

from peernode.channel.leasetable import LeaseTable
from peernode.simulation.evidence import Evidence
from peernode.simulation.listing import listed
from peernode.simulation.scenario import SHIPPED, load
from tests.simulation.good_run import CHANNEL, good_run
from tests.simulation.test_run import SMALL, judged

LISTED = SMALL.replace("delivered_min = 1.0", "delivered_min = 1.0\nlisted_min = 1.0")


def listing() -> Evidence:
    """Three members, each of them an initiator that lists all three."""
    evidence = good_run()
    evidence.lists = {(index, CHANNEL): dict.fromkeys(evidence.node_ids) for index in range(3)}
    return evidence


def test_who_is_on_every_list_is_listed() -> None:
    assert listed(listing()) == {"members": 3, "by_all": 3}


def test_one_list_without_somebody_is_enough() -> None:
    evidence = listing()
    del evidence.lists[2, CHANNEL]["bb"]
    assert listed(evidence) == {"members": 3, "by_all": 2}
    del evidence.lists[1, CHANNEL]
    assert listed(evidence) == {"members": 3, "by_all": 0}


def test_a_join_that_never_ended_is_a_member_not_listed() -> None:
    evidence = listing()
    evidence.joinings[1, CHANNEL].joined_at_s = None
    for index in range(3):
        del evidence.lists[index, CHANNEL]["bb"]
    assert listed(evidence) == {"members": 3, "by_all": 2}


def test_who_is_gone_or_hostile_counts_for_nothing() -> None:
    evidence = listing()
    evidence.downs[1].append((20.0, None))
    evidence.hostile[2] = None
    evidence.lists[2, CHANNEL] = {}
    assert listed(evidence) == {"members": 1, "by_all": 1}


def test_where_nobody_can_list_nobody_is_listed() -> None:
    evidence = listing()
    evidence.initiators = {}
    assert listed(evidence) == {"members": 3, "by_all": 0}
    assert listed(Evidence()) == {"members": 0, "by_all": 0}


def test_in_a_run_every_initiator_lists_everybody() -> None:
    result = judged(LISTED)[1]
    assert result.listed == {"members": 5, "by_all": 5}
    assert result.expect["listed_min"] == {"bound": 1.0, "actual": 1.0, "ok": True}
    assert result.ok, result.checkers


def test_an_initiator_that_forgets_one_subscriber_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else may notice it: the other initiators serve the one that is forgotten."""
    live = LeaseTable.live
    forgetful: list[LeaseTable] = []

    def forgets(self: LeaseTable, now_s: float) -> list[object]:
        forgetful[:] = forgetful or [self]
        return list(live(self, now_s))[1 if self is forgetful[0] else 0 :]

    monkeypatch.setattr(LeaseTable, "live", forgets)
    result = judged(LISTED)[1]
    assert result.listed == {"members": 5, "by_all": 4}
    assert not result.expect["listed_min"]["ok"]
    assert not result.ok


def test_what_nobody_joined_does_not_meet_the_bound() -> None:
    begin, end = LISTED.index("[[channels]]"), LISTED.index("[expect]")
    result = judged(LISTED[:begin] + LISTED[end:])[1]
    assert result.expect["listed_min"] == {"bound": 1.0, "actual": None, "ok": False}


@pytest.mark.parametrize("name", ["join-20", "join-200"])
def test_the_joining_scenarios_ask_for_it(name: str) -> None:
    expect = load(SHIPPED / f"{name}.toml").expect
    assert (expect.joined_min, expect.listed_min) == (1.0, 1.0)

"""The routing table's replacements: who waits for a place in a full bucket, on a clock we set."""

from __future__ import annotations

from peernode.overlay.table import PeerTable
from tests.overlay.test_table import HandClock, Placed, lose, table_around

FAR = [(1 << 159) + (peer << 152) for peer in (0, 4, 5, 6)]
"""Ids that share five bits: a bucket of them does not split any more."""


def full_far_bucket() -> tuple[PeerTable, HandClock]:
    table, clock = table_around(0, k=2)
    for peer in (1, 2, *FAR):
        table.answered(Placed(peer))
    assert [Placed(peer) in table for peer in FAR] == [True, True, False, False]
    return table, clock


def test_the_freshest_replacement_takes_an_empty_place() -> None:
    table, clock = full_far_bucket()
    table.answered(Placed(FAR[2]))  # it answers again: now it is the freshest
    lose(table, clock, FAR[0])
    assert [Placed(peer) in table for peer in FAR] == [False, True, True, False]


def test_a_full_replacement_cache_drops_the_longest_silent() -> None:
    table, _ = full_far_bucket()
    before = table.remembered
    table.answered(Placed(FAR[3] + 1))
    assert table.remembered == before
    assert table.standing(Placed(FAR[2]).public_key) is None


def test_a_replacement_that_fails_is_forgotten_at_once() -> None:
    table, clock = full_far_bucket()
    table.failed(Placed(FAR[3]))
    assert table.standing(Placed(FAR[3]).public_key) is None
    lose(table, clock, FAR[0])
    assert [Placed(peer) in table for peer in FAR] == [False, True, True, False]

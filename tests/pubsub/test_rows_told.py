"""What a picture says of the matrix in it: of whom it tells, how far each row goes, how old each cell is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.pubsub import channelhealth
from peernode.pubsub.matrix import Cell, Row
from peernode.pubsub.reachability import BOTH
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_channel_health import cast, health, judged, settle
from tests.pubsub.test_looking import many_pages_on_slow_ways

AGED_S = 5.0


def test_a_large_channel_says_that_its_rows_name_only_whom_they_fail_to_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without that, who is not in a row may be unknown to its initiator or well: nobody could tell."""

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        assert (await health(others[1]))["failing_only"] is False
        monkeypatch.setattr(channelhealth, "ROWS_FULL_MAX", 3)
        await health(others[1])
        flock.block(initiators[:1], others[:1])
        found = await judged(others[1], "degraded", "PATH_BROKEN")
        assert found["failing_only"] is True
        target = others[0].node.node_id
        rows = {key: set(row["subscribers"]) for key, row in found["matrix"].items()}
        assert rows == {
            bird.node.node_id: {target} if bird is initiators[0] else set() for bird in initiators
        }
        assert [(row["id"], row["reached_by"], row["of"]) for row in found["subscribers"]] == [(target, 4, 5)]
        assert found["audience"] == 7

    story(tell, 7, loss=0)


def without_rows(bird: Bird) -> None:
    """It tells how it is, and its row of the matrix never comes."""

    async def never(caller: Any, body: Fields) -> list[Any]:
        await asyncio.sleep(600)
        raise AssertionError("nobody waits so long")

    bird.node._context.rpc._servers[Op.ROW] = never


def test_a_remembered_row_says_how_old_it_is_though_the_rest_of_its_word_is_new() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        fresh = await health(others[0])
        assert ages(fresh, initiators) <= {0}
        without_rows(initiators[0])
        until_s = asyncio.get_running_loop().time() + AGED_S
        while asyncio.get_running_loop().time() < until_s:
            found = await health(others[0])
            await asyncio.sleep(0.5)
        told = next(row for row in found["initiators"] if row["id"] == initiators[0].node.node_id)
        assert (told["answers"], told["age_ms"] < 1_500) == (True, True), "its HEALTH comes each time"
        (age_ms,) = ages(found, initiators[:1])
        assert (AGED_S - 2) * 1000 < age_ms <= AGED_S * 1000
        assert max(ages(found, initiators[1:])) < 1_500

    story(tell, 7, loss=0)


def ages(found: dict[str, Any], initiators: list[Bird]) -> set[int]:
    """How old the cells in the rows of these are."""
    rows = [found["matrix"][bird.node.node_id]["subscribers"].values() for bird in initiators]
    return {cell["age_ms"] for row in rows for cell in row}


def test_a_row_that_has_not_come_to_its_end_says_how_far_it_goes() -> None:
    async def tell(flock: Flock) -> None:
        _, others = await many_pages_on_slow_ways(flock)
        partial = []
        for _ in range(8):
            rows = (await health(others[0]))["matrix"].values()
            partial += [row for row in rows if row["outcome"] == "ok" and row["until"]]
        assert partial
        for row in partial:
            assert max(row["subscribers"]) == row["until"]

    story(tell, 7, loss=0)


def test_the_age_of_a_cell_counts_from_the_question_and_what_was_asked_later_has_none() -> None:
    cell = Cell(b"a" * 20, BOTH, 20, 100, None, 0, 0, None)
    asked = Cell.decode(cell.encode(), asked_s=7.0)
    assert [asked.told(as_of_s)["age_ms"] for as_of_s in (6.0, 7.0, 9.5)] == [0, 0, 2_500]
    assert cell.told(9.5)["age_ms"] is None
    assert asked == cell, "when it was asked for makes it no other cell"
    row = Row(Contact(b"i" * 32, "192.0.2.1", 7_000), "ok", [asked], b"z" * 20)
    told = {asked.subscriber.hex(): asked.told(9.5)}
    assert row.told(9.5) == {"outcome": "ok", "until": "7a" * 20, "subscribers": told}

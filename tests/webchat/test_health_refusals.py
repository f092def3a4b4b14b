"""What administrators are refused for its number: counted for each and each action, in a bounded table."""

from __future__ import annotations

import asyncio
from typing import Any

from webchat.health import rates
from webchat.health.actions import DIAGNOSTIC, EXPORT, OPERATIONS, REPAIR
from webchat.health.consumer import ACTIONS
from webchat.health.refusals import ROWS_MAX, Refusals


async def test_refusals_are_a_record_at_once_and_then_one_a_minute_with_their_number() -> None:
    rows: list[tuple[int, str, int]] = []
    minute = asyncio.Event()

    async def tell(told: dict[str, Any]) -> None:
        rows.append((told["account"], told["operation"], told["stands_for"]))
        assert told["outcome"] == "RATE_LIMITED"

    async def sleep(seconds: float) -> None:
        assert seconds == rates.WINDOW_S
        await minute.wait()
        minute.clear()

    async def others() -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    refusals = Refusals(tell, sleep)
    refusals.note(7, REPAIR)
    await others()
    assert rows == [(7, REPAIR, 1)]
    for _ in range(40):
        refusals.note(7, REPAIR)
    await others()
    assert len(rows) == 1
    minute.set()
    await others()
    assert rows[1:] == [(7, REPAIR, 40)]
    minute.set()
    await others()
    assert len(rows) == 2, "nothing was refused in this minute"
    refusals.note(7, REPAIR)
    await others()
    assert rows[2:] == [(7, REPAIR, 1)]


async def test_of_several_actions_that_are_refused_each_has_a_record_of_its_own() -> None:
    """Before, one record counted them all and named the last."""
    rows: list[tuple[int, str, int]] = []
    minutes: list[asyncio.Event] = []

    async def tell(told: dict[str, Any]) -> None:
        rows.append((told["account"], told["operation"], told["stands_for"]))

    async def sleep(seconds: float) -> None:
        minutes.append(asyncio.Event())
        await minutes[-1].wait()

    refusals = Refusals(tell, sleep)
    for operation in (REPAIR, DIAGNOSTIC, REPAIR, EXPORT, REPAIR, DIAGNOSTIC):
        refusals.note(7, operation)
    refusals.note(8, DIAGNOSTIC)
    for _ in range(3):
        await asyncio.sleep(0)
    assert rows == [(7, REPAIR, 3), (7, DIAGNOSTIC, 2), (7, EXPORT, 1), (8, DIAGNOSTIC, 1)]
    refusals.note(7, DIAGNOSTIC)
    for minute in minutes:
        minute.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert rows[4:] == [(7, DIAGNOSTIC, 1)]


async def test_of_how_many_people_refusals_are_counted_is_bounded() -> None:
    heard: list[tuple[int, str]] = []

    async def tell(told: dict[str, Any]) -> None:
        heard.append((told["account"], told["operation"]))

    async def sleep(seconds: float) -> None:
        await asyncio.Event().wait()

    refusals = Refusals(tell, sleep)
    asked = [(account_id, operation) for account_id in range(ROWS_MAX) for operation in (REPAIR, DIAGNOSTIC)]
    for each in asked:
        refusals.note(*each)
    for _ in range(3):
        await asyncio.sleep(0)
    assert heard == asked[:ROWS_MAX]


def test_each_action_of_the_page_has_a_place_in_the_table() -> None:
    assert {*ACTIONS.values()} <= {*OPERATIONS}

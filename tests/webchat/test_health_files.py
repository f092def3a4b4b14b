"""The event log, its files and the bundle: bounded, chosen, and nothing gets out that is not let out."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from peernode.diagnostics.records import Record
from webchat.health import bundle
from webchat.health.actions import Action, action_of
from webchat.health.exporting import COLUMNS, as_csv, as_json
from webchat.health.records import (
    ACTIONS_MAX,
    ALL_MAX,
    FLOODS_MAX,
    RECORDS_MAX,
    SLICE,
    TAIL_MAX,
    EventLog,
    choose,
    fits,
)
from webchat.health.redaction import LEFT_OUT

NODE = "ab" * 20
MESSAGE = "01890a5d-ac96-774b-bcce-b302099a8057"


RECORD = Record(
    serial=1,
    wall_ms=1_777_000_000_000,
    operation="publish",
    subject="#lobby",
    outcome="ok",
    elapsed_ms=12.5,
    parts={"network": 10.0, "own": 2.5},
    trace=MESSAGE,
    route={"peer": NODE},
)


def record(**changes: Any) -> Record:
    """A record of the engine."""
    return replace(RECORD, **changes)


def told(**changes: Any) -> dict[str, Any]:
    """A record as the engine tells it."""
    return record(**changes).told()


def an_action(**changes: Any) -> Action:
    """An administrator's repair, as a web process tells it."""
    args = {
        "wall_ms": 1_777_000_000_000,
        "operation": "admin.repair",
        "subject": "#lobby",
        "outcome": "ok",
        "elapsed_ms": 12.5,
        "account": 7,
        "about": {"subscriber": NODE},
    }
    return action_of({**args, **changes})


def a_log(count: int) -> EventLog:
    log = EventLog()
    for number in range(count):
        log.add(NODE, record(elapsed_ms=float(number)))
    return log


async def test_the_log_counts_for_itself_and_forgets_the_oldest() -> None:
    log = a_log(RECORDS_MAX + 3)
    newest, more = await log.chosen({}, RECORDS_MAX + 10)
    assert [newest[0]["serial"], newest[-1]["serial"], len(newest)] == [4, RECORDS_MAX + 3, RECORDS_MAX]
    assert more, "three fell out"
    assert newest[0]["node"] == NODE


async def test_a_choice_is_whole_only_when_nothing_of_its_time_fell_out() -> None:
    log = EventLog()
    for number in range(RECORDS_MAX):
        log.add(NODE, record(wall_ms=1000 + number))
    assert not (await log.chosen({}, ALL_MAX))[1], "nothing did"
    log.add(NODE, record(wall_ms=9000))
    for since, more in ((None, True), (1000, True), (1001, False)):
        assert (await log.chosen({"since": since}, ALL_MAX))[1] is more, since
    assert (await log.chosen({"operation": "join"}, ALL_MAX))[1], "one of those may have been a join"
    assert not (await log.chosen({"operation": "attempt"}, ALL_MAX))[1], "these are kept elsewhere"


async def test_a_flood_pushes_out_nothing_else() -> None:
    """One subscriber that is cut off and 20 messages a second: 5,000 tries in half a minute."""
    log = EventLog()
    log.add(NODE, record(operation="peer.left"))
    for operation in ("attempt.direct", "coordinator.lookup", "rpc.PUSH", "verdict.changed"):
        for _ in range(RECORDS_MAX):
            log.add(NODE, record(operation=operation, outcome="timeout"))
    log.add(NODE, record(operation="join"))
    found, more = await log.chosen({}, ALL_MAX)
    assert [found[0]["operation"], found[-1]["operation"], more] == ["peer.left", "join", True]
    assert [each["serial"] for each in found] == sorted({each["serial"] for each in found})
    assert len(found) == 2 + sum(FLOODS_MAX.values())
    assert (await log.chosen({"operation": "peer"}, ALL_MAX))[1] is False
    assert (await log.chosen({"operation": "attempt.direct"}, ALL_MAX))[1] is True
    newest, skipped = log.after(log.serial - TAIL_MAX - 7)
    assert ([each["serial"] for each in newest], skipped) == (
        [*range(log.serial - TAIL_MAX + 1, log.serial + 1)],
        7,
    )


def test_a_follower_gets_what_came_after_or_hears_how_many_are_left_out() -> None:
    log = a_log(10)
    records, skipped = log.after(7)
    assert ([each["serial"] for each in records], skipped) == ([8, 9, 10], 0)
    assert log.after(10) == ([], 0)
    records, skipped = a_log(TAIL_MAX + 50).after(0)
    assert (len(records), skipped) == (TAIL_MAX, 50)


async def test_the_newest_of_a_choice_are_told_and_whether_there_were_more() -> None:
    records, more = await a_log(10).chosen({}, 4)
    assert ([each["serial"] for each in records], more) == ([7, 8, 9, 10], True)


async def test_others_go_on_while_somebody_looks_through_the_log() -> None:
    """Before, a filter's look at all records kept the nodes waiting for 100 ms."""
    log, turns, looks = a_log(RECORDS_MAX), 0, 8

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going = asyncio.create_task(other())
    for _ in range(looks):
        assert await log.chosen({"text": "no record has this"}, 10) == ([], False)
    going.cancel()
    assert turns >= looks * (RECORDS_MAX // SLICE)


async def test_what_administrators_did_outlasts_what_nodes_do() -> None:
    log = EventLog()
    for number in range(ACTIONS_MAX + 2):
        log.add_action(an_action(subject=f"#{number}"))
    for number in range(RECORDS_MAX + 1):
        log.add(NODE, record(elapsed_ms=float(number)))
    found, more = await log.chosen({"operation": "admin"}, RECORDS_MAX)
    assert ([each["subject"] for each in (found[0], found[-1])], more) == (
        ["#2", f"#{ACTIONS_MAX + 1}"],
        True,
    )
    assert len(found) == ACTIONS_MAX
    assert found[0]["serial"] == 3
    both, _ = await log.chosen({}, 10 * RECORDS_MAX)
    assert [each["serial"] for each in both] == sorted({each["serial"] for each in both})


@pytest.mark.parametrize(
    ("wanted", "fitting"),
    [
        ({}, True),
        ({"operation": "join"}, True),
        ({"operation": "joi"}, False),
        ({"operation": "join.attempt"}, True),
        ({"outcome": "failed"}, True),
        ({"outcome": "ok"}, False),
        ({"outcome": "NO_QUORUM"}, True),
        ({"channel": "#tea"}, True),
        ({"channel": "#te"}, False),
        ({"text": "QUORUM"}, True),
        ({"text": "nothing of it"}, False),
        ({"since": 1_777_000_000_001}, False),
        ({"until": 1_776_999_999_999}, False),
        ({"since": 1_777_000_000_000, "until": 1_777_000_000_000}, True),
    ],
)
def test_filters(wanted: dict[str, Any], fitting: bool) -> None:
    join = record(operation="join.attempt", outcome="NO_QUORUM", subject=NODE, route={"channel": "#tea"})
    assert fits(join, NODE, wanted) is fitting


def test_what_nobody_wanted_any_more_is_no_failure() -> None:
    assert not fits(record(outcome="left"), NODE, {"outcome": "failed"})


async def test_single_requests_have_a_limit_of_their_own() -> None:
    requests = [(0, NODE, record(operation="rpc.PUSH", elapsed_ms=float(number))) for number in range(9)]
    records, more = await choose(requests, {"operation": "rpc"}, 4)
    assert ([each["elapsed_ms"] for each in records], more) == ([5, 6, 7, 8], True)
    assert await choose(requests, {"operation": "publish"}, 4) == ([], False)


def test_a_table_has_a_column_for_each_part_of_the_time() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([{**told(), "node": NODE}]))))
    assert [*rows[0]] == [*COLUMNS]
    assert (rows[0]["network_ms"], rows[0]["own_ms"], rows[0]["lookup_ms"]) == ("10.0", "2.5", "0.0")
    assert rows[0]["time"] == "2026-04-24T03:06:40.000+00:00"


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@sum", "\t=1"])
def test_no_cell_of_a_table_is_a_formula(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([{**told(subject=name), "node": NODE}]))))
    assert rows[0]["subject"] == f"'{name}"


def test_a_file_says_by_what_it_was_chosen_and_whether_it_is_whole() -> None:
    text = as_json([{**told(), "node": NODE}], {"operation": "join"}, True, datetime(2026, 5, 4, tzinfo=UTC))
    content = json.loads(text)
    assert content["filter"] == {"operation": "join"}
    assert content["is_whole"] is False
    assert content["records"][0]["trace"] == MESSAGE


def test_a_bundle_is_a_text_that_says_how_much_was_left_out() -> None:
    found = {
        "format": "starling-diagnostic-bundle-1",
        "records": [json.dumps({**told(subject="Ada"), "node": NODE})],
    }
    made = bundle.redacted(found, ["#lobby"], [])
    assert (made.records, made.left_out, made.channels) == (1, 1, 1)
    assert json.loads(made.text)["records"][0]["subject"] == LEFT_OUT

"""The picture of a channel, put together from planted answers."""

from __future__ import annotations

from typing import Any

import pytest

from peernode.diagnostics.joins import joins_told
from peernode.diagnostics.windows import Tally
from peernode.pubsub import picture
from peernode.pubsub.matrix import Cell, Row
from peernode.pubsub.picture import Said
from peernode.pubsub.reachability import BOTH, HEARD, HEARS, NEITHER, UNKNOWN
from peernode.pubsub.traces import JoinTrace
from peernode.pubsub.vitals import SLICES_FROM, Share, Vitals
from peernode.wire.contact import Contact

SETS = bytes(16)
CONTACTS = [Contact(bytes([index]) * 32, "192.0.2.1", 7_000 + index) for index in range(5)]
ANN, RELAY = b"a" * 20, b"r" * 20


def vitals(messages: int, recent: int = 0, expires: bool = False) -> Vitals:
    return Vitals(messages, recent, 100, bytes(16), SETS, 3, 1_000, expires)


def said(
    index: int, word: Vitals | None, *cells: Cell, outcome: str = "ok", shares: tuple[Share, ...] = ()
) -> Said:
    contact = CONTACTS[index]
    row = Row(contact, "ok" if outcome != "timeout" else "timeout", list(cells))
    return Said(contact, index == 0, outcome, row, 0.0, 20.0, word, shares)


def cell(direction: str, latency_ms: int = 20, via: bytes | None = None) -> Cell:
    failing = None if direction in (BOTH, UNKNOWN) else 900
    return Cell(ANN, direction, latency_ms, 100, failing, 0 if failing is None else 2, 0, via)


@pytest.mark.parametrize(
    ("counts", "held_by", "under"),
    [
        ([9, 9, 9], [0, 0, 0, 9], 0),
        ([9, 9, 4], [0, 0, 5, 4], 5),
        ([9, 6, 4], [0, 3, 2, 4], 5),
        ([0, 0, 0], [0, 0, 0, 0], 0),
        ([0, 0, 9], [0, 9, 0, 0], 9),
    ],
)
def test_copies_are_estimated_from_counts(counts: list[int], held_by: list[int], under: int) -> None:
    found = picture.replication([said(index, vitals(count)) for index, count in enumerate(counts)])
    assert found == {"of": len(counts), "held_by": held_by, "under": under}


def test_what_came_lately_need_not_be_everywhere_yet() -> None:
    words = [said(0, vitals(12, recent=3)), said(1, vitals(9)), said(2, vitals(10, recent=1))]
    assert picture.replication(words) == {"of": 3, "held_by": [0, 0, 0, 9], "under": 0}
    assert [row["behind"] for row in picture.initiators(words, SETS, 0.0)] == [0, 0, 0]


def test_a_silent_initiator_holds_nothing_that_one_knows_of() -> None:
    words = [said(0, vitals(9)), said(1, vitals(9)), said(2, None, outcome="timeout")]
    assert picture.replication(words) == {"of": 3, "held_by": [0, 0, 9, 0], "under": 9}


def test_where_no_initiator_says_anything_nobody_knows_what_is_kept_too_rarely() -> None:
    words = [said(0, None, outcome="timeout"), said(1, None, outcome="unheard")]
    assert picture.replication(words) == {"of": 1, "held_by": [0, 0], "under": None}
    assert picture.replication([said(0, None, outcome="does not say")])["under"] is None
    assert picture.replication([said(0, vitals(9)), *words])["under"] == 9


def test_who_does_not_say_or_need_not_hold_everything_is_left_out() -> None:
    words = [said(0, vitals(9)), said(1, None, outcome="does not say"), said(2, vitals(2, expires=True))]
    assert picture.replication(words) == {"of": 1, "held_by": [0, 9], "under": 0}
    rows = picture.initiators(words, SETS, 0.0)
    assert [row["behind"] for row in rows] == [0, None, 0]
    assert [row["answers"] for row in rows] == [True, True, True]


def test_nobody_to_ask_has_no_copies() -> None:
    assert picture.replication([]) == {"of": 0, "held_by": [0], "under": None}
    assert picture.subscribers([], [ANN]) == []


@pytest.mark.parametrize(
    ("cells", "reached", "code"),
    [
        ([cell(BOTH), cell(BOTH)], "directly", None),
        ([cell(BOTH), cell(UNKNOWN)], "directly", None),
        ([cell(BOTH), cell(HEARD)], "directly", "PATH_BROKEN"),
        ([cell(BOTH, 900), cell(BOTH, 700)], "directly", "SUBSCRIBER_SLOW"),
        ([cell(BOTH, 900), cell(BOTH, 30)], "directly", None),
        ([cell(HEARD, via=RELAY), cell(NEITHER)], "relay", "SUBSCRIBER_BY_RELAY"),
        ([cell(HEARD), cell(NEITHER)], "no", "SUBSCRIBER_DEAF"),
        ([cell(HEARS), cell(NEITHER)], "no", "SUBSCRIBER_MUTE"),
        ([cell(NEITHER), cell(NEITHER)], "no", "SUBSCRIBER_SILENT"),
        ([cell(NEITHER), cell(UNKNOWN)], "no", "SUBSCRIBER_SILENT"),
        ([cell(UNKNOWN), cell(UNKNOWN)], "untested", None),
    ],
)
def test_a_subscriber_is_reached_as_its_cells_say(cells: list[Cell], reached: str, code: str | None) -> None:
    words = [said(index, vitals(1), one) for index, one in enumerate(cells)]
    (row,) = picture.subscribers(words, [])
    assert row["reached"] == reached
    assert (row["reason"]["code"] if row["reason"] else None) == code
    assert row["via"] == (RELAY.hex() if reached == "relay" else None)


def test_the_troubled_come_first_and_who_is_not_listed_is_named() -> None:
    well = Cell(b"w" * 20, BOTH, 20, 100, None, 0, 0, None)
    words = [said(0, vitals(1), well, cell(NEITHER)), said(1, vitals(1), well), said(2, vitals(1), well)]
    rows = picture.subscribers(words, [b"n" * 20])
    assert [(row["id"][:2], row["listed_by"], row["of"]) for row in rows] == [
        ("61", 1, 3),
        ("77", 3, 3),
        ("6e", 0, 3),
    ]
    assert rows[2]["reason"]["code"] == "SUBSCRIBER_UNLISTED"


def test_in_a_large_channel_rows_name_only_whom_their_initiator_fails_to_reach() -> None:
    words = [said(0, vitals(1), cell(NEITHER)), said(1, vitals(1)), said(2, vitals(1), cell(HEARD))]
    (row,) = picture.subscribers(words, [], failing_only=True)
    assert (row["reached"], row["reached_by"], row["of"], row["broken"]) == ("directly", 1, 3, 2)
    assert (row["listed_by"], row["reason"]["code"]) == (3, "PATH_BROKEN")
    (row,) = picture.subscribers(words[::2], [], failing_only=True)
    assert (row["reached"], row["reached_by"]) == ("no", 0)


def test_an_initiator_is_not_asked_how_it_reaches_itself() -> None:
    itself = CONTACTS[0].id
    other = Cell(itself, BOTH, 20, 100, None, 0, 0, None)
    (row,) = picture.subscribers([said(0, vitals(1)), said(1, vitals(1), other)], [itself])
    assert (row["reached_by"], row["of"], row["listed_by"]) == (1, 1, 1)


def test_slices_of_several_initiators_meet_in_the_picture() -> None:
    shares = tuple(
        Share(SLICES_FROM + number, age_ms, Tally(attempted=2, failed=2))
        for number, age_ms in ((9, 2_000), (8, 12_000), (0, 400_000))
    )
    words = [said(0, vitals(1), shares=shares), said(1, vitals(1), shares=shares[:1])]
    slots = picture.series(words, 5.0, 1_700_000_004_000)  # said five seconds ago
    assert len(slots) == 30
    assert slots[-1]["at_ms"] == 1_700_000_000_000
    assert [slot["attempted"] for slot in slots[-3:]] == [0, 2, 4]
    assert sum(slot["attempted"] for slot in slots) == 6
    assert picture.pushes(words)["5m"]["attempted"] == 0


def step(name: str, outcome: str, elapsed_ms: float) -> dict[str, Any]:
    return {"step": name, "outcome": outcome, "elapsed_ms": elapsed_ms}


def test_joins_are_counted_by_their_steps() -> None:
    joins = [
        {"outcome": "ok", "steps": [step("find", "ok", 10.0), step("inbound", "ok", 30.0)]},
        {
            "outcome": "delayed",
            "steps": [
                step("find", "ok", 20.0),
                step("inbound", "UNREACHABLE_BY_INITIATORS", 900.0),
                step("outbound", "cancelled", 900.0),
            ],
        },
        {"outcome": "running", "steps": [step("find", "running", 0.0)]},
    ]
    found = joins_told(joins)
    assert (found["ok"], found["failed"]) == (1, 1)
    assert found["steps"]["find"] == {"count": 2, "p50_ms": 10.0, "p95_ms": 20.0, "failed": 0}
    assert found["steps"]["inbound"] == {"count": 1, "p50_ms": 30.0, "p95_ms": 30.0, "failed": 1}
    assert found["steps"]["outbound"] == {"count": 0, "p50_ms": None, "p95_ms": None, "failed": 0}
    errors = [step["error"] for join in found["recent"] for step in join["steps"]]
    assert [error and error["code"] for error in errors] == [
        *3 * [None],
        "UNREACHABLE_BY_INITIATORS",
        None,
        None,
    ]
    assert errors[3]["remedy"]
    for join in found["recent"]:
        for each in join["steps"]:
            del each["error"]
    assert found["recent"] == joins
    assert joins_told([])["steps"] == {}


def test_a_join_that_hangs_is_pushed_out_by_none_that_went_well() -> None:
    joins = [{"outcome": "delayed" if at in (1, 3) else "ok", "steps": [], "n": at} for at in range(30)]
    found = joins_told(joins)
    assert [join["n"] for join in found["recent"]] == [1, 3, *range(20, 30)]
    assert found["failed"] == 2
    hanging = joins_told([{**join, "outcome": "delayed"} for join in joins])
    assert [join["n"] for join in hanging["recent"]] == [*range(20, 30)]
    assert hanging["failed"] == 30


def test_a_step_that_goes_on_is_told_without_the_time_of_those_before_it() -> None:
    """It was shown as if the whole join up to its beginning had been its own."""
    trace = JoinTrace("t", attempts=1)
    trace.begin("node", 0.0, {})
    trace.end("node", 400.0, "ok", [], [], {"network": 400.0})
    trace.begin("find", 400.0, {"network": 400.0})
    (join,) = joins_told([trace.told()])["recent"]
    assert [each["parts"] for each in join["steps"]] == [{"network": 400.0}, {}]
    trace.end("find", 500.0, "ok", [], [], {"network": 400.0, "lookup": 100.0})
    (join,) = joins_told([trace.told()])["recent"]
    assert join["steps"][1]["parts"] == {"lookup": 100.0}

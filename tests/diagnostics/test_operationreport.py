"""What became of a join, renewal, repair or recovery: attempts, ways to each peer, failures, the cause."""

from __future__ import annotations

from typing import Any

from peernode.diagnostics.operationreport import operation_report
from peernode.diagnostics.records import Record

A, B = "aa" * 20, "bb" * 20


def record(serial: int, operation: str, outcome: str = "ok", **route: Any) -> Record:
    return Record(serial, 1000 + serial * 100, operation, "#lobby", outcome, 50.0, {"own": 50.0}, "t", route)


def step(serial: int, name: str, outcome: str, answered: list[str]) -> Record:
    return record(serial, name, outcome, method="direct", asked=[A, B], answered=answered)


def test_a_join_that_goes_on_is_told_as_it_stands() -> None:
    told = operation_report(
        [
            step(1, "join.subscribe", "ok", [A, B]),
            step(2, "join.inbound", "UNREACHABLE_BY_INITIATORS", [A]),
            record(3, "join.attempt", "UNREACHABLE_BY_INITIATORS", step="inbound"),
            step(4, "join.inbound", "UNREACHABLE_BY_INITIATORS", [A]),
            record(5, "join.attempt", "UNREACHABLE_BY_INITIATORS", step="inbound"),
        ]
    )
    assert told is not None
    assert (told["operation"], told["outcome"], told["elapsed_ms"]) == ("join", "running", 100.0)
    assert [(one["number"], one["step"]) for one in told["attempts"]] == [(1, "inbound"), (2, "inbound")]
    assert told["cause"]["code"] == "UNREACHABLE_BY_INITIATORS"
    assert len(told["cause"]["remedy"].split()) > 3
    (point,) = told["failure_points"]
    assert (point["peer"], point["operation"], point["times"]) == (B, "join.inbound", 2)
    assert (point["first_ms"], point["last_ms"], point["reached_otherwise"]) == (1150, 1350, True)
    assert [way["outcome"] for path in told["paths"] if path["peer"] == A for way in path["ways"]] == [
        "ok"
    ] * 3


def test_one_that_went_well_has_points_of_failure_and_no_cause() -> None:
    told = operation_report(
        [step(1, "join.subscribe", "ok", [A]), record(2, "join.attempt"), record(3, "join")]
    )
    assert told is not None
    assert (told["outcome"], told["cause"]) == ("ok", None)
    assert told["sentence"] == "It went well after 1 try."
    assert [(one["peer"], one["outcome"], one["reached_otherwise"]) for one in told["failure_points"]] == [
        (B, "silent or refused", False)
    ]


def test_a_renewal_has_its_own_route() -> None:
    told = operation_report([step(1, "renewal", "NO_INITIATOR", [])])
    assert told is not None
    assert (told["outcome"], told["cause"]["code"]) == ("failed", "NO_INITIATOR")
    assert told["sentence"] == "It failed after 1 try; 2 of 2 nodes refused or did not answer."
    assert {path["peer"]: path["reached"] for path in told["paths"]} == {A: False, B: False}


def test_a_repair_that_finds_the_row_nowhere_has_a_code_too() -> None:
    told = operation_report([step(1, "repair", "missing", [])])
    assert told is not None
    assert told["cause"]["code"] == "UNDER_REPLICATED"


def test_what_was_given_up_has_no_cause_and_what_is_no_operation_no_report() -> None:
    told = operation_report([record(1, "join", "left", method="local")])
    assert told is not None
    assert (told["outcome"], told["cause"]) == ("given_up", None)
    assert operation_report([record(1, "accept"), record(2, "publish", "NO_QUORUM")]) is None
    assert operation_report([]) is None

"""What became of a message: every try in one path, the likeliest cause, and something to do about it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.diagnostics.codes import CATALOGUE
from peernode.diagnostics.report import REFUSALS, failure_report

Try = dict[str, Any]


def tried(peer: str, method: str, outcome: str, at_ms: int = 0, by: str = "author") -> Try:
    attempt = {"at_ms": at_ms, "peer": peer, "method": method, "outcome": outcome}
    return {
        "id": by,
        "outcome": "ok",
        "attempts": [{**attempt, "elapsed_ms": 12.0, "parts": {"network": 12.0}}],
    }


def outcomes(tries: list[Try]) -> list[tuple[str, str]]:
    return [(attempt["peer"], attempt["outcome"]) for each in tries for attempt in each["attempts"]]


def test_a_message_that_got_everywhere_has_no_cause() -> None:
    report = failure_report([tried("a", "publish", "ok"), tried("b", "initiator", "ok", 5, by="a")])
    assert (report["outcome"], report["cause"], report["failure_points"]) == ("reached", None, [])
    assert report["sentence"] == "It was brought to all 2 nodes for which a try is on record."


def test_who_did_not_answer_is_said_because_there_may_be_more() -> None:
    silent = {"id": "i2", "outcome": "timeout", "attempts": []}
    report = failure_report([tried("a", "publish", "ok"), silent])
    assert report["sentence"].endswith(" 1 of 2 nodes did not answer, so there may be more.")


def test_tries_in_vain_that_were_gone_round_are_points_of_failure_and_no_cause() -> None:
    report = failure_report(
        [
            tried("b", "relay", "ok", 900, by="i2"),
            tried("b", "initiator", "timeout", 100, by="i1"),
            tried("b", "initiator", "timeout", 500, by="i1"),
            tried("b", "alternative", "timeout", 600, by="i2"),
        ]
    )
    assert (report["outcome"], report["cause"]) == ("detour", None)
    first, second = report["failure_points"]
    assert (first["by"], first["method"], first["times"]) == ("i1", "initiator", 2)
    assert (first["first_ms"], first["last_ms"], first["reached_otherwise"]) == (100, 500, True)
    assert (second["by"], second["method"], second["times"]) == ("i2", "alternative", 1)
    assert [way["outcome"] for way in report["paths"][0]["ways"]] == ["timeout", "timeout", "timeout", "ok"]


def published(*outcomes: str) -> list[Try]:
    return [tried(f"i{number}", "publish", outcome) for number, outcome in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("tries", "outcome", "code"),
    [
        (published("timeout", "timeout"), "unreached", "NO_QUORUM"),
        (published("timeout", "timeout", "ok", "ok"), "partly", "NO_QUORUM"),
        (published("timeout", "ok", "ok", "ok", "ok"), "partly", "INITIATOR_SILENT"),
        (published("STORE_FULL", "ok", "ok"), "partly", "CHANNEL_FULL"),
        (published("OVER_QUOTA", "OVER_QUOTA", "ok"), "partly", "AUTHOR_QUOTA"),
        (published("INVALID", "timeout", "timeout", "timeout"), "unreached", "NO_QUORUM"),
        (published("NOT_YET", "RATE_LIMITED"), "unreached", "NO_QUORUM"),
        (
            [tried("i1", "publish", "STORE_FULL"), tried("i1", "publish", "timeout", 5)],
            "unreached",
            "NO_QUORUM",
        ),
        ([*published("ok"), tried("b", "initiator", "timeout")], "partly", "SUBSCRIBER_SILENT"),
        ([*published("ok"), tried("b", "initiator", "NOT_SUBSCRIBED")], "partly", "SUBSCRIBER_SILENT"),
        ([], "untried", None),
    ],
    ids=str,
)
def test_the_cause_is_one_that_a_person_can_act_on(tries: list[Try], outcome: str, code: str | None) -> None:
    report = failure_report(tries)
    cause = report["cause"]
    assert (report["outcome"], cause and cause["code"]) == (outcome, code)
    assert cause is None or (
        "…" not in cause["message"] + cause["remedy"] and CATALOGUE[cause["code"]].remedy
    )
    json.dumps(report)


TRIES = st.lists(
    st.builds(
        tried,
        st.sampled_from("abcd"),
        st.sampled_from(["publish", "initiator", "alternative", "relay"]),
        st.sampled_from(["ok", "timeout", "backpressure", "malformed", *REFUSALS]),
        st.integers(0, 1000),
        st.sampled_from(["author", "i1", "i2"]),
    ),
    max_size=40,
)


@given(TRIES)
def test_every_try_stands_in_one_path_and_every_failure_at_one_point(tries: list[Try]) -> None:
    report = failure_report(tries)
    assert sum(len(path["ways"]) for path in report["paths"]) == len(tries)
    failures = [outcome for _, outcome in outcomes(tries) if outcome != "ok"]
    assert sum(point["times"] for point in report["failure_points"]) == len(failures)
    reached = {peer for peer, outcome in outcomes(tries) if outcome == "ok"}
    assert {path["peer"] for path in report["paths"] if path["reached"]} == reached
    assert (report["cause"] is None) == (reached == {peer for peer, _ in outcomes(tries)})

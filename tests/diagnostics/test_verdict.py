"""The verdict on a channel: case by case, every code, and that more damage never looks better."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.diagnostics import catalogue_health
from peernode.diagnostics.codes import CATALOGUE
from peernode.diagnostics.findings import CHECKS
from peernode.diagnostics.reasons import STATES
from peernode.diagnostics.verdict import verdict, worst
from tests.diagnostics import channels
from tests.diagnostics.channels import DAMAGES, Channel, damaged, healthy, speaking

SUBSCRIBER_CODES = {"SUBSCRIBER_SILENT", "SUBSCRIBER_DEAF", "SUBSCRIBER_MUTE"}
"""Reasons of a single subscriber; the channel says ``SUBSCRIBER_UNREACHABLE``."""


def test_a_healthy_channel_is_told_in_one_sentence_with_its_counts() -> None:
    assert verdict(healthy()) == {
        "state": "healthy",
        "code": "",
        "sentence": "5 of 5 initiators answer; 12 of 12 subscribers are reached, p95 80 ms.",
        "remedy": "",
        "reasons": [],
        "p95_ms": 80,
    }


def test_a_channel_without_traffic_or_subscribers_says_nothing_of_them() -> None:
    quiet = healthy(initiators=2, subscribers=0)
    quiet["series"] = [{"attempted": 0, "acked": 0, "retried": 0, "failed": 0, "p95_ms": None}] * 30
    assert verdict(quiet)["sentence"] == "2 of 2 initiators answer."
    assert (verdict(quiet)["state"], verdict(quiet)["p95_ms"]) == ("healthy", None)


def test_who_has_not_been_tested_yet_is_no_trouble_and_not_called_reached() -> None:
    new = damaged(healthy(), lambda channel, count: channels.unreach(channel, count, "untested"), 2)
    assert verdict(new)["state"] == "healthy"
    assert "10 of 12 subscribers are reached (2 not tested yet), p95" in verdict(new)["sentence"]


CASES: tuple[tuple[Callable[[Channel, int], None], int, str, str, str], ...] = (
    (channels.go_offline, 1, "down", "NO_BOOTSTRAP", "This node reaches no other node"),
    (channels.silence, 5, "down", "NO_INITIATOR", "None of 5 initiators answers"),
    (channels.silence, 3, "down", "INITIATORS_TOO_FEW", "3 of 5 initiators are silent, too many"),
    (channels.silence, 2, "degraded", "INITIATOR_SILENT", "2 of 5 initiators are silent; 12 of 12"),
    (channels.silence, 1, "degraded", "INITIATOR_SILENT", "1 of 5 initiators is silent"),
    (channels.unhear, 2, "degraded", "INITIATOR_UNHEARD", "2 of 5 initiators have not answered yet; 12 of"),
    (channels.unhear, 5, "degraded", "INITIATOR_UNHEARD", "5 of 5 initiators have not answered yet"),
    (channels.unreach, 12, "down", "SUBSCRIBER_UNREACHABLE", "12 of 12 subscribers can't be reached"),
    (channels.unreach, 1, "degraded", "SUBSCRIBER_UNREACHABLE", "1 of 12 subscribers can't be reached; 5 of"),
    (channels.lose_copies, 3, "degraded", "UNDER_REPLICATED", "About 3 messages are stored on fewer than 5"),
    (channels.forget_set, 1, "degraded", "COORDINATOR_LOST", "Who stores the channel is being looked up"),
    (channels.disagree, 3, "degraded", "INITIATORS_DISAGREE", "3 of 5 initiators name other nodes than we"),
    (DAMAGES[2], 2, "degraded", "SUBSCRIBER_BY_RELAY", "2 subscribers are reached only through another node"),
    (channels.break_paths, 1, "degraded", "PATH_BROKEN", "1 subscriber is not reached by every initiator"),
    (channels.fail_pushes, 5, "degraded", "PUSHES_FAIL", "30 of 270 pushes of the last minute failed"),
    (channels.slow_network, 4, "degraded", "NETWORK_SLOW", "The network is slow, a round trip takes 440 ms"),
    (channels.slow_down, 7, "degraded", "NETWORK_SLOW", "The network is slow, 7 of 12 subscribers that are"),
    (channels.slow_pushes, 20, "degraded", "DELIVERY_SLOW", "Deliveries are slow, p95 2080 ms"),
    (channels.slow_down, 2, "degraded", "SUBSCRIBER_SLOW", "2 subscribers answer slowly"),
    (channels.unlist, 1, "degraded", "SUBSCRIBER_UNLISTED", "1 subscriber is unknown to most initiators"),
    (
        channels.doubt,
        1,
        "degraded",
        "INITIATOR_DOUBTED",
        "The others contradict the numbers of 1 of 5 initiat",
    ),
    (
        channels.fill,
        2,
        "degraded",
        "STORES_FULL",
        "2 of 5 initiators refuse messages for want of room; 5",
    ),
    (
        channels.fill,
        3,
        "down",
        "STORES_FULL",
        "3 of 5 initiators refuse messages for want of room, too",
    ),
    (
        channels.part_logs,
        1,
        "degraded",
        "LOGS_DIFFER",
        "1 initiator holds as many messages as the others, but other ones; 5 of 5",
    ),
    (channels.hang_joins, 1, "degraded", "JOIN_HANGS", "1 join hangs"),
)


@pytest.mark.parametrize(("damage", "count", "state", "code", "begins"), CASES, ids=[c[3] for c in CASES])
def test_each_damage_has_its_state_code_sentence_and_remedy(
    damage: Callable[[Channel, int], None], count: int, state: str, code: str, begins: str
) -> None:
    found = verdict(damaged(healthy(), damage, count))
    assert (found["state"], found["code"]) == (state, code)
    assert found["sentence"].startswith(begins), found["sentence"]
    assert found["sentence"].endswith(".")
    assert found["remedy"] == CATALOGUE[code].remedy
    assert found["reasons"][0]["code"] == code
    for reason in found["reasons"]:
        told = {str(number) for number in reason["numbers"].values()} | {"1"}  # "only one", "1 of 5"
        without_names = reason["clause"].replace("p95", "")
        assert told >= {*re.findall(r"\d+", without_names)}, "numbers and ``says`` are the whole clause"
    json.dumps(found)


def test_every_code_of_the_health_catalogue_is_found_by_some_case() -> None:
    found = {code for _, _, _, code, _ in CASES} | {"ONE_COPY"} | SUBSCRIBER_CODES
    assert {entry.code for entry in catalogue_health.ENTRIES} - found == set()


def test_a_channel_on_one_node_alone_is_not_called_healthy() -> None:
    found = verdict(healthy(initiators=1, subscribers=3))
    assert (found["state"], found["code"]) == ("degraded", "ONE_COPY")
    assert found["sentence"].startswith("Only one node stores this channel; 1 of 1 initiator answers; 3 of 3")


def test_no_initiator_known_is_down() -> None:
    found = verdict(healthy(initiators=0, subscribers=0))
    assert (found["state"], found["code"]) == ("down", "NO_INITIATOR")
    assert found["sentence"].startswith("No initiator is known")


def test_few_disagreeing_or_failing_ones_are_no_trouble() -> None:
    assert verdict(damaged(healthy(), channels.disagree, 2))["state"] == "healthy"
    assert verdict(damaged(healthy(), channels.fail_pushes, 4))["state"] == "healthy"
    few = healthy()
    few["series"] = [{"attempted": 1, "acked": 0, "retried": 0, "failed": 1, "p95_ms": None}] * 6
    assert verdict(few)["state"] == "healthy"


def test_what_went_wrong_more_than_a_minute_ago_is_history() -> None:
    past = healthy()
    for slot in past["series"][:-6]:
        slot["failed"], slot["p95_ms"] = 40, 9_000.0
    assert verdict(past)["state"] == "healthy"


def test_a_large_channel_may_take_longer() -> None:
    for subscribers, state in ((9, "degraded"), (10, "healthy")):
        assert verdict(healthy(subscribers=subscribers, p95_ms=700.0))["state"] == state


def test_of_a_large_channel_only_those_in_trouble_are_listed_and_all_are_counted() -> None:
    large = damaged(healthy(), channels.unreach, 12)
    large["audience"] = 900
    found = verdict(large)
    assert found["state"] == "degraded"
    assert found["sentence"].startswith(
        "12 of 900 subscribers can't be reached; 5 of 5 initiators answer, p95"
    )


def test_a_slow_network_is_told_apart_from_a_slow_machine() -> None:
    both = damaged(damaged(healthy(), channels.slow_pushes, 25), channels.slow_network, 13)
    assert verdict(both)["code"] == "NETWORK_SLOW"
    assert verdict(both)["reasons"][0]["numbers"] == {"p95_ms": 2580, "round_trip_ms": 1340}


def test_a_slow_network_comes_before_what_it_brings_about() -> None:
    """Pushes that fail, copies that are late and paths that break are its doing; a dead channel is not."""
    found = damaged(healthy(), channels.slow_network, 13)
    for damage in (channels.fail_pushes, channels.lose_copies, channels.break_paths, channels.slow_down):
        found = damaged(found, damage, 9)
    assert verdict(found)["sentence"].startswith("The network is slow, a round trip takes 1340 ms; about 9")
    assert len(verdict(found)["reasons"]) == 5
    assert verdict(damaged(found, channels.silence, 1))["code"] == "INITIATOR_SILENT"


def test_who_is_silent_and_who_has_no_room_add_up() -> None:
    found = damaged(healthy(), channels.fill, 2)
    for each in found["initiators"][:1]:
        each["answers"] = False
    assert (verdict(found)["state"], verdict(found)["code"]) == ("down", "STORES_FULL")


@pytest.mark.parametrize(
    ("parts", "code", "clause"),
    [
        (
            {"network": 400.0, "retry": 400.0, "disk": 700.0},
            "NETWORK_SLOW",
            "the network is slow, it takes",
        ),
        (
            {"network": 30.0, "disk": 700.0},
            "DELIVERY_SLOW",
            "deliveries are slow, p95 2300 ms, most of it for",
        ),
        (
            {"network": 30.0, "queue": 700.0},
            "DELIVERY_SLOW",
            "deliveries are slow, p95 2300 ms, most of it in",
        ),
        (
            {"network": 300.0, "disk": 300.0, "own": 300.0},
            "DELIVERY_SLOW",
            "deliveries are slow, p95 2300 ms",
        ),
        ({"unknown": 700.0}, "DELIVERY_SLOW", "deliveries are slow, p95 2300 ms"),
    ],
)
def test_slow_deliveries_say_where_the_time_goes(parts: dict[str, float], code: str, clause: str) -> None:
    """By the word of most of the slow initiators: one that says otherwise blames nobody."""
    found = healthy()
    for each in found["initiators"][:3]:
        each["now"] = {"attempted": 40, "failed": 0, "p95_ms": 2300.0, "parts": parts}
    found["initiators"][3]["now"] = {
        "attempted": 40,
        "failed": 0,
        "p95_ms": 2300.0,
        "parts": {"lookup": 900.0},
    }
    (reason,) = verdict(found)["reasons"]
    assert (reason["code"], reason["clause"][: len(clause)]) == (code, clause)


@pytest.mark.parametrize(
    ("part", "code", "clause"),
    [
        ("network", "NETWORK_SLOW", "the network is slow before 1 of 5 initiators, p95 5080 ms"),
        ("retry", "NETWORK_SLOW", "the network is slow before 1 of 5 initiators, p95 5080 ms"),
        ("disk", "DELIVERY_SLOW", "deliveries of 1 of 5 initiators are slow, p95 5080 ms"),
    ],
)
def test_one_slow_initiator_is_told_with_what_makes_it_slow_and_with_no_other_time(
    part: str, code: str, clause: str
) -> None:
    found = verdict(damaged(speaking(), lambda channel, count: channels.slow_one(channel, count, part), 50))
    (reason,) = found["reasons"]
    assert (reason["code"], reason["says"], reason["clause"]) == (code, f"{code}.lone", clause)
    assert found["sentence"].count("p95") == 1


def test_the_time_that_is_told_is_that_of_all_pushes() -> None:
    channel = speaking()
    channel["minute"]["p95_ms"] = 450.0  # most were pushed by the slowest, which is within the limit
    found = verdict(channel)
    assert (found["state"], found["p95_ms"]) == ("healthy", 450)
    assert found["sentence"].endswith("p95 450 ms.")


def test_the_worst_comes_first_and_the_rest_is_listed() -> None:
    found = damaged(damaged(healthy(), channels.slow_down, 2), channels.unreach, 12)
    told = verdict(damaged(found, channels.silence, 1))
    assert [reason["code"] for reason in told["reasons"]] == [
        "SUBSCRIBER_UNREACHABLE",
        "INITIATOR_SILENT",
        "SUBSCRIBER_SLOW",
    ]
    assert told["sentence"] == (
        "12 of 12 subscribers can't be reached; 1 of 5 initiators is silent; p95 80 ms."
    )


def test_the_worst_of_several_verdicts() -> None:
    well, ill = verdict(healthy()), verdict(damaged(healthy(), channels.silence, 1))
    assert worst([well, ill, well]) == ill
    assert worst([])["state"] == "healthy"


steps = st.tuples(st.sampled_from(DAMAGES), st.integers(1, 30))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.sampled_from((healthy, speaking)), st.integers(1, 7), st.integers(0, 40), st.lists(steps, max_size=8)
)
def test_more_damage_never_gives_a_better_verdict(
    made: Callable[[int, int], Channel],
    initiators: int,
    subscribers: int,
    damages: list[tuple[Callable[[Channel, int], None], int]],
) -> None:
    """Catches a check that looks at those alone who answer, and a state by the number of findings."""
    channel: dict[str, Any] = made(initiators, subscribers)
    before = verdict(channel)
    for damage, count in damages:
        channel = damaged(channel, damage, count)
        after = verdict(channel)
        assert STATES.index(after["state"]) >= STATES.index(before["state"]), (before, after)
        assert (after["state"] == "healthy") == (not after["reasons"])
        assert len(after["reasons"]) <= len(CHECKS)
        before = after

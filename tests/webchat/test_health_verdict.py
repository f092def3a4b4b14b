"""The verdict of the host: the worst of its parts, and never well while something was not looked at."""

from __future__ import annotations

import pytest

from webchat.bridge import CATALOGUE
from webchat.health.verdict import CODES, of_host, worst_first


@pytest.mark.parametrize(
    ("node", "store", "canary", "states", "verdict"),
    [
        ("online", True, "off", [], ("healthy", "")),
        ("online", True, "ok", ["healthy"], ("healthy", "")),
        ("online", True, "off", ["healthy", "degraded"], ("degraded", "channels")),
        ("online", True, "off", ["healthy", "down"], ("degraded", "channels")),
        ("online", True, "off", ["down"], ("down", "channels")),
        ("online", True, "failed", ["healthy"], ("degraded", "canary")),
        ("degraded", True, "off", ["healthy"], ("degraded", "node")),
        ("offline", True, "off", ["healthy"], ("down", "node")),
        ("online", False, "off", ["healthy"], ("down", "store")),
    ],
)
def test_the_verdict_of_the_host_names_the_part_that_decided_it(
    node: str, store: bool, canary: str, states: list[str], verdict: tuple[str, str]
) -> None:
    found = of_host(node, store, canary, states)
    assert (found["state"], found["cause"]) == verdict


@pytest.mark.parametrize(
    ("node", "states", "verdict"),
    [
        ("online", [], ("unknown", "looking")),
        ("online", ["healthy"], ("unknown", "looking")),
        ("online", ["healthy", "degraded"], ("degraded", "channels")),
        ("online", ["down"], ("degraded", "channels")),
        ("offline", [], ("down", "node")),
    ],
)
def test_a_host_is_not_called_healthy_before_all_its_channels_were_seen(
    node: str, states: list[str], verdict: tuple[str, str]
) -> None:
    found = of_host(node, True, "ok", states, unseen=3)
    assert (found["state"], found["cause"]) == verdict
    assert (found["seen"], found["channels"]) == (len(states), len(states) + 3)


@pytest.mark.parametrize(
    ("states", "unseen", "verdict"),
    [
        (["healthy"] * 4, 0, ("degraded", "unseen")),
        (["healthy"] * 3, 1, ("degraded", "unseen")),
        ([], 0, ("degraded", "unseen")),
        (["healthy", "degraded"], 0, ("degraded", "channels")),
        (["down"], 0, ("degraded", "channels")),
    ],
)
def test_a_channel_that_can_not_be_looked_at_is_no_matter_of_waiting(
    states: list[str], unseen: int, verdict: tuple[str, str]
) -> None:
    found = of_host("online", True, "ok", states, unseen, failed=1)
    assert (found["state"], found["cause"]) == verdict
    assert (found["seen"], found["failed"], found["channels"]) == (len(states), 1, len(states) + unseen + 1)


@pytest.mark.parametrize(
    ("node", "canary", "states", "failed", "verdict"),
    [
        ("online", "ok", ["healthy"], 0, ("degraded", "store")),
        ("online", "ok", ["degraded"], 0, ("degraded", "channels")),
        ("online", "ok", ["down", "degraded", "healthy"], 0, ("degraded", "channels")),
        ("online", "ok", ["healthy"], 1, ("degraded", "unseen")),
        ("online", "failed", ["healthy"], 0, ("degraded", "canary")),
        ("offline", "ok", ["healthy"], 0, ("down", "node")),
    ],
)
def test_a_disk_that_is_low_for_ever_hides_no_channel(
    node: str, canary: str, states: list[str], failed: int, verdict: tuple[str, str]
) -> None:
    found = of_host(node, True, canary, states, failed=failed, disk_low=True)
    assert (found["state"], found["cause"]) == verdict


def test_a_disk_that_will_be_full_is_told_before_a_start_address_that_leads_nowhere() -> None:
    found = of_host("online", True, "ok", ["healthy"], unknown=1, disk_low=True)
    assert (found["state"], found["cause"]) == ("degraded", "store")


def test_a_full_disk_is_told_before_everything() -> None:
    found = of_host("offline", False, "failed", ["down"], failed=1, disk_low=True)
    assert (found["state"], found["cause"]) == ("down", "store")


def test_every_code_of_the_host_belongs_to_a_verdict_that_there_can_be() -> None:
    found = [
        of_host("online", False, "ok", []),
        of_host("online", True, "ok", [], disk_low=True),
        of_host("offline", True, "ok", []),
        of_host("degraded", True, "ok", []),
        of_host("online", True, "ok", [], failed=1),
        of_host("online", True, "ok", [], unknown=1),
    ]
    assert [CODES[each["state"], each["cause"]] for each in found] == list(CODES.values())
    assert set(CODES.values()) <= CATALOGUE.keys()


def test_the_worst_channel_is_first() -> None:
    states = {"#b": "healthy", "#a": "healthy", "#d": "down", "#c": "degraded"}
    found = worst_first({"channel": name, "verdict": {"state": state}} for name, state in states.items())
    assert [each["channel"] for each in found] == ["#d", "#c", "#a", "#b"]


@pytest.mark.parametrize(
    ("states", "unseen", "verdict"),
    [
        (["healthy"], 0, ("degraded", "names")),
        ([], 2, ("degraded", "names")),
        (["degraded"], 0, ("degraded", "channels")),
    ],
)
def test_a_start_address_that_leads_nowhere_is_told_after_what_channels_suffer(
    states: list[str], unseen: int, verdict: tuple[str, str]
) -> None:
    found = of_host("online", True, "ok", states, unseen, unknown=1)
    assert (found["state"], found["cause"]) == verdict

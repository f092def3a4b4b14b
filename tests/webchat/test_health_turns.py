"""That a channel's verdict changed is in the event log: what has stood, once, while somebody watches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webchat.test_health_watching import Many, picture, until
from webchat.health import turns, watching
from webchat.health.actions import Action
from webchat.health.turns import STEADY_S, Turns
from webchat.health.watching import HealthWatch

WELL, SILENT, BROKEN = ("healthy", ""), ("degraded", "INITIATOR_SILENT"), ("degraded", "PATH_BROKEN")
DOWN = ("down", "NO_QUORUM")


def told(*heard: tuple[float, tuple[str, str]]) -> list[tuple[int, str, str]]:
    """What is told of verdicts on a channel, each heard at a second: when it began, from what, to what."""
    found: list[Action] = []
    following = Turns(found.append)
    for at_s, (state, code) in heard:
        following.heard("#tea", {"state": state, "code": code}, at_s, round(at_s * 1000))
    assert {(each.operation, each.subject) for each in found} <= {("verdict.changed", "#tea")}
    return [(each.wall_ms, each.route["was"], each.outcome) for each in found]


def test_a_change_is_told_once_it_has_stood_and_when_it_began() -> None:
    assert told((0, WELL), (1, SILENT), (2.4, SILENT)) == []
    story = ((0, WELL), (1, SILENT), (4, SILENT), (9, SILENT), (10, WELL), (13, WELL), (14, WELL))
    assert told(*story) == [(1000, "healthy", "INITIATOR_SILENT"), (10_000, "degraded", "ok")]
    healed = ((0, WELL), (1, SILENT), (2, SILENT), (3, WELL), (4, WELL), (5, WELL))
    assert told(*healed) == [(1000, "healthy", "INITIATOR_SILENT"), (3000, "degraded", "ok")]


def test_what_was_there_at_the_beginning_or_goes_to_and_fro_is_not_told() -> None:
    assert told(*((second, SILENT) for second in range(9))) == []
    for apart_s in (1, 2, 5):  # a look may take long, or wait for its turn
        assert told(*((apart_s * look, (WELL, SILENT)[look % 2]) for look in range(20))) == []


def test_a_state_that_stands_is_told_though_its_code_does_not() -> None:
    codes = ((second, (SILENT, BROKEN)[second % 2]) for second in range(1, 9))
    assert told((0, WELL), *codes) == [(1000, "healthy", "INITIATOR_SILENT")]
    assert told((0, SILENT), (1, BROKEN), (4, BROKEN), (5, BROKEN)) == [(1000, "degraded", "PATH_BROKEN")]


def test_a_channel_that_gets_worse_and_better_is_told_to_have_left_what_it_was() -> None:
    worse = ((0, WELL), (1, SILENT), (1.6, DOWN), (2.2, SILENT), (3, SILENT), (5, WELL), (8, WELL), (9, WELL))
    assert told(*worse) == [(1000, "healthy", "INITIATOR_SILENT"), (5000, "degraded", "ok")]


def test_a_channel_that_is_gone_begins_anew() -> None:
    found: list[Action] = []
    following = Turns(found.append)
    following.heard("#tea", {"state": "healthy", "code": ""}, 0, 0)
    following.keep(["#other"])
    for at_s in (1, 1 + STEADY_S):
        following.heard("#tea", {"state": "degraded", "code": "ONE_COPY"}, at_s, 0)
    assert found == []


class Turning(Many):
    """One channel whose verdict can be set."""

    state = "healthy"

    async def channel(self, name: str) -> dict[str, Any]:
        self.looks[name] = self.looks.get(name, 0) + 1
        return picture(name, self.state)


async def test_the_watch_tells_it_while_somebody_watches_and_not_to_who_only_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("ROUND_S", 0.005), ("COUNTED_S", 0.0), ("FRESH_S", 0.0)):
        monkeypatch.setattr(watching, name, seconds)
    monkeypatch.setattr(turns, "STEADY_S", 0.0)
    found: list[Action] = []
    view = Turning(1)
    watch = HealthWatch(view, found.append)
    await watch.snapshot([])
    view.state = "degraded"
    await until(lambda: len(found) == 1)
    assert found[0].route == {"was": "healthy", "was_code": "", "state": "degraded", "code": ""}
    monkeypatch.setattr(watching, "ASKED_FOR_S", 0.0)
    await watch.verdicts()
    view.state, looks = "healthy", view.looks["#000"]
    await until(lambda: view.looks["#000"] >= looks + 5)
    assert len(found) == 1
    await watch.close()

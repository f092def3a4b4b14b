"""What can't be looked at is never called well, says why, and stands where it is seen; so does a bug."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.webchat.test_health_watching import ROUND_S, ROUNDS_MAX, Many, hurry, picture, until
from webchat.chat.commands import CommandError
from webchat.health import turns, watching
from webchat.health.actions import Action
from webchat.health.turns import LOOKS_MIN
from webchat.health.watching import FAILED_MAX, HealthWatch


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


class Failing(Many):
    """Channels of which those in ``slow`` fail at once, with ``error``."""

    error: Exception = CommandError("NOT_A_MEMBER")
    missed = 0

    async def channel(self, name: str) -> dict[str, Any]:
        if name in self.slow:
            self.missed += 1
            raise self.error
        return picture(name)


async def snapshot_once(
    watch: HealthWatch, told: Callable[[dict[str, Any]], bool], wanted: Sequence[str] = ()
) -> dict[str, Any]:
    """The first snapshot that tells it."""
    for _ in range(ROUNDS_MAX):
        found = await watch.snapshot(list(wanted))
        if told(found):
            return found
        await asyncio.sleep(ROUND_S)
    raise AssertionError(f"not told: {found}")


def tells_of_an_error(found: dict[str, Any]) -> bool:
    return any("error" in each for each in found["channels"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandError("NOT_A_MEMBER"), "NOT_A_MEMBER"),
        (TimeoutError(), "CHANNEL_UNSEEN"),
        (KeyError("a bug"), "INTERNAL"),
    ],
)
async def test_a_channel_that_was_never_seen_says_why_after_some_tries(error: Exception, code: str) -> None:
    view = Failing(3)
    view.slow, view.error = {"#002"}, error
    watch = HealthWatch(view)
    before: list[dict[str, Any]] = []
    for _ in range(ROUNDS_MAX):
        found = (await watch.snapshot([]))["channels"]
        line = next(each for each in found if each["channel"] == "#002")
        if "error" in line:
            break
        before.append(line)
        await asyncio.sleep(ROUND_S)
    assert before and all(each == {"channel": "#002", "verdict": None} for each in before)
    assert (line["verdict"], line["error"]["code"]) == (None, code)
    assert line["error"]["remedy"]
    assert found[0] == line, "before what is well, so that it is not cut off"
    view.slow.clear()
    found = await snapshot_once(watch, lambda told: all(each["verdict"] for each in told["channels"]))
    assert not any("error" in each for each in found["channels"])
    await watch.close()


async def test_a_channel_that_can_not_be_seen_any_more_says_so_beside_its_last_picture() -> None:
    view = Failing(2)
    watch = HealthWatch(view)
    await watch.snapshot([])
    await until(lambda: len(watch._pictures) == 2)
    view.slow = {"#001"}
    line, well = (await snapshot_once(watch, tells_of_an_error))["channels"]
    assert (line["channel"], line["verdict"]["state"]) == ("#001", "healthy")
    assert line["error"]["code"] == "NOT_A_MEMBER"
    assert well["channel"] == "#000", "after what may be anything"
    await watch.close()


async def test_what_can_not_be_seen_is_not_cut_off_behind_what_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "CHANNELS_MAX", 2)
    view = Failing(5)
    watch = HealthWatch(view)
    await watch.snapshot([])
    await until(lambda: len(watch._pictures) == 5)
    view.slow = {"#003", "#004"}
    found = await snapshot_once(watch, lambda told: told["host"]["verdict"]["failed"] == 2)
    assert [each["channel"] for each in found["channels"]] == ["#003", "#004"]
    assert all(each["error"] for each in found["channels"]) and found["more"] == 3
    await watch.close()


class Malformed(Many):
    """Channels of which the pictures of those in ``slow`` lack what their lines in the list need."""

    async def channel(self, name: str) -> dict[str, Any]:
        return {"channel": name} if name in self.slow else picture(name)


async def test_a_bug_in_a_look_leaves_no_verdict_standing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    view = Malformed(3)
    watch = HealthWatch(view)
    await watch.snapshot([])
    await until(lambda: len(watch._pictures) == 3)
    view.slow = {"#001"}
    found = await snapshot_once(watch, lambda told: told["host"]["verdict"]["state"] != "healthy", ["#001"])
    assert (found["host"]["verdict"]["state"], found["host"]["verdict"]["cause"]) == ("degraded", "unseen")
    assert found["channels"][0]["error"]["code"] == "INTERNAL"
    assert await watch.verdicts() == {"healthy": 2, "degraded": 0, "down": 0, "unknown": 1}
    assert "a bug in a look at #001" in caplog.text and "KeyError" in caplog.text
    await watch.close()


async def test_that_a_channel_can_not_be_seen_any_more_is_in_the_event_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "STEADY_S", 0.0)
    told: list[Action] = []
    view = Failing(1)
    watch = HealthWatch(view, told.append)
    await watch.snapshot([])
    await until(lambda: len(watch._pictures) == 1)
    began_ms = time.time() * 1000
    view.slow = {"#000"}
    await until(lambda: view.missed == 1)
    first_ms = time.time() * 1000
    await snapshot_once(watch, lambda _: len(told) == 1)
    assert view.missed >= FAILED_MAX + LOOKS_MIN, "what is missed once or twice may come again"
    assert began_ms - 1 <= told[0].wall_ms <= first_ms + 1, "the time of the first look in vain"
    view.slow.clear()
    await snapshot_once(watch, lambda _: len(told) == 2)
    seen = {"was": "healthy", "was_code": "", "state": "unseen", "code": "NOT_A_MEMBER"}
    assert [each.route for each in told] == [
        seen,
        {"was": "unseen", "was_code": "NOT_A_MEMBER", "state": "healthy", "code": ""},
    ]
    assert [each.outcome for each in told] == ["NOT_A_MEMBER", "ok"]
    await watch.close()

"""What is looked at, and when: what is watched always, the rest in turns, and nothing unseen is well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from webchat.chat.commands import CommandError
from webchat.health import watching
from webchat.health.verdict import of_host
from webchat.health.watching import HealthWatch

ROUND_S = 0.005
ROUNDS_MAX = 2000


class Many:
    """Channels of which those in ``slow`` take their time: as long as ``open`` is not set."""

    def __init__(self, count: int) -> None:
        self.names = [f"#{number:03}" for number in range(count)]
        self.slow: set[str] = set()
        self.open = asyncio.Event()
        self.looks: dict[str, int] = {}
        self.at_once = self.most_at_once = 0

    def channels(self) -> list[str]:
        return self.names

    async def channel(self, name: str) -> dict[str, Any]:
        self.looks[name] = self.looks.get(name, 0) + 1
        if name not in self.slow:
            return picture(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        raise CommandError("NO_INITIATOR")

    def host(self, states: list[str], unseen: int, failed: int) -> dict[str, Any]:
        return {"verdict": of_host("online", True, "ok", states, unseen, failed=failed)}


def picture(name: str, state: str = "healthy") -> dict[str, Any]:
    """As much of a channel's health as its line in the list needs."""
    return {
        "channel": name,
        "as_of_ms": 1,
        "verdict": {"state": state},
        "audience": 0,
        "initiators": [],
        "subscribers": [],
        "pushes": {"5m": {"p95_ms": None, "attempted": 0}},
    }


def test_whom_one_initiator_alone_names_is_counted_neither_as_a_subscriber_nor_as_unreached() -> None:
    named = [{"reached": "directly"}, {"reached": "no", "lone": True}, {"reached": "untested", "lone": True}]
    line = watching.brief({**picture("#tea"), "audience": 3, "subscribers": named})
    assert (line["subscribers"], line["reached"], line["untested"]) == (1, 1, 0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds of some milliseconds."""
    monkeypatch.setattr(watching, "ROUND_S", ROUND_S)
    monkeypatch.setattr(watching, "FRESH_S", 0.0)
    monkeypatch.setattr(watching, "WAIT_S", 0.02)


Start = Callable[[int], tuple[Many, HealthWatch]]


@pytest.fixture
async def start(quick: None) -> AsyncIterator[Start]:
    running: list[HealthWatch] = []

    def begin(count: int) -> tuple[Many, HealthWatch]:
        view = Many(count)
        running.append(HealthWatch(view))
        return view, running[-1]

    yield begin
    for each in running:
        await each.close()


async def until(holds: Callable[[], bool]) -> None:
    """The watch looks each round of its own accord, so its rounds are what is waited for."""
    for _ in range(ROUNDS_MAX):
        if holds():
            return
        await asyncio.sleep(ROUND_S)
    raise AssertionError("it did not happen")


async def test_what_is_watched_has_a_place_though_all_others_are_slow(start: Start) -> None:
    view, watch = start(50)
    view.slow = {*view.names[:-1]}
    last = view.names[-1]
    await watch.snapshot([])
    await until(lambda: view.at_once == watching.LOOKS_MAX)
    found = await watch.snapshot([last])
    assert found["details"][last]["channel"] == last
    before = view.looks[last]
    await until(lambda: view.looks[last] >= before + 3)
    assert view.most_at_once == watching.LOOKS_MAX


async def test_what_several_web_processes_watch_is_looked_at_each_round(start: Start) -> None:
    """Each asks for its own; before, what another one had asked for waited for its turn among all."""
    view, watch = start(50)
    view.slow = {*view.names[4:]}
    await watch.snapshot([view.names[0]])
    await watch.snapshot([view.names[1]])
    await until(lambda: view.at_once == watching.LOOKS_MAX)
    before = dict(view.looks)
    await until(lambda: all(view.looks[name] >= before[name] + 3 for name in view.names[:2]))


async def test_more_watched_than_there_are_places_take_turns(start: Start) -> None:
    view, watch = start(3 * watching.WATCHED_MAX)
    view.slow = {*view.names}
    await watch.snapshot(view.names)
    await until(lambda: len(view.looks) == watching.LOOKS_MAX + watching.WATCHED_MAX)
    assert view.most_at_once == watching.LOOKS_MAX + watching.WATCHED_MAX
    view.open.set()
    await until(lambda: len(view.looks) == len(view.names))


async def test_nothing_unseen_is_well_on_the_page_or_in_the_metrics(start: Start) -> None:
    view, watch = start(3)
    view.slow = {"#002"}
    found = await watch.snapshot([])
    counts = {"channels": 3, "seen": 2, "troubled": 0, "failed": 0}
    assert found["host"]["verdict"] == {"state": "unknown", "cause": "looking", **counts}
    assert found["channels"][-1] == {"channel": "#002", "verdict": None}
    assert await watch.verdicts() == {"healthy": 2, "degraded": 0, "down": 0, "unknown": 1}
    view.slow.clear()
    view.open.set()
    await until(lambda: view.looks["#002"] >= 2)
    assert (await watch.snapshot([]))["host"]["verdict"]["state"] == "healthy"
    assert (await watch.verdicts())["unknown"] == 0


async def test_who_counts_verdicts_keeps_the_pictures_and_pays_for_few_looks(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "ASKED_FOR_S", 0.0)
    view, watch = start(40)
    await watch.verdicts()
    await until(lambda: len(view.looks) == 40)
    for _ in range(3):
        assert (await watch.verdicts())["healthy"] == 40
        await asyncio.sleep(3 * ROUND_S)
    assert set(view.looks.values()) == {1}


async def test_when_nobody_asks_any_more_it_ends(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ASKED_FOR_S", 0.0)
    monkeypatch.setattr(watching, "COUNTED_FOR_S", 0.0)
    _, watch = start(2)
    await watch.snapshot([])
    await watch.verdicts()
    await until(lambda: not watch.runs)


async def test_a_channel_that_is_gone_is_forgotten(start: Start) -> None:
    view, watch = start(2)
    await watch.snapshot([])
    view.names = ["#001"]
    found = await watch.snapshot(["#000"])
    assert [each["channel"] for each in found["channels"]] == ["#001"]
    assert (found["host"]["verdict"]["channels"], found["details"]) == (1, {})


async def test_a_channel_that_can_not_be_looked_at_any_more_is_not_called_well(start: Start) -> None:
    view, watch = start(2)
    for _ in range(ROUNDS_MAX):
        found = await watch.snapshot([])
        if found["host"]["verdict"]["state"] == "healthy":
            break
    assert await watch.verdicts() == {"healthy": 2, "degraded": 0, "down": 0, "unknown": 0}
    view.slow.add("#000")
    view.open.set()
    for _ in range(ROUNDS_MAX):
        found = await watch.snapshot(["#000"])
        if found["host"]["verdict"]["state"] != "healthy":
            break
    counts = {"channels": 2, "seen": 1, "troubled": 0, "failed": 1}
    assert found["host"]["verdict"] == {"state": "degraded", "cause": "unseen", **counts}
    assert await watch.verdicts() == {"healthy": 1, "degraded": 0, "down": 0, "unknown": 1}
    assert [each["channel"] for each in found["channels"] if each["verdict"]] == ["#000", "#001"]

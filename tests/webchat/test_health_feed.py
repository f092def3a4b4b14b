"""One question a second serves all pages of a web process, whatever they look at."""

from __future__ import annotations

import asyncio
from itertools import count, pairwise
from typing import Any

import pytest

from peernode.simulation.world.loop import SimLoop
from tests.webchat.conftest import Open
from tests.webchat.test_health_socket import watched, watcher
from webchat.health import feed
from webchat.health.watching import HealthWatch
from webchat.worker import Worker


async def test_one_picture_serves_all_who_watch(
    worker: Worker, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    asked: list[list[str]] = []
    snapshot = HealthWatch.snapshot

    async def counted(self: HealthWatch, names: list[str]) -> dict[str, Any]:
        asked.append(names)
        return await snapshot(self, names)

    monkeypatch.setattr(HealthWatch, "snapshot", counted)
    pages = [await watcher(f"ada-{number}") for number in range(4)]
    for page in pages:
        await watched(page, "#lobby")
        page.put_aside()
    asked.clear()
    for page in pages:
        for _ in range(2):
            await page.expect("health")
    assert len(asked) <= 3
    assert all(names == ["#lobby"] for names in asked)
    for page in pages:
        await page.close()


async def test_who_looks_now_here_now_there_makes_nobody_ask_more_often(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    snapshot = HealthWatch.snapshot

    async def counted(self: HealthWatch, names: list[str]) -> dict[str, Any]:
        asked.append(asyncio.get_running_loop().time())
        return await snapshot(self, names)

    monkeypatch.setattr(HealthWatch, "snapshot", counted)
    page = await watcher()
    await page.expect("health")
    asked.clear()
    looks = count()
    while len(asked) < 4:
        await page.ask("watch", channel=f"#channel-{next(looks)}")
    gaps = [later - before for before, later in pairwise(asked)]
    assert min(gaps) >= feed.HURRY_S
    assert asked[-1] - asked[0] < 2.5, "it is asked at once, not only each second"
    await page.close()


def test_what_somebody_wants_at_once_is_asked_at_once_and_all_else_each_second() -> None:
    loop, asked, at_once = SimLoop(), list[float](), asyncio.Event()

    async def ask() -> None:
        asked.append(loop.time())

    async def story() -> None:
        asking = asyncio.ensure_future(feed.at_pace(ask, at_once))
        for _ in range(100):
            at_once.set()
            await asyncio.sleep(feed.HURRY_S / 10)
        await asyncio.sleep(3 * feed.POLL_S)
        asking.cancel()

    loop.run_until_complete(story())
    loop.close()
    gaps = [later - before for before, later in pairwise(asked)]
    assert gaps[:9] == [pytest.approx(feed.HURRY_S)] * 9
    assert gaps[-2:] == [pytest.approx(feed.POLL_S)] * 2

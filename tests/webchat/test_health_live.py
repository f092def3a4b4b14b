"""The page is live: whatever one initiator does, what it shows is under 2 s old, by the clock of its server.

The nodes, the network between them and all clocks are simulated; what asks, and how often, is the page's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from peernode.pubsub.looking import WAIT_S
from peernode.rpc.rpc import Rpc
from peernode.simulation.world.disturbances import Latency
from peernode.simulation.world.loop import SimLoop
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, settle
from tests.webchat.conftest import Open
from tests.webchat.test_health_socket import watched, watcher
from tests.webchat.test_health_watching import picture
from webchat.health.feed import at_pace
from webchat.health.nodes import SLICE_MS, by_clock
from webchat.health.watching import HealthWatch
from webchat.worker import Worker

LIVE_MS = 2000.0
"""As the page has it (``model.js``)."""

ON_THE_WAY_MS = 60.0
"""From the worker to the page, and what the two of them take."""

LOOKED_S = 60.0

APART_S = 0.43
"""When one web process begins to ask, and when the next one."""


class Server:
    """One node and its channel, as a worker sees them."""

    def __init__(self, bird: Bird) -> None:
        self._bird = bird

    def channels(self) -> Iterable[str]:
        return [LOBBY]

    async def channel(self, name: str) -> dict[str, Any]:
        began_ms = self.now_ms()
        found: dict[str, Any] = await self._bird.call(self._bird.node.channel_health(name))
        return by_clock(found, round(began_ms))

    def host(self, states: list[str], unseen: int, failed: int) -> dict[str, Any]:
        return {"at_ms": self.now_ms()}

    def now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1000


async def oldest_ms(server: Server | Fitful, seconds: float, processes: int = 1) -> float:
    """How old what is shown was at most, just before the next picture came, in any of some web processes."""
    watch, oldest = HealthWatch(server), list[float]()

    shown_ms = [float("inf")] * processes

    async def shown(process: int) -> None:
        async def ask() -> None:
            snapshot = await watch.snapshot([LOBBY])
            oldest.append(server.now_ms() - shown_ms[process])
            shown_ms[process] = snapshot["details"][LOBBY]["as_of_ms"]

        await asyncio.sleep(process * APART_S)
        await at_pace(ask, asyncio.Event())

    asking = [asyncio.ensure_future(shown(process)) for process in range(processes)]
    await asyncio.sleep(seconds)
    assert not any(each.done() for each in asking), "each asks again and again"
    assert max(shown_ms) < float("inf"), "each has shown a picture"
    oldest += [server.now_ms() - each for each in shown_ms]
    for each in asking:
        each.cancel()
    await watch.close()
    return max(oldest) + ON_THE_WAY_MS


@pytest.mark.parametrize("extra_ms", [0.0, 100.0, 250.0])
@pytest.mark.parametrize("seed", range(1, 4))
def test_what_is_shown_of_a_healthy_channel_is_always_live(extra_ms: float, seed: int) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        everybody = frozenset(bird.host.index for bird in flock)
        flock.world.network.disturb(Latency(everybody, extra_ms, extra_ms / 10))
        await asyncio.sleep(30)
        asker = cast(flock)[1][0]
        assert await oldest_ms(Server(asker), LOOKED_S) < LIVE_MS

    story(tell, 7, seed=seed)


@pytest.mark.parametrize("seed", range(1, 9))
def test_it_is_live_when_an_initiator_falls_silent_and_another_takes_its_place(seed: int) -> None:
    """Before, the page said that it was not live, each time that one was waited for in vain."""

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        asking = asyncio.ensure_future(oldest_ms(Server(others[0]), LOOKED_S))
        await asyncio.sleep(5 + seed / 8)
        initiators[0].crash()
        await asyncio.sleep(20)
        await initiators[0].restart()
        assert await asking < LIVE_MS

    story(tell, 7, seed=seed)


def test_a_picture_is_told_by_the_clock_of_its_server() -> None:
    series = [{"at_ms": 7 * SLICE_MS, "acked": 1}, {"at_ms": 8 * SLICE_MS, "acked": 2}]
    found = by_clock({"as_of_ms": 85_000, "series": series, "channel": LOBBY}, 52_000)
    assert found["as_of_ms"] == 52_000
    assert found["series"] == [{"at_ms": 4 * SLICE_MS, "acked": 1}, {"at_ms": 5 * SLICE_MS, "acked": 2}]
    near = by_clock({"as_of_ms": 85_000, "series": series, "channel": LOBBY}, 85_004)
    assert near["series"] == series, "a slice stays in its place"


class Fitful:
    """A channel at which a look takes now no time, now ``longest_s``."""

    def __init__(self, seed: int, longest_s: float) -> None:
        self._random = Random(seed)
        self._longest_s = longest_s

    def channels(self) -> Iterable[str]:
        return [LOBBY]

    async def channel(self, name: str) -> dict[str, Any]:
        as_of_ms = self.now_ms()
        await asyncio.sleep(self._random.choice((0.005, self._longest_s / 2, self._longest_s)))
        return {**picture(name), "as_of_ms": as_of_ms}

    def host(self, states: list[str], unseen: int, failed: int) -> dict[str, Any]:
        return {"at_ms": self.now_ms()}

    def now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1000


@pytest.mark.parametrize(("longest_s", "processes"), [(WAIT_S, 1), (0.4, 2), (0.4, 3)])
@pytest.mark.parametrize("seed", range(1, 9))
def test_it_is_live_however_long_each_look_takes(seed: int, longest_s: float, processes: int) -> None:
    """As long as one that fell silent is waited for; with several web processes, as a far network takes."""
    loop = SimLoop()
    assert loop.run_until_complete(oldest_ms(Fitful(seed, longest_s), 10 * LOOKED_S, processes)) < LIVE_MS
    loop.close()


@pytest.mark.parametrize("ahead_ms", [-5000, 5000])
async def test_a_clock_that_is_set_wrong_makes_nothing_older_or_newer(
    worker: Worker, open_page: Open, monkeypatch: pytest.MonkeyPatch, ahead_ms: int
) -> None:
    """Nodes correct theirs by their peers'; before, all was not live for ever, or live however old."""
    corrected = Rpc.corrected_wall_ms
    monkeypatch.setattr(Rpc, "corrected_wall_ms", lambda rpc: corrected(rpc) + ahead_ms)
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    page = await watcher()
    frame = await watched(page, "#lobby")
    assert 0 <= frame["host"]["at_ms"] - frame["detail"]["as_of_ms"] <= LIVE_MS
    await page.close()

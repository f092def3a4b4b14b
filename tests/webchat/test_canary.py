"""The host's test messages: through, late, refused, and never seen by anybody."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from peernode.channel.ids import CANARY_PREFIX
from peernode.events import Event
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import Bird, Flock
from tests.webchat.conftest import Open, running_worker
from webchat.canary import EVERY_S, LATE_S, STALE_TESTS, Canary
from webchat.hostnode import HostNode
from webchat.worker import Worker

CHANNEL = f"{CANARY_PREFIX}0123456789abcdef"


class Heard(list[Event]):
    """The events of a node, which a canary hears, too."""

    canary: Canary | None = None

    def append(self, event: Event) -> None:
        super().append(event)
        if self.canary is not None:
            self.canary.on_event(event)


class Watched:
    """A canary on the last of some simulated nodes."""

    def __init__(self, world: SimWorld, count: int) -> None:
        self.flock = Flock(world, count)

    async def start(self, node: type[HostNode] = HostNode, bootstraps: bool = True) -> Canary:
        self.bird: Bird = self.flock.birds[-1]
        self.bird.events = heard = Heard()
        await self.flock.start()
        heard.canary = Canary(CHANNEL, node(self.bird.node, bootstraps))
        return heard.canary

    async def test(self, canary: Canary) -> dict[str, Any]:
        await self.bird.call(canary.test())
        return canary.told()

    def waiting(self) -> int:
        return sum(1 for state in self.bird.node.outbox() if state.state in ("pending", "failed"))


def test_a_test_that_gets_through_tells_how_long_it_took() -> None:
    with SimWorld(seed=1, one_way_ms=(20, 20)) as world:
        watched = Watched(world, 5)

        async def main() -> None:
            canary = await watched.start()
            assert canary.told()["state"] == "starting"
            await asyncio.sleep(10)
            for number in range(1, 4):
                told = await watched.test(canary)
                assert (told["state"], told["code"], told["alone"]) == ("ok", "", False)
                assert 40 <= told["latency_ms"] <= 400
                assert told["stored"][0] >= 3 and told["last_ok_ms"] == told["at_ms"]
                assert told["outcomes"] == {"ok": number, "failed": 0}
                await asyncio.sleep(EVERY_S)
            assert watched.waiting() == 0
            watched.flock.check_unharmed()

        world.run(main())


def test_alone_on_the_network_it_is_well_and_says_so() -> None:
    with SimWorld(seed=2) as world:
        watched = Watched(world, 1)

        async def main() -> None:
            told = await watched.test(await watched.start())
            assert (told["state"], told["alone"]) == ("ok", True)

        world.run(main())


def test_a_host_whose_only_companion_is_gone_has_nobody_to_test_with() -> None:
    with SimWorld(seed=7) as world:
        watched = Watched(world, 2)

        async def main() -> None:
            canary = await watched.start(bootstraps=False)
            await asyncio.sleep(10)
            assert (await watched.test(canary))["state"] == "ok"
            watched.flock[0].crash()
            await asyncio.sleep(120)
            assert watched.bird.node.state.state != "online"
            assert (await watched.test(canary))["state"] == "alone"
            asked = Canary(CHANNEL, HostNode(watched.bird.node, bootstraps=True))
            await watched.bird.call(asked.test())
            assert asked.told()["state"] == "failed", "somebody is configured, and does not answer"

        world.run(main())


def test_a_network_that_is_gone_fails_in_time_and_leaves_one_message_alone() -> None:
    with SimWorld(seed=3) as world:
        watched = Watched(world, 5)

        async def main() -> None:
            loop = asyncio.get_running_loop()
            canary = await watched.start()
            await asyncio.sleep(10)
            first = await watched.test(canary)
            cut = watched.flock.cut_off(watched.bird)
            for _ in range(5):
                began = loop.time()
                told = await watched.test(canary)
                assert loop.time() - began <= LATE_S + 1
                assert told["state"] == "failed"
                assert told["code"] in ("NO_QUORUM", "CANARY_LATE", "NO_INITIATOR", "NO_BOOTSTRAP"), told
                assert told["message"] and told["remedy"] and "{" not in told["remedy"], told
                assert told["last_ok_ms"] == first["last_ok_ms"]
                assert watched.waiting() <= 1
                await asyncio.sleep(EVERY_S)
            assert told["outcomes"] == {"ok": 1, "failed": 5}
            watched.flock.mend(cut)
            await asyncio.sleep(EVERY_S)
            for _ in range(2):
                told = await watched.test(canary)
                await asyncio.sleep(EVERY_S)
            assert told["state"] == "ok" and watched.waiting() == 0
            assert (told["code"], told["message"], told["remedy"]) == ("", "", "")
            watched.flock.check_unharmed()

        world.run(main())


def test_a_full_disk_is_told_with_its_code() -> None:
    with SimWorld(seed=4) as world:
        watched = Watched(world, 3)

        async def main() -> None:
            canary = await watched.start()
            await asyncio.sleep(10)
            await watched.test(canary)
            watched.bird.disk.fill("test")
            told = await watched.test(canary)
            assert (told["state"], told["code"]) == ("failed", "STORE_FULL")
            watched.bird.disk.make_room("test")
            assert (await watched.test(canary))["state"] == "ok"

        world.run(main())


class Buggy(HostNode):
    """A host node that has a bug, as long as it is ``broken``."""

    broken = False

    def alone(self) -> bool:
        if self.broken:
            raise KeyError("a bug")
        return super().alone()


def test_a_bug_is_a_failed_test_and_the_next_one_is_made() -> None:
    with SimWorld(seed=8) as world:
        watched = Watched(world, 3)

        async def main() -> None:
            canary = await watched.start(Buggy)
            node = canary._node
            assert isinstance(node, Buggy)
            await asyncio.sleep(10)
            assert (await watched.test(canary))["state"] == "ok"
            node.broken = True
            told = await watched.test(canary)
            assert (told["state"], told["code"], told["outcomes"]["failed"]) == ("failed", "INTERNAL", 1)
            node.broken = False
            assert (await watched.test(canary))["state"] == "ok"

        world.run(main())


def test_a_test_that_went_well_long_ago_says_nothing_of_now() -> None:
    with SimWorld(seed=9) as world:
        watched = Watched(world, 3)

        async def main() -> None:
            canary = await watched.start()
            await asyncio.sleep(10)
            running = asyncio.ensure_future(watched.bird.call(canary.run()))
            for _ in range(600):
                await asyncio.sleep(1)
                assert canary.told()["state"] in ("starting", "ok"), "as long as there are tests"
            running.cancel()
            last = canary.told()
            await asyncio.sleep(STALE_TESTS * EVERY_S)
            told = canary.told()
            assert (told["state"], told["code"]) == ("failed", "CANARY_STOPPED")
            assert told["message"] and told["remedy"]
            assert (told["latency_ms"], told["last_ok_ms"]) == (None, last["last_ok_ms"])
            assert told["outcomes"] == last["outcomes"], "it is no test"
            assert (await watched.test(canary))["state"] == "ok"

        world.run(main())


def test_what_an_earlier_run_left_failed_is_given_up() -> None:
    with SimWorld(seed=5) as world:
        watched = Watched(world, 4)

        async def main() -> None:
            canary = await watched.start()
            await asyncio.sleep(10)
            await watched.test(canary)
            cut = watched.flock.cut_off(watched.bird)
            await watched.test(canary)
            assert watched.waiting() == 1
            watched.flock.mend(cut)
            again = Canary(CHANNEL, HostNode(watched.bird.node))
            await watched.bird.call(again._node.discard_failed(CHANNEL))
            await asyncio.sleep(EVERY_S)
            assert watched.waiting() == 0

        world.run(main())


@pytest.fixture
def _with_canary(deployment: Settings) -> None:
    deployment.DEPLOYMENT = replace(deployment.DEPLOYMENT, canary=True)


async def _first_test(worker: Worker) -> None:
    for _ in range(1500):
        if worker.host.canary()["state"] != "starting":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no test ended")


@pytest.mark.usefixtures("_with_canary", "transactional_db")
async def test_nobody_sees_the_channel(open_page: Open) -> None:
    async with running_worker() as worker:
        await _first_test(worker)
        assert worker.host.canary()["state"] == "ok"
        name = worker.host.canary_channel
        assert name in worker.host.node.channels()
        ann = await open_page("ann")
        welcome = await ann.hello()
        joined = await ann.join("#lobby")
        members = await ann.ask("channel.members", channel="#lobby")
        found = await ann.ask("search", channel="#lobby", words="canary")
        everything = json.dumps([welcome, joined, members, found, ann.put_aside()])
        assert CANARY_PREFIX not in everything
        refused = await ann.ask("channel.join", channel=name)
        assert refused["code"] == "CHANNEL_NAME_INVALID"
        diagnostics = (await worker.residents.peer(_user_of(worker))).diagnostics()
        assert CANARY_PREFIX not in json.dumps(diagnostics)


@pytest.mark.usefixtures("_with_canary", "transactional_db")
async def test_a_node_that_stores_nothing_but_tests_is_fresh(open_page: Open) -> None:
    async with running_worker() as worker:
        await _first_test(worker)
        await (await open_page("ann")).hello()
        peer = await worker.residents.peer(_user_of(worker))
        for _ in range(1500):
            if worker.host._database.for_node(bytes.fromhex(peer.node.node_id)).channels():  # type: ignore[union-attr]
                break
            await asyncio.sleep(0.01)
        assert worker.host.is_fresh(peer.node.node_id)


def _user_of(worker: Worker) -> int:
    return next(iter(worker.residents._residents))


@pytest.mark.usefixtures("_with_canary", "transactional_db")
async def test_a_server_that_stops_testing_leaves_the_channel(settings: Settings) -> None:
    async with running_worker() as worker:
        await _first_test(worker)
        assert list(worker.host.node.channels()) == [worker.host.canary_channel]
    async with running_worker() as worker:
        await _first_test(worker)  # the same channel after a restart
        assert list(worker.host.node.channels()) == [worker.host.canary_channel]
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, canary=False)
    async with running_worker() as worker:
        assert worker.host.canary() == {"state": "off", "code": ""}
        assert worker.host.node.channels() == {}

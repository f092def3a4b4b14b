"""The announcement on the same network: tried again, and made anew where the node has come to be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from peernode.environment import Address
from peernode.overlay.nearby import AGAIN_S, CHECK_S
from peernode.simulation.world.disturbances import Partition
from peernode.simulation.world.host import SimWorld
from tests.overlay.nodes import PORT, Node, sim_node, until

HOUR_S = 3600


class Lan:
    """A neighbourhood that notes when it is started, and does what it is told."""

    def __init__(self, *outcomes: bool | OSError) -> None:
        self.outcomes = list(outcomes)
        """Of the first starts; the others succeed."""
        self.started_s: list[float] = []
        self.stops = 0
        self.elsewhere = False

    async def start(
        self, network_id: bytes, name: str, own: Address, found: Callable[[Address], None]
    ) -> bool:
        assert len(self.started_s) == self.stops, "it is stopped before it is started again"
        self.started_s.append(asyncio.get_running_loop().time())
        self.elsewhere = False
        outcome = self.outcomes.pop(0) if self.outcomes else True
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    async def stop(self) -> None:
        self.stops += 1

    def outdated(self) -> bool:
        return self.elsewhere

    def sizes(self) -> dict[str, tuple[int, int]]:
        return {}


def tell(lan: Lan, story: Callable[[SimWorld, Node, Lan], Coroutine[None, None, None]]) -> Node:
    """Run a story about a node with this neighbourhood, and another one that it knows."""
    with SimWorld(seed=1) as world:
        host, other_host = world.host(), world.host()
        other = sim_node(other_host)
        node = sim_node(host, [(other_host.ip, PORT)], lan=lan)

        async def main() -> None:
            await other_host.call(other.start())
            await host.call(node.start())
            await until(lambda: other.contact in node.overlay.peers(), 10)
            await story(world, node, lan)

        world.run(main())
    return node


def test_an_announcement_that_stays_true_is_made_once() -> None:
    async def story(world: SimWorld, node: Node, lan: Lan) -> None:
        await asyncio.sleep(HOUR_S)
        assert len(lan.started_s) == 1

    tell(Lan(), story)


def test_without_an_interface_it_is_tried_again_until_there_is_one() -> None:
    async def story(world: SimWorld, node: Node, lan: Lan) -> None:
        await asyncio.sleep(HOUR_S)
        pauses = [
            round(after - before) for before, after in zip(lan.started_s, lan.started_s[1:], strict=False)
        ]
        assert pauses == [CHECK_S] * 3
        assert (node.rpc.counters["lan.failed"], node.rpc.counters["lan.announced"]) == (2, 1)

    tell(Lan(False, OSError("no multicast"), OSError("no multicast")), story)


def test_on_another_network_the_announcement_names_its_addresses() -> None:
    async def story(world: SimWorld, node: Node, lan: Lan) -> None:
        lan.elsewhere = True
        await asyncio.sleep(CHECK_S + 1)
        assert len(lan.started_s) == 2

    tell(Lan(), story)


def test_when_the_connection_returns_or_the_address_changes_it_is_made_anew() -> None:
    async def story(world: SimWorld, node: Node, lan: Lan) -> None:
        await asyncio.sleep(CHECK_S)
        cut = world.network.disturb(Partition({1: 1}))
        await until(lambda: node.overlay.state()[0] == "degraded", 30)
        await asyncio.sleep(2)
        assert len(lan.started_s) == 1
        world.network.calm(cut)
        await until(lambda: node.overlay.state()[0] == "online", 10)
        await asyncio.sleep(AGAIN_S + 1)
        assert len(lan.started_s) == 2
        node.overlay.moves.moved()
        await asyncio.sleep(AGAIN_S + 1)
        assert len(lan.started_s) == 3

    tell(Lan(), story)


def test_however_often_the_network_changes_there_is_a_pause_between_announcements() -> None:
    async def story(world: SimWorld, node: Node, lan: Lan) -> None:
        for _ in range(200):
            node.overlay._nearby.renew()  # as each of its reasons does
            await asyncio.sleep(0.5)
        assert len(lan.started_s) == 1 + 100 / AGAIN_S
        pauses = [after - before for before, after in zip(lan.started_s, lan.started_s[1:], strict=False)]
        assert min(pauses) >= AGAIN_S

    tell(Lan(), story)

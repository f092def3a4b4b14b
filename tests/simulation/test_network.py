"""What the simulated network does to datagrams."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.environment import Address
from peernode.simulation.world.disturbances import Disturbance
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.simulation.world.nat import NAT_MAPPING_S
from peernode.simulation.world.network import SOCKET_BUFFER_BYTES_MAX

PORT = 7000


class Listener:
    """A socket and everything it received, with the time."""

    def __init__(self, host: SimHost) -> None:
        self.host = host
        self.heard: list[tuple[float, bytes, Address]] = []
        self.socket = host.bind((host.local_ip, PORT), self._receive)

    def _receive(self, data: bytes, source: Address) -> None:
        self.heard.append((self.host.env.clock.monotonic(), data, source))

    def send(self, to: Listener | Address, data: bytes = b"x") -> None:
        self.socket.send(data, to if isinstance(to, tuple) else (to.host.ip, PORT))


def listeners(world: SimWorld, *nats: str) -> list[Listener]:
    return [Listener(world.host(nat)) for nat in nats]


def test_delay_is_symmetric_fixed_and_within_its_range() -> None:
    with SimWorld(seed=4, one_way_ms=(10, 90)) as world:
        first, second, third = listeners(world, "none", "none", "none")
        expected_ms = world.network.one_way_ms(first.host.ip, second.host.ip)

        async def main() -> None:
            first.send(second)
            second.send(first)
            await asyncio.sleep(1)
            first.send(second)
            await asyncio.sleep(1)

        world.run(main())
        assert 10 <= expected_ms <= 90
        assert [at for at, _, _ in second.heard] == pytest.approx([expected_ms / 1e3, 1 + expected_ms / 1e3])
        assert first.heard[0][0] == second.heard[0][0]
        assert world.network.one_way_ms(third.host.ip, second.host.ip) != expected_ms


def test_loss_duplicates_and_reordering_happen_at_their_rates() -> None:
    with SimWorld(seed=2, one_way_ms=(10, 10), loss=0.2, duplicate=0.25, reorder=0.5) as world:
        first, second = listeners(world, "none", "none")

        async def main() -> None:
            for number in range(4_000):
                first.send(second, number.to_bytes(2, "big"))
            await asyncio.sleep(1)

        world.run(main())
        words = [data for _, data, _ in second.heard]
        assert len(set(words)) == pytest.approx(3_200, rel=0.05)
        assert len(words) == pytest.approx(4_000, rel=0.05)
        assert words != sorted(words)
        assert world.network.sent == 4_000
        assert world.network.delivered == len(words)


def test_a_disturbance_acts_until_it_is_taken_out() -> None:
    class OneWay(Disturbance):
        def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
            return source.index == 1

        def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
            return 500.0

    with SimWorld(one_way_ms=(10, 10)) as world:
        first, second = listeners(world, "none", "none")

        async def main() -> None:
            number = world.network.disturb(OneWay())
            first.send(second)
            second.send(first)
            await asyncio.sleep(1)
            world.network.calm(number)
            first.send(second)
            await asyncio.sleep(1)

        world.run(main())
        assert [at for at, _, _ in first.heard] == [0.51]
        assert [at for at, _, _ in second.heard] == [1.01]
        assert world.network.disturbed == {1: 2}


@pytest.mark.parametrize(
    ("nat", "stranger_port_gets_in", "stranger_host_gets_in"),
    [("full", True, True), ("address", True, False), ("port", False, False), ("symmetric", False, False)],
)
def test_address_translation_filters(
    nat: str, stranger_port_gets_in: bool, stranger_host_gets_in: bool
) -> None:
    with SimWorld(one_way_ms=(10, 10)) as world:
        inside, outside, stranger = listeners(world, nat, "none", "none")
        second_port = outside.host.bind((outside.host.ip, 7001), lambda data, source: None)

        async def main() -> None:
            outside.send(inside, b"too early")
            await asyncio.sleep(1)
            inside.send(outside)
            await asyncio.sleep(1)
            seen_as = outside.heard[0][2]
            outside.send(seen_as, b"answer")
            second_port.send(b"port", seen_as)
            stranger.send(seen_as, b"host")
            await asyncio.sleep(NAT_MAPPING_S + 1)
            outside.send(seen_as, b"too late")
            await asyncio.sleep(1)

        world.run(main())
        expected = [b"answer"] + [b"port"] * stranger_port_gets_in + [b"host"] * stranger_host_gets_in
        assert [data for _, data, _ in inside.heard] == expected
        assert inside.socket.address == ("192.168.0.2", PORT)
        assert outside.heard[0][2][0] == inside.host.ip


def test_a_symmetric_translator_shows_each_side_another_port() -> None:
    with SimWorld(seed=9) as world:
        inside, first, second = listeners(world, "symmetric", "none", "none")

        async def main() -> None:
            inside.send(first)
            inside.send(second)
            await asyncio.sleep(1)

        world.run(main())
        assert first.heard[0][2] != second.heard[0][2]


def test_the_socket_of_a_paused_host_has_a_bound() -> None:
    size = 1_000
    with SimWorld(one_way_ms=(10, 10)) as world:
        first, second = listeners(world, "none", "none")

        async def main() -> None:
            second.host.pause()
            for _ in range(SOCKET_BUFFER_BYTES_MAX // size + 50):
                first.send(second, bytes(size))
            await asyncio.sleep(1)
            second.host.resume()

        world.run(main())
        assert len(second.heard) == SOCKET_BUFFER_BYTES_MAX // size
        assert world.network.dropped == 50


def test_datagrams_to_nobody_are_lost_quietly() -> None:
    with SimWorld(trace=True) as world:
        (only,) = listeners(world, "none")

        async def main() -> None:
            only.send(("203.0.113.9", 9))
            only.send((only.host.ip, 9))
            only.send(only, bytes(70_000))
            await asyncio.sleep(1)

        world.run(main())
        assert world.network.dropped == 3
        assert [line.split()[1] for line in world.network.trace.lines or []] == [
            "NOWHERE",
            "SEND",
            "NOWHERE",
            "LOST",
        ]

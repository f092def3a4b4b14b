"""Power cuts, pauses, clocks and randomness of simulated machines."""

from __future__ import annotations

import asyncio
import errno
import gc

import pytest

from peernode.simulation.world.clocks import EPOCH_MS
from peernode.simulation.world.host import HostCrashed, SimWorld
from peernode.simulation.world.loop import SimulationError
from tests.simulation.toy import Toy


def test_a_crashed_host_runs_no_more_code_not_even_finally() -> None:
    ran: list[str] = []

    async def life() -> None:
        try:
            while True:
                await asyncio.sleep(1)
                ran.append("tick")
        finally:
            ran.append("finally")

    with SimWorld() as world:
        host = world.host()

        async def main() -> None:
            host.spawn(life())
            await asyncio.sleep(3.5)
            host.crash()
            await asyncio.sleep(100)
            gc.collect()

        world.run(main())
        assert ran == ["tick"] * 3


def test_whoever_awaits_a_host_hears_of_its_crash() -> None:
    with SimWorld() as world:
        host = world.host()

        async def main() -> float:
            world.loop.call_later(2, host.crash)
            with pytest.raises(HostCrashed):
                await host.call(asyncio.sleep(60))
            return world.loop.time()

        assert world.run(main()) == 2


def test_a_call_returns_and_raises_what_the_code_does() -> None:
    async def divide(by: int) -> float:
        return 1 / by

    with SimWorld() as world:
        host = world.host()

        async def main() -> float:
            with pytest.raises(ZeroDivisionError):
                await host.call(divide(0))
            return await host.call(divide(4))

        assert world.run(main()) == 0.25


def test_a_restarted_host_is_the_same_machine_without_memory() -> None:
    with SimWorld(one_way_ms=(10, 10)) as world:
        first, second = world.host(), world.host()

        async def main() -> tuple[float, float]:
            asking, answering = Toy(first.env), Toy(second.env)
            await first.call(asking.start(first.ip))
            await second.call(answering.start(second.ip))
            before_s = await first.call(asking.ask((second.ip, 7000)))
            env, number = second.env, second.env.random.random()
            second.crash()
            with pytest.raises(TimeoutError):
                await first.call(asking.ask((second.ip, 7000)))
            second.restart()
            assert second.env is not env
            assert second.env.random.random() != number
            await second.call(Toy(second.env).start(second.ip))
            return before_s, await first.call(asking.ask((second.ip, 7000)))

        assert world.run(main()) == (pytest.approx(0.02), pytest.approx(0.02))


def test_a_paused_host_stands_still_and_then_catches_up() -> None:
    with SimWorld(one_way_ms=(10, 10)) as world:
        first, second = world.host(), world.host()

        async def main() -> tuple[float, list[float]]:
            asking, answering = Toy(first.env), Toy(second.env)
            await first.call(asking.start(first.ip))
            await second.call(answering.start(second.ip))
            second.pause()
            world.loop.call_later(3, second.resume)
            took_s = await first.call(asking.ask((second.ip, 7000)))
            return took_s, [at_s for at_s, _, _ in answering.heard]

        took_s, heard_at = world.run(main())
        assert took_s == pytest.approx(3.01)
        assert heard_at[0] == 3
        assert len(heard_at) > 5


def test_clocks_are_virtual_and_may_be_wrong() -> None:
    with SimWorld() as world:
        host = world.host()

        async def main() -> None:
            await asyncio.sleep(1.5)
            assert host.env.clock.monotonic() == 1.5
            assert host.env.clock.wall_ms() == EPOCH_MS + 1_500
            host.skew(-90_000)
            assert host.env.clock.wall_ms() == EPOCH_MS - 88_500
            host.crash()
            host.restart()
            assert host.env.clock.wall_ms() == EPOCH_MS - 88_500

        world.run(main())


def test_a_host_that_is_paused_twice_goes_on_after_both() -> None:
    with SimWorld() as world:
        host = world.host()
        ticks: list[float] = []

        async def tick() -> None:
            while True:
                await asyncio.sleep(1)
                ticks.append(world.loop.time())

        async def main() -> None:
            host.spawn(tick())
            await asyncio.sleep(1.5)
            host.pause()
            host.pause()
            await asyncio.sleep(2)
            host.resume()
            await asyncio.sleep(2)
            assert ticks == [1]
            host.resume()
            host.resume()
            await asyncio.sleep(1.9)

        world.run(main())
        assert ticks == [1, 5.5, 6.5]


def test_wall_clocks_drift_and_each_error_is_taken_back_alone() -> None:
    with SimWorld() as world:
        host = world.host()
        clock = host.env.clock

        async def main() -> None:
            await asyncio.sleep(100)
            host.clock.go_wrong("own", 250)
            host.clock.go_wrong("fault", -2_000, drift_ppm=500)
            assert clock.wall_ms() == EPOCH_MS + 100_000 - 1_750
            await asyncio.sleep(1_000)
            assert clock.wall_ms() == EPOCH_MS + 1_100_000 - 1_750 + 500
            assert clock.monotonic() == 1_100
            host.clock.go_right("fault")
            assert clock.wall_ms() == EPOCH_MS + 1_100_000 + 250

        world.run(main())


def test_an_oscillator_drifts_both_clocks() -> None:
    with SimWorld() as world:
        host = world.host()
        host.clock.oscillate(-200)

        async def main() -> None:
            await asyncio.sleep(1_000)
            assert host.env.clock.monotonic() == pytest.approx(999.8)
            assert host.env.clock.wall_ms() == EPOCH_MS + 999_800

        world.run(main())


def test_sockets_are_the_hosts_own() -> None:
    with SimWorld() as world:
        host, other = world.host(), world.host()

        async def main() -> None:
            socket = await host.env.open_datagrams((host.ip, 7000), lambda data, source: None)
            with pytest.raises(OSError, match="in use") as taken:
                await host.env.open_datagrams((host.ip, 7000), lambda data, source: None)
            assert taken.value.errno == errno.EADDRINUSE
            with pytest.raises(OSError, match="not an address"):
                await host.env.open_datagrams((other.ip, 0), lambda data, source: None)
            socket.close()
            again = await host.env.open_datagrams(("0.0.0.0", 7000), lambda data, source: None)
            free = await host.env.open_datagrams((host.ip, 0), lambda data, source: None)
            assert again.address == (host.ip, 7000)
            assert free.address[1] not in (0, 7000)

        world.run(main())


def test_a_receiver_that_raises_fails_the_run() -> None:
    with SimWorld() as world:
        host = world.host()

        def receive(data: bytes, source: tuple[str, int]) -> None:
            raise RuntimeError("could not take it")

        async def main() -> None:
            socket = await host.env.open_datagrams((host.ip, 7000), receive)
            socket.send(b"x", (host.ip, 7000))
            await asyncio.sleep(1)

        with pytest.raises(SimulationError, match="could not take it"):
            world.run(main())


def test_each_host_has_its_own_stream_of_randomness() -> None:
    def drawn(seed: int, hosts: int) -> list[float]:
        with SimWorld(seed=seed) as world:
            return [world.host().env.random.random() for _ in range(hosts)]

    assert len(set(drawn(1, 10))) == 10
    assert drawn(1, 10)[:3] == drawn(1, 3)
    assert drawn(1, 3) != drawn(2, 3)

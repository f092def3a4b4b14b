"""Lines with a rate: serialisation, bounded queues, and limits that come and go."""

from __future__ import annotations

import asyncio

import pytest

from peernode.simulation.machines import equip
from peernode.simulation.scenario import parse
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.links import HEADER_BYTES, LINK_QUEUE_BYTES_MAX, Link
from tests.simulation.test_network import listeners

SIZE = 1_000 - HEADER_BYTES


def test_a_slow_uplink_sends_one_after_the_other() -> None:
    with SimWorld(one_way_ms=(10, 10)) as world:
        first, second, third = listeners(world, "none", "none", "none")
        first.host.uplink.limit("test", 80)  # 10,000 bytes a second

        async def main() -> None:
            first.send(second, bytes(SIZE))
            first.send(third, bytes(SIZE))
            first.send(first, b"not on the line")
            await asyncio.sleep(5)
            first.send(second, bytes(SIZE))
            await asyncio.sleep(5)

        world.run(main())
        assert [at for at, _, _ in second.heard] == pytest.approx([0.11, 5.11])
        assert [at for at, _, _ in third.heard] == pytest.approx([0.21])
        assert [at for at, _, _ in first.heard] == pytest.approx([0.00005])


def test_a_slow_downlink_is_shared_by_all_senders() -> None:
    with SimWorld(one_way_ms=(10, 10)) as world:
        first, second, third = listeners(world, "none", "none", "none")
        third.host.downlink.limit("test", 80)

        async def main() -> None:
            first.send(third, bytes(SIZE))
            second.send(third, bytes(SIZE))
            third.send(first)
            await asyncio.sleep(5)

        world.run(main())
        assert [at for at, _, _ in third.heard] == pytest.approx([0.11, 0.21])
        assert [at for at, _, _ in first.heard] == pytest.approx([0.01])


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
def test_what_the_queue_has_no_room_for_is_dropped(direction: str) -> None:
    with SimWorld(one_way_ms=(10, 10), trace=True) as world:
        first, second = listeners(world, "none", "none")
        getattr(first.host if direction == "uplink" else second.host, direction).limit("test", 80)
        fit = (LINK_QUEUE_BYTES_MAX - SIZE) // 1_000 + 1

        async def main() -> None:
            for _ in range(fit + 5):
                first.send(second, bytes(SIZE))
            await asyncio.sleep(60)

        world.run(main())
        assert len(second.heard) == fit
        assert world.network.counts == {f"{direction} full": 5}
        assert sum(line.split()[1] == "FULL" for line in world.network.trace.lines or []) == 5


def test_the_lowest_limit_counts_until_it_is_taken_back() -> None:
    link = Link()
    assert link.take(10**9, 0.0) == 0
    link.limit("own", 800)
    link.limit("fault", 80)
    assert link.take(SIZE, 0.0) == pytest.approx(0.1)
    link.unlimit("fault")
    assert link.take(SIZE, 0.0) == pytest.approx(0.11)
    link.unlimit("own")
    link.unlimit("never there")
    assert link.take(SIZE, 0.0) == 0


def test_machines_draw_their_lines_and_clocks_within_the_scenarios_ranges() -> None:
    nodes = parse(
        'name = "x"\n[nodes]\ncount = 30\nup_kbit_s = [100, 200]\ndown_kbit_s = 8\n'
        "clock_skew_ms = 500\nclock_drift_ppm = 100"
    ).nodes
    with SimWorld() as world:
        hosts = [world.host() for _ in range(30)]
        equip(nodes, 1, hosts)

        async def main() -> tuple[list[int], list[float]]:
            at_first = [host.env.clock.wall_ms() for host in hosts]
            await asyncio.sleep(10_000)
            return at_first, [host.env.clock.monotonic() for host in hosts]

        at_first, monotonic = world.run(main())
        up = [host.uplink.bytes_per_s or 0 for host in hosts]
        assert 12_500 <= min(up) < 15_000 < 22_500 < max(up) <= 25_000
        assert {host.downlink.bytes_per_s for host in hosts} == {1_000}
        assert -500 <= min(at_first) - 1_700_000_000_000 < -300
        assert 300 < max(at_first) - 1_700_000_000_000 <= 500
        assert 9_999 <= min(monotonic) < 9_999.5
        assert 10_000.5 < max(monotonic) <= 10_001

"""What goes wrong with the simulated disk: torn flushes, full and slow disks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from peernode.errors import PeerNodeError
from peernode.simulation.world.host import SimWorld
from peernode.store.base import PutMessage, PutMeta
from peernode.store.memory import MemoryDisk
from tests.store.disks import CHANNEL, NODE, message
from tests.store.test_memory import LATENCY_S, tasks_of


@pytest.fixture
def world() -> Iterator[SimWorld]:
    with SimWorld(seed=1) as world:
        yield world


@pytest.mark.parametrize(
    ("reached", "outcome", "left"),
    [(0.0, "lost", 0), (0.1, "torn", 0), (0.7, "torn", 2), (1.0, "survived", 4)],
)
def test_of_a_running_flush_a_first_part_survives(
    world: SimWorld, reached: float, outcome: str, left: int
) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        store = disk.store_for(NODE)
        first = tasks_of(store.commit(PutMeta("before", b"1")))
        await asyncio.sleep(LATENCY_S / 2)
        pending = tasks_of(*(store.commit(PutMeta(f"{n}a", b"1"), PutMeta(f"{n}b", b"1")) for n in range(4)))
        await asyncio.gather(*first)
        pending += tasks_of(store.commit(PutMeta("waits", b"1")))
        await asyncio.sleep(LATENCY_S / 2)
        assert disk.flushing == 4
        assert disk.power_cut(reached) == outcome
        kept = sorted(disk.nodes[NODE].meta)
        assert kept == sorted(["before", *(f"{n}{half}" for n in range(left) for half in "ab")])
        assert disk.power_cut(1.0) == ""
        for task in pending:
            task.cancel()

    world.run(story())


def test_the_next_flush_is_announced(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        announced = disk.next_flush()
        assert disk.next_flush() is announced
        await asyncio.sleep(1)
        assert not announced.done()
        tasks = tasks_of(disk.store_for(NODE).commit(PutMeta("a", b"1")))
        await announced
        assert (world.loop.time(), disk.flushing) == (1, 1)
        await asyncio.gather(*tasks)
        assert disk.next_flush() is not announced

    world.run(story())


def test_a_disk_that_fills_up_refuses_in_the_middle_of_a_flush(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        store = disk.store_for(NODE)
        disk.fill("one", 250)
        disk.fill("other", 1_000)
        outcomes = await asyncio.gather(
            *(store.commit(PutMeta(str(n), bytes(100))) for n in range(4)), return_exceptions=True
        )
        assert [getattr(outcome, "code", None) for outcome in outcomes] == [None, None, *["STORE_FULL"] * 2]
        outcomes = await asyncio.gather(
            *(store.commit(PutMeta(str(n), bytes(20))) for n in range(4)), return_exceptions=True
        )
        assert [getattr(outcome, "code", None) for outcome in outcomes] == ["STORE_FULL"] * 4
        disk.make_room("one")
        with pytest.raises(PeerNodeError, match="STORE_FULL"):
            await store.commit(PutMeta("a", b"1"))
        disk.make_room("other")
        await store.commit(PutMeta("a", b"1"))
        assert sorted(disk.nodes[NODE].meta) == ["0", "1", "a"]

    world.run(story())


def test_the_slowest_of_what_slows_a_disk_counts(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        disk.slowed_s = {"one": 0.5, "other": 0.2}
        await disk.store_for(NODE).commit(PutMeta("a", b"1"))
        assert world.loop.time() == pytest.approx(0.5)
        del disk.slowed_s["one"]
        await disk.store_for(NODE).commit(PutMeta("a", b"1"))
        assert world.loop.time() == pytest.approx(0.7)

    world.run(story())


def test_a_full_disk_refuses_and_recovers(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        store = disk.store_for(NODE)
        await store.commit(PutMessage(message(1)))
        disk.full = True
        tasks = tasks_of(store.commit(PutMessage(message(2))), store.commit(PutMessage(message(3))))
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [getattr(error, "code", None) for error in errors] == ["STORE_FULL"] * 2
        assert store.newest(CHANNEL, None, 9) == [message(1).raw]
        disk.full = False
        await store.commit(PutMessage(message(2)))
        assert (store.count(CHANNEL), disk.commits) == (2, 2)

    world.run(story())


def test_a_cut_never_saves_what_a_full_disk_could_not_take(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        disk.full = True
        (task,) = tasks_of(disk.store_for(NODE).commit(PutMeta("a", b"1")))
        await asyncio.sleep(LATENCY_S / 2)
        disk.power_cut(1.0)
        assert disk.store_for(NODE).meta("a") is None
        task.cancel()

    world.run(story())

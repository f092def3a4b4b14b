"""The simulated disk: virtual latency, group commit, power cuts, a full disk, rot; always the same way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from peernode.errors import Backpressure, PeerNodeError
from peernode.simulation.world.host import HostCrashed, SimWorld
from peernode.store.base import PutMessage, PutMeta, PutPart, Write
from peernode.store.memory import MemoryDisk
from tests.store.disks import CHANNEL, NODE, OTHER_NODE, message

LATENCY_S = 0.01


@pytest.fixture
def world() -> Iterator[SimWorld]:
    with SimWorld(seed=1) as world:
        yield world


def tasks_of(*commits: Coroutine[Any, Any, None]) -> list[asyncio.Task[None]]:
    return [asyncio.get_running_loop().create_task(commit) for commit in commits]


def test_a_commit_takes_the_latency_and_shows_only_then(world: SimWorld) -> None:
    async def story() -> None:
        store = MemoryDisk(LATENCY_S).store_for(NODE)
        (task,) = tasks_of(store.commit(PutMessage(message(1))))
        await asyncio.sleep(LATENCY_S * 0.9)
        assert store.count(CHANNEL) == 0
        await task
        assert world.loop.time() == pytest.approx(LATENCY_S)
        assert store.newest(CHANNEL, None, 9) == [message(1).raw]

    world.run(story())


def test_what_arrives_during_a_flush_joins_the_next(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        stores = [disk.store_for(NODE), disk.store_for(OTHER_NODE)]
        first = tasks_of(stores[0].commit(PutMeta("a", b"12345")))
        await asyncio.sleep(LATENCY_S / 2)
        later = tasks_of(*(stores[n % 2].commit(PutMeta(str(n), b"1")) for n in range(100)))
        await asyncio.gather(*first)
        assert [world.loop.time(), disk.flushes] == [pytest.approx(LATENCY_S), 1]
        await asyncio.gather(*later)
        assert [world.loop.time(), disk.flushes] == [pytest.approx(2 * LATENCY_S), 2]
        assert (disk.commits, disk.bytes) == (101, 105)
        await stores[0].commit(PutMeta("b", b""))
        assert [world.loop.time(), disk.flushes] == [pytest.approx(3 * LATENCY_S), 3]

    world.run(story())


@pytest.mark.parametrize("survives", [False, True])
def test_a_power_cut_loses_what_waits(world: SimWorld, survives: bool) -> None:
    disk = MemoryDisk(LATENCY_S)
    host = world.host()
    heard: list[int] = []

    async def commit(number: int) -> None:
        await old.commit(PutMessage(message(2 * number + 1)), PutMessage(message(2 * number + 2)))
        heard.append(number)

    old = disk.store_for(NODE)

    async def story() -> None:
        await host.call(commit(0))
        pending = [host.spawn(commit(1))]
        await asyncio.sleep(LATENCY_S / 2)
        pending += [host.spawn(commit(number)) for number in (2, 3)]
        await asyncio.sleep(LATENCY_S / 4)
        host.crash()
        disk.power_cut(1.0 if survives else 0.0)
        await asyncio.sleep(10)
        assert heard == [0]
        assert not any(task.done() for task in pending)
        host.restart()
        new = disk.store_for(NODE)
        left = [message(seq).raw for seq in (range(1, 5) if survives else range(1, 3))]
        assert new.newest(CHANNEL, None, 9) == left[::-1]
        await host.call(new.commit(PutMessage(message(9))))
        assert new.count(CHANNEL) == len(left) + 1

    world.run(story())


def test_a_commit_on_a_view_from_before_the_cut_never_ends(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        old = disk.store_for(NODE)
        disk.power_cut()
        (task,) = tasks_of(old.commit(PutMeta("a", b"1")))
        await asyncio.sleep(10)
        assert not task.done()
        assert disk.store_for(NODE).meta("a") is None
        assert disk.flushes == 0
        task.cancel()

    world.run(story())


def test_a_flush_from_before_the_cut_does_not_end_one_from_after_it(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        (lost,) = tasks_of(disk.store_for(NODE).commit(PutMeta("a", b"1")))
        await asyncio.sleep(LATENCY_S / 2)
        disk.power_cut()
        await disk.store_for(NODE).commit(PutMeta("b", b"1"))
        assert world.loop.time() == pytest.approx(LATENCY_S * 1.5)
        assert disk.store_for(NODE).meta("a") is None
        assert not lost.done()
        lost.cancel()

    world.run(story())


def test_a_crash_in_the_middle_is_heard_by_who_watches_the_host(world: SimWorld) -> None:
    disk = MemoryDisk(LATENCY_S)
    host = world.host()

    async def story() -> None:
        watching = asyncio.get_running_loop().create_task(
            host.call(disk.store_for(NODE).commit(PutMeta("a", b"1")))
        )
        await asyncio.sleep(LATENCY_S / 2)
        host.crash()
        disk.power_cut()
        with pytest.raises(HostCrashed):
            await watching

    world.run(story())


def test_the_queue_is_bounded(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk(LATENCY_S, queue_max=3)
        store = disk.store_for(NODE)
        first = asyncio.ensure_future(store.commit(PutMeta("0", b"")))
        await disk.next_flush()
        outcomes = await asyncio.gather(
            first, *(store.commit(PutMeta(str(n), b"")) for n in range(1, 6)), return_exceptions=True
        )
        # One is being flushed, three wait.
        assert [type(outcome) for outcome in outcomes[:4]] == [type(None)] * 4
        assert [type(outcome) for outcome in outcomes[4:]] == [Backpressure] * 2
        with pytest.raises(PeerNodeError, match="STORE_FULL"):
            disk.full = True
            await store.commit(PutMeta("a", b""))

    world.run(story())


def test_what_is_asked_for_in_one_tick_is_one_flush(world: SimWorld) -> None:
    async def story() -> None:
        disk = MemoryDisk()
        store = disk.store_for(NODE)
        for _ in range(2):
            await asyncio.gather(*(store.commit(PutMeta(str(n), b"")) for n in range(5)))
        assert (disk.flushes, disk.commits) == (2, 10)

    world.run(story())


def test_rot_flips_single_bits_where_the_seed_says(world: SimWorld) -> None:
    async def rotten(seed: int) -> list[tuple[int, bytes]]:
        disk = MemoryDisk()
        store = disk.store_for(NODE)
        await store.commit(*(PutMessage(message(number)) for number in range(1, 21)))
        await store.commit(PutPart(bytes(32), b""))
        assert disk.rot(random.Random(seed), 5) == 5
        reports: list[int] = []
        store.on_bad_row = lambda channel_id, author, instance, seq: reports.append(seq)
        assert len(store.newest(CHANNEL, None, 99)) == 20 - len(reports)
        assert 4 <= len(reports) <= 5
        assert disk.rot(random.Random(seed), 1000) == 21
        rows = disk.nodes[NODE].channel(CHANNEL).rows.values()
        return [(row.seq, row.raw) for row in rows]

    async def story() -> None:
        one, again, other = await rotten(1), await rotten(1), await rotten(2)
        assert one == again != other
        assert MemoryDisk().rot(random.Random(1)) == 0

    world.run(story())


def test_the_same_story_runs_the_same_way() -> None:
    def trace() -> list[tuple[float, int]]:
        done: list[tuple[float, int]] = []

        async def story(world: SimWorld) -> None:
            disk = MemoryDisk(LATENCY_S)
            rng = random.Random(3)

            async def author(number: int) -> None:
                store = disk.store_for(bytes([number]) * 20)
                for _ in range(5):
                    await asyncio.sleep(rng.random() * 0.05)
                    await store.commit(PutMeta("a", b"1"))
                    done.append((world.loop.time(), number))

            await asyncio.gather(*(author(number) for number in range(10)))

        with SimWorld(seed=1) as world:
            world.run(story(world))
        return done

    first = trace()
    assert len(first) == 50
    assert trace() == first


def test_a_witness_hears_what_is_durable_and_what_rots(world: SimWorld) -> None:
    class Witness:
        heard: list[object]

        def stored(self, writes: tuple[Write, ...]) -> None:
            self.heard += writes

        def rotted(self, digest: bytes) -> None:
            self.heard.append(digest)

    async def story() -> None:
        disk = MemoryDisk(LATENCY_S)
        disk.witness = witness = Witness()
        witness.heard = []
        write = PutMessage(message(1))
        (task,) = tasks_of(disk.store_for(NODE).commit(write))
        await asyncio.sleep(LATENCY_S / 2)
        assert witness.heard == []
        await task
        assert witness.heard == [write]
        disk.rot(random.Random(1))
        assert witness.heard == [write, message(1).digest]
        tasks_of(disk.store_for(NODE).commit(PutPart(b"d" * 32, b"block")))
        await asyncio.sleep(LATENCY_S / 2)
        disk.power_cut(1.0)
        assert witness.heard[2:] == [PutPart(b"d" * 32, b"block")]

    world.run(story())

"""The virtual clock: order, jumps, budgets, and that nothing is swallowed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from peernode.simulation.world import loop
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.loop import Deadlock, SimLoop, SimulationError, StepBudgetExceeded
from tests.simulation.toy import gossip_hash

ROOT = Path(__file__).parents[2]


def test_a_day_passes_at_once() -> None:
    with SimWorld() as world:

        async def main() -> float:
            await asyncio.sleep(86_400)
            return asyncio.get_running_loop().time()

        assert world.run(main()) == 86_400


def test_equal_deadlines_run_in_the_order_they_were_made() -> None:
    with SimWorld() as world:
        ran: list[int] = []

        async def main() -> None:
            for number in range(200):
                world.loop.call_at(1.0, ran.append, number)
            await asyncio.sleep(2)

        world.run(main())
        assert ran == list(range(200))


def test_cancelled_timers_neither_run_nor_hold_the_clock() -> None:
    with SimWorld() as world:

        async def main() -> float:
            for number in range(2_000):
                world.loop.call_at(100.0 + number, ran.append, number).cancel()
            await asyncio.sleep(10_000)
            return world.loop.time()

        ran: list[int] = []
        assert world.run(main()) == 10_000
        assert ran == []
        assert len(world.loop._timers) < 1_000


def test_waiting_for_nothing_is_a_deadlock() -> None:
    with SimWorld() as world:

        async def main() -> None:
            await asyncio.get_running_loop().create_future()

        with pytest.raises(Deadlock):
            world.run(main())


def test_a_busy_loop_exceeds_the_budget() -> None:
    with SimWorld(steps_max=10_000) as world:

        async def main() -> None:
            while world.loop.time() < 1:  # noqa: ASYNC110 - the busy loop is the point
                await asyncio.sleep(0)

        with pytest.raises(StepBudgetExceeded):
            world.run(main())
        assert world.loop.time() == 0


def test_all_tasks_end_with_the_world_and_one_that_will_not_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run of 10,000 nodes has more tasks than any fixed budget has steps: it grows with them."""
    monkeypatch.setattr(loop, "_UNWIND_STEPS_PER_TASK", 10)
    ended = []

    async def wait() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0)
            ended.append(1)

    with SimWorld() as world:

        async def main() -> None:
            tasks.extend(asyncio.ensure_future(wait()) for _ in range(100))
            await asyncio.sleep(1)

        tasks: list[asyncio.Future[None]] = []
        world.run(main())
    assert len(ended) == 100

    async def stay() -> None:
        while True:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                ended.append(2)

    with pytest.raises(StepBudgetExceeded), SimWorld() as world:

        async def begin() -> None:
            tasks.append(asyncio.ensure_future(stay()))

        world.run(begin())
    assert ended[-1] == 2


def test_an_exception_that_nobody_awaits_fails_the_run() -> None:
    with SimWorld() as world:

        async def broken() -> None:
            raise RuntimeError("lost in a background task")

        async def main() -> None:
            world.loop.create_task(broken())
            await asyncio.sleep(1)

        with pytest.raises(SimulationError, match="lost in a background task"):
            world.run(main())


def test_an_exception_in_a_callback_fails_the_run() -> None:
    with SimWorld() as world:

        async def main() -> None:
            world.loop.call_later(1, [].pop)
            await asyncio.sleep(2)

        with pytest.raises(SimulationError, match=r"at 1\.000 s.*IndexError"):
            world.run(main())


def test_sets_of_tasks_iterate_by_their_serial() -> None:
    with SimWorld() as world:

        async def main() -> list[int]:
            tasks = [asyncio.create_task(asyncio.sleep(1)) for _ in range(64)]
            return [hash(task) for task in tasks]

        hashes = world.run(main())
        assert hashes == sorted(hashes)
        assert hashes[-1] < 1_000


def test_an_executor_runs_at_once() -> None:
    with SimWorld() as world:

        async def main() -> tuple[int, str]:
            loop = asyncio.get_running_loop()
            with pytest.raises(ZeroDivisionError):
                await loop.run_in_executor(None, divmod, 1, 0)
            return await asyncio.to_thread(len, "four"), type(loop).__name__

        assert world.run(main()) == (4, SimLoop.__name__)


def test_the_same_seed_gives_the_same_trace_and_another_one_another() -> None:
    assert gossip_hash(3) == gossip_hash(3)
    assert gossip_hash(3) != gossip_hash(4)


def test_the_trace_is_the_same_in_another_process_with_another_hash_seed() -> None:
    code = "from tests.simulation.toy import gossip_hash; print(gossip_hash(5))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert printed == {gossip_hash(5)}

"""Background tasks: ended for good, and never silently dead."""

from __future__ import annotations

import asyncio

import pytest

from webchat.background import Background


async def test_close_ends_a_task_that_survives_a_cancellation() -> None:
    survived = 0

    async def stubborn() -> None:
        nonlocal survived
        while survived < 3:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                survived += 1
        await asyncio.sleep(3600)

    tasks = Background()
    task = tasks.spawn(stubborn(), "stubborn")
    await asyncio.sleep(0)
    await tasks.close()
    assert survived == 3
    assert task.cancelled()
    assert len(tasks) == 0


async def test_finish_lets_tasks_end_by_themselves_first() -> None:
    done: list[str] = []

    async def quick() -> None:
        await asyncio.sleep(0)
        done.append("quick")

    async def endless() -> None:
        await asyncio.sleep(3600)
        done.append("endless")

    tasks = Background()
    tasks.spawn(quick(), "quick")
    tasks.spawn(endless(), "endless")
    await tasks.finish(0.05)
    assert done == ["quick"]
    assert len(tasks) == 0


async def test_an_error_is_logged_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    async def failing() -> None:
        raise ValueError("no good")

    tasks = Background()
    await asyncio.wait([tasks.spawn(failing(), "a failing task")])
    assert "a failing task failed" in caplog.text
    assert "no good" in caplog.text

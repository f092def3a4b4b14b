"""Background tasks that are never lost: referenced until they end, their errors logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger("webchat")

CANCEL_AGAIN_S = 0.1


class Background:
    """The tasks of one owner; after ``close`` none is left."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a coroutine; an exception of it is logged with its name."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed", task.get_name(), exc_info=error)

    async def finish(self, timeout_s: float) -> None:
        """Give the tasks that long to end by themselves, then cancel them."""
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        await self.close()

    async def close(self) -> None:
        """Cancel all tasks (but the calling one) and wait until they have ended.

        Again and again: a client library in the middle of an exchange may turn a cancellation into
        an error of its own (``redis`` does), which the task then survives.
        """
        current = asyncio.current_task()
        waiting = {task for task in self._tasks if task is not current}
        while waiting:
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=CANCEL_AGAIN_S)

"""Background tasks with an owner: referenced, never silently dead, ended together.

Invariants: a task is referenced until it ends; an exception that nobody expected reaches
``on_crash`` (the node reports it, the simulator fails the run); after ``close`` none is left.
Insertion-ordered, so that cancellation order does not depend on object addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Tasks:
    """The tasks of one owner."""

    def __init__(self, on_crash: Callable[[str, BaseException], None]) -> None:
        self._on_crash = on_crash
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._serial = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether ``close`` has begun."""
        return self._closed

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start ``coroutine`` in the background; after ``close`` it is dropped unstarted."""
        self._serial += 1
        serial = self._serial
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        if self._closed:
            task.cancel()
        self._tasks[serial] = task
        task.add_done_callback(lambda done: self._ended(serial, done))
        return task

    def _ended(self, serial: int, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(serial, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_crash(task.get_name(), error)

    async def close(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        self._closed = True
        current = asyncio.current_task()
        tasks = [task for task in self._tasks.values() if task is not current]
        for task in tasks:
            task.cancel()
        for task in tasks:
            # A task's own error has gone to on_crash by its done callback.
            await asyncio.gather(task, return_exceptions=True)

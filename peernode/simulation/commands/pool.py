"""Work for several processes, where each may die or hang without taking the rest with it.

Idea: a worker is a fresh interpreter with a pipe; it takes one task, answers, and takes the next. The
parent knows which worker has which task, so a worker that dies, or is at it for too long, costs
exactly this task, is reported by name of the task, and is replaced.

Invariants: every task is answered once, by its result or by a ``Broken``; answers come in the order in
which they are ready; when the pool is closed, no worker is left.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Generic, TypeVar

from peernode.simulation.commands.wall import now_s

LOOK_EVERY_S = 0.5
JOBS_MAX = 64
START_MAX_S = 60.0
"""How long a worker may take to come up; the limit of a task begins after that."""
END_MAX_S = 5.0
"""How long a worker may take to end when it has nothing to do any more."""

_UP = "up"

Task = TypeVar("Task")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Broken:
    """A task that has no result, and why."""

    why: str


class Pool(Generic[Task, Answer]):
    """``jobs`` processes that all do ``work``, a function of a module, each task for at most ``limit_s``.

    ``fresh``: every task gets a process of its own, so that what it says of its memory is its own.
    """

    def __init__(
        self, work: Callable[[Task], Answer], jobs: int, limit_s: float, fresh: bool = False
    ) -> None:
        self._fresh = fresh
        self._work = work
        self._jobs = jobs
        self._limit_s = limit_s
        self._idle: list[_Worker] = []
        self._busy: dict[_Worker, tuple[Task, float]] = {}

    def __enter__(self) -> Pool[Task, Answer]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._busy:
            worker.kill()
        for worker in self._idle:
            worker.end()
        self._busy.clear()
        self._idle.clear()

    def answers(
        self, tasks: Iterable[Task], meanwhile: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Task, Answer | Broken]]:
        """Each task with its answer; ``meanwhile`` is called again and again while waiting."""
        waiting = iter(tasks)
        while True:
            while len(self._busy) < self._jobs:
                try:
                    task = next(waiting)
                except StopIteration:
                    break
                worker = self._idle.pop() if self._idle else _Worker(self._work)
                self._busy[worker] = (task, now_s())
                worker.give(task)
            if not self._busy:
                return
            yield from self._ready()
            meanwhile()

    def _ready(self) -> Iterator[tuple[Task, Answer | Broken]]:
        speaking = set(wait([worker.pipe for worker in self._busy], LOOK_EVERY_S))
        for worker, (task, since_s) in list(self._busy.items()):
            answer: Answer | Broken
            limit_s = self._limit_s if worker.up else START_MAX_S
            if worker.pipe in speaking:
                said = worker.take()
                if said is None:
                    self._busy[worker] = (task, now_s())
                    continue
                answer, usable = said
            elif now_s() - since_s > limit_s:
                worker.kill()
                answer, usable = Broken(f"took longer than {limit_s:g} s of real time"), False
            else:
                continue
            del self._busy[worker]
            if usable and self._fresh:
                worker.end()
            elif usable:
                self._idle.append(worker)
            yield task, answer


class _Worker:
    """One process and this end of its pipe."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other_end = context.Pipe()
        self._process: SpawnProcess = context.Process(target=_serve, args=(other_end, work), daemon=True)
        self._process.start()
        other_end.close()  # so that the death of the worker ends the pipe
        self.up = False

    def give(self, task: object) -> None:
        try:
            self.pipe.send(task)
        except BrokenPipeError:
            return  # it died before it had anything to do: ``take`` finds that out

    def take(self) -> tuple[Any, bool] | None:
        """The answer, and whether the worker can go on; None when it only says that it is up."""
        try:
            if not self.up:
                self.up = self.pipe.recv() == _UP
                return None
            done, answer = self.pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            return Broken(f"the process died: {_death(self._process.exitcode)}"), False
        return (answer if done else Broken(answer)), True

    def end(self) -> None:
        self.pipe.close()
        self._process.join(END_MAX_S)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            return f"signal {signal.Signals(-exit_code).name}"
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit status {exit_code}"


def _serve(pipe: Connection, work: Callable[[Any], Any]) -> None:
    """What a worker does: it ends when the parent does. Ctrl-C is for the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("peernode").setLevel(logging.CRITICAL)
    pipe.send(_UP)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer = (True, work(task))
        except Exception:  # noqa: BLE001 - a mistake of the simulator: the parent reports it
            answer = (False, traceback.format_exc().strip())
        pipe.send(answer)

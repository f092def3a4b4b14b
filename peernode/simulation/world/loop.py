"""An asyncio event loop on virtual time.

Idea: nothing waits. When no callback is ready, the clock jumps to the next timer.

Invariants:

* callbacks run in the order in which they became due; equal deadlines run first in, first out;
* nothing depends on an object's address: tasks hash by a serial number (a ``TaskGroup`` keeps a set of
  them; futures are in no set, since ``asyncio.wait`` is not used);
* every callback belongs to a host (the context variable ``HOST``) or to the observer (None). Those of a
  frozen host are set aside, until it is thawed or for ever: a dead host runs nothing, not even ``finally``;
* an exception that reaches the loop is kept in ``failures``; more than ``steps_max`` callbacks or
  nothing left to wait for end the run with an error. Nothing is swallowed.
"""

from __future__ import annotations

import asyncio
import collections
import contextvars
import heapq
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Code = Generator[Any, None, Any] | Coroutine[Any, Any, Any]

HOST: contextvars.ContextVar[object | None] = contextvars.ContextVar("peernode_simulated_host", default=None)
"""The simulated host that the running code belongs to; None is the observer."""

FAILURES_MAX = 1_000
"""Failures kept; later ones are counted in ``failures_dropped`` only."""

_COMPACT_AT = 256
_UNWIND_STEPS_PER_TASK = 1_000


class SimulationError(Exception):
    """The run itself is broken, whatever the checkers say."""


class Deadlock(SimulationError):
    """Nothing is ready and nothing is scheduled: the run can never go on."""


class StepBudgetExceeded(SimulationError):
    """The run took more callbacks than it was allowed: a busy loop, or too small a budget."""


class SerialTask(asyncio.Task[Any]):
    """A task that hashes by its serial, so that sets of tasks iterate alike in every process."""

    def __init__(self, coro: Code, *, loop: SimLoop, **options: Any) -> None:
        self._serial = loop.next_serial()
        super().__init__(coro, loop=loop, **options)

    def __hash__(self) -> int:
        return self._serial


class Callback(asyncio.TimerHandle):
    """What is to be called, now or at ``when``; leaner than asyncio's own, of which millions are made."""

    __slots__ = ()

    # Of Handle and TimerHandle, which their stubs don't name.
    _callback: Callable[..., object]
    _args: tuple[Any, ...]
    _cancelled: bool
    _context: contextvars.Context
    _loop: SimLoop
    _scheduled: bool
    _when: float

    def __init__(  # the parents' would only ask for debug mode again and again
        self,
        when: float,
        scheduled: bool,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: SimLoop,
        context: contextvars.Context | None,
    ) -> None:
        self._when = when
        self._scheduled = scheduled
        self._callback = callback
        self._args = args
        self._loop = loop
        self._cancelled = False
        self._source_traceback = None
        self._repr = None
        self._context = contextvars.copy_context() if context is None else context

    def cancel(self) -> None:
        """Don't call it any more."""
        if not self._cancelled:
            self._cancelled = True
            self._callback = _cancelled
            self._args = ()
            if self._scheduled:
                self._loop._timers_cancelled += 1


def _cancelled() -> None:
    """In the place of a cancelled callback, so that what it referred to may go."""


class SimLoop(asyncio.BaseEventLoop):
    """The loop; ``time()`` is virtual seconds since the start of the run."""

    # Of BaseEventLoop, which its stubs don't name.
    _ready: collections.deque[Callback]
    _stopping: bool

    def __init__(self, steps_max: int | None = None) -> None:
        super().__init__()
        self.steps = 0
        self.steps_max = steps_max
        self.failures: list[dict[str, Any]] = []
        self.failures_dropped = 0
        self._now = 0.0
        self._timers: list[tuple[float, int, Callback]] = []
        self._timers_made = 0
        self._timers_cancelled = 0
        self._serials = 0
        self._frozen: dict[object, list[Callback]] = {}
        self._unwinding = False
        self.set_exception_handler(_keep_failure)

    # -- clock and timers ---------------------------------------------------------------------

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._now

    def next_serial(self) -> int:
        """The next number for a task, which is its hash."""
        self._serials += 1
        return self._serials

    def create_task(
        self, coro: Code, *, name: object = None, context: contextvars.Context | None = None
    ) -> SerialTask:
        """Start ``coro``; a task hashes by its serial number."""
        if self.is_closed():
            raise RuntimeError("the loop is closed")
        return SerialTask(coro, loop=self, name=name, context=context)

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Run ``callback`` after what is ready already."""
        handle = Callback(self._now, False, callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run ``callback`` at virtual time ``when``; equal times keep the order of the calls."""
        timer = Callback(when, True, callback, args, self, context)
        self._timers_made += 1
        heapq.heappush(self._timers, (when, self._timers_made, timer))
        return timer

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run ``callback`` in ``delay`` virtual seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    # -- the step -----------------------------------------------------------------------------

    def _run_once(self) -> None:
        """Step after step until the loop is to stop: there are as many as there are moments."""
        while True:
            self._take_due_timers()
            self._run_ready()
            if self._stopping:
                return

    def _run_ready(self) -> None:
        ready = self._ready
        frozen = self._frozen
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            context = handle._context
            if frozen:
                set_aside = frozen.get(context.get(HOST))
                if set_aside is not None:
                    set_aside.append(handle)
                    continue
            self.steps += 1
            try:
                context.run(handle._callback, *handle._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:  # noqa: BLE001 - kept among the failures, as asyncio reports it
                self.call_exception_handler({"message": "a callback raised", "exception": error})
        if self.steps_max is not None and self.steps > self.steps_max and not self._stopping:
            steps, self.steps_max = self.steps_max, None
            raise StepBudgetExceeded(f"more than {steps} steps at t={self._now:.3f} s")

    def _take_due_timers(self) -> None:
        timers, ready = self._timers, self._ready
        if self._timers_cancelled > _COMPACT_AT and self._timers_cancelled * 2 > len(timers):
            timers[:] = [entry for entry in timers if not entry[2]._cancelled]
            heapq.heapify(timers)
            self._timers_cancelled = 0
        if not ready and not self._stopping:
            while timers and timers[0][2]._cancelled:
                heapq.heappop(timers)
                self._timers_cancelled -= 1
            if not timers:
                raise Deadlock(f"nothing left to wait for at t={self._now:.3f} s")
            self._now = max(self._now, timers[0][0])
        now = self._now
        while timers and timers[0][0] <= now:
            timer = heapq.heappop(timers)[2]
            timer._scheduled = False
            if timer._cancelled:
                self._timers_cancelled -= 1
            else:
                ready.append(timer)

    # -- hosts that don't run -----------------------------------------------------------------

    def freeze(self, host: object) -> None:
        """From now on set the callbacks of ``host`` aside instead of running them."""
        self._frozen.setdefault(host, [])

    def thaw(self, host: object) -> None:
        """Run what was set aside for ``host``, in its order, and what comes from now on."""
        self._ready.extend(self._frozen.pop(host, ()))

    def is_frozen(self, host: object) -> bool:
        """Whether ``host`` runs nothing at present."""
        return host in self._frozen

    def unwind(self) -> None:
        """End all tasks, those of dead hosts too, after the run has been judged.

        Only so that the interpreter does not finalize half-run coroutines; failures are dropped.
        """
        self._unwinding = True
        for host in list(self._frozen):
            self.thaw(host)
        pending = sorted(asyncio.all_tasks(self), key=hash)
        self.steps_max = self.steps + len(pending) * _UNWIND_STEPS_PER_TASK
        for task in pending:
            task.cancel()
        if pending:
            self.run_until_complete(asyncio.gather(*pending, return_exceptions=True))

    # -- what BaseEventLoop asks of its heirs -------------------------------------------------

    def _process_events(self, event_list: object) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """There are no threads to wake the loop up from."""

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """The same as ``call_soon``: there are no threads."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run ``func`` at once, in this thread."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            future.set_exception(error)
        return future


def _keep_failure(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    assert isinstance(loop, SimLoop)
    if loop._unwinding:
        return
    if len(loop.failures) >= FAILURES_MAX:
        loop.failures_dropped += 1
        return
    loop.failures.append({**context, "at_s": loop.time()})

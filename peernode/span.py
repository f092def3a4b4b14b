"""``Span``: one running operation, and where its time goes.

An operation makes itself the current one (``with span:``); what it waits for below says so by itself: the
store (``disk``), a lookup, a request on its way (``network``), one whose answer did not come or that pauses
before another try (``retry``), a queue. At each moment the whole of an operation waits for one of them, the
first in ``PARTS`` that is going on, or for none (``own``: its own work and timers).

Invariants: the parts add up to the time from the beginning to the end; what goes on in an operation goes on
in those around it; an operation that has ended changes no more; nothing here reads another clock than the
one it was given, or makes an operation wait.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from typing import Any

from peernode.clock import Clock

LOOKUP, DISK, NETWORK, RETRY, QUEUE, OWN = range(6)
PARTS = ("lookup", "disk", "network", "retry", "queue", "own")
"""Their names, in the order in which one stands for several that go on at once."""

INTERVALS_MAX = 64
"""Stretches on the network that may still prove to have been in vain; older ones count as they are."""

CANCELLED = "cancelled"
"""The outcome of what was ended from outside before it came to another."""

_current: ContextVar[Span | None] = ContextVar("starling_span", default=None)

Ended = Callable[["Span", str, dict[str, Any]], None]


def current() -> Span | None:
    """The operation that this task works for, if it works for one that goes on."""
    span = _current.get()
    return span if span is not None and span.elapsed_s is None else None


class Span:
    """See the module."""

    __slots__ = (
        "_active",
        "_at_s",
        "_clock",
        "_ended",
        "_network",
        "_parent",
        "_retry",
        "_spent_s",
        "_tokens",
        "elapsed_s",
        "operation",
        "sent_s",
        "started_s",
        "subject",
        "trace",
    )

    def __init__(
        self,
        clock: Clock,
        operation: str = "",
        subject: str = "",
        trace: str = "",
        ended: Ended | None = None,
    ) -> None:
        """``ended``: told at the end, of the outcome and the route."""
        self.operation = operation
        self.subject = subject
        self._parent: Span | None = current()
        self.trace: str = trace or (self._parent.trace if self._parent is not None else "")
        """Of the operation that it is a part of, unless it has its own."""
        self.elapsed_s: float | None = None
        """Seconds from the beginning to the end; None while it goes on."""
        self.sent_s: float | None = None
        """When a request for it last was sent; None: none has been."""
        self._clock = clock
        self._ended = ended
        self.started_s = self._at_s = clock.monotonic()
        self._active = [0] * OWN
        self._spent_s = [0.0] * len(PARTS)
        self._network: deque[tuple[float, float]] = deque(maxlen=INTERVALS_MAX)
        """When it was on the network, as far as that was not in vain."""
        self._retry: deque[tuple[float, float]] = deque(maxlen=INTERVALS_MAX)
        """When it was in vain."""
        self._tokens: list[Token[Span | None]] = []

    def __enter__(self) -> Span:
        self._tokens.append(_current.set(self))
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is asyncio.CancelledError:
            self.end(CANCELLED)
        # A coroutine that nobody ended is closed by the collector of garbage, in whatever context that runs:
        # there is nothing to restore there.
        with contextlib.suppress(ValueError):
            _current.reset(self._tokens.pop())

    def enter(self, part: int) -> None:
        """The operation begins to wait for ``part``."""
        span: Span | None = self
        while span is not None:
            span._pass()
            span._active[part] += 1
            span = span._parent

    def leave(self, part: int) -> None:
        """It waits for it no more."""
        span: Span | None = self
        while span is not None:
            span._pass()
            span._active[part] -= 1
            span = span._parent

    def was_in_vain(self, seconds: float) -> None:
        """The last ``seconds`` were not on the network: what was sent had been lost, or its answer."""
        span: Span | None = self
        while span is not None:
            span._pass()
            if span.elapsed_s is None:
                taken = _take(span._network, span._at_s - seconds, span._at_s)
                span._move(NETWORK, RETRY, taken)
                span._retry.extend(taken)
            span = span._parent

    def was_served(self, seconds: float) -> None:
        """The request that this is the span of has been answered: so long of it the peer's own disk took.

        That is no more than the whole, and took place in its middle: what is left is the way there and back.
        """
        self._pass()
        whole_s = self._at_s - self.started_s
        seconds = min(max(seconds, 0.0), whole_s)
        until_s = self._at_s - (whole_s - seconds) / 2
        span: Span | None = self
        while span is not None:
            span._pass()
            if span.elapsed_s is None:
                span._move(NETWORK, DISK, _take(span._network, until_s - seconds, until_s))
                span._move(RETRY, DISK, _take(span._retry, until_s - seconds, until_s))
            span = span._parent

    def _move(self, part: int, other: int, stretches: list[tuple[float, float]]) -> None:
        """Time that was counted for one part was that of another."""
        moved_s = sum(end_s - begin_s for begin_s, end_s in stretches)
        self._spent_s[part] -= moved_s
        self._spent_s[other] += moved_s

    def end(self, outcome: str = "ok", **route: Any) -> None:
        """It has come to its outcome: ``ok``, or the reason why not. Once; what comes later is nothing."""
        if self.elapsed_s is not None:
            return
        self._pass()
        self.elapsed_s = self._at_s - self.started_s
        if self._ended is not None:
            self._ended(self, outcome, route)

    def parts_ms(self) -> dict[str, float]:
        """Where the time went, of the parts that took any; they add up to ``elapsed_s`` once it has ended."""
        self._pass()
        return {name: spent * 1000 for name, spent in zip(PARTS, self._spent_s, strict=True) if spent > 0}

    def _pass(self) -> None:
        """Count the time since the last change for what was going on in it."""
        if self.elapsed_s is not None:
            return
        now = self._clock.monotonic()
        if now > self._at_s:
            going_on = next((part for part, count in enumerate(self._active) if count), OWN)
            self._spent_s[going_on] += now - self._at_s
            if going_on == NETWORK:
                goes_on = bool(self._network) and self._network[-1][1] == self._at_s
                begin_s = self._network.pop()[0] if goes_on else self._at_s
                self._network.append((begin_s, now))
            self._at_s = now


def _take(times: deque[tuple[float, float]], since_s: float, until_s: float) -> list[tuple[float, float]]:
    """What of these stretches lies in between; each moment is taken once, whoever asks for it."""
    taken = []
    for _ in range(len(times)):
        begin_s, end_s = times.popleft()
        if begin_s < since_s:
            times.append((begin_s, min(end_s, since_s)))
        if max(begin_s, since_s) < min(end_s, until_s):
            taken.append((max(begin_s, since_s), min(end_s, until_s)))
        if end_s > until_s:
            times.append((max(begin_s, until_s), end_s))
    return taken


@contextlib.contextmanager
def spent(part: int) -> Iterator[None]:
    """What happens inside counts as ``part`` of the current operation, if there is one."""
    span = current()
    if span is None:
        yield
        return
    span.enter(part)
    try:
        yield
    finally:
        span.leave(part)

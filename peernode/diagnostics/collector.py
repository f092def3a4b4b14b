"""``DiagnosticCollector``: what a node did, when, by which route, with what outcome, and where the time went.

Each operation has a ring of its own, so that a flood of one pushes out no other; what failed is kept in one
more (tries to bring a message to somebody apart, which fail by the hundred when one is cut off). Above
``SAMPLED_OVER_PER_S`` only every ``SAMPLE``-th of an operation that went well is kept, and stands for the
others, unless the diagnostic mode is on. Counters count everything.

Invariants: memory is bounded, and the oldest fall out first; recording never fails an operation; no message
text, key or person's name is ever recorded.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from peernode.clock import Clock
from peernode.diagnostics.records import OK, Attempt, Record, Wanted
from peernode.diagnostics.windows import Windows
from peernode.span import CANCELLED, Span

RECORDS_PER_OPERATION_MAX = 256
OPERATIONS_MAX = 128
"""Operations that have a ring; their names are fixed in code, so this is never reached."""

FAILURES_MAX = 512

EXCHANGES_MAX = 2048
"""Single requests, which are kept in diagnostic mode only."""

SAMPLED_OVER_PER_S = 50
SAMPLE = 10

WINDOWS_MAX = 256
"""Channels whose pushes are counted by time; over it the one without pushes for longest is begun anew."""

PUSHES = ("direct", "initiator", "alternative", "relay")
"""The methods by which a message is brought to a subscriber."""

ALIKE = ("attempt.", "coordinator.")
"""Operations whose failures are many and say little by themselves; they have rings of their own."""

GIVEN_UP = (CANCELLED, "left")
"""Outcomes of what nobody wanted any more."""

ALL = Wanted()


def _sort(outcome: str) -> str:
    if outcome == OK:
        return "ok"
    return "given_up" if outcome in GIVEN_UP else "failed"


class _Rate:
    """How many of one operation there were in the present second."""

    __slots__ = ("count", "second")

    def __init__(self) -> None:
        self.second = 0
        self.count = 0


def _exchange(
    serial: int, wall_ms: int, op: str, peer: str, outcome: str, elapsed_s: float, sends: int
) -> Record:
    """The record of a single request, which is all network or all in vain."""
    elapsed_ms = elapsed_s * 1000
    parts = {"retry" if outcome == "timeout" else "network": elapsed_ms}
    return Record(serial, wall_ms, f"rpc.{op}", peer, outcome, elapsed_ms, parts, "", {"sends": sends})


class DiagnosticCollector:
    """See the module."""

    ATTEMPTS_PER_MESSAGE_MAX = 256

    def __init__(self, clock: Clock, traces_max: int) -> None:
        self._clock = clock
        self._traces_max = traces_max
        self._serial = 0
        self._operations = 0
        self._rings: dict[str, deque[Record]] = {}
        self._failures: deque[Record] = deque(maxlen=FAILURES_MAX)
        self._exchanges: deque[tuple[int, int, str, str, str, float, int]] = deque(maxlen=EXCHANGES_MAX)
        self._rates: dict[str, _Rate] = {}
        self._attempts: OrderedDict[str, deque[Attempt]] = OrderedDict()
        self._windows: OrderedDict[bytes, Windows] = OrderedDict()
        self.counters: dict[str, int] = {}
        self.diagnostic = False
        """Everything is kept and told, nothing sampled; may be switched at any time."""
        self.on_attempt: list[Callable[[str, Attempt], None]] = []
        """Told of each attempt that has ended."""
        self.on_record: list[Callable[[Record], None]] = []
        """Told of each record that is kept."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        attempts = max((len(trace) for trace in self._attempts.values()), default=0)
        records = max((len(ring) for ring in self._rings.values()), default=0)
        return {
            "records": (records, RECORDS_PER_OPERATION_MAX),
            "operations": (len(self._rings), OPERATIONS_MAX),
            "failures": (len(self._failures), FAILURES_MAX),
            "exchanges": (len(self._exchanges), EXCHANGES_MAX),
            "traces": (len(self._attempts), self._traces_max),
            "attempts": (attempts, self.ATTEMPTS_PER_MESSAGE_MAX),
            "windows": (len(self._windows), WINDOWS_MAX),
        }

    def _tell(self, listeners: list[Callable[..., None]], *arguments: Any) -> None:
        """A listener that fails, because its log is full for instance, is counted and stops nothing."""
        for listener in listeners:
            try:
                listener(*arguments)
            except Exception as error:  # noqa: BLE001  (counted)
                self.count(f"diagnostics.listener.{type(error).__name__}")

    def count(self, name: str, by: int = 1) -> None:
        """Add to a named counter; names are fixed in code, so their number is bounded."""
        self.counters[name] = self.counters.get(name, 0) + by

    # -- operations --------------------------------------------------------------------------

    def begin(self, operation: str, subject: str, trace: str = "") -> Span:
        """An operation begins; it is recorded when its span ends. ``trace``: the id of its message."""
        return Span(self._clock, operation, subject, trace, self._ended)

    def next_operation(self) -> int:
        """The number of another operation that gets a trace of its own."""
        self._operations += 1
        return self._operations

    def span(self) -> Span:
        """What measures where time goes for somebody who records it himself."""
        return Span(self._clock)

    def happened(
        self, operation: str, subject: str, outcome: str = OK, trace: str = "", **route: Any
    ) -> None:
        """Something took place that takes no time."""
        self.took(operation, subject, outcome, 0.0, {}, trace, route)

    def took(
        self,
        operation: str,
        subject: str,
        outcome: str,
        elapsed_ms: float,
        parts: dict[str, float],
        trace: str,
        route: dict[str, Any],
    ) -> None:
        """An operation has ended that somebody else has timed; the parts add up."""
        self.count(f"{operation}.{_sort(outcome)}")
        self._keep(operation, subject, outcome, elapsed_ms, parts, trace, route)

    def _ended(self, span: Span, outcome: str, route: dict[str, Any]) -> None:
        elapsed_ms = (span.elapsed_s or 0.0) * 1000
        self.took(span.operation, span.subject, outcome, elapsed_ms, span.parts_ms(), span.trace, route)

    def _keep(
        self,
        operation: str,
        subject: str,
        outcome: str,
        elapsed_ms: float,
        parts: dict[str, float],
        trace: str,
        route: dict[str, Any],
    ) -> None:
        stands_for = 1 if outcome != OK or self.diagnostic else self._share(operation)
        if not stands_for:
            return
        self._serial += 1
        place = (self._serial, self._clock.wall_ms(), operation, subject, outcome, elapsed_ms)
        record = Record(*place, parts, trace, route, stands_for)
        ring = self._rings.get(operation)
        if ring is None:
            if len(self._rings) >= OPERATIONS_MAX:
                self.count("diagnostics.operations_full")
                return
            ring = self._rings[operation] = deque(maxlen=RECORDS_PER_OPERATION_MAX)
        ring.append(record)
        if outcome not in (OK, *GIVEN_UP) and not operation.startswith(ALIKE):
            self._failures.append(record)
        self._tell(self.on_record, record)

    def _share(self, operation: str) -> int:
        """How many a record of this operation stands for that went well; 0: it is not kept."""
        rate, second = self._rates.setdefault(operation, _Rate()), int(self._clock.monotonic())
        if rate.second != second:
            rate.second, rate.count = second, 0
        rate.count += 1
        if rate.count <= SAMPLED_OVER_PER_S:
            return 1
        return SAMPLE if (rate.count - SAMPLED_OVER_PER_S) % SAMPLE == 0 else 0

    def records(self, wanted: Wanted = ALL, limit: int = RECORDS_PER_OPERATION_MAX) -> list[Record]:
        """The newest ``limit`` of the records that are wanted, in the order in which they ended."""
        exchanges = (_exchange(*each) for each in self._exchanges)
        rings = [*self._rings.values(), self._failures, exchanges]
        newest, last = deque[Record](maxlen=limit), 0
        for record in heapq.merge(*(wanted.of(ring) for ring in rings), key=attrgetter("serial")):
            if record.serial != last:  # what failed is in two rings
                newest.append(record)
            last = record.serial
        return list(newest)

    def exchanged(self, op: str, peer: str, outcome: str, elapsed_s: float, sends: int) -> None:
        """A single request has come to its end; who does not diagnose need not tell.

        It costs next to nothing here, and becomes a record only when somebody asks.
        """
        self._serial += 1
        self._exchanges.append((self._serial, self._clock.wall_ms(), op, peer, outcome, elapsed_s, sends))

    # -- deliveries --------------------------------------------------------------------------

    def attempt(
        self,
        message: str,
        peer: str,
        method: str,
        outcome: str,
        span: Span,
        channel: tuple[bytes, str],
        trace: str,
        again: bool = False,
    ) -> None:
        """One try to bring a message (its digest in hex) somewhere has ended; ends ``span``.

        ``channel``: its id and name; ``trace``: the message's id; ``again``: the same was tried with the same
        peer before.
        """
        span.end()
        now, elapsed_ms = self._clock.monotonic(), (span.elapsed_s or 0.0) * 1000
        attempts = self._attempts.get(message)
        if attempts is None:
            if len(self._attempts) >= self._traces_max:
                self._attempts.popitem(last=False)
            attempts = self._attempts[message] = deque(maxlen=self.ATTEMPTS_PER_MESSAGE_MAX)
        ended = Attempt(now, peer, method, outcome, elapsed_ms, span.parts_ms(), span.sent_s)
        if method in PUSHES:
            window = self._window(channel[0])
            window.add(now, acked=outcome == OK, again=again, elapsed_ms=elapsed_ms, parts=ended.parts)
        attempts.append(ended)
        self._tell(self.on_attempt, message, ended)
        self.count(f"attempt.{method}.{'ok' if outcome == OK else 'failed'}")
        if again:
            self.count(f"attempt.{method}.retried")
        if self.diagnostic or (outcome != OK and method != "pull"):
            route = {"message": message, "peer": peer, "channel": channel[1], "method": method}
            self._keep(f"attempt.{method}", peer, outcome, elapsed_ms, ended.parts, trace, route)

    def _window(self, channel_id: bytes) -> Windows:
        found = self._windows.get(channel_id)
        if found is None:
            found = self._windows[channel_id] = Windows()
            if len(self._windows) > WINDOWS_MAX:
                self._windows.popitem(last=False)
        self._windows.move_to_end(channel_id)
        return found

    def windows(self, channel_id: bytes) -> Windows:
        """How the pushes of a channel went by time; empty when there were none."""
        return self._windows.get(channel_id) or Windows()

    def attempts(self, message: str) -> list[Attempt]:
        """Every attempt known of one message, oldest first."""
        return list(self._attempts.get(message, ()))

    def snapshot(self, limit: int = 100) -> dict[str, Any]:
        """Counters and the newest records, JSON-able."""
        records = [record.told() for record in self.records(limit=limit)]
        return {"counters": dict(self.counters), "records": records}

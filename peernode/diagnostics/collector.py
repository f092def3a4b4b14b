"""``DiagnosticCollector``: what a node did, when, by which route and with what outcome.

Invariants: memory is bounded (a ring of ``config.traces_max`` records and as many message traces,
the oldest fall out first); recording never fails an operation; no message text is ever recorded.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from peernode.clock import Clock


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to bring one message to one peer."""

    at_s: float
    peer: str
    method: str
    """``publish``, ``direct``, ``initiator``, ``alternative``, ``pull`` …"""
    outcome: str
    """``ok`` or the reason why not."""
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Record:
    """One operation that has ended."""

    at_s: float
    operation: str
    subject: str
    outcome: str
    elapsed_ms: float
    route: dict[str, Any] = field(default_factory=dict)


class DiagnosticCollector:
    """Ring buffers of operations and of delivery attempts per message."""

    ATTEMPTS_PER_MESSAGE_MAX = 256

    def __init__(self, clock: Clock, traces_max: int) -> None:
        self._clock = clock
        self._traces_max = traces_max
        self._records: deque[Record] = deque(maxlen=traces_max)
        self._attempts: OrderedDict[str, deque[Attempt]] = OrderedDict()
        self.counters: dict[str, int] = {}
        self.on_attempt: list[Callable[[str, Attempt], None]] = []
        """Told of each attempt that has ended; must not raise."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max((len(trace) for trace in self._attempts.values()), default=0)
        return {
            "records": (len(self._records), self._traces_max),
            "traces": (len(self._attempts), self._traces_max),
            "attempts": (longest, self.ATTEMPTS_PER_MESSAGE_MAX),
        }

    def count(self, name: str, by: int = 1) -> None:
        """Add to a named counter; names are fixed in code, so their number is bounded."""
        self.counters[name] = self.counters.get(name, 0) + by

    def record(self, operation: str, subject: str, outcome: str, started_s: float, **route: Any) -> None:
        """An operation that began at ``started_s`` (monotonic) has ended."""
        now = self._clock.monotonic()
        self.count(f"{operation}.{'ok' if outcome == 'ok' else 'failed'}")
        self._records.append(Record(now, operation, subject, outcome, (now - started_s) * 1000, route))

    def attempt(self, message: str, peer: str, method: str, outcome: str, started_s: float) -> None:
        """One delivery or publish attempt of a message (its digest in hex) has ended."""
        now = self._clock.monotonic()
        trace = self._attempts.get(message)
        if trace is None:
            if len(self._attempts) >= self._traces_max:
                self._attempts.popitem(last=False)
            trace = self._attempts[message] = deque(maxlen=self.ATTEMPTS_PER_MESSAGE_MAX)
        ended = Attempt(now, peer, method, outcome, (now - started_s) * 1000)
        trace.append(ended)
        for listener in self.on_attempt:
            listener(message, ended)
        self.count(f"attempt.{method}.{'ok' if outcome == 'ok' else 'failed'}")

    def attempts(self, message: str) -> list[Attempt]:
        """Every attempt known of one message, oldest first."""
        return list(self._attempts.get(message, ()))

    def snapshot(self, limit: int = 100) -> dict[str, Any]:
        """Counters and the newest records, JSON-able."""
        recent = list(self._records)[-limit:]
        return {"counters": dict(self.counters), "records": [asdict(record) for record in recent]}

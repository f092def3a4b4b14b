"""What is remembered of operations that have ended, and of the tries to bring a message to somebody.

Invariants: all of it is JSON-able, of bounded size, and without texts, keys or names of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

OK = "ok"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to bring one message to one peer."""

    at_s: float
    peer: str
    method: str
    """``publish``, ``direct``, ``initiator``, ``alternative``, ``relay``, ``pull``."""
    outcome: str
    """``ok`` or the reason why not."""
    elapsed_ms: float
    parts: dict[str, float] = field(default_factory=dict)
    """Where the time went, in ms; see ``peernode.span``."""
    sent_s: float | None = None
    """When a datagram for it last went out, by the clock of ``at_s``; None: none did."""


@dataclass(slots=True)
class Record:
    """One operation that has ended; not frozen, which would make it three times as slow to make."""

    serial: int
    """Counts the records of one run of a node, from 1."""
    wall_ms: int
    """When it ended."""
    operation: str
    subject: str
    """What it was about: a channel's name, a message's digest, a node's id."""
    outcome: str
    """``ok`` or the code or reason why not."""
    elapsed_ms: float
    parts: dict[str, float]
    """Where the time went, in ms; adds up to ``elapsed_ms``."""
    trace: str
    """The id of the message that it was for, or nothing."""
    route: dict[str, Any]
    """Which peers, which way."""
    stands_for: int = 1
    """So many like it: in a flood of one operation only some are kept."""

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        # Not ``asdict``: it copies deeply, at several times the cost of everything else.
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(each.name for each in fields(Record))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records somebody wants to see; what is not said is not asked for."""

    since_ms: int = 0
    until_ms: int = 1 << 62
    operations: tuple[str, ...] = ()
    """``join`` stands for ``join`` and ``join.attempt``."""
    subject: str = ""
    trace: str = ""
    failed: bool = False
    """Only what did not end well."""
    after: int = 0
    """Only records with a higher serial."""

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        """Those of ``records`` that are wanted."""
        return (record for record in records if self.fits(record))

    def fits(self, record: Record) -> bool:
        """Whether a record is one of them."""
        if not self.since_ms <= record.wall_ms <= self.until_ms or record.serial <= self.after:
            return False
        if self.failed and record.outcome == OK:
            return False
        if self.subject and record.subject != self.subject:
            return False
        if self.trace and record.trace != self.trace:
            return False
        names = (record.operation, record.operation.partition(".")[0])
        return not self.operations or any(name in self.operations for name in names)

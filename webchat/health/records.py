"""The event log of a process: what its nodes recorded, in one order and with one count.

Each node keeps its own records (``DiagnosticCollector``); this is the newest of all of them, so that the
page can follow with one number and ask for what came after it. Invariants: at ``RECORDS_MAX`` the oldest fall
out, but of what administrators did the last ``ACTIONS_MAX`` stay, whatever nodes do meanwhile; a record says
which node it is of; nothing is added to what the engine recorded, so no text of anybody; whoever looks for
some of them lets the nodes go on after each ``SLICE`` records.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Protocol, TypeVar

RECORDS_MAX = 5000
ACTIONS_MAX = 500
SLICE = 100
"""Records looked at without a pause: under 3 ms."""

TAIL_MAX = 200
"""Records in one step of the live tail; of more the newest are told, and how many are not."""

FINE = ("ok", "left", "cancelled")
"""Outcomes that are no trouble."""

Told = dict[str, Any]
T = TypeVar("T")


class Recorded(Protocol):
    """What the engine recorded of one operation."""

    wall_ms: int
    operation: str
    subject: str
    outcome: str
    trace: str
    route: dict[str, Any]

    def told(self) -> Told:
        """All of it, JSON-able."""


Kept = tuple[int, str, Recorded]
"""A record with its number and its node's id; one that the log does not keep has no number, so 0."""


class EventLog:
    """See the module. Records are told only when somebody reads them: most fall out unread."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        """One life of the log: numbers of different ones have nothing to do with each other."""
        self.serial = 0
        self._records: deque[Kept] = deque(maxlen=RECORDS_MAX)
        self._actions: deque[Kept] = deque(maxlen=ACTIONS_MAX)

    def add(self, node: str, record: Recorded) -> None:
        """A node recorded something."""
        self.serial += 1
        self._records.append((self.serial, node, record))

    def add_action(self, action: Recorded) -> None:
        """An administrator did something; no node did it."""
        self.add("", action)
        self._actions.append(self._records[-1])

    def after(self, serial: int) -> tuple[list[Told], int]:
        """What came after ``serial``, at most the newest ``TAIL_MAX``, and how many are left out."""
        count = min(self.serial - serial, len(self._records), TAIL_MAX)
        newest = [self._records[at] for at in range(len(self._records) - count, len(self._records))]
        return [_told(*each) for each in newest], self.serial - serial - count

    def node_with(self, trace: str) -> str:
        """The node that was the first to record anything of a message; empty when none did."""
        return next((node for _, node, record in self._records if record.trace == trace), "")

    async def chosen(self, wanted: dict[str, Any], limit: int) -> tuple[list[Told], bool]:
        """The newest ``limit`` that are wanted, oldest first, and whether there were more."""
        first = self._records[0][0] if self._records else 0
        older = [kept for kept in self._actions if kept[0] < first]
        return await choose([*older, *self._records], wanted, limit)


async def choose(records: Sequence[Kept], wanted: dict[str, Any], limit: int) -> tuple[list[Told], bool]:
    """The newest ``limit`` that are wanted of ``records``, oldest first, and whether there were more."""
    found: deque[Kept] = deque(maxlen=limit)
    more = False
    async for kept in in_slices(records):
        if fits(kept[2], kept[1], wanted):
            more = more or len(found) == limit
            found.append(kept)
    return [_told(*each) async for each in in_slices(found)], more


async def in_slices(records: Iterable[T]) -> AsyncIterator[T]:
    """Each of them; others go on after each ``SLICE``."""
    for number, kept in enumerate(records, 1):
        yield kept
        if number % SLICE == 0:
            await asyncio.sleep(0)


def fits(record: Recorded, node: str, wanted: dict[str, Any]) -> bool:
    """Whether a record is one of those that a filter names; what it does not name is no matter."""
    operation, outcome = wanted.get("operation"), wanted.get("outcome")
    if operation and record.operation != operation and not record.operation.startswith(f"{operation}."):
        return False
    if outcome in ("ok", "failed"):
        if (record.outcome in FINE) != (outcome == "ok"):
            return False
    elif outcome and record.outcome != outcome:
        return False
    if wanted.get("since") and record.wall_ms < wanted["since"]:
        return False
    if wanted.get("until") and record.wall_ms > wanted["until"]:
        return False
    channel, text = wanted.get("channel"), (wanted.get("text") or "").lower()
    if channel and channel not in (record.subject, record.route.get("channel")):
        return False
    return not text or any(text in str(part).lower() for part in (node, *record.told().values()))


def _told(serial: int, node: str, record: Recorded) -> Told:
    return {**record.told(), "node": node, "serial": serial}

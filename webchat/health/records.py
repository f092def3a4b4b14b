"""The event log of a process: what its nodes recorded, in one order and with one count.

Each node keeps its own records (``DiagnosticCollector``); this is the newest of all of them, so that the
page can follow with one number and ask for what came after it. Invariants: at ``RECORDS_MAX`` the oldest fall
out, but operations that come in floods have rings of their own (``FLOODS_MAX``), so that they push out
nothing else, and of what administrators did the last ``ACTIONS_MAX`` stay, whatever nodes do meanwhile; an
answer says whether some of what it should hold may have fallen out; a record says which node it is of;
nothing is added to what the engine recorded, so no text of anybody; whoever looks for some of them lets the
nodes go on after each ``SLICE`` records.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import chain, islice, takewhile
from operator import itemgetter
from typing import Any, Protocol, TypeVar

RECORDS_MAX = 5000
ACTIONS_MAX = 500
FLOODS_MAX = {"attempt": 2500, "coordinator": 1000, "rpc": 1000, "verdict": 500}
"""Operations, by the first part of their names, of which one trouble causes any number."""

ALL_MAX = RECORDS_MAX + ACTIONS_MAX + sum(FLOODS_MAX.values())
"""What a log holds at most."""

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


class Ring:
    """The newest ``bound`` records of a group, and from when those are that are no longer here."""

    def __init__(self, bound: int) -> None:
        self.kept: deque[Kept] = deque(maxlen=bound)
        self.gone_until_ms = 0
        """By the time of the newest of those that fell out; 0: none did."""

    def add(self, kept: Kept) -> None:
        """Keep one more, instead of the oldest when there is no room."""
        if len(self.kept) == self.kept.maxlen:
            self.gone_until_ms = max(self.gone_until_ms, self.kept[0][2].wall_ms)
        self.kept.append(kept)

    def after(self, serial: int, limit: int) -> list[Kept]:
        """The newest ``limit`` after that one, the newest first."""
        newer = takewhile(lambda kept: kept[0] > serial, reversed(self.kept))
        return [*islice(newer, limit)]


class EventLog:
    """See the module. Records are told only when somebody reads them: most fall out unread."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        """One life of the log: numbers of different ones have nothing to do with each other."""
        self.serial = 0
        self._rest, self._actions = Ring(RECORDS_MAX), Ring(ACTIONS_MAX)
        self._floods = {group: Ring(bound) for group, bound in FLOODS_MAX.items()}

    def add(self, node: str, record: Recorded) -> None:
        """A node recorded something."""
        self._keep(self._floods.get(_group_of(record.operation), self._rest), node, record)

    def add_action(self, action: Recorded) -> None:
        """An administrator did something; no node did it."""
        self._keep(self._actions, "", action)

    def _keep(self, ring: Ring, node: str, record: Recorded) -> None:
        self.serial += 1
        ring.add((self.serial, node, record))

    @property
    def _rings(self) -> tuple[Ring, ...]:
        return (self._rest, self._actions, *self._floods.values())

    def _in_order(self) -> list[Kept]:
        return sorted(chain.from_iterable(ring.kept for ring in self._rings), key=itemgetter(0))

    def after(self, serial: int) -> tuple[list[Told], int]:
        """What came after ``serial``, at most the newest ``TAIL_MAX``, and how many are left out."""
        found = chain.from_iterable(ring.after(serial, TAIL_MAX) for ring in self._rings)
        newest = sorted(found, key=itemgetter(0))[-TAIL_MAX:]
        return [_told(*each) for each in newest], self.serial - serial - len(newest)

    async def chosen(self, wanted: dict[str, Any], limit: int) -> tuple[list[Told], bool]:
        """The newest ``limit`` that are wanted, oldest first, and whether there were more, also gone ones."""
        gone_until_ms = max(ring.gone_until_ms for ring in self._rings_of(wanted.get("operation") or ""))
        found, more = await choose(self._in_order(), wanted, limit)
        return found, more or 0 < gone_until_ms >= (wanted.get("since") or 0)

    def _rings_of(self, operation: str) -> Iterable[Ring]:
        """Where records of an operation may be; of no operation, of all."""
        if not operation:
            return self._rings
        flood = self._floods.get(_group_of(operation))
        return (flood,) if flood else (self._rest, self._actions)


def _group_of(operation: str) -> str:
    return operation.partition(".")[0]


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

"""One user's ordered events: numbered at the worker, delivered without holes at the consumer.

The channel layer between the two delivers at most once, so a batch of events is only a hint. The
worker's ``EventStream`` numbers every event from 1 and keeps the newest; a consumer's
``StreamReader`` passes on exactly the number after the last one that it passed on. Whatever is lost
on the way shows as a head beyond the reader's position, and the reader then asks for a replay. An
epoch is one life of a worker: numbers of different epochs have nothing to do with each other.

Plain state, no I/O: what is sent when is decided by ``webchat.chat.consumer`` and ``webchat.worker``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from webchat.chat.weights import weight_of

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a user's stream: after event ``number`` of ``epoch``."""

    epoch: str
    number: int

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The cursor of its text form, which ``frames`` has checked already."""
        epoch, _, number = text.partition(":")
        return cls(epoch, int(number))

    def __str__(self) -> str:
        return f"{self.epoch}:{self.number}"


class EventStream:
    """The worker's side: all events of a user in this epoch, the newest of them still held.

    Over ``events_max``, or over ``bytes_max`` (of JSON), the oldest are forgotten, never the newest; a reader
    that still needs them takes a snapshot.
    """

    def __init__(self, epoch: str, events_max: int, bytes_max: int) -> None:
        self.epoch = epoch
        self.head = 0
        self.bytes = 0
        self._events_max = events_max
        self._bytes_max = bytes_max
        self._events: deque[Event] = deque()
        self._weights: deque[int] = deque()

    def append(self, event: Event) -> None:
        """Number an event and keep it."""
        self.head += 1
        self._events.append(event)
        self._weights.append(weight_of(event))
        self.bytes += self._weights[-1]
        while len(self._events) > 1 and self._is_full():
            self._events.popleft()
            self.bytes -= self._weights.popleft()

    def _is_full(self) -> bool:
        return len(self._events) > self._events_max or self.bytes > self._bytes_max

    @property
    def cursor(self) -> Cursor:
        """The place after the newest event."""
        return Cursor(self.epoch, self.head)

    @property
    def forgotten(self) -> int:
        """How many of the first events are no longer held."""
        return self.head - len(self._events)

    def holds(self, cursor: Cursor) -> bool:
        """Whether everything after ``cursor`` is still here; never for a place that did not exist."""
        return cursor.epoch == self.epoch and self.forgotten <= cursor.number <= self.head

    def after(self, number: int, limit: int) -> list[Event]:
        """Up to ``limit`` events that follow ``number``; the caller has asked ``holds``."""
        start = number - self.forgotten
        return [self._events[index] for index in range(start, min(start + limit, len(self._events)))]


class StreamReader:
    """The consumer's side: decides which events of a batch come next, and whether some are missing.

    Before ``begin`` nothing is passed on; the heads seen meanwhile are remembered.
    """

    def __init__(self) -> None:
        self._position: Cursor | None = None
        self._seen = Cursor("", 0)

    @property
    def position(self) -> Cursor | None:
        """The place after the last event that was passed on."""
        return self._position

    def begin(self, start: Cursor, *, replayed: bool = False) -> Cursor:
        """Start, or start again, behind a snapshot; returns the place from which events follow.

        ``replayed``: behind the browser's own cursor; what was passed on meanwhile is not repeated.
        """
        old = self._position
        if replayed and old is not None and old.epoch == start.epoch and old.number > start.number:
            return old
        self._position = start
        return start

    def note_head(self, head: Cursor) -> None:
        """How far the stream has got, as a hint or an answer says.

        A late hint of an epoch that is over makes the reader ask, and the answer sets it right.
        """
        if head.epoch != self._seen.epoch or head.number > self._seen.number:
            self._seen = head

    def take(self, epoch: str, first: int, batch: list[Event]) -> list[tuple[Cursor, Event]]:
        """The events of a batch (numbered from ``first``) that are next in order, with their cursors."""
        if batch:
            self.note_head(Cursor(epoch, first + len(batch) - 1))
        if self._position is None or self._position.epoch != epoch:
            return []
        wanted = self._position.number + 1
        if not first <= wanted < first + len(batch):
            return []
        fresh = [
            (Cursor(epoch, number), batch[number - first]) for number in range(wanted, first + len(batch))
        ]
        self._position = fresh[-1][0]
        return fresh

    @property
    def misses_events(self) -> bool:
        """Whether there are events that were announced and not passed on."""
        if self._position is None or not self._seen.epoch:
            return False
        if self._seen.epoch != self._position.epoch:
            return True
        return self._seen.number > self._position.number

"""The one thread that writes: many commits, one transaction, one fsync.

Idea: while a transaction goes to the disk, the commits that arrive wait; the next transaction takes all of
them. So the rate of commits is not bound by the rate of fsyncs, and a lone commit waits for nothing.

Invariants:

* a waiter hears of success only after the transaction with its writes is durable;
* a transaction that fails changes nothing; its commits are then tried one by one, so that a bad one fails
  alone;
* commits are written in the order of ``submit``; at most ``queue_max`` wait;
* one transaction is open at a time, that of ``set_right`` too, which blocks its caller instead;
* the thread never dies before ``close``: every error belongs to a commit and goes to its waiter.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from dataclasses import dataclass

from peernode.errors import Backpressure, LocalProtocolError, PeerNodeError
from peernode.store import righting, statements
from peernode.store.base import Write
from peernode.store.schema import meaning_of

BATCH_MAX = 1024
"""Commits of one transaction at most; more would make the first of them wait for the last."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Writes of a node, and who waits for them on which loop."""

    node: bytes
    writes: tuple[Write, ...]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(self, connection: sqlite3.Connection, queue_max: int) -> None:
        self.commits = 0
        self.transactions = 0
        """Transactions that became durable; each cost one fsync."""
        self.unheard = 0
        """Commits whose loop was closed before they could hear of their end."""
        self.not_folded: sqlite3.Error | None = None
        """Why the log could not be folded into the file at the end."""
        self._connection = connection
        self._turn = threading.Lock()
        """Held by whoever has a transaction open."""
        self._queue_max = queue_max
        self._waiting: deque[Commit] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, commit: Commit) -> None:
        """Queue a commit; raises ``Backpressure`` at the bound, ``LocalProtocolError`` after ``close``."""
        with self._changed:
            if self._closing:
                raise LocalProtocolError("commit after close")
            if len(self._waiting) >= self._queue_max:
                raise Backpressure(f"{self._queue_max} commits wait for the disk")
            self._waiting.append(commit)
            self._changed.notify()

    def set_right(self) -> int:
        """Put rows right that stand where they don't belong (``righting``), blocking; how many did.

        Raises what ``meaning_of`` makes of an error, ``LocalProtocolError`` after ``close``.
        """
        with self._turn:
            if self._closing:
                raise LocalProtocolError("set right after close")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                count = righting.set_right(self._connection)
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._rolled_back(error) from error
        return count

    def close(self) -> None:
        """Write what waits, end the thread, fold the log into the file and close the connection."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        with self._turn:
            self._fold()

    def _fold(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:  # nothing is lost: the log stays and is read at the next opening
            self.not_folded = error
        finally:
            self._connection.close()

    # -- in the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        while batch := self._next_batch():
            self._tell(batch, self._write(batch))

    def _next_batch(self) -> list[Commit]:
        """Everything that waits, up to ``BATCH_MAX``; empty only at the end."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]

    def _write(self, batch: list[Commit]) -> list[Exception | None]:
        error = self._transaction(batch)
        if error is None or len(batch) == 1:
            return [error] * len(batch)
        return [self._transaction([commit]) for commit in batch]

    def _transaction(self, batch: list[Commit]) -> Exception | None:
        with self._turn:
            return self._transact(batch)

    def _transact(self, batch: list[Commit]) -> Exception | None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            statements.run(self._connection, ((commit.node, commit.writes) for commit in batch))
            self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - it goes to whoever waits, and the thread lives on
            return self._rolled_back(error)
        self.transactions += 1
        self.commits += len(batch)
        return None

    def _rolled_back(self, error: Exception) -> PeerNodeError | LocalProtocolError:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as worse:
            error = worse
        meaning = meaning_of(error)
        meaning.__cause__ = error
        return meaning

    def _tell(self, batch: list[Commit], errors: list[Exception | None]) -> None:
        """Wake the waiters, each loop once."""
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], Exception | None]]] = {}
        for commit, error in zip(batch, errors, strict=True):
            loops.setdefault(commit.loop, []).append((commit.done, error))
        for loop, outcomes in loops.items():
            try:
                loop.call_soon_threadsafe(_settle, outcomes)
            except RuntimeError:  # the loop is closed
                self.unheard += len(outcomes)


def _settle(outcomes: list[tuple[asyncio.Future[None], Exception | None]]) -> None:
    for done, error in outcomes:
        if done.done():  # cancelled while it waited
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

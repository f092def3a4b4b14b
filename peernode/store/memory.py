"""A simulated disk: the same store in memory, with a commit latency, power cuts and rot.

Idea: like a real disk it does one flush at a time. A commit waits for the running flush and then joins
the next one, together with all others that wait; when none runs, one begins at the end of the loop's tick,
as the thread that writes in reality (``writer``) gets its turn when the loop waits. A flush takes
``latency_s`` of the running loop's time, which the simulator makes virtual. Nothing here draws random
numbers or reads a clock: what a power cut leaves of a running flush is said by whoever cuts.

Invariants:

* what ``commit`` has returned for survives every power cut; what waits is lost in one;
* a flush writes its commits one after the other, so at a power cut a first part of them is on the disk,
  though nobody has heard of it. The commit that was being written is torn: its checksum is wrong, and the
  write-ahead log of a real database discards it and what follows. A commit is there in full or not at all;
* a commit asked for on a store from before the cut never ends: a crashed host runs no more code.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Protocol

from peernode.errors import Backpressure, LocalProtocolError, PeerNodeError
from peernode.span import DISK, spent
from peernode.store.base import QUEUE_MAX, Write
from peernode.store.memory_tables import Tables, bytes_of
from peernode.store.memory_view import TablesView

LATENCY_S = 0.002
"""A flush of a common solid-state disk."""


@dataclass(frozen=True, slots=True)
class _Commit:
    """Writes of one node, and who waits for them."""

    tables: Tables
    writes: tuple[Write, ...]
    done: asyncio.Future[None]


class DiskWitness(Protocol):
    """Sees what a disk keeps and loses, at the very moment; must not raise or write."""

    def stored(self, writes: tuple[Write, ...]) -> None:
        """``writes`` have become durable."""
        ...

    def rotted(self, digest: bytes) -> None:
        """The message or part with this digest is damaged."""
        ...


class MemoryDisk:
    """The disk of one simulated machine; it survives its machine's crashes."""

    def __init__(self, latency_s: float = LATENCY_S, queue_max: int = QUEUE_MAX) -> None:
        self.latency_s = latency_s
        self.slowed_s: dict[str, float] = {}
        """By the name of what slows it down: how long a flush takes; the longest counts."""
        self.full = False
        """While true, commits fail with ``STORE_FULL`` and change nothing."""
        self.refused = 0
        """Commits that found it full."""
        self._free_bytes: dict[str, int] = {}
        self.commits = 0
        self.flushes = 0
        self.bytes = 0
        self.witness: DiskWitness | None = None
        self._queue_max = queue_max
        self.nodes: dict[bytes, Tables] = {}
        """What is durable, by node id."""
        self._waiting: list[_Commit] = []
        self._flushing: list[_Commit] = []
        self._starting = False
        """A flush begins with the next tick."""
        self._lost: list[_Commit] = []
        """Kept only so that the tasks that wait for them are not collected before the run ends."""
        self._life = 0
        self._next_flush: asyncio.Future[None] | None = None

    def store_for(self, node_id: bytes) -> MemoryStore:
        """A node's view, valid until the next ``power_cut``."""
        return MemoryStore(self, self.nodes.setdefault(node_id, Tables()), self._life)

    @property
    def flushing(self) -> int:
        """Commits of the running flush; 0: none runs."""
        return len(self._flushing)

    def next_flush(self) -> asyncio.Future[None]:
        """Done when the next flush begins."""
        if self._next_flush is None or self._next_flush.done():
            self._next_flush = asyncio.get_running_loop().create_future()
        return self._next_flush

    def power_cut(self, reached: float = 0.0) -> str:
        """Lose what is not durable, and say what became of the running flush.

        ``reached``: how much of it was written, from 0 (nothing) to 1 (all). The answer is ``lost``,
        ``torn`` or ``survived``, and empty when no flush was running.
        """
        count = len(self._flushing)
        for commit in self._flushing[: int(reached * count)]:
            if self._takes(commit):
                self._apply(commit)
        self._life += 1
        self._starting = False
        self._lost += self._flushing + self._waiting
        self._waiting = []
        self._flushing = []
        if not count:
            return ""
        return "survived" if reached >= 1 else "torn" if reached > 0 else "lost"

    def fill(self, name: str, free_bytes: int = 0) -> None:
        """Leave room for ``free_bytes``: the first commit over it finds the disk full, and all after it."""
        self._free_bytes[name] = free_bytes

    def make_room(self, name: str) -> None:
        """Take back a ``fill``; the disk has room again when it was the last one."""
        self._free_bytes.pop(name, None)
        if not self._free_bytes:
            self.full = False

    def rot(self, rng: random.Random, count: int = 1) -> int:
        """Flip a bit in each of ``count`` messages and parts; the number that there were to flip."""
        places = [(tables, place) for tables in self.nodes.values() for place in tables.places()]
        chosen = rng.sample(places, min(count, len(places)))
        for tables, place in chosen:
            tables.damage(place, rng.random())
            if self.witness is not None:
                self.witness.rotted(tables.digest_at(place))
        return len(chosen)

    async def flush(self, life: int, tables: Tables, writes: tuple[Write, ...]) -> None:
        """Make ``writes`` durable with the next flush; for ``MemoryStore.commit``."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        commit = _Commit(tables, writes, done)
        if life != self._life:
            self._lost.append(commit)
        elif len(self._waiting) >= self._queue_max:
            raise Backpressure(f"{self._queue_max} commits wait for the disk")
        else:
            self._waiting.append(commit)
            if not self._flushing and not self._starting:
                self._starting = True
                loop.call_soon(self._begin, loop, life)
        await done

    def _begin(self, loop: asyncio.AbstractEventLoop, life: int) -> None:
        """The first flush after a rest, with what was asked for in one tick."""
        if life == self._life:
            self._starting = False
            self._start_flush(loop)

    def _start_flush(self, loop: asyncio.AbstractEventLoop) -> None:
        self._flushing, self._waiting = self._waiting, []
        takes_s = max(self.latency_s, *self.slowed_s.values()) if self.slowed_s else self.latency_s
        loop.call_later(takes_s, self._end_flush, loop, self._life)
        if self._next_flush is not None and not self._next_flush.done():
            self._next_flush.set_result(None)

    def _end_flush(self, loop: asyncio.AbstractEventLoop, life: int) -> None:
        if life != self._life:
            return
        flushed, self._flushing = self._flushing, []
        self.flushes += 1
        for commit in flushed:
            if not self._takes(commit):
                self.refused += 1
                _fail(commit.done, PeerNodeError("STORE_FULL", "the simulated disk is full"))
                continue
            self._apply(commit)
            self.commits += 1
            self.bytes += sum(bytes_of(write) for write in commit.writes)
            if not commit.done.done():
                commit.done.set_result(None)
        if self._waiting:
            self._start_flush(loop)

    def _takes(self, commit: _Commit) -> bool:
        """Whether there is room for a commit, which is used up then."""
        if not self.full and self._free_bytes:
            size = sum(bytes_of(write) for write in commit.writes)
            self.full = size > min(self._free_bytes.values())
            if not self.full:
                self._free_bytes = {name: free - size for name, free in self._free_bytes.items()}
        return not self.full

    def _apply(self, commit: _Commit) -> None:
        commit.tables.apply(commit.writes)
        if self.witness is not None:
            self.witness.stored(commit.writes)

    @property
    def waiting(self) -> int:
        """Commits that wait for the running flush, at most ``waiting_max``."""
        return len(self._waiting)

    @property
    def waiting_max(self) -> int:
        """The bound of ``waiting``."""
        return self._queue_max


def _fail(done: asyncio.Future[None], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)


class MemoryStore(TablesView):
    """One node's view of a ``MemoryDisk``; a ``peernode.store.base.Store``."""

    def __init__(self, disk: MemoryDisk, tables: Tables, life: int) -> None:
        super().__init__(tables)
        self._disk = disk
        self._life = life
        self._closed = False

    async def commit(self, *writes: Write) -> None:
        """See ``Store.commit``."""
        if self._closed:
            raise LocalProtocolError("commit after close")
        if writes:
            with spent(DISK):
                await self._disk.flush(self._life, self._tables, writes)

    async def set_right(self) -> None:
        """See ``Store.set_right``."""
        if self._disk.full:
            raise PeerNodeError("STORE_FULL", "the simulated disk is full")
        self.righted += sum(table.set_right() for table in self._tables.messages.values())

    def close(self) -> None:
        """See ``Store.close``."""
        self._closed = True

"""``SqliteDatabase``: one SQLite file for all nodes of a process; ``SqliteStore``: one node's view of it.

Idea: writes go through one thread with group commit (``peernode.store.writer``); reads run at once on a
second, read-only connection, where the write-ahead log lets them see the last durable state while a
transaction is being written. Any asyncio loop will do, that of Twisted's asyncio reactor too.

Invariants: every read is by an index and costs what it returns, not what is stored; no read is left open,
which would keep the log from being folded into the file.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from peernode.channel.message import SEQ_MAX, Kind
from peernode.errors import LocalProtocolError, PeerNodeError
from peernode.span import DISK, spent
from peernode.store import queries
from peernode.store.base import ABOUT_MAX, QUEUE_MAX, SAME_ID_MAX, ChannelRow, OutboxRow, StreamRow, Write
from peernode.store.charging import charged
from peernode.store.inspection import Inspector
from peernode.store.schema import lock, meaning_of, open_reader, open_writer
from peernode.store.statements import outbox_sum
from peernode.store.writer import Commit, Writer

HEADS_PAGE = 4096
"""Rows of one read while a log is rebuilt."""

_AFTER_EVERY_KEY = b"\xff" * 73


class SqliteDatabase:
    """The file, its lock, its writer thread and its reading connection.

    ``bytes_max`` bounds the file (not the log beside it): over it commits fail with ``STORE_FULL``.
    Raises ``PeerNodeError`` ``STORE_LOCKED``, ``STORE_VERSION``, ``STORE_CORRUPT`` or ``STORE_FULL``.
    """

    def __init__(self, path: Path, *, queue_max: int = QUEUE_MAX, bytes_max: int | None = None) -> None:
        self.path = Path(path)
        self._lock: int | None = lock(self.path.with_name(self.path.name + ".lock"))
        try:
            connection = open_writer(self.path, bytes_max)
            try:
                self._reader = open_reader(self.path)
            except sqlite3.Error as error:
                connection.close()
                raise meaning_of(error) from error
        except BaseException:
            os.close(self._lock)
            raise
        self.writer = Writer(connection, queue_max)
        self._at_once = threading.Lock()

    def for_node(self, node_id: bytes) -> SqliteStore:
        """The view of the node with this id."""
        return SqliteStore(self, node_id)

    def rows(self, sql: str, values: tuple[Any, ...]) -> Generator[tuple[Any, ...], None, None]:
        """The rows of a query, read as they are asked for; to be closed when not read to the end."""
        try:
            with closing(self._reader.execute(sql, values)) as cursor:
                yield from cursor
        except sqlite3.Error as error:
            raise meaning_of(error) from error

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Have all reads inside see the same state of the file, whatever is committed meanwhile."""
        with self._at_once:
            list(self.rows("BEGIN", ()))
            try:
                yield
            finally:
                if self._reader.in_transaction:  # an error may have ended it
                    list(self.rows("COMMIT", ()))

    def close(self) -> None:
        """Wait for the commits that were asked for, fold the log into the file, let others open it.

        Blocks for as long as that takes; a second call does nothing.
        """
        if self._lock is None:
            return
        try:
            self._reader.close()
            self.writer.close()
        finally:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> SqliteDatabase:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class SqliteStore(Inspector):
    """One node's view of a ``SqliteDatabase``; a ``peernode.store.base.Store``."""

    def __init__(self, database: SqliteDatabase, node_id: bytes) -> None:
        super().__init__()
        self._database = database
        self._node = node_id
        self._closed = False

    async def commit(self, *writes: Write) -> None:
        """See ``Store.commit``."""
        if self._closed:
            raise LocalProtocolError("commit after close")
        if not writes:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._database.writer.submit(Commit(self._node, writes, loop, done))
        with spent(DISK):
            await done

    def close(self) -> None:
        """See ``Store.close``; the database stays open for its other nodes."""
        self._closed = True

    # -- reads --------------------------------------------------------------------------------

    def meta(self, key: str) -> bytes | None:
        """See ``Store.meta``."""
        return self._value(queries.META, key)

    def metas(self, prefix: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """See ``Store.metas``."""
        end = (
            prefix + "\U0010ffff"
        )  # the last character that there is: all that goes on from the prefix is before it
        rows = self._database.rows(queries.METAS, (self._node, prefix, after, end, limit))
        return [(key, value) for key, value in rows]

    def channels(self) -> list[ChannelRow]:
        """See ``Store.channels``."""
        rows = self._database.rows(queries.CHANNELS, (self._node,))
        return [
            ChannelRow(channel, name, bool(member), bool(stored)) for channel, name, member, stored in rows
        ]

    def heads(self, channel_id: bytes) -> Iterator[tuple[bytes, bytes, int, bytes]]:
        """See ``Store.heads``."""
        last: tuple[bytes, bytes, int, bytes] = (b"", b"", 0, b"")
        while True:
            page = list(self._database.rows(queries.HEADS, (self._node, channel_id, *last, HEADS_PAGE)))
            for author, instance, seq, digest in page:
                last = (author, instance, seq, digest)
                yield last
            if len(page) < HEADS_PAGE:
                return

    def charges(self, channel_id: bytes) -> list[tuple[bytes, int]]:
        """See ``Store.charges``."""
        try:
            with self._database.one_state():
                found = charged(self._database.rows, self._node, channel_id)
            if found is not None:
                return found
        except PeerNodeError as error:
            if error.code != "STORE_CORRUPT":
                raise  # else it may be an index that points at nothing
        self.misfiled()
        try:
            self.righted += self._database.writer.set_right()
        except (PeerNodeError, LocalProtocolError):
            self.misfiled()  # no room for it now: whoever is told of it tries again
        return charged(self._database.rows, self._node, channel_id, believed=True) or []

    async def set_right(self) -> None:
        """See ``Store.set_right``."""
        loop = asyncio.get_running_loop()
        self.righted += await loop.run_in_executor(None, self._database.writer.set_right)

    def messages(
        self, channel_id: bytes, author: bytes, instance: bytes, low: int, high: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """See ``Store.messages``."""
        if low > SEQ_MAX:
            return []
        stream = (author, instance, max(low, 0), min(high, SEQ_MAX))
        return self._sound(queries.MESSAGES, channel_id, stream, limit)

    def stream_rows(
        self, channel_id: bytes, author: bytes, instance: bytes, limit: int
    ) -> list[StreamRow] | None:
        """See ``Store.stream_rows``."""
        stream = (self._node, channel_id, author, instance, 0, SEQ_MAX)
        with closing(self._database.rows(queries.MESSAGES, stream)) as rows:
            return self.keys_of(channel_id, islice(rows, limit))

    def digest_at(self, channel_id: bytes, author: bytes, instance: bytes, seq: int) -> bytes | None:
        """See ``Store.digest_at``."""
        if not 0 <= seq <= SEQ_MAX:
            return None
        return self._value(queries.DIGEST_AT, channel_id, author, instance, seq)

    def newest(self, channel_id: bytes, before: bytes | None, limit: int) -> list[bytes]:
        """See ``Store.newest``."""
        key = _AFTER_EVERY_KEY if before is None else before
        return [raw for _, raw in self._sound(queries.NEWEST, channel_id, (key,), limit, below=key)]

    def by_id(self, channel_id: bytes, message_id: bytes) -> list[bytes]:
        """See ``Store.by_id``."""
        wanted = (message_id, SAME_ID_MAX)
        return [raw for _, raw in self._sound(queries.BY_ID, channel_id, wanted, SAME_ID_MAX)]

    def about(self, channel_id: bytes, target: bytes) -> list[bytes]:
        """See ``Store.about``."""
        return [raw for _, raw in self._sound(queries.ABOUT, channel_id, (target,), ABOUT_MAX)][::-1]

    def of_kind(self, channel_id: bytes, kind: int) -> list[bytes]:
        """See ``Store.of_kind``."""
        query = queries.TEXTS if kind == Kind.TEXT else queries.OF_KIND
        return [raw for _, raw in self._sound(query, channel_id, (int(kind),), None)]

    def count(self, channel_id: bytes) -> int:
        """See ``Store.count``."""
        ((count,),) = self._database.rows(queries.COUNT, (self._node, channel_id))
        return int(count)

    def part(self, digest: bytes) -> bytes | None:
        """See ``Store.part``."""
        block = self._value(queries.PART, digest)
        return block if block is not None and self.part_is_sound(digest, block) else None

    def fates(self) -> list[tuple[bytes, bytes]]:
        """See ``Store.fates``."""
        return list(self._database.rows(queries.FATES, (self._node,)))

    def outbox(self) -> list[OutboxRow]:
        """See ``Store.outbox``."""
        return [row for row, row_sum in self._outbox_rows() if self.is_equal(outbox_sum(row), row_sum)]

    def outbox_damaged(self) -> list[OutboxRow]:
        """See ``Store.outbox_damaged``."""
        return [row for row, row_sum in self._outbox_rows() if outbox_sum(row) != row_sum]

    def _outbox_rows(self) -> list[tuple[OutboxRow, bytes]]:
        rows = self._database.rows(queries.OUTBOX, (self._node,))
        return [(OutboxRow(*row), row_sum) for *row, row_sum in rows]

    def peers(self) -> list[bytes]:
        """See ``Store.peers``."""
        return [contact for (contact,) in self._database.rows(queries.PEERS, (self._node,))]

    def _value(self, sql: str, *values: Any) -> bytes | None:
        for (value,) in list(self._database.rows(sql, (self._node, *values))):
            return bytes(value)
        return None

    def _sound(
        self, sql: str, channel_id: bytes, values: tuple[Any, ...], limit: int | None, below: bytes = b""
    ) -> list[tuple[int, bytes]]:
        """The first ``limit`` messages of a query that are sound, as (seq, canonical bytes).

        With ``below`` each comes in the order before the one before it: else an index is not in its order,
        and whoever reads on from the last one would do so for ever.
        """
        found: list[tuple[int, bytes]] = []
        if limit is not None and limit <= 0:
            return found
        with closing(self._database.rows(sql, (self._node, channel_id, *values))) as rows:
            for row in rows:
                if not self.message_is_sound(channel_id, row):
                    continue
                if below and row[6] >= below:
                    self.misfiled()
                    continue
                below = below and row[6]
                found.append((row[2], row[-1]))
                if len(found) == limit:
                    break
        return found

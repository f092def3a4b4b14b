"""Writes as SQL, put together so that a batch of commits is a handful of statements.

Idea: rows of one table that come one after another go into one statement with many rows. That is not for
SQLite's sake but for Python's: each statement lets go of the interpreter's lock and has to wait for a busy
event loop to get it back.

Invariants: within a table the changes keep their order, and no read lies between them; across tables the
order has no meaning, because they become visible together.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from peernode.store.base import (
    DropChannel,
    DropFate,
    DropMessages,
    DropMeta,
    DropOutbox,
    DropParts,
    ForgetNode,
    OutboxRow,
    PutChannel,
    PutFate,
    PutMessage,
    PutMeta,
    PutOutbox,
    PutPart,
    PutPeers,
    Write,
)
from peernode.store.schema import TABLES

ROWS_MAX = 256
"""Rows of one statement; at ten values each this is far below SQLite's bound of 32,766 values."""

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL around a list of rows with ``width`` values each."""

    table: str
    head: str
    width: int
    tail: str = ""

    def sql(self, rows: int) -> str:
        """The text for so many rows."""
        row = f"({', '.join('?' * self.width)})"
        return f"{self.head} VALUES {', '.join([row] * rows)}{self.tail}"


def _upsert(table: str, keys: str, others: str) -> Statement:
    columns = f"{keys}, {others}"
    changes = ", ".join(f"{name} = excluded.{name}" for name in others.split(", "))
    tail = f" ON CONFLICT ({keys}) DO UPDATE SET {changes}"
    return Statement(table, f"INSERT INTO {table} ({columns})", len(columns.split(", ")), tail)


def _delete(table: str, keys: str) -> Statement:
    head = f"DELETE FROM {table} WHERE ({keys}) IN ("  # noqa: S608 - of our own names only
    return Statement(table, head, len(keys.split(", ")), ")")


PUT_META = _upsert("meta", "node, key", "value")
DROP_META = _delete("meta", "node, key")
PUT_CHANNEL = _upsert("channels", "node, channel", "name, member, stored")
DROP_CHANNEL = _delete("channels", "node, channel")
PUT_MESSAGE = _upsert(
    "messages", "node, channel, author, instance, seq, digest", "id, kind, order_key, raw, target"
)
DROP_MESSAGES = _delete("messages", "node, channel")
DROP_SEQS = _delete("messages", "node, channel, author, instance, seq")
PUT_PART = _upsert("parts", "node, digest", "block")
DROP_PART = _delete("parts", "node, digest")
PUT_OUTBOX = _upsert("outbox", "node, id", "channel, raw, text, state, error_code, created_ms, sum")
DROP_OUTBOX = _delete("outbox", "node, id")
PUT_FATE = _upsert("fates", "node, id", "fate")
DROP_FATE = _delete("fates", "node, id")
PUT_PEER = _upsert("peers", "node, place", "contact")
DROP_PEERS = _delete("peers", "node")
FORGET = tuple(_delete(table, "node") for table in TABLES)


def outbox_sum(row: OutboxRow) -> bytes:
    """What a damaged outbox row is known by: BLAKE2b-128 over all of it."""
    parts = (row.id, row.channel_id, row.raw, row.text, row.state, row.error_code, row.created_ms)
    return hashlib.blake2b(ascii(parts).encode(), digest_size=16).digest()


def changes_of(node: bytes, write: Write) -> Iterator[tuple[Statement, Values]]:
    """The rows that a write changes."""
    match write:
        case PutMessage(m):
            place = (node, m.channel_id, m.author, m.instance, m.seq, m.digest)
            target = m.target.key if m.target else None
            yield PUT_MESSAGE, (*place, m.id, int(m.kind), m.order_key, m.raw, target)
        case DropMessages(channel_id, author, instance, seqs):
            for seq in seqs:
                yield DROP_SEQS, (node, channel_id, author, instance, seq)
        case PutPart(digest, block):
            yield PUT_PART, (node, digest, block)
        case DropParts(digests):
            for digest in digests:
                yield DROP_PART, (node, digest)
        case PutOutbox(row):
            content = (row.raw, row.text, row.state, row.error_code, row.created_ms)
            yield PUT_OUTBOX, (node, row.id, row.channel_id, *content, outbox_sum(row))
        case DropOutbox(message_id):
            yield DROP_OUTBOX, (node, message_id)
        case PutFate(message_id, fate):
            yield PUT_FATE, (node, message_id, fate)
        case DropFate(message_id):
            yield DROP_FATE, (node, message_id)
        case PutChannel(channel):
            yield PUT_CHANNEL, (node, channel.channel_id, channel.name, channel.member, channel.stored)
        case DropChannel(channel_id):
            yield DROP_CHANNEL, (node, channel_id)
            yield DROP_MESSAGES, (node, channel_id)
        case PutMeta(key, value):
            yield PUT_META, (node, key, value)
        case DropMeta(key):
            yield DROP_META, (node, key)
        case PutPeers(contacts):
            yield DROP_PEERS, (node,)
            for place_no, contact in enumerate(contacts):
                yield PUT_PEER, (node, place_no, contact)
        case ForgetNode():
            for statement in FORGET:
                yield statement, (node,)
        case _:
            assert_never(write)


def run(connection: sqlite3.Connection, commits: Iterable[tuple[bytes, tuple[Write, ...]]]) -> None:
    """Execute the writes of (node, writes) pairs inside the caller's transaction."""
    tables: dict[str, list[tuple[Statement, list[Values]]]] = {}
    for node, writes in commits:
        for write in writes:
            for statement, values in changes_of(node, write):
                runs = tables.setdefault(statement.table, [])
                if not runs or runs[-1][0] is not statement:
                    runs.append((statement, []))
                runs[-1][1].append(values)
    for runs in tables.values():
        for statement, rows in runs:
            _execute(connection, statement, rows)


def _execute(connection: sqlite3.Connection, statement: Statement, rows: list[Values]) -> None:
    for start in range(0, len(rows), ROWS_MAX):
        part = rows[start : start + ROWS_MAX]
        connection.execute(statement.sql(len(part)), [value for row in part for value in row])

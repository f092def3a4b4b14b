"""Puts rows of messages right that stand under a wrong key, and makes the table's indices anew.

Idea: an index that disagrees with its table makes SQLite refuse to change the row, and a key may be wrong in
either. So the indices go first, the table is read from its beginning to its end, and the indices are made of
what is left. That costs a read of the whole table, and is done only when such a row was met.

Invariants: all of it happens inside the caller's transaction; a row whose bytes are a signed message is
written anew under that message's keys; one whose bytes are damaged stays, for its place says what to fetch
again, unless the keys contradict each other: then nothing of it can be believed, it goes, and its message is
missing; a row is never moved to another node.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from peernode.channel.message import Message, decode_message
from peernode.errors import RemoteProtocolError
from peernode.store.base import PutMessage
from peernode.store.inspection import COLUMNS, State, keys_fit, state_of
from peernode.store.schema import MESSAGE_INDICES
from peernode.store.statements import run

ROWS_PAGE = 256
_ROWS = (
    f"SELECT rowid, node, channel, {COLUMNS}"  # noqa: S608
    " FROM messages NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?"
)
_TWICE = (
    "DELETE FROM messages WHERE rowid NOT IN"
    " (SELECT max(rowid) FROM messages GROUP BY node, channel, author, instance, seq, digest)"
)
"""Of a row that its index had lost, and that was therefore written once more."""


def set_right(connection: sqlite3.Connection) -> int:
    """Do it; how many rows stood wrong or twice."""
    for name in MESSAGE_INDICES:
        connection.execute(f"DROP INDEX IF EXISTS {name}")
    wrong = list(_wrong(connection))
    connection.executemany("DELETE FROM messages WHERE rowid = ?", [(rowid,) for rowid, _, _ in wrong])
    twice = 0
    for statement in MESSAGE_INDICES.values():
        try:
            connection.execute(statement)
        except sqlite3.IntegrityError:
            twice = connection.execute(_TWICE).rowcount
            connection.execute(statement)
    run(connection, [(node, (PutMessage(message),)) for _, node, message in wrong if message is not None])
    return len(wrong) + twice


def _wrong(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes, Message | None]]:
    """The misfiled rows: where they are, whose they are, and the message if their bytes are one."""
    last = -(1 << 63)
    while page := connection.execute(_ROWS, (last, ROWS_PAGE)).fetchall():
        last = page[-1][0]
        for rowid, node, channel, *columns in page:
            row = tuple(columns)
            if not keys_fit(channel, row) and state_of(channel, row) is State.MISFILED:
                yield rowid, node, _message_in(row[-1]) if isinstance(node, bytes) else None


def _message_in(raw: object) -> Message | None:
    try:
        return decode_message(raw) if isinstance(raw, bytes) else None
    except RemoteProtocolError:
        return None

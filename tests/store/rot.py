"""What rot does to a real file: its indices lose entries, hold others, or hold them in a wrong order."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from peernode.channel.kinds import Kind, Target
from peernode.channel.message import Message
from peernode.store.base import PutMessage
from peernode.store.schema import MESSAGE_INDICES
from tests.store.disks import ALICE, CHANNEL, FileDisk, message, message_id
from tests.store.test_file import execute

COUNT = 12
ABOUT_ONE = Target(ALICE.node_id, message_id(1)).key


async def filled(disk: FileDisk) -> list[Message]:
    """A text, and reactions to it."""
    reaction = ABOUT_ONE + b"\x01+"
    ours = [message(1)]
    ours += [message(number, kind=Kind.REACTION, body=reaction) for number in range(2, COUNT + 1)]
    await disk.store().commit(*(PutMessage(one) for one in ours))
    return ours


def behind_index(path: Path, index: str, sql: str) -> None:
    """Change the table without this index's hearing of it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        found = "SELECT * FROM sqlite_schema WHERE name = ?"
        schema = connection.execute(found, (index,)).fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (index,))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", schema)


class Bytes:
    """The page of an index in the file; the index is so small that it has one."""

    def __init__(self, path: Path, index: str) -> None:
        with closing(sqlite3.connect(path)) as connection:
            found = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            (page,) = connection.execute(found, (index,)).fetchone()
            (size,) = connection.execute("PRAGMA page_size").fetchone()
        self._path = path
        self._at = (page - 1) * size
        self._content = bytearray(path.read_bytes())
        assert self._content[self._at] == 10, "a leaf of an index"

    def swap(self, first: int, second: int) -> None:
        """Let two entries stand in each other's place."""
        one, other = (self._at + 8 + 2 * place for place in (first, second))
        content = self._content
        content[one : one + 2], content[other : other + 2] = (
            content[other : other + 2],
            content[one : one + 2],
        )
        self._path.write_bytes(content)

    def rot(self, place: int, before: bytes, after: bytes) -> None:
        """Let an entry have other bytes."""
        pointer = self._at + 8 + 2 * place
        entry = self._at + int.from_bytes(self._content[pointer : pointer + 2], "big")
        at = self._content.index(before, entry)
        self._content[at : at + len(before)] = after
        self._path.write_bytes(self._content)


def swap(path: Path, index: str) -> None:
    Bytes(path, index).swap(4, 5)


def forget(path: Path, index: str, seq: int = 5) -> None:
    """Lose a number's entry; the row stays."""
    row = "node, channel, author, instance, seq, digest, id, kind, order_key, raw, target"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE kept AS SELECT {row} FROM messages WHERE seq = {seq}")
        connection.execute(f"DELETE FROM messages WHERE seq = {seq}")
    behind_index(path, index, f"INSERT INTO messages ({row}) SELECT {row} FROM kept")
    execute(path, "DROP TABLE kept")


def of_another_channel(path: Path, index: str) -> None:
    Bytes(path, index).rot(4, CHANNEL, b"a" * 20)


def of_another_key(path: Path, index: str) -> None:
    """The target's last byte is the message's number, which is 1; its order stays."""
    Bytes(path, index).rot(10, ABOUT_ONE, ABOUT_ONE[:-1] + b"\x02")


def of_another_type(path: Path, index: str) -> None:
    """The key in the order is said to be text, not bytes."""
    Bytes(path, index).rot(4, b"\x81\x1c", b"\x81\x1d")


def without_entries(path: Path, index: str) -> None:
    """Empty an index, in a file that has no room left in it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP INDEX {index}")
        connection.execute("VACUUM")
        connection.execute(f"{MESSAGE_INDICES[index]} WHERE seq < 0")
        connection.execute("PRAGMA writable_schema = ON")
        whole = "UPDATE sqlite_schema SET sql = ? WHERE name = ?"
        connection.execute(whole, (MESSAGE_INDICES[index], index))
        connection.commit()

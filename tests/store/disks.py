"""What the tests of the store share: messages, and two kinds of disks behind one small face."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from peernode.channel.message import ZERO_PREV, Kind, Message, sign_message
from peernode.channel.parts import part_digest
from peernode.identity import Identity
from peernode.store.base import OutboxRow, Store
from peernode.store.memory import MemoryDisk
from peernode.store.sqlite import SqliteDatabase

NODE = b"n" * 20
OTHER_NODE = b"o" * 20
CHANNEL = b"c" * 20
OTHER_CHANNEL = b"d" * 20
INSTANCE = b"instance"
ALICE = Identity.from_seed(bytes([1]) * 32)
BOB = Identity.from_seed(bytes([2]) * 32)


def message_id(number: int) -> bytes:
    """A UUIDv7 that says ``number``."""
    return bytes([0, 0, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0]) + number.to_bytes(4, "big")


def message(
    seq: int,
    *,
    author: Identity = ALICE,
    channel_id: bytes = CHANNEL,
    body: bytes = b"hello",
    id_number: int | None = None,
    hlc: int | None = None,
    kind: Kind = Kind.TEXT,
) -> Message:
    """A signed message; by default its time and id follow from its number."""
    return sign_message(
        author,
        channel_id=channel_id,
        instance=INSTANCE,
        seq=seq,
        prev=ZERO_PREV if seq == 1 else b"p" * 16,
        id=message_id(seq if id_number is None else id_number),
        hlc=(seq << 16) if hlc is None else hlc,
        kind=kind,
        body=body,
    )


def outbox_row(number: int, created_ms: int = 0, text: str = "hello") -> OutboxRow:
    """A waiting message."""
    return OutboxRow(message_id(number), CHANNEL, b"raw", text, "pending", "", created_ms)


class Disk(Protocol):
    """A disk of either kind."""

    def store(self, node_id: bytes = NODE) -> Store:
        """A node's view."""
        ...

    def restart(self) -> None:
        """End the program and start it again; the views from before are void."""
        ...

    def damage_message(self, message: Message, node_id: bytes = NODE) -> None:
        """Flip a bit of a stored message."""
        ...

    def damage_part(self, block: bytes, node_id: bytes = NODE) -> None:
        """Flip a bit of a stored block."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def flipped(content: bytes) -> bytes:
    """``content`` with one bit changed."""
    return content[:-1] + bytes([content[-1] ^ 1])


class FileDisk:
    """A real SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = SqliteDatabase(path)

    def store(self, node_id: bytes = NODE) -> Store:
        return self.database.for_node(node_id)

    def restart(self) -> None:
        self.database.close()
        self.database = SqliteDatabase(self.path)

    def damage_message(self, message: Message, node_id: bytes = NODE) -> None:
        self.execute(
            "UPDATE messages SET raw = ? WHERE node = ? AND digest = ?",
            (flipped(message.raw), node_id, message.digest),
        )

    def damage_part(self, block: bytes, node_id: bytes = NODE) -> None:
        self.execute(
            "UPDATE parts SET block = ? WHERE node = ? AND digest = ?",
            (flipped(block), node_id, part_digest(block)),
        )

    def execute(self, sql: str, values: tuple[object, ...] = ()) -> None:
        """Change the file behind the program's back; exactly one row."""
        with closing(sqlite3.connect(self.path)) as connection, connection:
            assert connection.execute(sql, values).rowcount == 1

    def close(self) -> None:
        self.database.close()


class SimulatedDisk:
    """A disk in memory, as quick as can be."""

    def __init__(self) -> None:
        self.disk = MemoryDisk(latency_s=0.0)

    def store(self, node_id: bytes = NODE) -> Store:
        return self.disk.store_for(node_id)

    def restart(self) -> None:
        self.disk.power_cut()

    def damage_message(self, message: Message, node_id: bytes = NODE) -> None:
        self.disk.nodes[node_id].damage((message.channel_id, message.order_key), 0.5)

    def damage_part(self, block: bytes, node_id: bytes = NODE) -> None:
        self.disk.nodes[node_id].damage((b"", part_digest(block)), 0.5)

    def close(self) -> None:
        self.disk.power_cut()

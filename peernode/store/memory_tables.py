"""What is durable on a simulated disk for one node, indexed like the real tables.

Invariants: ``apply`` changes nothing but through the writes it is given, and cannot fail half-way; all
lists are sorted, so that every read costs what it returns and not what there is.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from peernode.channel.message import Message
from peernode.store.base import (
    ChannelRow,
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
from peernode.store.inspection import MessageColumns

K = TypeVar("K")
Place = tuple[bytes, bytes]
"""(channel id, order key) of a message, or (empty, digest) of a part."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A stored message."""

    author: bytes
    instance: bytes
    seq: int
    digest: bytes
    raw: bytes
    message: Message
    """As it was written, whatever has become of ``raw`` and ``seq``."""

    def columns(self) -> MessageColumns:
        """As ``inspection.MessageColumns``; only number and bytes rot here."""
        written = self.message
        keys = (written.id, int(written.kind), written.order_key, written.target and written.target.key)
        return (self.author, self.instance, self.seq, self.digest, *keys, self.raw)


@dataclass(slots=True)
class ChannelTable:
    """The messages of one channel; the lists hold order keys."""

    rows: dict[bytes, MessageRow] = field(default_factory=dict)
    order: list[bytes] = field(default_factory=list)
    streams: dict[tuple[bytes, bytes], list[tuple[int, bytes, bytes]]] = field(default_factory=dict)
    """(author, instance) -> (seq, digest, order key)."""
    ids: dict[bytes, list[bytes]] = field(default_factory=dict)
    kinds: dict[int, list[bytes]] = field(default_factory=dict)
    targets: dict[bytes, list[bytes]] = field(default_factory=dict)
    """By ``kinds.Target.key``."""

    def put(self, message: Message) -> None:
        """Add or replace a message."""
        key = message.order_key
        author, instance, seq, digest = message.author, message.instance, message.seq, message.digest
        if key not in self.rows:
            bisect.insort(self.order, key)
            bisect.insort(self.streams.setdefault((author, instance), []), (seq, digest, key))
            bisect.insort(self.ids.setdefault(message.id, []), key)
            bisect.insort(self.kinds.setdefault(int(message.kind), []), key)
            if message.target is not None:
                bisect.insort(self.targets.setdefault(message.target.key, []), key)
        self.rows[key] = MessageRow(author, instance, seq, digest, message.raw, message)

    def set_right(self) -> int:
        """Give the rows whose number has rotted their number again; how many did."""
        wrong = [(key, row) for key, row in self.rows.items() if row.seq != row.message.seq]
        self.rows.update((key, replace(row, seq=row.message.seq)) for key, row in wrong)
        return len(wrong)

    def drop(self, author: bytes, instance: bytes, seqs: tuple[int, ...]) -> None:
        """Remove what a stream has under these numbers."""
        stream = self.streams.get((author, instance), [])
        gone = frozenset(seqs)
        for _, _, key in [place for place in stream if place[0] in gone]:
            message = self.rows.pop(key).message
            self.order.remove(key)
            _remove(self.ids, message.id, key)
            _remove(self.kinds, int(message.kind), key)
            if message.target is not None:
                _remove(self.targets, message.target.key, key)
        stream[:] = [place for place in stream if place[0] not in gone]
        if not stream:
            self.streams.pop((author, instance), None)


def _remove(index: dict[K, list[bytes]], name: K, key: bytes) -> None:
    """Take a key out of one list of an index, and the list with its last one."""
    index[name].remove(key)
    if not index[name]:
        del index[name]


NO_MESSAGES = ChannelTable()
"""Of a channel without any; never written to."""


@dataclass(slots=True)
class Tables:
    """All rows of one node."""

    meta: dict[str, bytes] = field(default_factory=dict)
    channels: dict[bytes, ChannelRow] = field(default_factory=dict)
    messages: dict[bytes, ChannelTable] = field(default_factory=dict)
    parts: dict[bytes, bytes] = field(default_factory=dict)
    outbox: dict[bytes, OutboxRow] = field(default_factory=dict)
    fates: dict[bytes, bytes] = field(default_factory=dict)
    peers: tuple[bytes, ...] = ()

    def channel(self, channel_id: bytes) -> ChannelTable:
        """The channel's messages, for reading."""
        return self.messages.get(channel_id, NO_MESSAGES)

    def apply(self, writes: tuple[Write, ...]) -> None:
        """Change the rows as one commit does."""
        for write in writes:
            self._apply(write)

    def _apply(self, write: Write) -> None:
        match write:
            case PutMessage(message):
                self.messages.setdefault(message.channel_id, ChannelTable()).put(message)
            case DropMessages(channel_id, author, instance, seqs):
                if channel_id in self.messages:
                    self.messages[channel_id].drop(author, instance, seqs)
            case PutPart(digest, block):
                self.parts[digest] = block
            case DropParts(digests):
                for digest in digests:
                    self.parts.pop(digest, None)
            case PutOutbox(row):
                self.outbox[row.id] = row
            case DropOutbox(message_id):
                self.outbox.pop(message_id, None)
            case PutFate(message_id, fate):
                self.fates[message_id] = fate
            case DropFate(message_id):
                self.fates.pop(message_id, None)
            case PutChannel(channel_row):
                self.channels[channel_row.channel_id] = channel_row
            case DropChannel(channel_id):
                self.channels.pop(channel_id, None)
                self.messages.pop(channel_id, None)
            case PutMeta(key, value):
                self.meta[key] = value
            case DropMeta(key):
                self.meta.pop(key, None)
            case PutPeers(contacts):
                self.peers = tuple(contacts)
            case ForgetNode():
                self.meta, self.channels, self.messages = {}, {}, {}
                self.parts, self.outbox, self.fates, self.peers = {}, {}, {}, ()
            case _:
                assert_never(write)

    # -- rot ----------------------------------------------------------------------------------

    def places(self) -> list[Place]:
        """Everything that can rot."""
        messages = [(channel_id, key) for channel_id, table in self.messages.items() for key in table.order]
        return messages + [(b"", digest) for digest in self.parts]

    def digest_at(self, place: Place) -> bytes:
        """What names the content that was written at ``place``."""
        channel_id, key = place
        return self.messages[channel_id].rows[key].digest if channel_id else key

    def misfile(self, place: Place, seq: int) -> None:
        """Let the row of a message stand under another number."""
        channel_id, key = place
        rows = self.messages[channel_id].rows
        rows[key] = replace(rows[key], seq=seq)

    def damage(self, place: Place, where: float) -> None:
        """Flip the lowest bit of the byte at ``where``, from 0 (first) to below 1 (last)."""
        channel_id, key = place
        if channel_id:
            rows = self.messages[channel_id].rows
            rows[key] = replace(rows[key], raw=_flipped(rows[key].raw, where))
        else:
            self.parts[key] = _flipped(self.parts[key], where)


def _flipped(content: bytes, where: float) -> bytes:
    changed = bytearray(content or b"\x01")
    changed[int(where * len(changed))] ^= 1
    return bytes(changed)


def bytes_of(write: Write) -> int:
    """What a write brings to the disk, without keys and indices."""
    match write:
        case PutMessage(message):
            return len(message.raw)
        case PutPart(_, block):
            return len(block)
        case PutOutbox(row):
            return len(row.raw) + len(row.text)
        case PutFate(_, value) | PutMeta(_, value):
            return len(value)
        case PutPeers(contacts):
            return sum(len(contact) for contact in contacts)
        case PutChannel(channel_row):
            return len(channel_row.name)
        case (
            DropMeta()
            | DropChannel()
            | DropMessages()
            | DropParts()
            | DropOutbox()
            | DropFate()
            | ForgetNode()
        ):
            return 0
        case _:
            assert_never(write)

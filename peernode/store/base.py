"""``Store``: one node's view of a disk; the rows in it and the writes that change it.

Idea: reads are synchronous and indexed, writes are small frozen objects handed to ``commit``. There are
two implementations with the same behaviour: ``peernode.store.sqlite`` and, for the simulator,
``peernode.store.memory``.

Invariants:

* ``commit`` returns after its writes are durable, and either all or none of them are;
* a read sees what is durable and nothing else: a write that may still be lost is not shown;
* commits of one process become durable in the order in which they were asked for;
* a message or part is verified when read. A bad one is *missing* (counted, and reported so that it can
  be fetched again), and committing it anew replaces it; one under a wrong key is put right by ``set_right``;
* two messages under one (author, instance, seq) with different digests, a fork, are both kept.

Cancelling a task that waits in ``commit`` does not take its writes back: they may become durable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from peernode.channel.message import Message
from peernode.store.rows import ChannelRow as ChannelRow
from peernode.store.rows import OutboxRow as OutboxRow
from peernode.store.rows import StreamRow as StreamRow

SAME_ID_MAX = 64
"""Messages that ``by_id`` returns at most, the first in the order; honest authors never reuse an id."""

ABOUT_MAX = 1024
"""Messages that ``about`` returns at most, the last in the order: earlier reactions are then forgotten."""

QUEUE_MAX = 4096
"""Commits of one process that wait at most for their turn; over it ``commit`` raises ``Backpressure``."""

BadRowReport = Callable[[bytes, bytes, bytes, int], None]
"""Called with channel_id, author, instance and seq of a message that is there but damaged."""


@dataclass(frozen=True, slots=True)
class PutMeta:
    """Remember ``value`` under ``key``."""

    key: str
    value: bytes


@dataclass(frozen=True, slots=True)
class DropMeta:
    """Forget what is remembered under ``key``, if anything is."""

    key: str


@dataclass(frozen=True, slots=True)
class PutChannel:
    """Add or replace a channel's row."""

    row: ChannelRow


@dataclass(frozen=True, slots=True)
class DropChannel:
    """Forget a channel and its messages. Parts stay: others may name the same content."""

    channel_id: bytes


@dataclass(frozen=True, slots=True)
class PutMessage:
    """Store a message; the same again replaces its row, which repairs a damaged one."""

    message: Message


@dataclass(frozen=True, slots=True)
class DropMessages:
    """Forget what one stream has under these numbers. Parts stay: others may name the same content."""

    channel_id: bytes
    author: bytes
    instance: bytes
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PutPart:
    """Store a block under its BLAKE2b-256 digest."""

    digest: bytes
    block: bytes


@dataclass(frozen=True, slots=True)
class DropParts:
    """Forget the blocks of these digests, which no message may need any more."""

    digests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PutOutbox:
    """Add or replace the outbox row of a message id."""

    row: OutboxRow


@dataclass(frozen=True, slots=True)
class DropOutbox:
    """Remove the outbox row of a message id, if there is one."""

    id: bytes


@dataclass(frozen=True, slots=True)
class PutFate:
    """Remember how far an own message got, in whatever form its writer gives it."""

    id: bytes
    fate: bytes


@dataclass(frozen=True, slots=True)
class DropFate:
    """Forget how far an own message got."""

    id: bytes


@dataclass(frozen=True, slots=True)
class PutPeers:
    """Replace the remembered peers by these encoded contacts, best first."""

    contacts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ForgetNode:
    """Remove everything that is kept for this node, as when its owner leaves for good."""


Write = (
    PutMeta
    | DropMeta
    | PutChannel
    | DropChannel
    | PutMessage
    | DropMessages
    | PutPart
    | DropParts
    | PutOutbox
    | DropOutbox
    | PutFate
    | DropFate
    | PutPeers
    | ForgetNode
)


class Store(Protocol):
    """One node's durable state. Reads raise ``PeerNodeError`` ``STORE_CORRUPT`` on an unreadable file."""

    bad_rows: int
    """Damaged rows that reads have met; a row that is met again counts again."""

    on_bad_row: BadRowReport | None
    """Told about a damaged message in the middle of a read: must return at once and not raise."""

    on_misfiled: Callable[[], None] | None
    """Told likewise that a row stands under a wrong key, in the table or in an index."""

    righted: int
    """Rows that stood under a wrong key and have been put right, or away."""

    def meta(self, key: str) -> bytes | None:
        """The value of a key, None when there is none."""
        ...

    def metas(self, prefix: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """At most ``limit`` (key, value), by key, of those that begin with ``prefix``, after ``after``."""
        ...

    def channels(self) -> list[ChannelRow]:
        """All channels, by id."""
        ...

    def heads(self, channel_id: bytes) -> Iterator[tuple[bytes, bytes, int, bytes]]:
        """(author, instance, seq, digest) of every message, sorted; to rebuild a log at the start.

        Reads no message, so damaged ones are named too; of those committed meanwhile it may show some.
        """
        ...

    def charges(self, channel_id: bytes) -> list[tuple[bytes, int]]:
        """(author, bytes) of every author with messages here, by ``quota.cost_of_raw``; reads them all.

        Who loads a channel asks this first: rows under a wrong key are put right here, before ``heads``.
        """
        ...

    def messages(
        self, channel_id: bytes, author: bytes, instance: bytes, low: int, high: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """The first ``limit`` messages of a stream from seq ``low`` to ``high`` (both included).

        As (seq, canonical bytes), by seq and digest; fewer than ``limit`` means there are no more.
        """
        ...

    def stream_rows(
        self, channel_id: bytes, author: bytes, instance: bytes, limit: int
    ) -> list[StreamRow] | None:
        """The first ``limit`` rows of a stream, damaged ones too, by seq and digest; these are not reported.

        None, and reported, when one of them stands under a wrong key: its number may be another message's.
        """
        ...

    def digest_at(self, channel_id: bytes, author: bytes, instance: bytes, seq: int) -> bytes | None:
        """The digest stored for one place of a stream; of a fork the lowest."""
        ...

    def newest(self, channel_id: bytes, before: bytes | None, limit: int) -> list[bytes]:
        """The last ``limit`` messages before an order key (None: the end), newest first.

        Fewer than ``limit`` means there are no more. The cost does not depend on the history's size.
        """
        ...

    def by_id(self, channel_id: bytes, message_id: bytes) -> list[bytes]:
        """The first ``SAME_ID_MAX`` messages with an id, in the channel's order."""
        ...

    def about(self, channel_id: bytes, target: bytes) -> list[bytes]:
        """The last ``ABOUT_MAX`` messages about a target (``kinds.Target.key``), in the channel's order."""
        ...

    def of_kind(self, channel_id: bytes, kind: int) -> list[bytes]:
        """All messages of a kind, in the channel's order; cheap for every kind but text."""
        ...

    async def set_right(self) -> None:
        """Put rows that stand under a wrong key where their bytes belong, or away, if nothing tells where.

        Reads and indexes all messages of the file anew; raises as ``commit`` does.
        """
        ...

    def count(self, channel_id: bytes) -> int:
        """How many messages are stored, damaged ones included; linear, for diagnostics."""
        ...

    def part(self, digest: bytes) -> bytes | None:
        """The block of a digest, None when it is not here or damaged."""
        ...

    def fates(self) -> list[tuple[bytes, bytes]]:
        """(message id, fate) of own messages, by id, so that the oldest comes first."""
        ...

    def outbox(self) -> list[OutboxRow]:
        """Own messages that wait, by ``created_ms``; of equal ones the id decides."""
        ...

    def outbox_damaged(self) -> list[OutboxRow]:
        """The rows that ``outbox`` leaves out, as they are: any of their fields may be anything."""
        ...

    def peers(self) -> list[bytes]:
        """The contacts of the last ``PutPeers``."""
        ...

    async def commit(self, *writes: Write) -> None:
        """Make ``writes`` durable, all or none, in this order; without any it returns at once.

        Raises ``PeerNodeError`` ``STORE_FULL`` (or ``STORE_CORRUPT``) when the disk can't take them,
        ``Backpressure`` when too many commits wait already, ``LocalProtocolError`` after ``close`` and
        for values that no database could hold.
        """
        ...

    def close(self) -> None:
        """End this view: no more commits. What was asked for before still becomes durable."""
        ...

"""``Expiry``: messages older than the node's policy leave its store, from the beginning of each stream.

``keep_days`` is for channels that the node stores for others, ``keep_own_days`` for those it is a member
of; 0, the default, keeps everything, but in the channels in which servers test themselves. Dropping raises
the stream's floor, below which nothing is a gap, so nobody asks for what is gone; what a peer still has of
it is not taken back (``Ingest``).

Invariants: no message younger than the policy is dropped, nor one that waits in the own outbox; one that
came late, when it was too old already, is kept as long as if it were new, over restarts too (when it came is
written with the message); a stream is dropped from below without holes, its damaged rows when their messages
would have gone, and nothing of it while one of the rows read stands under a wrong key; what is given back is
what the rows that go are charged as; one slice of work is bounded by ``STREAMS_SLICE`` reads.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.errors import PeerNodeError, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Source
from peernode.pubsub.notes import LATE, note_key
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.replica import EXPIRY_STEPS, Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropMessages, PutMeta, Write
from peernode.wire.codec import Fields, pack, unpack

EXPIRE_S = 10.0
"""Between two slices of every channel."""

STREAMS_SLICE = 64
"""Streams of a channel looked at in one slice; 16,384 take 43 minutes."""

ROWS_SLICE = 64
"""Messages of one stream dropped in one slice."""

STREAM_BYTES = 40
"""An author's key and an instance."""

LATE_MAX = 1024
"""Streams of a channel that got a message late (50 KB); over it the one longest ago expires."""


@dataclass(slots=True)
class _Late:
    """When a stream last got a message late, by the wall clock."""

    came_ms: int
    carrier: bytes = b""
    """Digest of the message whose commit writes this down; empty when it is durable."""


class Expiry:
    """Drops what is too old, a little at a time."""

    def __init__(self, context: Context, storage: PubSubStorage, outbox: Outbox) -> None:
        self._context = context
        self._storage = storage
        self._outbox = outbox
        self.on_file_gone: Callable[[], None] = lambda: None
        """Called when a message that names a file has gone."""
        self._next: dict[bytes, int] = {}
        """Channel id -> which of its streams is looked at next."""
        self._late: dict[bytes, OrderedDict[bytes, _Late]] = {}
        """Channel id -> author and instance -> the last late message, the one longest ago first."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"late_streams": (max(map(len, self._late.values()), default=0), LATE_MAX)}

    async def run(self) -> None:
        """Slice by slice; ends with the node. Where everything is kept there is nothing to do."""
        config = self._context.config
        while True:
            busy = config.keep_days or config.keep_own_days
            busy = busy or any(replica.keep_ms for replica in self._storage.replicas.values())
            await asyncio.sleep(self._context.jittered(EXPIRE_S) if busy else EXPIRE_S)
            for replica in list(self._storage.replicas.values()):
                try:
                    await self._slice(replica)
                except PeerNodeError as error:  # the disk gives nothing now: the next slice looks again
                    self._context.collector.count(f"expiry.{error.code}")
            for table in (self._next, self._late):
                for channel_id in table.keys() - self._storage.replicas.keys():
                    del table[channel_id]

    def forgotten(self, channel_id: bytes) -> None:
        """A channel is gone, and what was noted of it."""
        self._next.pop(channel_id, None)
        self._late.pop(channel_id, None)

    def beside(self, replica: Replica, message: Message, source: Source) -> list[Write]:
        """What has to become durable with a message: when it came, if it is too old already.

        Somebody waits for it all the same. Rounded up to the policy's next step, so that the rest of an
        outbox costs no more writes. Noted before it is written: the write of another one must not undo this.
        """
        if source is Source.SYNC or message.hlc >> 16 >= replica.too_old_ms():
            return []
        late, stream = self._late_in(replica), message.author + message.instance
        step_ms = _step_ms(replica)
        came_ms = (self._context.wall_ms() // step_ms + 1) * step_ms
        noted = late.get(stream)
        if noted is None or noted.came_ms != came_ms:
            noted = late[stream] = _Late(came_ms)
            late.move_to_end(stream)
            if len(late) > LATE_MAX:
                late.popitem(last=False)
                self._context.collector.count("expiry.late_full")
        elif not noted.carrier:
            return []
        noted.carrier = message.digest
        kept = [[stream, entry.came_ms] for stream, entry in late.items()]
        return [PutMeta(_key(replica), pack(kept))]

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message is durable, and what was to be written beside it."""
        late = self._late.get(replica.channel_id)
        noted = late.get(message.author + message.instance) if late else None
        if noted is not None and noted.carrier == message.digest:
            noted.carrier = b""

    def _late_in(self, replica: Replica) -> OrderedDict[bytes, _Late]:
        """The streams of a channel that got a message late; at first as the last run has left them."""
        late = self._late.get(replica.channel_id)
        if late is not None:
            return late
        late = self._late[replica.channel_id] = OrderedDict()
        kept = self._context.store.meta(_key(replica))
        if kept is not None:
            try:
                for item in Fields(unpack(kept)):
                    fields = Fields(item)
                    stream, came_ms = fields.take_bytes(STREAM_BYTES), fields.take_int(0, 1 << 48)
                    late[stream] = _Late(came_ms)
            except RemoteProtocolError:
                self._context.collector.count("expiry.unreadable")
        return late

    async def _slice(self, replica: Replica) -> None:
        before_ms = replica.too_old_ms()
        if not before_ms:
            return
        streams = replica.log.heads()
        begin = self._next.get(replica.channel_id, 0) % max(1, len(streams))
        self._next[replica.channel_id] = begin + STREAMS_SLICE
        turn = (streams[begin:] + streams[:begin])[:STREAMS_SLICE]  # round and round: nobody waits longer
        for author, instance, _ in turn:
            if not self._is_late(replica, author + instance):
                await self._drop(replica, author, instance, before_ms)

    def _is_late(self, replica: Replica, stream: bytes) -> bool:
        noted = self._late_in(replica).get(stream)
        if noted is None:
            return False
        # A clock that was far ahead when it came must not keep it for ever.
        noted.came_ms = min(noted.came_ms, self._context.wall_ms() + _step_ms(replica))
        return self._context.wall_ms() < noted.came_ms + replica.keep_ms

    async def _drop(self, replica: Replica, author: bytes, instance: bytes, before_ms: int) -> None:
        rows = self._context.store.stream_rows(replica.channel_id, author, instance, ROWS_SLICE)
        if rows is None:
            return  # a row under a wrong key, which is being put right: its number is not what would go
        waiting = self._waiting(author)
        kept = next((each.seq for each in rows if each.at_ms >= before_ms or each.digest in waiting), None)
        if kept is None and len(rows) == ROWS_SLICE:
            kept = rows[-1].seq  # there may be another one under its number
        gone = [each for each in rows if kept is None or each.seq < kept]
        if not gone:
            return
        seqs = tuple(dict.fromkeys(each.seq for each in gone))  # also what the log does not know of
        if await self._context.save(DropMessages(replica.channel_id, author, instance, seqs)):
            replica.room.give_back(author, sum(each.cost for each in gone))
            self._forget(replica, author, instance, seqs)
            self._context.collector.count("expiry.dropped", len(gone))
            if any(each.kind == Kind.FILE for each in gone):
                self.on_file_gone()

    def _forget(self, replica: Replica, author: bytes, instance: bytes, gone: tuple[int, ...]) -> None:
        """The log lets go of what is below, but for what was stored while that waited for the disk."""
        stream, last = replica.log.stream(author, instance), gone[-1]
        others = sorted({*stream.held_upto(last)} - {*gone}) if stream else []
        replica.log.expire(author, instance, last)
        for seq in others:  # without a row: the disk has lost it, and it goes with those around it
            for _, raw in self._context.store.messages(replica.channel_id, author, instance, seq, seq, 2):
                replica.log.add(Message.trusted(raw))

    def _waiting(self, author: bytes) -> set[bytes]:
        """Digests of what waits in the outbox: a damaged row's id is nothing to go by."""
        own = author == self._context.identity.public_key
        return {entry.message.digest for entry in self._outbox.waiting.values()} if own else set()


def _key(replica: Replica) -> str:
    return note_key(LATE, replica.channel_id)


def _step_ms(replica: Replica) -> int:
    return max(1, replica.keep_ms // EXPIRY_STEPS)

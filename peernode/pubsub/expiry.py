"""``Expiry``: messages older than the node's policy leave its store, from the beginning of each stream.

``keep_days`` is for channels that the node stores for others, ``keep_own_days`` for those it is a member
of; 0, the default, keeps everything, but in the channels in which servers test themselves. Dropping raises
the stream's floor, below which nothing is a gap, so nobody asks for what is gone; what a peer still has of
it is not taken back (``Ingest``).

Invariants: no message younger than the policy is dropped, nor one that waits in the own outbox; one that
came late, when it was too old already, is kept as long as if it were new; a stream is dropped from below
without holes; one slice of work is bounded by ``STREAMS_SLICE`` reads.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from peernode.channel.message import Message
from peernode.channel.quota import cost_of
from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Source
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropMessages

EXPIRE_S = 10.0
"""Between two slices of every channel."""

STREAMS_SLICE = 64
"""Streams of a channel looked at in one slice; 16,384 take 43 minutes."""

ROWS_SLICE = 64
"""Messages of one stream dropped in one slice."""

LATE_MAX = 4096
"""Streams that got a message late; over the bound the one longest ago is forgotten, and expires."""


class Expiry:
    """Drops what is too old, a little at a time."""

    def __init__(self, context: Context, storage: PubSubStorage, outbox: Outbox) -> None:
        self._context = context
        self._storage = storage
        self._outbox = outbox
        self._next: dict[bytes, int] = {}
        """Channel id -> which of its streams is looked at next."""
        self._late: OrderedDict[tuple[bytes, bytes], float] = OrderedDict()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"late_streams": (len(self._late), LATE_MAX)}

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
            self._next = {key: at for key, at in self._next.items() if key in self._storage.replicas}

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message has come; somebody waits for it even if it is too old already."""
        if source is Source.SYNC or message.hlc >> 16 >= replica.too_old_ms():
            return
        self._late[replica.channel_id, message.author + message.instance] = self._context.now()
        if len(self._late) > LATE_MAX:
            self._late.popitem(last=False)

    async def _slice(self, replica: Replica) -> None:
        before_ms = replica.too_old_ms()
        if not before_ms:
            return
        streams = replica.log.heads()
        begin = self._next.get(replica.channel_id, 0) % max(1, len(streams))
        self._next[replica.channel_id] = begin + STREAMS_SLICE
        turn = (streams[begin:] + streams[:begin])[:STREAMS_SLICE]  # round and round: nobody waits longer
        for author, instance, following in turn:
            if not self._is_late(replica, author + instance):
                await self._drop(replica, author, instance, following, before_ms)

    def _is_late(self, replica: Replica, stream: bytes) -> bool:
        came_s = self._late.get((replica.channel_id, stream))
        return came_s is not None and self._context.now() - came_s < replica.keep_ms / 1000

    async def _drop(
        self, replica: Replica, author: bytes, instance: bytes, following: int, before_ms: int
    ) -> None:
        rows = self._context.store.messages(
            replica.channel_id, author, instance, 1, following - 1, ROWS_SLICE
        )
        messages = [Message.trusted(raw) for _, raw in rows]
        kept = next((each.seq for each in messages if not self._may_go(each, before_ms)), None)
        if kept is None and len(rows) == ROWS_SLICE:
            kept = messages[-1].seq  # there may be another one under its number
        gone = [each for each in messages if kept is None or each.seq < kept]
        if not gone:
            return
        seqs = tuple(dict.fromkeys(each.seq for each in gone))
        if await self._context.save(DropMessages(replica.channel_id, author, instance, seqs)):
            replica.log.expire(author, instance, seqs[-1])
            replica.room.give_back(author, sum(map(cost_of, gone)))
            self._context.collector.count("expiry.dropped", len(gone))

    def _may_go(self, message: Message, before_ms: int) -> bool:
        return message.hlc >> 16 < before_ms and message.id not in self._outbox.waiting

"""``Fates``: what is known of how far each own message got outlives the node.

A receipt or an ack comes once. Without this a node that restarts would call "sent" what it had called
"delivered to 4 of 9", and a person would see a message go backwards. So what is known of a message is written
down with the word that it is sent, then within ``WRITE_EVERY_S`` of each change, and at the latest when the
node stops, and taken up at the next start.

Invariants: after a crash less may be known than was shown, never more; at most ``traces_max`` fates are
kept, those of the newest messages; at most ``WRITTEN_AT_ONCE`` are in one commit. A fate that cannot be
read, or whose message or channel is gone, is dropped and counted. In a channel too large to list its
subscribers nobody knows after a restart who had acked already, so that the count stays what it was.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict

from peernode.channel.message import Message
from peernode.errors import RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.entry import ACKS_TOLD_MAX, TOLD, Entry
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropFate, PutFate, Write
from peernode.wire.codec import Fields, pack, unpack

WRITE_EVERY_S = 1.0
WRITTEN_AT_ONCE = 64
VERSION = 1
SUM_BYTES = 16
RECEIPTS_MAX = 64
"""More initiators than any message is sent to."""

_NUMBER_MAX = (1 << 62) - 1


class Fates:
    """Writes down what becomes of own messages, and gives it back to the outbox."""

    def __init__(self, context: Context, storage: PubSubStorage, outbox: Outbox) -> None:
        self._context = context
        self._storage = storage
        self._outbox = outbox
        config = context.config
        self._changed: OrderedDict[bytes, Entry | None] = OrderedDict()
        """By message id; None for those that the outbox has forgotten."""
        self._changed_max = 2 * (config.outbox_max + config.traces_max)
        """Only a disk that takes nothing for long lets so many wait; then the oldest is not written."""
        self._noticed = asyncio.Event()
        outbox.on_told.append(self._told)
        outbox.beside.append(_put)
        outbox.on_forgotten.append(self._forgotten)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"fates": (len(self._changed), self._changed_max)}

    def load(self) -> None:
        """Give the outbox what the last run knew."""
        for message_id, raw in self._context.store.fates():
            try:
                entry = self._read(message_id, raw)
            except RemoteProtocolError:
                entry = None
            if entry is None:
                self._context.collector.count("fates.orphan")
                self._forgotten(message_id)
                continue
            self._context.collector.count("fates.read")
            if message_id in self._outbox.waiting:  # its row may only have been kept by a full disk
                self._context.tasks.spawn(self._outbox.settle(entry), "outbox.settle")

    async def run(self) -> None:
        """Write what was told, again and again; ends with the node."""
        while True:
            await self._noticed.wait()
            await asyncio.sleep(WRITE_EVERY_S)
            await self.write()

    async def write(self) -> None:
        """Write all that has changed; what the disk does not take now comes with the next round."""
        self._noticed.clear()
        changed, self._changed = self._changed, OrderedDict()
        try:
            while changed:
                ids = list(changed)[:WRITTEN_AT_ONCE]
                if not await self._context.save(*(_write_of(key, changed[key]) for key in ids)):
                    break
                for key in ids:
                    del changed[key]
        finally:  # the node may stop in the middle, and then writes what is left
            for key, entry in changed.items():
                self._note(key, self._changed.pop(key, entry))

    def _told(self, entry: Entry) -> None:
        if entry.frozen:
            self._note(entry.message.id, entry)

    def _forgotten(self, message_id: bytes) -> None:
        self._note(message_id, None)

    def _note(self, message_id: bytes, entry: Entry | None) -> None:
        self._changed[message_id] = entry
        self._noticed.set()
        if len(self._changed) > self._changed_max:
            self._changed.popitem(last=False)
            self._context.collector.count("fates.not_written")

    def _read(self, message_id: bytes, raw: bytes) -> Entry | None:
        """The entry with its fate; None when the message is not there any more."""
        content = raw[SUM_BYTES:]
        if _sum(content) != raw[:SUM_BYTES]:
            raise RemoteProtocolError("a damaged fate")
        fields = Fields(unpack(content))
        if fields.take_int(0, 255) != VERSION:
            raise RemoteProtocolError("a fate of another version")
        channel_id, digest = fields.take_bytes(20), fields.take_bytes(16)
        entry = self._outbox.waiting.get(message_id) or self._kept(channel_id, message_id, digest)
        if entry is None or entry.message.digest != digest:
            return None
        _fill(entry, fields, self._context.config.small_channel_max)
        if message_id not in self._outbox.waiting:
            self._outbox.remember(entry)
        if entry.counted:
            self._outbox.by_digest.pop(digest, None)
        return entry

    def _kept(self, channel_id: bytes, message_id: bytes, digest: bytes) -> Entry | None:
        """The entry of a message that is whole in the store."""
        replica = self._storage.replicas.get(channel_id)
        if replica is None:
            return None
        raws = self._context.store.by_id(channel_id, message_id)
        message = next((one for one in map(Message.trusted, raws) if one.digest == digest), None)
        if message is None or message.kind not in TOLD:
            return None
        text = replica.timeline.appearance.text_of(message)
        return None if text is None else Entry(replica, message, text, message.hlc >> 16, "sent")


def _write_of(message_id: bytes, entry: Entry | None) -> Write:
    return DropFate(message_id) if entry is None else _put(entry)


def _put(entry: Entry) -> Write:
    return PutFate(entry.message.id, _encoded(entry))


def _encoded(entry: Entry) -> bytes:
    listed = [] if entry.counted else list(entry.audience)
    content = pack(
        [
            VERSION,
            entry.replica.channel_id,
            entry.message.digest,
            entry.of,
            [[key, machine] for key, machine in entry.receipts.items()][:RECEIPTS_MAX],
            listed,
            [subscriber for subscriber in listed if subscriber in entry.acks],
            entry.counted,
            entry.vouched,
            [[subscriber, at_ms] for subscriber, at_ms in entry.acked_ms.items()],
            entry.alone,
        ]
    )
    return _sum(content) + content


def _fill(entry: Entry, fields: Fields, audience_max: int) -> None:
    """What a fate says goes into the entry, all of it or nothing."""
    of = fields.take_int(0, _NUMBER_MAX)
    receipts = [Fields(item) for item in fields.take_list(RECEIPTS_MAX)]
    by_key = [(receipt.take_bytes(32), receipt.take_bytes(8)) for receipt in receipts]
    listed_max = audience_max * RECEIPTS_MAX
    audience, acked = fields.take_bytes_list(listed_max, 20), fields.take_bytes_list(listed_max, 20)
    counted, vouched = fields.take_int(0, _NUMBER_MAX), fields.take_int(0, _NUMBER_MAX)
    ackers = [Fields(item) for item in fields.take_list(ACKS_TOLD_MAX)]
    times = [(acker.take_bytes(20), acker.take_int(0, _NUMBER_MAX)) for acker in ackers]
    alone = fields.take_bool()

    entry.of, entry.receipts, entry.alone = of, dict(by_key), alone
    entry.audience, entry.acks = dict.fromkeys(audience), dict.fromkeys(acked, b"")
    entry.counted, entry.vouched, entry.acked_ms = counted, vouched, dict(times)
    entry.frozen, entry.state = True, "delivered" if entry.delivered else "sent"
    entry.told = entry.state


def _sum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=SUM_BYTES).digest()

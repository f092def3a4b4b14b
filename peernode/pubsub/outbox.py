"""``Outbox``: our own messages on their way, and what is known of how far each one got.

Invariants: an entry is durable before anybody hears of it; counts never go down; ``sent`` is said
only with a quorum of receipts, ``delivered`` only with signed acks of subscribers that the first W
receipts named; at most ``outbox_max`` entries wait, then ``OUTBOX_FULL``. A sent message that fewer
than W of the full R hold stays, so that it is published again as nodes appear; these give way first
when the outbox is full, because the log's anti-entropy carries them too.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from peernode.events import MessageState
from peernode.pubsub.context import Context
from peernode.pubsub.entry import Entry
from peernode.store.base import DropOutbox, PutOutbox, Write

UNREACHABLE_MAX = 64
"""Unreachable subscribers named per message."""

ASK_ANEW_S = 1.0
"""Who was asked longer ago is asked anew when the network has changed: that request may be backing off."""

ACKED_LATE_MS = 60_000
"""Nobody acks an older message: it is not pushed any more, and who catches up with it does so silently."""

TELL_EVERY_S = 0.1
"""Counts of one message that change within this time are told together; a new state is told at once."""

TOLD_LATER_MAX = 4096
"""Messages whose counts wait to be told; over it they are told at once."""


class Outbox:
    """Entries that wait, and a bounded memory of those that are done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.waiting: OrderedDict[bytes, Entry] = OrderedDict()
        """By message id, oldest first: not yet safe on W of the full R."""
        self.done: OrderedDict[bytes, Entry] = OrderedDict()
        self.by_digest: dict[bytes, Entry] = {}
        self._later: dict[bytes, asyncio.TimerHandle] = {}
        """By message id: counts that wait to be told."""
        self.on_told: list[Callable[[Entry], None]] = []
        """Called after the application has heard of an entry's state."""
        self.beside: list[Callable[[Entry], Write]] = []
        """What is committed together with the word that an entry is sent."""
        self.on_forgotten: list[Callable[[bytes], None]] = []
        """Called with the id of a message of which nothing is remembered any more."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        config = self._context.config
        return {
            "outbox": (len(self.waiting), config.outbox_max),
            "outbox_done": (len(self.done), config.traces_max),
            "outbox_told_later": (len(self._later), TOLD_LATER_MAX),
            "outbox_digests": (len(self.by_digest), config.outbox_max + config.traces_max),
        }

    def find(self, message_id: bytes) -> Entry | None:
        """The entry of an id, waiting or done lately."""
        return self.waiting.get(message_id) or self.done.get(message_id)

    def add(self, entry: Entry) -> None:
        """Take up an entry that is durable now."""
        self.waiting[entry.message.id] = entry
        self.by_digest[entry.message.digest] = entry

    def asked(self, digest: bytes, key: bytes) -> bool:
        """Whether a node was asked to store the message of this digest, an own one."""
        entry = self.by_digest.get(digest)
        return entry is not None and key in entry.targets

    def has_room(self, accepting: int) -> bool:
        """Whether one more may be accepted beside those being committed; takes room from a sent one."""
        if len(self.waiting) + accepting < self._context.config.outbox_max:
            return True
        for entry in self.waiting.values():
            if entry.state in ("sent", "delivered"):
                self._retire(entry)
                self._context.tasks.spawn(
                    self._context.save(DropOutbox(entry.message.id)), "outbox.make_room"
                )
                return True
        return False

    def _retire(self, entry: Entry) -> None:
        self.waiting.pop(entry.message.id, None)
        self.remember(entry)

    def remember(self, entry: Entry) -> None:
        """Keep an entry that is done, and of all that are done the last ``traces_max``."""
        self.done[entry.message.id] = entry
        self.by_digest[entry.message.digest] = entry
        while len(self.done) > self._context.config.traces_max:
            self.forget(next(iter(self.done.values())))

    def forget(self, entry: Entry) -> None:
        """A discarded entry leaves, or the oldest."""
        self.waiting.pop(entry.message.id, None)
        self.done.pop(entry.message.id, None)
        self.by_digest.pop(entry.message.digest, None)
        for forgotten in self.on_forgotten:
            forgotten(entry.message.id)

    def tell(self, entry: Entry) -> None:
        """The application hears of its state, if a person wrote it, unless the person has discarded it.

        The first news, a new state and the last ack are told at once, counts in between within
        ``TELL_EVERY_S``: in a large channel each message has hundreds of acks.
        """
        if entry.discarded or not entry.shown:
            return
        waiting = self._later.get(entry.message.id)
        if entry.state != entry.told or entry.complete or len(self._later) >= TOLD_LATER_MAX:
            if waiting is not None:
                waiting.cancel()
            self._tell_now(entry)
        elif waiting is None:
            loop = asyncio.get_running_loop()
            self._later[entry.message.id] = loop.call_later(TELL_EVERY_S, self._tell_now, entry)

    def _tell_now(self, entry: Entry) -> None:
        self._later.pop(entry.message.id, None)
        if not entry.discarded:
            entry.told = entry.state
            self._context.tell(MessageState(entry.snapshot()))
            for told in self.on_told:
                told(entry)

    def awaiting_acks(self) -> list[Entry]:
        """What is under way, and what got through so lately that somebody may still ack it.

        Where acks are only counted, one more of a message that is sent counts for nothing after a restart.
        """
        since_ms = self._context.wall_ms() - ACKED_LATE_MS
        found = [entry for entry in self.done.values() if entry.message.hlc >> 16 >= since_ms]
        found += self.waiting.values()
        return [entry for entry in found if not entry.complete and not entry.counted]

    def close(self) -> None:
        """Tell nothing more; what was heard last is known all the same."""
        later, self._later = self._later, {}
        for message_id, timer in later.items():
            timer.cancel()
            entry = self.find(message_id)
            if entry is not None:
                for told in self.on_told:
                    told(entry)

    async def settle(self, entry: Entry) -> None:
        """Write down what the receipts made of the entry; done when enough nodes hold it."""
        if len(entry.receipts) >= self._context.config.quorum_full:
            if entry.message.id in self.waiting:
                self._retire(entry)
                await self._context.save(DropOutbox(entry.message.id), *self._beside(entry))
        elif entry.message.id in self.waiting:
            await self._context.save(PutOutbox(entry.row()), *self._beside(entry))

    def _beside(self, entry: Entry) -> list[Write]:
        got_through = entry.frozen and entry.shown and not entry.discarded
        return [write(entry) for write in self.beside] if got_through else []

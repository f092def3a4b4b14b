"""``MissedAcks``: an author asks for the acks that it has missed.

Whoever has an ack reports it to the author once. A report that finds nobody, because the author is away or
starts anew, is lost. But the author knows what it lacks: which of its messages are sent and not delivered to
all whom their receipts named. Of these it asks the channel's initiators, one after the other, and then the
subscribers themselves that are there (``ACKED`` with a question, ``ackanswers``). It asks when it is back,
when somebody is there again whose ack it lacks, and else ever more rarely.

Invariants: an ack counts only with the subscriber's signature, from whomever it comes; of the messages of a
day the ``MISSED_MAX`` newest are asked about, the older ones keep what is known of them (counted); one
channel's round goes on at a time, about ``ROUND_MESSAGES`` messages at most, in turn, with a pause before the
next; a channel whose rounds bring nothing is asked about every ``PAUSE_MAX_S`` in the end. Where acks are
only counted nobody knows whose are lacking: there nothing is asked, and the count stays a lower bound.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from peernode.channel.receipt import verify_ack
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.identity import node_id_of
from peernode.pubsub.ackanswers import ANSWERED_MAX
from peernode.pubsub.ackpages import ID_PREFIX_BYTES, MESSAGES
from peernode.pubsub.context import Context
from peernode.pubsub.entry import Entry
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

TICK_S = 2.0

LATE_S = 10.0
"""By then reports of acks have come, with all their tries, or are lost; also the least pause of a channel."""

PAUSE_MAX_S = 600.0
"""Rounds that bring nothing are so far apart in the end, give or take a fifth."""

ASK_FOR_MS = 86_400_000
"""Older messages are not asked about."""

MISSED_MAX = 1024
"""Messages whose acks are lacking; over it the oldest is asked about no more."""

SENT_MAX = 4096
"""Messages sent so lately that their acks may still come; over it the oldest is looked at before its time."""

ROUND_MESSAGES = 64
"""Messages of one channel that a round asks about."""

AWAY_MAX = 64
"""Subscribers remembered per channel who were not there to be asked."""

SENDS = 2
"""A question that is lost is asked again in the next round."""

_ITEM_BYTES = 40
_PAGE_BYTES = 1000
"""Of a question; its head has room beside it."""


@dataclass(slots=True)
class _Turn:
    """When a channel is asked about next."""

    due_s: float
    """Infinite during a round, until there is a reason for one more."""
    pause_s: float = LATE_S
    asked: int = 0
    """Messages asked about since a round brought something."""
    away: dict[bytes, None] = field(default_factory=dict)
    """Ids of subscribers that lack and were not there at the last round; ``AWAY_MAX``."""


class MissedAcks:
    """Looks after our own messages whose acks have not all come."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        outbox: Outbox,
        acked: Callable[[bytes, bytes, bytes, bytes], None],
    ) -> None:
        """``acked``: told of each verified ack: message digest, subscriber id, signature, who told us."""
        self._context = context
        self._storage = storage
        self._outbox = outbox
        self._acked = acked
        self._sent: OrderedDict[bytes, tuple[Entry, float]] = OrderedDict()
        """By digest, with the time when it was sent: the first is late first."""
        self._missed: OrderedDict[bytes, Entry] = OrderedDict()
        """By digest: what is late, who was asked about longest ago first."""
        self._turns: dict[bytes, _Turn] = {}
        """By channel id, of those in which something is late."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        away = max((len(turn.away) for turn in self._turns.values()), default=0)
        return {
            "acks_awaited": (len(self._sent), SENT_MAX),
            "acks_missed": (len(self._missed), MISSED_MAX),
            "acks_missed_channels": (len(self._turns), MISSED_MAX),
            "acks_away": (away, AWAY_MAX),
        }

    def sent(self, entry: Entry) -> None:
        """A message has its quorum: from now on its audience acks."""
        self._sent[entry.message.digest] = (entry, self._context.now())
        if len(self._sent) > SENT_MAX:
            _, (oldest, _) = self._sent.popitem(last=False)
            self._late(oldest)

    def load(self) -> None:
        """Go on with what the last run knew; a channel is due at once, and asked about when it is joined."""
        known = (*self._outbox.done.values(), *self._outbox.waiting.values())
        lacking = [entry for entry in known if entry.frozen and not entry.complete]
        for entry in sorted(lacking, key=lambda entry: entry.message.hlc)[-MISSED_MAX:]:
            self._late(entry)

    def soon(self, replica: Replica) -> None:
        """A channel has recovered: what was reported meanwhile found nobody."""
        turn = self._turns.get(replica.channel_id)
        if turn is not None:
            self._anew(turn)

    def _anew(self, turn: _Turn) -> None:
        turn.due_s, turn.pause_s, turn.asked = self._context.now(), LATE_S, 0

    async def run(self) -> None:
        """Look at what is late, and ask; ends with the node."""
        while True:
            await asyncio.sleep(TICK_S)
            now = self._context.now()
            while self._sent and (first := next(iter(self._sent.values())))[1] <= now - LATE_S:
                self._sent.popitem(last=False)
                self._late(first[0])
            for channel_id, turn in list(self._turns.items()):
                replica = self._storage.replicas.get(channel_id)
                if replica is None or not replica.member:
                    self._give_up(channel_id)
                elif replica.joined and self._is_due(replica, turn):
                    await self._round(replica, turn)

    def _late(self, entry: Entry) -> None:
        if entry.complete or entry.counted or not entry.shown or entry.discarded:
            return
        self._missed[entry.message.digest] = entry
        self._turns.setdefault(entry.replica.channel_id, _Turn(self._context.now()))
        if len(self._missed) > MISSED_MAX:
            oldest = min(self._missed.values(), key=lambda each: each.message.hlc)
            del self._missed[oldest.message.digest]
            self._context.collector.count("acks.not_asked_for")

    def _give_up(self, channel_id: bytes) -> None:
        """We have left the channel: nobody there answers us."""
        del self._turns[channel_id]
        for entry in [each for each in self._missed.values() if each.replica.channel_id == channel_id]:
            del self._missed[entry.message.digest]

    def _is_due(self, replica: Replica, turn: _Turn) -> bool:
        if any(replica.lists(subscriber) for subscriber in turn.away):
            turn.away = {}  # asked about once, however often it comes and goes until the next round
            self._anew(turn)
        return self._context.now() >= turn.due_s

    # -- rounds ------------------------------------------------------------------------------

    async def _round(self, replica: Replica, turn: _Turn) -> None:
        """Ask about what is lacking in one channel, the longest not asked about first."""
        entries = self._lacking(replica)
        if not entries:
            del self._turns[replica.channel_id]
            return
        count, entries = len(entries), entries[:ROUND_MESSAGES]
        for entry in entries:
            self._missed.move_to_end(entry.message.digest)
        before = sum(len(missing(entry)) for entry in entries)
        turn.due_s = math.inf
        await self._ask_everybody(replica, entries, turn)
        got = before - sum(len(missing(entry)) for entry in entries)
        self._context.collector.count("acks.asked_for")
        if turn.due_s < math.inf:
            return  # we are back since it began: whom it asked before that did not hear us
        turn.asked = 0 if got else turn.asked + len(entries)
        if got:
            turn.pause_s = LATE_S
        elif turn.asked >= count:  # else others have not had their turn
            turn.pause_s = min(2 * turn.pause_s, PAUSE_MAX_S)
        turn.due_s = self._context.now() + self._context.jittered(turn.pause_s)

    def _lacking(self, replica: Replica) -> list[Entry]:
        """What of a channel is still worth asking about; the rest goes."""
        since_ms, found = self._context.wall_ms() - ASK_FOR_MS, list[Entry]()
        for digest, entry in list(self._missed.items()):
            if entry.replica.channel_id != replica.channel_id:
                continue
            gone = entry.discarded or self._outbox.find(entry.message.id) is not entry
            if gone or entry.complete or entry.replica is not replica or entry.message.hlc >> 16 < since_ms:
                del self._missed[digest]
            else:
                found.append(entry)
        return found

    async def _ask_everybody(self, replica: Replica, entries: list[Entry], turn: _Turn) -> None:
        """The initiators know most acks; then those who are there and lack still."""
        view, mine = replica.initiators, self._context.identity.public_key
        asked = {contact.id for contact in (view.others(mine) if view else ())}
        for contact in view.others(mine) if view else ():
            if any(missing(entry) for entry in entries):
                await self._ask(replica, contact, entries)
        lacking = dict.fromkeys(subscriber for entry in entries for subscriber in missing(entry))
        there = [subscriber for subscriber in lacking if replica.lists(subscriber)]
        turn.away = dict.fromkeys([each for each in lacking if each not in there][:AWAY_MAX])
        asking = list[Coroutine[Any, Any, None]]()
        for subscriber in there:
            at = replica.leases.contact(subscriber) or replica.subscribers.get(subscriber)
            if at is not None and subscriber not in asked:
                asking.append(self._ask(replica, at, entries, subscriber))
        await asyncio.gather(*asking)

    async def _ask(
        self, replica: Replica, contact: Contact, entries: list[Entry], only: bytes | None = None
    ) -> None:
        """Ask one node for all that is lacking, or only for its own acks, page by page."""
        left = entries
        while page := _page(left, only):
            items = [[entry.message.id, entry.message.digest, names] for entry, names in page]
            body = [replica.channel_id, [], [], items]
            try:
                answer = await self._context.rpc.request(contact, Op.ACKED, body, prove=True, sends=SENDS)
                heard = self._read([entry for entry, _ in page], answer, contact)
            except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
                self._context.collector.count(f"acks.asking_{type(error).__name__}")
                return
            if heard < ANSWERED_MAX:
                left = left[left.index(page[-1][0]) + 1 :]

    def _read(self, entries: Iterable[Entry], answer: Fields, contact: Contact) -> int:
        """Count the acks of an answer; ``RemoteProtocolError`` for one that is none, or was not asked for."""
        if not answer.more:
            return 0  # an earlier version
        by_digest = {entry.message.digest: entry for entry in entries}
        taken = 0
        for item in answer.take_list(ANSWERED_MAX):
            fields = Fields(item)
            digest, key, signature = fields.take_bytes(16), fields.take_bytes(32), fields.take_bytes(64)
            entry, subscriber = by_digest.get(digest), node_id_of(key)
            if entry is None or subscriber not in missing(entry):
                raise RemoteProtocolError("an ack that was not asked for")
            if not verify_ack(key, entry.message, signature):
                raise RemoteProtocolError("a forged ack")
            self._acked(digest, subscriber, signature, contact.public_key)
            if subscriber in entry.acks:
                self._context.collector.count("acks.made_up_for")
                taken += 1
        return taken


def missing(entry: Entry) -> list[bytes]:
    """Ids of the audience whose acks have not come."""
    return [subscriber for subscriber in entry.audience if subscriber not in entry.acks]


def _page(entries: list[Entry], only: bytes | None) -> list[tuple[Entry, bytes]]:
    """As many of the messages, from the first on, with the names of whom they lack, as one question holds."""
    page: list[tuple[Entry, bytes]] = []
    room = _PAGE_BYTES
    for entry in entries:
        lacking = [each for each in missing(entry) if only in (None, each)]
        if not lacking:
            continue
        names = b"".join(each[:ID_PREFIX_BYTES] for each in lacking)
        room -= _ITEM_BYTES + len(names)
        if len(page) == MESSAGES or (page and room < 0):
            break
        page.append((entry, names[: _PAGE_BYTES - _ITEM_BYTES]))
    return page

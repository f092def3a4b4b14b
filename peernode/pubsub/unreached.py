"""``Unreached``: names the subscribers that a message of ours has not reached, and since when.

``delivered`` counts acks alone. Of the audience that has not acked ``LATE_S`` after the message was sent,
those are called unreachable whom the channel's initiators report so: most of those that answer fail to reach
the subscriber, none has reached it since the message was sent, and none knows a way round. Any other is only
not delivered yet.

Invariants: the rows of a channel are asked for at most every ``ASK_EVERY_S``, and only while a message in
it is late; at most ``WATCHED_MAX`` messages are watched, each for ``WATCH_S``; an ack takes its subscriber
off the list at once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.entry import Entry
from peernode.pubsub.matrix import Cell, Matrix
from peernode.pubsub.outbox import UNREACHABLE_MAX, Outbox
from peernode.pubsub.replica import Replica

TICK_S = 0.5
LATE_S = 2.0
"""An ack that takes longer than the required time in large channels is late."""

ASK_EVERY_S = 5.0
WATCH_S = 60.0
"""Then the lease of whoever has not acked has ended, or its renewal has brought the message."""

WATCHED_MAX = 1024
"""Messages watched; over it the oldest keeps what is known of it."""


class Unreached:
    """Looks after our own messages that somebody has not acked."""

    def __init__(self, context: Context, outbox: Outbox, matrix: Matrix) -> None:
        self._context = context
        self._outbox = outbox
        self._matrix = matrix
        self._watched: OrderedDict[bytes, tuple[Entry, float]] = OrderedDict()
        self._asked_s: dict[bytes, float] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "unreached": (len(self._watched), WATCHED_MAX),
            "unreached_channels": (len(self._asked_s), WATCHED_MAX),
        }

    def sent(self, entry: Entry, age_s: float = 0.0) -> None:
        """A message has its quorum since ``age_s`` ago: from then on its audience should ack."""
        self._watched[entry.message.digest] = (entry, self._context.now() - age_s)
        if len(self._watched) > WATCHED_MAX:
            self._watched.popitem(last=False)
            self._context.collector.count("unreached.unwatched")

    def load(self) -> None:
        """Go on with what was sent shortly before the node stopped; of the rest nobody hears any more."""
        for entry in (*self._outbox.done.values(), *self._outbox.waiting.values()):
            age_s = (self._context.wall_ms() - (entry.message.hlc >> 16)) / 1000
            if entry.frozen and not entry.complete and age_s < WATCH_S:
                self.sent(entry, max(0.0, age_s))

    async def run(self) -> None:
        """Look at what is late; ends with the node."""
        while True:
            await asyncio.sleep(TICK_S)
            late: dict[bytes, list[tuple[Entry, float]]] = {}
            now = self._context.now()
            for digest, (entry, sent_s) in list(self._watched.items()):
                if entry.complete or entry.discarded or now - sent_s > WATCH_S:
                    del self._watched[digest]
                elif now - sent_s >= LATE_S:
                    late.setdefault(entry.replica.channel_id, []).append((entry, sent_s))
            self._asked_s = {channel: at_s for channel, at_s in self._asked_s.items() if channel in late}
            for channel, entries in late.items():
                if now - self._asked_s.get(channel, float("-inf")) >= ASK_EVERY_S:
                    self._asked_s[channel] = now
                    self._context.tasks.spawn(self._ask(entries[0][0].replica, entries), "unreached.ask")

    async def _ask(self, replica: Replica, entries: list[tuple[Entry, float]]) -> None:
        asked_s, asked_ms = self._context.now(), self._context.wall_ms()
        try:
            rows = await self._matrix.rows(replica, failing=True)
        except PeerNodeError as error:
            self._context.collector.count(f"unreached.{error.code}")
            return
        said: dict[bytes, list[Cell]] = {}
        answered = sum(row.outcome == "ok" for row in rows)
        for row in rows:
            for cell in row.cells:
                said.setdefault(cell.subscriber, []).append(cell)
        for entry, sent_s in entries:
            age_ms = (asked_s - sent_s) * 1000
            found: dict[bytes, int] = {}
            for subscriber, cells in said.items():
                since_ms = unreachable_since(cells, asked_ms, age_ms)
                if since_ms is None or 2 * len(cells) <= answered or subscriber in entry.acks:
                    continue
                if entry.counted or subscriber in entry.audience:
                    found[subscriber] = since_ms
            found = dict(sorted(found.items())[:UNREACHABLE_MAX])
            if found != entry.unreachable:
                entry.unreachable = found
                self._outbox.tell(entry)


def unreachable_since(cells: list[Cell], now_ms: int, age_ms: float) -> int | None:
    """Wall-clock ms since when nobody reaches a subscriber, None when somebody has since the message.

    ``cells``: what the initiators that fail say of it; ``age_ms``: since the message was sent.
    """
    failing = [cell.failing_age_ms for cell in cells if cell.failing_age_ms is not None]
    reached = [cell.success_age_ms for cell in cells if cell.success_age_ms is not None]
    if not failing or any(cell.via for cell in cells) or (reached and min(reached) < age_ms):
        return None
    return now_ms - min(*failing, *reached) if reached else now_ms - max(failing)

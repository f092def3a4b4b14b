"""``DeliveryRetries``: messages whose push failed or had no room, one line per subscriber.

Only the oldest message of a line is tried again, after an exponential backoff with full jitter from the
peer's own timeout; when it is acked the rest follows at once. So a dead subscriber costs one push per
pause, however many messages wait for it. The more pushes are unanswered at the time, the wider the
pauses are drawn: subscribers that went away together are not asked together again.

Invariants: a line ends when its messages are acked or too long under way, when the lease has ended, or
after ``RETRIES_MAX`` tries; then the subscriber's own renewal finds what is missing. What a full line or
table drops is named in the message's attempts and counted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from peernode.pubsub.context import Context
from peernode.wire.contact import Contact

if TYPE_CHECKING:
    from peernode.pubsub.pushroom import PushRoom
    from peernode.pubsub.spread import Spread

RETRIES_MAX = 4
"""Pushes tried again in a row before a line is left to the renewal."""

USEFUL_S = 30.0
"""Longer after our first push a message is not pushed again: the subscriber has renewed since, or is gone."""

SPACING_S = 0.075
"""What each unanswered push adds to the time over which first retries are spread."""

PAUSE_RTOS = 2.0
PAUSE_MAX_S = 8.0

LINE_MAX = 64
"""Messages waiting for one subscriber; over it the oldest is left to the renewal."""

LINES_MAX = 4096
"""Subscribers waited for; over it newly failing ones are left to their renewals."""

LEASE_ENDED = "lease ended"
"""Why what waits is pushed no more."""

NOT_ANSWERING, FULL = "not answering", "pushes full"
"""Why a push is put off: so much waits for one that fails; there is no room at all."""

_COUNTED = {NOT_ANSWERING: "delivery.not_answering", FULL: "delivery.pushes_full"}


@dataclass(slots=True)
class _Line:
    contact: Contact
    waiting: OrderedDict[bytes, tuple[Spread, str]] = field(default_factory=OrderedDict)
    """By digest: the message and the method of its first push."""


class DeliveryRetries:
    """The lines of one node."""

    def __init__(
        self,
        context: Context,
        push: Callable[[Spread, Contact, str, bool], Coroutine[Any, Any, bool]],
        room: PushRoom,
    ) -> None:
        """``push``: whether it need not be tried again; its last argument: whether it waits for its turn."""
        self._context = context
        self._push = push
        self._room = room
        self._lines: dict[bytes, _Line] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max((len(line.waiting) for line in self._lines.values()), default=0)
        return {"retry_lines": (len(self._lines), LINES_MAX), "retry_line": (longest, LINE_MAX)}

    def add(self, spread: Spread, contact: Contact, method: str) -> None:
        """A push was not answered: it will be tried again."""
        line = self._lines.get(contact.id)
        if line is None:
            if len(self._lines) >= LINES_MAX:
                self.leave(contact, spread, "lines full")
                return
            line = self._lines[contact.id] = _Line(contact)
            self._context.tasks.spawn(self._run(line), "delivery.retry")
        line.waiting[spread.message.digest] = (spread, method)
        if len(line.waiting) > LINE_MAX:
            _, (oldest, _) = line.waiting.popitem(last=False)
            self.leave(contact, oldest, "line full")

    def put_off(self, spread: Spread, contact: Contact, method: str, why: str, keeps: bool = True) -> None:
        """A push for which there is no room now; one as the author only is left to the initiators.

        Not ``keeps``: we push as one of them ourselves, whose turn comes.
        """
        self._context.collector.count(_COUNTED[why])
        self._context.tried(spread.replica.name, spread.message, contact.id, method, why)
        if keeps and spread.replica.serves:
            self.add(spread, contact, method)

    def leave(self, contact: Contact, spread: Spread, why: str) -> None:
        """To the subscriber's own renewal."""
        self._context.collector.count("delivery.left_to_renewal")
        self._context.tried(spread.replica.name, spread.message, contact.id, "pull", why)

    def pause_s(self, contact: Contact, tried: int) -> float:
        """Seconds before the next try: full jitter over a window that doubles with each."""
        waiting = self._room.under_way + len(self._lines)
        window_s = max(PAUSE_RTOS * self._context.rpc.rto_s(contact.public_key), waiting * SPACING_S)
        return min(PAUSE_MAX_S, window_s * 2.0**tried) * self._context.env.random.random()

    async def _run(self, line: _Line) -> None:
        tried = 0
        try:
            while tried < RETRIES_MAX:
                await asyncio.sleep(self.pause_s(line.contact, tried))
                self._prune(line)
                if not line.waiting:
                    return
                spread, method = next(iter(line.waiting.values()))
                self._context.collector.count("delivery.retried")
                if await self._push(spread, line.contact, method, False):
                    break
                tried += 1
            self._prune(line)
            waiting, line.waiting = line.waiting, OrderedDict()
            for spread, method in waiting.values():
                if tried < RETRIES_MAX:
                    self._context.tasks.spawn(self._resume(spread, line.contact, method), "delivery.resumed")
                else:
                    self.leave(line.contact, spread, "tried in vain")
        finally:
            self._lines.pop(line.contact.id, None)

    async def _resume(self, spread: Spread, contact: Contact, method: str) -> None:
        """The rest of a line, after its oldest; what fails again waits again, until it is too old."""
        if not self._room.has(contact.id):
            self.put_off(spread, contact, method, FULL)
        elif not await self._push(spread, contact, method, True):
            self.add(spread, contact, method)

    def _prune(self, line: _Line) -> None:
        """What is acked, too old, or for somebody whose lease has ended waits no longer."""
        now = self._context.now()
        for digest, (spread, _) in list(line.waiting.items()):
            spread.replica.leases.expire(now)
            held = spread.replica.leases.contact(line.contact.id)
            if line.contact.id in spread.acked:
                del line.waiting[digest]
            elif held is None:
                del line.waiting[digest]
                self.leave(line.contact, spread, LEASE_ENDED)
            elif now - spread.first_push_s > USEFUL_S:
                del line.waiting[digest]
                self.leave(line.contact, spread, "too old")
            else:
                line.contact = held

"""How many pushes of a node are under way, whether there is room for one more, and whose turn it is.

The bound is one for the node, because what it protects is: memory and tasks. But pushes to somebody who
does not answer last for seconds, so without shares a few silent subscribers would take the room of all
who answer. From half full on, therefore, one subscriber has a share, and one that is failing has one push.

To one subscriber as many are sent at a time as a peer takes; the others wait here for their turn, not with
the requests, so that whatever else we ask of it has none of them before it, and each is looked at again
when its turn comes. To one that is failing one is sent at a time, and few wait: the path is known to be
broken, and what else could be sent would only outlive the lease.
Invariants: what begins ends once; a subscriber with none under way is in no table; turns are given in the
order in which they were asked for, and where somebody waits, somebody holds one; a line of retries has its
own try beside bound and turns.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable

from peernode.config import NodeConfig
from peernode.pubsub.retries import LINES_MAX
from peernode.span import QUEUE, spent

FAILING_MAX = 64
"""Pushes under way to a subscriber that is failing, all but one of them waiting; over it they are left to
its retries."""


class PushRoom:
    """See the module."""

    def __init__(self, config: NodeConfig, is_failing: Callable[[bytes], bool]) -> None:
        """``is_failing``: whether nothing has come back from a subscriber since a try failed."""
        self._bound = config.pushes_max
        self._at_once = config.inflight_per_peer_max
        self._one_max = config.inflight_per_peer_max + config.queued_per_peer_max
        self._share = max(1, min(self._at_once, self._bound // 8))
        self._is_failing = is_failing
        self._to: Counter[bytes] = Counter()
        self._sent: Counter[bytes] = Counter()
        """How many of them have their turn."""
        self._lines: dict[bytes, deque[asyncio.Future[None]]] = {}
        """Who waits for one."""
        self.under_way = 0

    def has(self, subscriber: bytes, patient: bool = True) -> bool:
        """Whether one more may be pushed to ``subscriber`` now; ``patient``: it may wait for its turn."""
        failing = self._is_failing(subscriber)
        if self.under_way < self._bound // 2:
            most = (FAILING_MAX if patient else 1) if failing else self._one_max
        else:
            most = 1 if failing else self._share
        return self.under_way < self._bound and self._to[subscriber] < most

    def crowded(self, subscriber: bytes, patient: bool = True) -> bool:
        """Whether so much waits for one that has begun to fail that who has its turn had better give up."""
        most = FAILING_MAX if patient else 1
        return self._to[subscriber] > most and self._is_failing(subscriber)

    def begin(self, subscriber: bytes) -> None:
        """A push begins."""
        self.under_way += 1
        self._to[subscriber] += 1

    def end(self, subscriber: bytes) -> None:
        """It has ended."""
        self.under_way -= 1
        self._to[subscriber] -= 1
        if not self._to[subscriber]:
            del self._to[subscriber]

    def is_busy(self, subscriber: bytes) -> bool:
        """Whether one more has to wait for its turn."""
        return subscriber in self._lines or not self._is_free(subscriber)

    @contextlib.asynccontextmanager
    async def turn(self, subscriber: bytes, waits: bool = True) -> AsyncIterator[None]:
        """Hold a turn of those to one subscriber; not ``waits``: at once, whoever else holds one."""
        if waits and self.is_busy(subscriber):
            with spent(QUEUE):
                await self._wait(subscriber)
        else:
            self._sent[subscriber] += 1
        try:
            yield
        finally:
            self._give_back(subscriber)

    def _is_free(self, subscriber: bytes) -> bool:
        """Whether one more turn may be held."""
        sent = self._sent[subscriber]
        return sent < (1 if sent and self._is_failing(subscriber) else self._at_once)

    async def _wait(self, subscriber: bytes) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(subscriber, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given in the same moment
                self._give_back(subscriber)
            raise

    def _give_back(self, subscriber: bytes) -> None:
        """A turn is held no more: it is the next one's."""
        self._sent[subscriber] -= 1
        line = self._lines.get(subscriber)
        while line and self._is_free(subscriber):
            turn = line.popleft()
            if not turn.done():
                self._sent[subscriber] += 1
                turn.set_result(None)
        if line is not None and not line:
            del self._lines[subscriber]
        if not self._sent[subscriber]:
            del self._sent[subscriber]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        bound = self._bound + LINES_MAX
        longest = max((len(line) for line in self._lines.values()), default=0)
        return {
            "pushes": (self.under_way, bound),
            "pushed_to": (len(self._to), bound),
            "pushes_waiting": (longest, self._one_max),
        }

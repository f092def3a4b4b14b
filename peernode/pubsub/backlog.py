"""``Backlog``: what a channel that recovers has missed meanwhile is pulled from its initiators.

Invariants: ``AT_ONCE`` channels that lack something have a turn; one that gets no message for ``STILL_S``, or
is not through within ``TURN_S``, goes on without, so that a channel whose initiators withhold, or whose
backlog is long, keeps no other one waiting for long; most of the initiators that took the lease must have
nothing more, a minority that withholds what it claims to have is not waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from peernode.diagnostics.routes import route_of
from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.subscription import Subscription
from peernode.pubsub.sync import CatchUp
from peernode.span import Span
from peernode.wire.contact import Contact

AT_ONCE = 8
"""Channels that have a turn at a time; the others wait for theirs."""

STILL_S = 3.0
TURN_S = 15.0
"""``AT_ONCE`` more channels begin with each of these, however slow the others are."""

PATIENCE_S = 20.0
"""How long an initiator alone is caught up with; if it takes longer, the next one is asked beside it."""


class Backlog:
    """The turns of one node's channels."""

    def __init__(self, context: Context, catch_up: CatchUp) -> None:
        self._context = context
        self._catch_up = catch_up
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, replica: Replica, taken: Subscription) -> None:
        """Pull what those who took the lease hold and we lack; ``TIMEOUT`` when too few of them gave it."""
        lacking = bool(_behind(replica, taken))
        async with self._turn(replica) if lacking else nullcontext():
            with self._context.collector.begin("recovery.catch_up", replica.name) as span:
                await self._pull(replica, taken, span)

    @asynccontextmanager
    async def _turn(self, replica: Replica) -> AsyncIterator[None]:
        """A turn for the block, which is over before the block ends when that takes too long."""
        await self._gate.acquire()
        over = asyncio.Event()
        self._context.tasks.spawn(self._give_back(replica, over), "recovery.turn")
        try:
            yield
        finally:
            over.set()

    async def _give_back(self, replica: Replica, over: asyncio.Event) -> None:
        """Hold the turn as long as it is used."""
        try:
            until_s, version = self._context.now() + TURN_S, -1
            while (left_s := until_s - self._context.now()) > 0 and version != replica.log.version:
                version = replica.log.version
                try:
                    async with asyncio.timeout(min(left_s, STILL_S)):
                        await over.wait()
                        return
                except TimeoutError:
                    continue
            self._context.collector.count("recovery.turn_over")
        finally:
            self._gate.release()

    async def _pull(self, replica: Replica, taken: Subscription, span: Span) -> None:
        """Pull from each initiator that holds what we lack, until most of them have nothing more.

        Not all, and not one of those that differ: who names a root and withholds what it names, broken or
        hostile, must not keep the channel recovering for ever. Nobody beside them is waited for.
        """
        takers = len(taken.holders)
        behind = _behind(replica, taken)
        for contact, root in taken.behind:
            if not taken.view.holds(contact.public_key) and not replica.holds_all_of(
                contact.public_key, root
            ):
                self._catch_up.start(replica, contact)
        asked = [contact.id for contact, _ in behind]
        asking: list[asyncio.Task[bool]] = []
        ended = asyncio.Event()
        for contact, root in behind:
            settled = self._catch_up.settled(replica, contact, root)
            asking.append(self._context.tasks.spawn(settled, "recovery.catch_up"))
            asking[-1].add_done_callback(lambda _: ended.set())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await asyncio.shield(asking[-1])
            except TimeoutError:
                self._context.collector.count("recovery.slow")

        def agreeing() -> int:
            return takers - len(asking) + sum(1 for task in asking if _settled(task))

        while agreeing() <= takers // 2:
            if all(task.done() for task in asking):
                span.end("TIMEOUT", **route_of("pull", asked))
                raise PeerNodeError("TIMEOUT", replica.name, step="catch_up")
            ended.clear()
            await ended.wait()
        if agreeing() < takers:
            self._context.collector.count("recovery.withheld")
        held = [c.id for c, root in behind if replica.holds_all_of(c.public_key, root)]
        span.end("ok", **route_of("pull", asked, held))


def _behind(replica: Replica, taken: Subscription) -> list[tuple[Contact, bytes]]:
    """The initiators that may hold what we lack, and their roots."""
    return [
        (contact, root)
        for contact, root in taken.behind
        if taken.view.holds(contact.public_key) and not replica.holds_all_of(contact.public_key, root)
    ]


def _settled(task: asyncio.Task[bool]) -> bool:
    """Whether a catch-up has ended well; one that crashed was reported by whoever runs the tasks."""
    return task.done() and not task.cancelled() and task.exception() is None and task.result()

"""``Resuming``: publishes again what is sent, but held by fewer nodes than it should be.

A new initiator has appeared, so more may hold it now. Invariants: ``RESUMED_MAX`` messages of a channel at a
time, the others when these are answered or given up; one list per channel, a newer one takes its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peernode.pubsub.context import Context
from peernode.pubsub.entry import Entry

RESUMED_MAX = 64
"""Sent messages of a channel that are published again in one go; over it they wait, counted."""


class Resuming:
    """``start`` begins an attempt, unless there is no hope for one, or the entry waits no more."""

    def __init__(self, context: Context, start: Callable[[Entry], None]) -> None:
        self._context = context
        self._start = start
        self._going_on: dict[bytes, asyncio.Task[None]] = {}
        """By channel id: what goes on with the others."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"resuming": (len(self._going_on), self._context.config.channels_max)}

    def go_on(self, batch: list[Entry], others: list[Entry]) -> None:
        """After ``batch``, which is under way, the ``others`` of the same channel."""
        channel_id = batch[0].replica.channel_id
        before = self._going_on.pop(channel_id, None)
        if before is not None:
            before.cancel()
        if others:
            self._context.collector.count("publish.resumed_later", len(others))
            task = self._context.tasks.spawn(self._batches(batch, others), "publish.resume")
            self._going_on[channel_id] = task
            task.add_done_callback(lambda ended: self._ended(channel_id, ended))

    def _ended(self, channel_id: bytes, task: asyncio.Task[None]) -> None:
        if self._going_on.get(channel_id) is task:
            del self._going_on[channel_id]

    async def _batches(self, batch: list[Entry], others: list[Entry]) -> None:
        while others:
            for entry in batch:
                await entry.answered()
            batch, others = others[:RESUMED_MAX], others[RESUMED_MAX:]
            for entry in batch:
                self._start(entry)

"""``Recounts``: what is unread, counted anew after others' edits and deletions.

To count reads up to ``PAGES_MAX`` pages of messages from the disk (``peernode.pubsub.reading``), so it is not
done for each change. Invariants: a change costs one comparison and one entry per channel; a channel is
counted at most once in ``RECOUNT_S``, however many changes come; a change behind what was read tells nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from webchat.background import Background
from webchat.bridge import ReadState

RECOUNT_S = 0.3
"""What is unread in a channel is counted anew at most so often."""


async def _pause() -> None:
    await asyncio.sleep(RECOUNT_S)


class Recounts:
    """See the module; ``count`` is None for a channel that was left, ``tell`` gets what was counted."""

    def __init__(
        self,
        tasks: Background,
        count: Callable[[str], ReadState | None],
        tell: Callable[[ReadState], None],
        pause: Callable[[], Awaitable[None]] = _pause,
    ) -> None:
        self._tasks = tasks
        self._count = count
        self._tell = tell
        self._pause = pause
        self._newest: dict[str, str] = {}

    def changed(self, channel: str, order: str) -> None:
        """A message of this order was edited or deleted: what is unread, or names the user, may be less."""
        waiting = channel in self._newest
        self._newest[channel] = max(order, self._newest.get(channel, ""))
        if not waiting:
            self._tasks.spawn(self._soon(channel), f"counting what is unread in {channel}")

    async def _soon(self, channel: str) -> None:
        await self._pause()
        newest = self._newest.pop(channel)
        state = self._count(channel)
        if state is not None and newest > state.upto:
            self._tell(state)

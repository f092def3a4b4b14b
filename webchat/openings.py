"""``Openings``: channels that were just asked for, and whose membership the node has not on disk yet.

What a person says there at once, as a page does that hands over what was written without a network, belongs
to a member all the same: it waits until the node has written the membership down, or has refused it.
Invariants: the node tells how a join goes only once the membership is durable, so its first word ends the
opening, as does the end of the join; nobody waits for longer than ``patience_s``, and hears then what a page
tries again.
"""

from __future__ import annotations

import asyncio

from webchat.chat.commands import CommandError

PATIENCE_S = 10.0
"""For a disk that takes its time; longer than any page waits for an answer."""


class Openings:
    """See the module; one per user's node, as many entries as joins that are being written down."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._ended: dict[str, asyncio.Event] = {}

    def begin(self, channel: str) -> None:
        """The node was asked to join, and is no member."""
        self._ended.setdefault(channel, asyncio.Event())

    def end(self, channel: str) -> None:
        """The node is a member, or has refused to be one."""
        ended = self._ended.pop(channel, None)
        if ended is not None:
            ended.set()

    async def over(self, channel: str) -> None:
        """Wait while the channel is being opened; raises ``WORKER_UNAVAILABLE`` when that takes too long."""
        ended = self._ended.get(channel)
        if ended is None:
            return
        try:
            async with asyncio.timeout(self._patience_s):
                await ended.wait()
        except TimeoutError:
            raise CommandError("WORKER_UNAVAILABLE", f"{channel} is still being opened") from None

"""Whether a message that is sent is on this server alone: its copies there are as safe as one disk.

Beside every user's node runs the server's own, so nobody here is ever alone on the network, and a single
person reads of several nodes that keep a message. What that is worth is said plainly (``local``). Invariants:
it is said only while nothing known speaks against it: all receipts name one machine, nobody else subscribed
when they came, and every initiator, subscriber and author that the node knows is one of this server; and not
for long after something does, whether or not an event tells of it, for a node without a name comes silently.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from webchat.background import Background
from webchat.bridge import PeerNode

AllOurs = Callable[[Iterable[str]], bool]
"""Whether all of these nodes, by id, run on this server."""

LOOK_S = 4.0
"""So often it is looked at who is in the company of messages that may be on this server alone."""


def may_be_local(state: Any) -> bool:
    """By its receipts alone: whether a message (an ``OutboxState``) can be on this server alone."""
    _, others = state.delivered
    return state.state == "sent" and state.machines == 1 and not others and not state.alone


def are_among_us(channel: str, node: PeerNode, all_ours: AllOurs) -> bool:
    """Whether everybody who is known in a channel is of this server."""
    if channel not in node.channels():
        return False
    initiators = node.coordinator(channel)["initiators"]
    others = (node.leaseholders, node.names)
    return bool(initiators) and all_ours(initiators) and all(all_ours(known(channel)) for known in others)


def is_local(state: Any, node: PeerNode, all_ours: AllOurs) -> bool:
    """Whether only nodes of this server have a message."""
    return may_be_local(state) and are_among_us(state.channel, node, all_ours)


async def _pause() -> None:
    await asyncio.sleep(LOOK_S)


class Company:
    """Keeps what pages were told of such messages true, for one user's node.

    All of one channel share one answer, so that is all that is remembered: one entry per channel that the
    node is in and has had such messages of. A look asks the node alone, for its messages only after a change.
    """

    def __init__(
        self,
        node: Callable[[], PeerNode | None],
        all_ours: AllOurs,
        tell: Callable[[Any], None],
        tasks: Background,
        pause: Callable[[], Awaitable[None]] = _pause,
    ) -> None:
        """``node``: None until it can be asked; ``tell`` gets each message of which something else holds."""
        self.all_ours = all_ours
        self._node = node
        self._tell = tell
        self._tasks = tasks
        self._pause = pause
        self._told: dict[str, bool] = {}
        self._is_looking = False

    def local(self, state: Any) -> bool:
        """Whether only nodes of this server have a message; whoever asks tells the pages."""
        node = self._node()
        if node is None or not may_be_local(state):
            return False
        local = are_among_us(state.channel, node, self.all_ours)
        if state.channel in node.channels():
            # What others of the channel were told stays to be mended.
            self._told.setdefault(state.channel, local)
            self._begin()
        return local

    def look(self, channel: str) -> None:
        """Tell of a channel's messages if something else holds of them by now than was told."""
        node = self._node()
        if node is None or channel not in self._told:
            return
        told = self._told.pop(channel)
        if channel not in node.channels():
            return  # told anew when somebody joins it again
        local = are_among_us(channel, node, self.all_ours)
        if local == told:
            self._told[channel] = told
            return
        for state in node.outbox():
            if state.channel == channel and may_be_local(state):
                self._told[channel] = local
                self._tell(state)

    def grew(self, channel: str) -> None:
        """A message of the channel is elsewhere, too: so may be others."""
        if self._told.get(channel):
            self.look(channel)

    def _begin(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            self._tasks.spawn(self._keep_looking(), "looking who is in the company")

    async def _keep_looking(self) -> None:
        try:
            while self._told:
                await self._pause()
                for channel in [*self._told]:
                    self.look(channel)
        finally:
            self._is_looking = False

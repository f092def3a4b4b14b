"""The host node as its own tests and examinations see it: refusals come as ``CommandError``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from webchat.bridge import PeerNode, done

Addresses = tuple[tuple[str, int], ...]


class HostNode:
    """See the module; ``webchat.canary`` says what it needs."""

    def __init__(self, node: PeerNode, bootstraps: bool = False) -> None:
        """``bootstraps``: whether addresses of others are configured."""
        self._node = node
        self._bootstraps = bootstraps

    async def join(self, name: str) -> None:
        """Join a channel; returns at once when that is done already."""
        await done(self._node.join(name))

    async def publish(self, name: str, message_id: str, text: str) -> Any:
        """Accept a message; its state."""
        return await done(self._node.publish(name, message_id, text))

    async def leave(self, name: str) -> None:
        """Leave a channel."""
        await done(self._node.leave(name))

    async def retry(self, message_id: str) -> Any:
        """Send a failed message again; its state."""
        return await done(self._node.retry(message_id))

    async def discard_failed(self, name: str) -> None:
        """Give up the failed messages of a channel."""
        for state in self._node.outbox():
            if state.channel == name and state.state == "failed":
                await done(self._node.discard(state.id))

    def alone(self) -> bool:
        """Whether the others that once were here are gone, and none is configured to be asked."""
        state = self._node.state
        return not self._bootstraps and state.state != "online" and not state.peers

    def newest(self, name: str) -> str:
        """The id of the newest message that the node shows in a channel."""
        return next((message.id for message in self._node.history(name, None, 1)), "")

    async def examine(
        self,
        addresses: Addresses,
        channel: str,
        database: Path,
        unknown: Addresses,
        ended: Callable[[dict[str, Any]], None],
    ) -> None:
        """Have the connection doctor look; ``unknown``: configured names that lead nowhere.

        ``ended`` is told of each step, JSON-able, as soon as it and those before it have ended.
        """
        given = (addresses, channel, database)
        await self._node.examine(*given, on_step=lambda step: ended(step.told()), unknown=unknown)

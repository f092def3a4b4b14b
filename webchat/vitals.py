"""The worker's commands about the server itself: is it well, and all that is counted.

They are user 0's, cheap, and name no channel and no person. ``start_canary`` begins the test messages, whose
outcome both of them tell.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from webchat.background import Background
from webchat.bridge import PeerHost
from webchat.canary import Canary
from webchat.hostnode import HostNode

Args = dict[str, Any]
Result = dict[str, Any]


class VitalCommands:
    """See the module; ``table`` is for the worker."""

    def __init__(self, host: PeerHost) -> None:
        self._host = host
        self.table: dict[str, Callable[[int, Args], Awaitable[Result]]] = {
            "vitals": self._vitals,
            "metrics": self._metrics,
        }

    async def _vitals(self, user: int, args: Args) -> Result:
        return {"canary": self._host.canary()["state"]}

    async def _metrics(self, user: int, args: Args) -> Result:
        return {**self._host.numbers.told(), "canary": self._host.canary()}


def start_canary(host: PeerHost, tasks: Background) -> None:
    """Test the way of messages from now on, until ``tasks`` are ended."""
    canary = Canary(host.canary_channel, HostNode(host.node))
    host.on_event.append(canary.on_event)
    host.canary = canary.told
    tasks.spawn(canary.run(), "canary")

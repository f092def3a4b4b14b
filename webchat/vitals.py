"""The worker's commands about the server itself: is it well, and all that is counted.

They are user 0's and name no channel and no person; how many channels are well is counted where the health
page looks (``webchat.health.watching``), so both say the same. ``keep_canary`` begins the test messages,
whose outcome both commands tell.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from webchat.background import Background
from webchat.bridge import PeerHost, is_canary
from webchat.canary import Canary
from webchat.chat.commands import CommandError
from webchat.health.watching import HealthWatch
from webchat.hostnode import HostNode

log = logging.getLogger("webchat.vitals")

Args = dict[str, Any]
Result = dict[str, Any]


class VitalCommands:
    """See the module; ``table`` is for the worker."""

    def __init__(self, host: PeerHost, watch: HealthWatch) -> None:
        self._host = host
        self._watch = watch
        self.table: dict[str, Callable[[int, Args], Awaitable[Result]]] = {
            "vitals": self._vitals,
            "metrics": self._metrics,
        }

    async def _vitals(self, user: int, args: Args) -> Result:
        return {"canary": self._host.canary()["state"]}

    async def _metrics(self, user: int, args: Args) -> Result:
        verdicts = await self._watch.verdicts()
        return {**self._host.numbers.told(), "verdicts": verdicts, "canary": self._host.canary()}


async def keep_canary(host: PeerHost, tasks: Background, *, wanted: bool) -> None:
    """Test the way of messages from now on, until ``tasks`` are ended; or, when not ``wanted``, no more.

    The channels of tests that are made no more (switched off, or the host has another key) are left.
    """
    node = HostNode(host.node, bootstraps=bool(settings.DEPLOYMENT.bootstrap))
    for name in host.node.channels():
        if is_canary(name) and not (wanted and name == host.canary_channel):
            try:
                await node.leave(name)
            except CommandError as error:  # a full disk, say: the server starts all the same
                log.warning("the channel of earlier test messages was not left: %s", error)
    if wanted:
        canary = Canary(host.canary_channel, node)
        host.on_event.append(canary.on_event)
        host.canary = canary.told
        tasks.spawn(canary.run(), "canary")

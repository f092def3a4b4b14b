"""Discovery of nodes on the same network, started beside the node and never in its way.

A node may have no interface yet when it starts, and other ones later, on another network. So the announcement
is made anew when the connection is back, when the own address is another one, and when the interfaces are
found to be others than those announced; what failed is tried again.

Invariants: a node works as well without it: what fails is counted (``lan.failed``) and logged, never raised;
two announcements are ``AGAIN_S`` apart at least.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from peernode.environment import Address, Neighbourhood
from peernode.identity import network_id_of
from peernode.overlay.addresses import is_loopback
from peernode.rpc.rpc import Rpc
from peernode.tasks import Tasks

LOG = logging.getLogger("peernode.lan")

AGAIN_S = 10.0
"""The least time between two announcements, whatever the network does."""

CHECK_S = 30.0
"""How often it is looked whether the announcement is true, or can be made at last."""


class Nearby:
    """The neighbourhood of one node, if it was given one."""

    def __init__(
        self, lan: Neighbourhood | None, rpc: Rpc, tasks: Tasks, found: Callable[[Address], None]
    ) -> None:
        self._lan = lan
        self._rpc = rpc
        self._tasks = tasks
        self._found = found
        self._again = asyncio.Event()
        self._told = ""
        """What was logged last: the same trouble is no news."""

    def start(self) -> None:
        """Announce the node in the background, and keep that true; its socket is open."""
        if self._lan is not None:
            self._tasks.spawn(self._keep(self._lan), "lan")

    def renew(self) -> None:
        """The connection is back, or our address is another one: announce anew."""
        self._again.set()

    async def stop(self) -> None:
        """Take the announcement back."""
        if self._lan is not None:
            await self._take_back(self._lan)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {} if self._lan is None else self._lan.sizes()

    async def _keep(self, lan: Neighbourhood) -> None:
        announced = await self._announce(lan)
        while announced or not is_loopback(self._rpc.address[0]):  # else nobody could ever reach us
            await asyncio.sleep(AGAIN_S)
            try:
                async with asyncio.timeout(CHECK_S - AGAIN_S):
                    await self._again.wait()
            except TimeoutError:
                if announced and not self._outdated(lan):
                    continue
            self._again.clear()
            await self._take_back(lan)
            announced = await self._announce(lan)

    async def _announce(self, lan: Neighbourhood) -> bool:
        rpc = self._rpc
        name = rpc.identity.node_id.hex()[:16]
        try:
            started = await lan.start(network_id_of(rpc.config.network), name, rpc.address, self._found)
        except OSError as error:
            self._failed(error)
            return False
        self._told = ""
        silent = "lan.loopback_only" if is_loopback(rpc.address[0]) else "lan.nowhere"
        rpc.counters["lan.announced" if started else silent] += 1
        return started

    async def _take_back(self, lan: Neighbourhood) -> None:
        try:
            await lan.stop()
        except OSError as error:
            self._failed(error)

    def _outdated(self, lan: Neighbourhood) -> bool:
        try:
            return lan.outdated()
        except OSError as error:
            self._failed(error)
            return False

    def _failed(self, error: OSError) -> None:
        self._rpc.counters["lan.failed"] += 1
        if str(error) != self._told:
            self._told = str(error)
            LOG.warning("peers on this network are not found by themselves: %s", error)

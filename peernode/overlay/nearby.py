"""Discovery of nodes on the same network, started beside the node and never in its way.

Invariants: a node works as well without it: what fails is counted (``lan.failed``) and logged, never raised.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from peernode.environment import Address, Neighbourhood
from peernode.identity import network_id_of
from peernode.rpc.rpc import Rpc
from peernode.tasks import Tasks

LOG = logging.getLogger("peernode.lan")


class Nearby:
    """The neighbourhood of one node, if it was given one."""

    def __init__(
        self, lan: Neighbourhood | None, rpc: Rpc, tasks: Tasks, found: Callable[[Address], None]
    ) -> None:
        self._lan = lan
        self._rpc = rpc
        self._tasks = tasks
        self._found = found

    def start(self) -> None:
        """Announce the node in the background; its socket is open."""
        if self._lan is not None:
            self._tasks.spawn(self._announce(self._lan), "lan")

    async def stop(self) -> None:
        """Take the announcement back."""
        if self._lan is not None:
            try:
                await self._lan.stop()
            except OSError as error:
                self._failed(error)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {} if self._lan is None else self._lan.sizes()

    async def _announce(self, lan: Neighbourhood) -> None:
        rpc = self._rpc
        name = rpc.identity.node_id.hex()[:16]
        try:
            started = await lan.start(network_id_of(rpc.config.network), name, rpc.address, self._found)
        except OSError as error:
            self._failed(error)
        else:
            rpc.counters["lan.announced" if started else "lan.loopback_only"] += 1

    def _failed(self, error: OSError) -> None:
        self._rpc.counters["lan.failed"] += 1
        LOG.warning("peers on this network are not found by themselves: %s", error)

"""``NodeInsight``: what a running node says of itself when asked; the reading half of ``PeerNode``.

Invariants: nothing here changes the node; what comes without ``await`` asks nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peernode.diagnostics.records import Attempt
from peernode.environment import Address
from peernode.events import NodeState
from peernode.pubsub.context import Context
from peernode.pubsub.service import PubSub


class NodeInsight:
    """See the module."""

    _context: Context
    _pubsub: PubSub

    @property
    def address(self) -> Address:
        """The local address of the node's socket."""
        return self._context.rpc.address

    @property
    def node_id(self) -> str:
        """The node id in hex."""
        return self._context.identity.node_id.hex()

    @property
    def state(self) -> NodeState:
        """Whether the node has a network, and if not, why."""
        state, reason = self._context.overlay.state()
        return NodeState(state, len(self._context.overlay.table.live()), reason)

    async def subscribers(self, name: str) -> dict[str, list[str]]:
        """Each initiator's own list of subscribers; one that does not answer is left out."""
        return await self._pubsub.subscribers(name)

    async def reachability(self, name: str) -> dict[str, Any]:
        """Which initiator of a channel reaches which subscriber, how well and which way: JSON-able."""
        return await self._pubsub.matrix.matrix(self._pubsub.storage.member(name))

    def counters(self) -> dict[str, int]:
        """What the node counted of its traffic since it was made."""
        return dict(self._context.rpc.counters)

    def happened(self) -> dict[str, int]:
        """How often each thing happened beside the traffic, since the node was made."""
        return dict(self._context.collector.counters)

    def attempts(self, digest: str) -> list[Attempt]:
        """The attempts to bring a message (its digest in hex) to its initiators and subscribers."""
        return self._context.collector.attempts(digest)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full every bounded table, queue and cache is, each with its bound."""
        context = self._context
        parts = {
            "rpc": context.rpc.bounds(),
            "overlay": context.overlay.sizes(),
            "pubsub": self._pubsub.sizes(),
            "diagnostics": context.collector.sizes(),
        }
        return {f"{part}.{name}": size for part, sizes in parts.items() for name, size in sizes.items()}

    def leaseholders(self, name: str) -> list[str]:
        """Node ids with a live lease of a channel at this node, by its own table alone."""
        replica = self._pubsub.storage.by_name(name)
        return [x.subscriber_id.hex() for x in replica.leases.live(self._context.now())] if replica else []

    def coordinator(self, name: str) -> dict[str, Any]:
        """What this node knows of a channel, and how its last load and join went; JSON-able, asks nobody."""
        return self._pubsub.coordinator(name)

    def on_attempt(self, listener: Callable[[str, Attempt], None]) -> None:
        """Tell ``listener`` of each attempt when it has ended, with the message's digest in hex."""
        self._context.collector.on_attempt.append(listener)

    def diagnostics(self) -> dict[str, Any]:
        """What an administrator or a failed test wants to see; JSON-able, without any text."""
        context = self._context
        return {
            "node_id": self.node_id,
            "address": list(self.address),
            "state": self.state.state,
            "peers": [[c.id.hex(), c.ip, c.port] for c in context.overlay.peers()],
            "bootstraps": [each.shown() for each in context.overlay.bootstraps()],
            "rpc": self.counters(),
            "channels": self._pubsub.diagnostics(),
            **context.collector.snapshot(),
        }

"""``JoinLog``: the last joins of this node, over all channels, for whoever looks at how joins go.

Invariants: ``JOINS_MAX`` of them, the oldest fall out first; a join is in it from its beginning, and told as
it stands.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from peernode.pubsub.context import Context
from peernode.pubsub.traces import JoinTrace

JOINS_MAX = 128


class JoinLog:
    """See the module."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._joins: deque[tuple[bytes, int, JoinTrace]] = deque(maxlen=JOINS_MAX)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"join_log": (len(self._joins), JOINS_MAX)}

    def begun(self, channel_id: bytes, trace: JoinTrace) -> None:
        """A join of a channel begins."""
        self._joins.append((channel_id, self._context.wall_ms(), trace))

    def told(self, channel_id: bytes) -> list[dict[str, Any]]:
        """The joins of one channel, the oldest first: ``JoinTrace.told`` with the time and this node's id."""
        me = self._context.identity.node_id.hex()
        return [
            {**trace.told(), "at_ms": at_ms, "node": me}
            for joined, at_ms, trace in self._joins
            if joined == channel_id
        ]

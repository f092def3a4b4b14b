"""``Blocking``: whom the person behind this node does not want to hear.

A matter of this node alone: the log keeps what they write, others see it, and nobody is told. Invariants: the
list is durable before it counts; over ``BLOCKED_MAX`` nobody more is taken.
"""

from __future__ import annotations

from peernode.errors import PeerNodeError
from peernode.identity import NODE_ID_BYTES
from peernode.pubsub.context import Context
from peernode.store.base import PutMeta

BLOCKED_MAX = 1000
_KEY = "blocked"


class Blocking:
    """The list, by node id."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def all(self) -> list[str]:
        """Node ids in hex, in the order in which they were blocked."""
        raw = self._context.store.meta(_KEY) or b""
        return [raw[at : at + NODE_ID_BYTES].hex() for at in range(0, len(raw), NODE_ID_BYTES)]

    async def set(self, node_id: str, on: bool) -> list[str]:
        """Block somebody, or no longer; the list then. ``TOO_MANY_BLOCKED``, ``BAD_FRAME``."""
        if len(node_id) != 2 * NODE_ID_BYTES or node_id == self._context.identity.node_id.hex():
            raise PeerNodeError("BAD_FRAME", reason="Another person's node id is expected.")
        blocked = [one for one in self.all() if one != node_id]
        if on:
            if len(blocked) >= BLOCKED_MAX:
                raise PeerNodeError("TOO_MANY_BLOCKED", limit=BLOCKED_MAX)
            blocked.append(node_id)
        await self._context.store.commit(PutMeta(_KEY, bytes.fromhex("".join(blocked))))
        return blocked

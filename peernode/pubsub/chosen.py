"""``ChosenPeople``: a list of people that the person behind this node keeps for itself.

Whom it does not want to hear (``blocked``), and whose fingerprints it has compared (``verified``). A matter
of this node alone: the log keeps what they write, others see it, and nobody is told. Invariants: a list is
durable before it counts; over its bound nobody more is taken.
"""

from __future__ import annotations

import asyncio

from peernode.errors import PeerNodeError
from peernode.identity import NODE_ID_BYTES
from peernode.pubsub.context import Context
from peernode.store.base import PutMeta

BLOCKED_MAX = 1000
VERIFIED_MAX = 1000


class ChosenPeople:
    """One list, by node id."""

    def __init__(self, context: Context, name: str, limit: int, full: str) -> None:
        """``name`` is what it is kept under, ``full`` the code of the error at the bound."""
        self._context = context
        self._name = name
        self._limit = limit
        self._full = full
        self._changing = asyncio.Lock()

    def all(self) -> list[str]:
        """Node ids in hex, in the order in which they were chosen."""
        raw = self._context.store.meta(self._name) or b""
        return [raw[at : at + NODE_ID_BYTES].hex() for at in range(0, len(raw), NODE_ID_BYTES)]

    async def set(self, node_id: str, on: bool) -> list[str]:
        """Choose somebody, a checked node id in hex, or no longer; the list then.

        Raises ``BAD_FRAME`` for the own one, and the list's own code when it is full.
        """
        if node_id == self._context.identity.node_id.hex():
            raise PeerNodeError("BAD_FRAME", reason="Another person's node id is expected.")
        async with self._changing:
            chosen = [one for one in self.all() if one != node_id]
            if on:
                if len(chosen) >= self._limit:
                    raise PeerNodeError(self._full, limit=self._limit)
                chosen.append(node_id)
            await self._context.commit(PutMeta(self._name, bytes.fromhex("".join(chosen))))
            return chosen

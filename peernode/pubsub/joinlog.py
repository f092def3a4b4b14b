"""``JoinLog``: the last joins of this node, over all channels, for whoever looks at how joins go.

Invariants: ``JOINS_MAX`` of them, the oldest that has ended falls out first; a join is in it from its
beginning, and told as it stands: one that goes on has lasted until now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peernode.pubsub.context import Context
from peernode.pubsub.traces import JoinTrace

JOINS_MAX = 128

GOES_ON = ("running", "delayed")


@dataclass(frozen=True, slots=True)
class _Join:
    channel_id: bytes
    at_ms: int
    """When it began, by its machine's clock, as records are."""
    began_s: float
    trace: JoinTrace

    @property
    def goes_on(self) -> bool:
        return self.trace.outcome in GOES_ON


class JoinLog:
    """See the module."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._joins: list[_Join] = []

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"join_log": (len(self._joins), JOINS_MAX)}

    def begun(self, channel_id: bytes, trace: JoinTrace) -> None:
        """A join of a channel begins."""
        if len(self._joins) >= JOINS_MAX:
            self._joins.pop(next((at for at, join in enumerate(self._joins) if not join.goes_on), 0))
        self._joins.append(_Join(channel_id, self._context.env.clock.wall_ms(), self._context.now(), trace))

    def told(self, channel_id: bytes) -> list[dict[str, Any]]:
        """The joins of one channel, the oldest first: ``JoinTrace.told`` with the time and this node's id."""
        return [self._told(join) for join in self._joins if join.channel_id == channel_id]

    def _told(self, join: _Join) -> dict[str, Any]:
        told = {**join.trace.told(), "at_ms": join.at_ms, "node": self._context.identity.node_id.hex()}
        lasted_ms = (self._context.now() - join.began_s) * 1000
        return {**told, "elapsed_ms": lasted_ms} if join.goes_on else told

"""``Spread``: how far one message got from this node."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from peernode.channel.message import Message
from peernode.pubsub.replica import Replica


@dataclass(slots=True)
class Spread:
    """One message and the subscribers that have it; ``acked``: subscriber id -> (key, signature)."""

    replica: Replica
    message: Message
    acked: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    pushing: dict[bytes, asyncio.TimerHandle | None] = field(default_factory=dict)
    """Subscriber id -> what asks for a relay when the push under way stays unanswered."""
    begun: bool = False
    """Whether this node's pushes by rank have begun."""
    shared: dict[bytes, None] = field(default_factory=dict)
    """Subscribers whose acks somebody else has reported to all: we need not."""

    def body(self) -> list[Any]:
        """What a PUSH carries."""
        view = self.replica.initiators
        return [view.hash if view else bytes(16), self.message.raw]

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
    first_push_s: float = float("inf")
    """When our pushes of it began, by the monotonic clock; its author may have written it long before."""
    named: dict[bytes, bytes] = field(default_factory=dict)
    """Subscriber id -> the first initiator, by its key, that says it has acked, without its signature."""
    agreed: dict[bytes, None] = field(default_factory=dict)
    """Subscribers of whom two initiators say so: we need not push to them."""
    shared: dict[bytes, None] = field(default_factory=dict)
    """Subscribers whose acks somebody else has reported to all: we need not."""

    def name(self, subscriber: bytes, teller: bytes) -> None:
        """An initiator says that a subscriber has acked; a second one is believed."""
        if self.named.setdefault(subscriber, teller) != teller:
            self.agreed[subscriber] = None

    def settled(self, subscriber: bytes) -> bool:
        """Whether a subscriber needs no push of ours any more."""
        return subscriber in self.acked or subscriber in self.agreed

    def spared(self, subscriber: bytes) -> bool:
        """Whether names alone, without a signature, say that a subscriber needs no push of ours."""
        return subscriber in self.agreed and subscriber not in self.acked

    def allowed(self, subscriber: bytes, now_s: float) -> bool:
        """Whether a subscriber's lease lets us push to it."""
        self.replica.leases.expire(now_s)
        return self.replica.leases.contact(subscriber) is not None

    def body(self) -> list[Any]:
        """What a PUSH carries."""
        view = self.replica.initiators
        return [view.hash if view else bytes(16), self.message.raw]

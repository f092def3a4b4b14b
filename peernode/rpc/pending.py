"""One request, from the call to its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from peernode.environment import Address
from peernode.errors import Refused, RpcTimeout
from peernode.rpc.peers import Peer
from peernode.span import QUEUE, Span
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

Outcome = Fields | Refused | RpcTimeout


@dataclass(slots=True, eq=False)
class Pending:
    """One request from the call to its outcome."""

    request_id: int
    op: Op
    message: bytes
    contact: Contact
    peer: Peer
    sends_max: int
    proven_only: bool
    tentative: bool
    """A question of a series: no answer says nothing yet, whoever asks goes on to find out and is the one to
    tell; and it is not the one that waits longer because others were lost."""
    first_max_s: float | None
    """The first sending is waited for no longer, unless the path is known to take longer, however long losses
    have made others wait; that no answer came in time makes no other request wait longer."""
    wanted: Callable[[], bool] | None
    """Asked before each sending; once it says no, nothing more is sent. None: always."""
    outcome: asyncio.Future[Outcome]
    sends: int = 0
    first_s: float = 0.0
    """How long the first sending was waited for; later ones double it."""
    started_at: float = 0.0
    sent_to: list[Address] = field(default_factory=list)
    sent_s: float = 0.0
    """When the last datagram went out."""
    answered_s: float | None = None
    """How long after the first sending the answer came."""
    timer: asyncio.TimerHandle | None = None
    retried_with_token: bool = False
    tokenless: int = 0
    """Sendings from before the token that came; each of them may still be refused for want of it."""
    resent: bool = False
    """Sent out of turn, when a WELCOME of the peer came meanwhile."""
    span: Span | None = None
    """The operation that it is for, and which part of it waits now."""
    waits_for: int = QUEUE

    @property
    def still_wanted(self) -> bool:
        """Whether it may be sent now."""
        return self.wanted is None or self.wanted()

    def waits(self, part: int | None) -> None:
        """From now on the operation waits for this part of it, or not for this request any more."""
        if self.span is None:
            return
        self.span.leave(self.waits_for)
        if part is None:
            self.span = None
        else:
            self.waits_for = part
            self.span.enter(part)

"""``Pushes``: one message to one subscriber, from its turn to its outcome.

A push waits for its turn among those to its subscriber (``pushroom``), is looked at again then, and goes.
Whoever has not acked when the alternative initiators have had their turn is pushed to through a relay
(``detours``), while the direct push goes on; what stays unanswered is tried again (``retries``).

Invariants: no datagram of a push goes out once the subscriber's lease has ended, however long the push has
waited (an author that is no initiator holds no leases: its own first push goes by what it was told); what is
not needed any more when its turn comes is not sent; of all messages together ``pushes_max`` pushes are under
way, over which one waits with the retries; a subscriber that says it isn't one loses its lease here; every
attempt is recorded.
"""

from __future__ import annotations

from collections.abc import Callable

from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout, Withdrawn
from peernode.pubsub.context import Context
from peernode.pubsub.detours import Detours
from peernode.pubsub.pushroom import PushRoom
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.relay import Relays
from peernode.pubsub.replica import Replica
from peernode.pubsub.retries import FULL, LEASE_ENDED, NOT_ANSWERING, DeliveryRetries
from peernode.pubsub.served import hear_served
from peernode.pubsub.spread import Spread
from peernode.pubsub.stagger import stagger_s
from peernode.span import Span
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

DIRECT = "direct"
"""The method of an author's own first push: the initiators push as well, so it need not wait."""

SETTLED = "settled"
"""Why a push is not sent that has its turn: acked to somebody meanwhile."""


class Pushes:
    """The pushes of one node."""

    def __init__(
        self,
        context: Context,
        monitor: InitiatorReachabilityMonitor,
        relays: Relays,
        acked: Callable[[Spread, Contact, Fields], str],
        all_answered: Callable[[], None],
    ) -> None:
        """``acked`` counts the ack in an answer, raises for a forged one; ``all_answered``: none is left."""
        self._context = context
        self._monitor = monitor
        self._acked = acked
        self._all_answered = all_answered
        self._detours = Detours(context, monitor, relays, acked)
        self.room = PushRoom(context.config, monitor.failing)
        self.retries = DeliveryRetries(context, self._again, self.room)
        self.on_unanswered: list[Callable[[Replica, Contact], None]] = []

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {**self.room.sizes(), **self.retries.sizes(), **self._detours.sizes()}

    def begin(self, spread: Spread, contact: Contact, method: str) -> None:
        """Push in the background, or put it off."""
        if not self.room.has(contact.id, method != DIRECT):
            why = NOT_ANSWERING if self._monitor.failing(contact.id) else FULL
            self.retries.put_off(spread, contact, method, why, keeps=method != DIRECT)
            return
        spread.pushing[contact.id] = None
        self.room.begin(contact.id)
        self._context.tasks.spawn(self._push(spread, contact, method), "delivery.push")

    async def _push(self, spread: Spread, contact: Contact, method: str) -> None:
        """The first push of a message to a subscriber; what it does not reach waits to be tried again."""
        settled = await self._once(spread, contact, method, first=True, waits=True)
        if not settled and spread.replica.serves:
            self.retries.add(spread, contact, method)

    async def _again(self, spread: Spread, contact: Contact, method: str, waits: bool) -> bool:
        self.room.begin(contact.id)
        return await self._once(spread, contact, method, first=False, waits=waits)

    async def _once(self, spread: Spread, contact: Contact, method: str, first: bool, waits: bool) -> bool:
        """One push; whether it need not be tried again: the subscriber has answered, or acked to somebody."""
        if contact.id in spread.acked:
            self._ended(spread, contact)
            return True
        spread.pushing[contact.id] = None
        span = self._context.collector.span()
        try:
            if waits and self.room.is_busy(contact.id):
                self._prepare(spread, contact, first, waits=True)
            with span:
                async with self.room.turn(contact.id, waits):
                    needless = self._needless(spread, contact, method, first)
                    if needless:
                        return self._not_sent(spread, contact, method, needless)
                    self._prepare(spread, contact, first, waits=False)
                    outcome = await self._send(spread, contact, method, first, span)
        finally:
            self._ended(spread, contact)
        self._context.tried(spread.replica.name, spread.message, contact.id, method, outcome, span, not first)
        return outcome not in ("timeout", "backpressure", LEASE_ENDED) or contact.id in spread.acked

    async def _send(self, spread: Spread, contact: Contact, method: str, first: bool, span: Span) -> str:
        """The request, and what it came to."""
        replica, started = spread.replica, self._context.now()
        if spread.message.parts:
            replica.lend(contact.public_key)
        try:
            answer = await self._context.rpc.request(
                contact,
                Op.PUSH,
                spread.body(),
                prove=True,
                wanted=lambda: self._is_allowed(spread, contact, method, first),
            )
            outcome = self._acked(spread, contact, answer)
            hear_served(answer, span, self._context.collector)
        except Withdrawn:
            return LEASE_ENDED
        except Backpressure:
            return "backpressure"
        except RpcTimeout:
            outcome = "timeout"
        except RemoteProtocolError:
            outcome = "malformed"
        except Refused as refusal:
            outcome = Status(refusal.status).name if refusal.status in list(Status) else "refused"
            if refusal.status == Status.NOT_SUBSCRIBED:
                replica.leases.drop(contact.id)
        self._monitor.pushed(contact, outcome != "timeout", started)
        if outcome == "timeout" and replica.serves:  # also when its ack came another way: this one is broken
            for unanswered in self.on_unanswered:
                unanswered(replica, contact)
        return outcome

    def _prepare(self, spread: Spread, contact: Contact, first: bool, waits: bool) -> None:
        """Have a relay asked in time."""
        leases = spread.replica.leases
        if spread.replica.serves:
            pause_s = stagger_s(self._context, leases.count_sure(self._context.now()))
            self._detours.prepare(spread, contact, pause_s, first, waits)

    def _is_allowed(self, spread: Spread, contact: Contact, method: str, first: bool) -> bool:
        """Whether the subscriber may be pushed to now."""
        told = first and method == DIRECT and not spread.replica.serves
        return told or spread.allowed(contact.id, self._context.now())

    def _needless(self, spread: Spread, contact: Contact, method: str, first: bool) -> str:
        """Why what has its turn now is not sent; empty: it is."""
        if spread.settled(contact.id):
            if spread.spared(contact.id):
                self._context.collector.count("delivery.spared_by_names")
            return SETTLED
        if not self._is_allowed(spread, contact, method, first):
            return LEASE_ENDED
        return NOT_ANSWERING if first and self.room.crowded(contact.id, method != DIRECT) else ""

    def _not_sent(self, spread: Spread, contact: Contact, method: str, why: str) -> bool:
        """What its turn found needless; whether it need not be tried again."""
        if why == LEASE_ENDED:
            self.retries.leave(contact, spread, why)
        elif why != SETTLED:
            self.retries.put_off(spread, contact, method, why)
        return True

    def _ended(self, spread: Spread, contact: Contact) -> None:
        self.room.end(contact.id)
        if (timer := spread.pushing.pop(contact.id, None)) is not None:
            timer.cancel()
        if not self.room.under_way:
            self._all_answered()

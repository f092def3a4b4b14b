"""``Detours``: pushes that stay unanswered, brought to their subscriber through somebody else.

A relay is asked for when two sends have been missed (not waited for on a path that fails already) and the
alternative initiators have had their turn, while the direct push goes on; the next one when the one before
has not answered either for as long, while that one goes on. While it is not known who reaches a subscriber,
one message looks for a way (``Relays.candidates``) and the others wait for what it finds.
Retries don't look: they go by a relay when somebody is known to reach the subscriber, which the repair of
the path (``probing``) finds out.

Invariants: nobody is pushed to, by whatever way, once the lease has ended; at most ``WAITING_MAX`` messages
wait per subscriber, each once, and only while one looks for a way; in one look the relays are asked one by
one, and none of them twice (what has its turn at last, or is tried again, may begin another look); every
attempt is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peernode.errors import Withdrawn
from peernode.pubsub.context import Context
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.relay import FAILURES, MISSED_RTOS, Relays
from peernode.pubsub.retries import LEASE_ENDED
from peernode.pubsub.served import hear_served
from peernode.pubsub.spread import Spread
from peernode.pubsub.staged import in_stages
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

ALTERNATIVES_FIRST = 2
"""So many of them have pushed before a relay is asked, and have had time to report the ack."""

LOOKING_MAX = 4096
"""Subscribers that a way is looked for at a time; over it pushes are left to their retries, counted."""

WAITING_MAX = 64
"""Messages that wait for a way to one subscriber; over it they are left to their retries, counted."""


class Detours:
    """The relayed pushes of one node; ``acked`` counts the ack in an answer, and raises for a forged one."""

    def __init__(
        self,
        context: Context,
        monitor: InitiatorReachabilityMonitor,
        relays: Relays,
        acked: Callable[[Spread, Contact, Fields], str],
    ) -> None:
        self._context = context
        self._monitor = monitor
        self._relays = relays
        self._acked = acked
        self._looking: dict[bytes, dict[bytes, Spread]] = {}
        """Subscriber id, while a relay is asked -> what else waits for it, by digest."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max((len(waiting) for waiting in self._looking.values()), default=0)
        return {"detours": (len(self._looking), LOOKING_MAX), "detours_waiting": (longest, WAITING_MAX)}

    def prepare(
        self, spread: Spread, contact: Contact, stagger_s: float, first: bool, waits: bool = False
    ) -> None:
        """A push begins: ask for a relay unless it is answered, or acked to somebody else, in time.

        Not ``first``: it is tried again. ``waits``: it has yet to have its turn; only when that is sent, or
        the path is known to fail, is there anything to be missed.
        """
        if (timer := spread.pushing.get(contact.id)) is not None:
            timer.cancel()
        turns_s = ALTERNATIVES_FIRST * (stagger_s + self._context.config.acked_batch_s)
        missed_s = MISSED_RTOS * self._context.rpc.measured_rto_s(contact.public_key)
        if self._monitor.failing(contact.id):
            missed_s = 0.0  # nothing has come back lately; the timeout has only grown since
        spread.pushing[contact.id] = asyncio.get_running_loop().call_later(
            max(missed_s, turns_s), self._missed, spread, contact, stagger_s, first, waits
        )

    def _missed(self, spread: Spread, contact: Contact, stagger_s: float, first: bool, waits: bool) -> None:
        """The alternatives have had their turn and nobody has the ack: through somebody else."""
        if contact.id in spread.acked or contact.id not in spread.pushing:
            return
        known = self._monitor.alternatives(contact.id)
        if waits and not known and not self._monitor.failing(contact.id):
            self.prepare(spread, contact, stagger_s, first, waits)
            return
        if not first and not known:
            return
        waiting = self._looking.get(contact.id)
        room = waiting is not None or len(self._looking) < LOOKING_MAX
        if room and self._monitor.may_relay(contact.id):
            self._looking.setdefault(contact.id, {})
            self._go(spread, contact)
        elif waiting is not None and (spread.message.digest in waiting or len(waiting) < WAITING_MAX):
            waiting[spread.message.digest] = spread
        else:
            self._context.collector.count("delivery.relay_put_off")

    def _go(self, spread: Spread, contact: Contact) -> None:
        self._context.tasks.spawn(self._push_through(spread, contact), "delivery.relay")

    async def _push_through(self, spread: Spread, contact: Contact) -> None:
        """By relays until the subscriber has acked; then what waited goes that way."""
        try:
            await self._try_all(spread, contact)
        finally:
            waiting = self._looking.pop(contact.id, {})
        if contact.id in spread.acked:
            for other in waiting.values():
                self._go(other, contact)

    async def _try_all(self, spread: Spread, contact: Contact) -> None:
        """One relay after the other; what is asked already goes on until it is answered or given up."""
        replica = spread.replica

        def done() -> bool:
            return contact.id in spread.acked or not spread.allowed(contact.id, self._context.now())

        await in_stages(
            self._context.tasks,
            self._relays.candidates(replica, contact),
            lambda via: self._try(spread, contact, via),
            self._relays.patience_s,
            done,
        )

    async def _try(self, spread: Spread, contact: Contact, via: Contact) -> None:
        """The push through one of them."""
        span = self._context.collector.span()
        try:
            with span:
                ask = self._relays.ask(
                    spread.replica,
                    contact,
                    via,
                    Op.PUSH,
                    spread.body(),
                    lambda: spread.allowed(contact.id, self._context.now()),
                )
                answer, heard_ms = await ask
            outcome = self._acked(spread, contact, answer)
            hear_served(answer, span, self._context.collector)
            self._monitor.vouched(contact.id, via.id, heard_ms)
        except Withdrawn:
            outcome = LEASE_ENDED
        except FAILURES as error:
            outcome = f"{type(error).__name__} by {via.id.hex()[:8]}"
        self._context.tried(spread.replica.name, spread.message, contact.id, "relay", outcome, span, True)

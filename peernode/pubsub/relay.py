"""``Relays``: asks somebody who reaches a subscriber to bring it a push or probe that we can't.

The asking initiator (the origin) names the target, a nonce and the inner request; what the relay and the
target do with that is in ``relaying``. A relayed ack is the subscriber's own signature: ``delivered`` stays
honest.

Invariants: at most ``ASKED_AT_ONCE_MAX`` requests are at one relay, the others wait for their turn, so what
else we want of it has room; relays are asked in stages (``staged``), so that those that are no use keep
nothing from the others; what a relay gains nobody trusts: a relayed probe never confirms a join.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peernode.channel.assignment import rank
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.relaying import HEARD_MAX_MS
from peernode.pubsub.replica import Replica
from peernode.pubsub.staged import Turns, in_stages
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

INITIATORS_MAX = 3
SUBSCRIBERS_MAX = 2
"""Who is asked to relay for one push at most: other initiators, then subscribers."""

ASK_FIRST_MAX_S = 0.5
"""A relay's first answer is waited for no longer before it is asked again: it may take its time."""

ASKED_AT_ONCE_MAX = 16
"""Requests at one relay at a time: half of what a peer takes (``inflight_per_peer_max``)."""

ASKS_WAITING_MAX = 256
"""Requests that wait for their turn at one relay; over it ``Backpressure``: the next one is asked."""

MISSED_RTOS = 3.0
"""Two sends have then been missed. Timed by clean samples alone: what else got lost on the path is a reason
to go round it, not to wait longer."""

NEXT_MAX_S = 0.4
"""The next relay is asked after so long at the latest: two that are no use leave the third its time."""

FAILURES = (RpcTimeout, Refused, Backpressure, RemoteProtocolError)


class Relays:
    """Knows whom to ask, and asks."""

    def __init__(self, context: Context, monitor: InitiatorReachabilityMonitor) -> None:
        self._context = context
        self._monitor = monitor
        self._turns = Turns(ASKED_AT_ONCE_MAX, ASKS_WAITING_MAX)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"relay_asks": (self._turns.longest, ASKS_WAITING_MAX)}

    def candidates(self, replica: Replica, target: Contact) -> list[Contact]:
        """Whom to ask, best first: who reached it lately, other initiators, subscribers that are public.

        Whom we do not reach ourselves comes last.
        """
        mine, skip = self._context.identity.public_key, (target.public_key,)
        view = replica.initiators
        others = {c.public_key: c for c in (view.others(mine) if view else ()) if c.public_key not in skip}
        ranked = rank(target.id, replica.channel_id, list(others))
        reached = self._monitor.alternatives(target.id)
        ranked.sort(key=lambda key: others[key].id not in reached)
        found = [others[key] for key in ranked[:INITIATORS_MAX]]
        found += self._public_subscribers(replica, target, reached)
        found.sort(key=lambda c: reached.index(c.id) if c.id in reached else len(reached))
        return sorted(found, key=lambda c: self._monitor.failing(c.id))

    def _public_subscribers(self, replica: Replica, target: Contact, reached: list[bytes]) -> list[Contact]:
        """Where no initiator gets through a subscriber may: the proven ones, those that are public first."""
        view, mine = replica.initiators, self._context.identity.public_key
        public = {c.public_key: None for c in self._context.overlay.peers() if c.public}
        able = [
            lease.contact
            for lease in replica.leases.live(self._context.now())
            if lease.subscriber not in (mine, target.public_key)
            and not (view is not None and view.holds(lease.subscriber))
            and self._context.rpc.is_proven(lease.contact)
        ]
        self._context.env.random.shuffle(able)
        able.sort(key=lambda contact: (contact.id not in reached, contact.public_key not in public))
        return able[:SUBSCRIBERS_MAX]

    async def ask(
        self,
        replica: Replica,
        target: Contact,
        via: Contact,
        op: Op,
        inner: list[Any],
        wanted: Callable[[], bool] | None = None,
    ) -> tuple[Fields, int | None]:
        """The target's answer to ``op``, through ``via``; and ms since it last heard us, None for never.

        ``wanted``: asked before each datagram, see ``Rpc.request``.
        Raises what ``Rpc.request`` raises (``Backpressure`` also when too much waits for this relay), and
        ``RemoteProtocolError`` for a malformed answer.
        """
        async with self._turns.of(via.public_key):
            return await self._ask(replica, target, via, op, inner, wanted)

    async def _ask(
        self,
        replica: Replica,
        target: Contact,
        via: Contact,
        op: Op,
        inner: list[Any],
        wanted: Callable[[], bool] | None = None,
    ) -> tuple[Fields, int | None]:
        nonce, started = self._context.env.random.randbytes(16), self._context.now()
        mine = self._context.identity.public_key
        body = [replica.channel_id, target.id, mine, nonce, int(op), inner, target.encode()]
        answer = Fields(
            await self._context.rpc.request(
                via, Op.RELAY, body, prove=True, first_max_s=ASK_FIRST_MAX_S, wanted=wanted
            )
        )
        answered = answer.take_fields(8)
        heard_ms = answer.take()
        if heard_ms is not None and (type(heard_ms) is not int or not 0 <= heard_ms <= HEARD_MAX_MS):
            raise RemoteProtocolError("a relayed answer says when its origin was heard")
        if heard_ms is None:
            return answered, None
        # The word is as old as half of its way there and back.
        return answered, heard_ms + int((self._context.now() - started) * 500)

    def patience_s(self, via: Contact) -> float:
        """How long a relay is waited for before the next one is asked as well."""
        return min(NEXT_MAX_S, MISSED_RTOS * self._context.rpc.measured_rto_s(via.public_key))

    async def probe(self, replica: Replica, target: Contact) -> bool:
        """Whether somebody else reaches the target; the monitor learns who, and whether it hears us."""
        found: list[Contact] = []

        async def through(via: Contact) -> None:
            try:
                _, heard_ms = await self.ask(replica, target, via, Op.PROBE, [replica.channel_id, bytes(16)])
            except FAILURES as error:
                self._context.collector.count(f"relay.probe_{type(error).__name__}")
                return
            self._monitor.vouched(target.id, via.id, heard_ms)
            found.append(via)

        candidates = self.candidates(replica, target)
        await in_stages(self._context.tasks, candidates, through, self.patience_s, lambda: bool(found))
        return bool(found)

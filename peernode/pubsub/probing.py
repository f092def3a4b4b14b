"""``Probing``: an initiator tests the paths to its subscribers, and repairs those that fail.

In a small channel whoever was not reached for ``SILENT_S`` is probed, so a path that breaks one way is
noticed within ten seconds though nobody writes. In a larger one each subscriber is tested like that by the
initiator that pushes to it first, the more seldom the larger the channel, so that all of these tests together
are no more than in a small one until each path's turn comes but once in ``SILENT_LARGE_RENEWALS``. The others
hear its renewals, and test it when these stay away, or when it repeats one: so it has not had the answer. A
failed test is repaired: again where its last datagram came from, then by a relay through somebody who reaches
it, whereupon it pings us (which opens its translator and tells us its address), then again directly.

Invariants: at most ``PROBES_PER_TICK`` tests begin per tick, those of the paths untested for longest over all
channels, and one per subscriber at a time; a subscriber known by a copied lease is tested as well; only a
live lease is tested; a failing one is tested ever more rarely; nothing is sent where a push or an answer has
proven the path lately; the loop is held for ``PER_TURN`` channels at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from peernode.diagnostics.routes import route_of
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.reachability import InitiatorReachabilityMonitor, Reachability
from peernode.pubsub.relay import Relays
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.turns import in_turns
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

TICK_S = 1.0
"""How often the silent ones are looked for."""

SILENT_S = 3.5
"""In a small channel a path without an answer for so long is tested: with jitter, tick, three sends on a slow
path and a relay, ten seconds are enough."""

SILENT_LARGE_RENEWALS = 1.5
"""In others, one without an answer or a request for so many renewals; who pushes first waits no longer for an
answer."""

LARGE_EVERY_TICKS = 10
"""Of the largest channels each tick looks at one part in so many, so that the tests spread over all ticks."""

PROBES_PER_TICK = 32
"""Tests begun per tick; over it they wait until their part is looked at next, counted."""

JUST_S = 2 * TICK_S
"""A try that failed so lately stands for the test of the path: the repair begins at once."""

PROBE_SENDS = 3
PROBE_FIRST_MAX_S = 0.45
"""So a test ends within 3.2 s, however far earlier losses have stretched the path's timeout."""

DIRECTLY, LAST_ADDRESS, AFTER_A_RELAY, RELAY, NO_WAY = WAYS = (
    "directly",
    "last address",
    "after a relay",
    "relay",
    "none",
)
"""How a tested path was found to work, or that it does not."""

BACKOFF_MAX_S = 20.0
"""A path that goes on failing is tested at least so often as long as the lease lives."""


class Probing:
    """The tests of one node's paths."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        monitor: InitiatorReachabilityMonitor,
        relays: Relays,
        proving: Callable[[bytes], bool],
    ) -> None:
        """``proving``: whether the probe of a subscription is under way, by the subscriber's id."""
        self._context = context
        self._storage = storage
        self._monitor = monitor
        self._relays = relays
        self._proving = proving
        self._testing: dict[bytes, asyncio.Task[str]] = {}
        self._begun = 0
        self._ticks = 0

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"probing": (len(self._testing), self._context.config.subscribers_per_channel_max)}

    async def run(self) -> None:
        """Look for silent subscribers; ends with the node."""
        while True:
            await asyncio.sleep(TICK_S)
            self._ticks += 1
            self._begun = 0
            due: list[tuple[float, Replica, Contact]] = []
            async for replica in in_turns(self._storage.replicas.values()):
                if replica.serves and self._storage.replicas.get(replica.channel_id) is replica:
                    due += self._look_through(replica)
            for _, replica, contact in sorted(due, key=lambda each: each[0]):
                self._test_soon(replica, contact)

    def _look_through(self, replica: Replica) -> Iterator[tuple[float, Replica, Contact]]:
        """This tick's part of one channel: the paths that are due, with the time of the last test."""
        now, config = self._context.now(), self._context.config
        times = replica.leases.count_sure(now) / max(1, config.small_channel_max)
        parts = max(1, min(int(times), LARGE_EVERY_TICKS))
        small, view, longest_s = times <= 1, replica.initiators, SILENT_LARGE_RENEWALS * config.renew_s
        patience_s = SILENT_S if small else min(SILENT_S * times, longest_s)
        for lease in replica.leases.live(now):
            if lease.subscriber_id[-1] % parts != self._ticks % parts:
                continue  # another tick's part
            if lease.subscriber == self._context.identity.public_key:
                continue
            record = self._monitor.get(lease.subscriber_id)
            if lease.teller is not None and record is not None and record.last_success_s is not None:
                replica.leases.answered(lease.subscriber_id)
            if record is None:
                if not self._proving(lease.subscriber_id):  # its lease is a copy: it never subscribed here
                    yield float("-inf"), replica, lease.contact
                continue
            ours = small or (view is not None and replica.position(lease.subscriber_id, view) == 0)
            if self._due(record, now, patience_s if ours else longest_s, ours):
                yield record.last_test_s, replica, lease.contact

    def _due(self, record: Reachability, now: float, patience_s: float, ours: bool) -> bool:
        """``ours``: that it is heard does not do, we are to know whether it is reached."""
        if not record.reachable:
            if record.in_vain == 0:
                return True
            pause_s = min(BACKOFF_MAX_S, TICK_S * 2.0 ** min(record.in_vain, 10))
            return now - record.repaired_s >= self._context.jittered(pause_s)
        last_s = record.last_success_s or 0.0
        if not ours:
            if record.doubtful:
                return True
            last_s = max(last_s, record.heard_s or 0.0)
        return now - last_s >= self._context.jittered(patience_s)

    def _test_soon(self, replica: Replica, contact: Contact) -> None:
        if contact.id in self._testing:
            return
        if self._begun >= PROBES_PER_TICK:
            self._context.collector.count("probe.put_off")
            return
        self._begun += 1
        self._begin(replica, contact)

    def _begin(self, replica: Replica, contact: Contact) -> asyncio.Task[str]:
        task = self._context.tasks.spawn(self._test(replica, contact), "probing.test")
        self._testing[contact.id] = task
        task.add_done_callback(lambda _: self._testing.pop(contact.id, None))
        return task

    async def test_now(self, replica: Replica, contact: Contact) -> str:
        """Test a path because a person asks for it, and repair it if it fails; one of ``WAYS``.

        A test that is under way already is that test.
        """
        return await asyncio.shield(self._testing.get(contact.id) or self._begin(replica, contact))

    def failed(self, replica: Replica, contact: Contact) -> None:
        """A push was not answered: look at the path now, unless that was done a moment ago."""
        record = self._monitor.get(contact.id)
        if record is not None and not record.reachable and record.in_vain == 0:
            self._test_soon(replica, contact)  # else the regular tests are at it

    async def _test(self, replica: Replica, contact: Contact) -> str:
        if not self._just_failed(contact):
            sends = 1 if self._monitor.failing(contact.id) else PROBE_SENDS
            if await self._probe(replica, contact, sends):
                return DIRECTLY
        return await self._repair(replica, contact)

    def _just_failed(self, contact: Contact) -> bool:
        """Whether a push or relay has waited in vain a moment ago: one more probe would tell nothing new."""
        record = self._monitor.get(contact.id)
        if record is None or record.failing_since_s is None or record.in_vain:
            return False
        return self._context.now() - record.last_test_s <= JUST_S

    async def _probe(self, replica: Replica, contact: Contact, sends: int = PROBE_SENDS) -> bool:
        """Whether the subscriber answers, to this or to anything meanwhile; a refusal is an answer."""
        started = self._context.now()
        try:
            nonce = self._context.env.random.randbytes(16)
            body = [replica.channel_id, nonce]
            await self._context.rpc.request(
                contact, Op.PROBE, body, sends=sends, first_max_s=PROBE_FIRST_MAX_S
            )
            answered = True
        except Refused:
            answered = True
        except Backpressure:
            self._context.collector.count("probe.Backpressure")
            return True  # requests to it wait already: they will tell
        except RpcTimeout:
            self._context.collector.count("probe.RpcTimeout")
            answered = False
        self._monitor.pushed(contact, answered, started)
        if answered:
            replica.leases.answered(contact.id)
        return answered or self._monitor.proven(replica, contact.id)

    async def _repair(self, replica: Replica, contact: Contact) -> str:
        """Where it was seen last; through somebody else; and, when it has pinged us, directly again."""
        record = self._monitor.get(contact.id)
        if record is None:
            return NO_WAY
        trace = self._context.operation_id()
        span = self._context.collector.begin("reach.repair", contact.id.hex(), trace)
        record.repairs += 1
        record.in_vain += 1
        try:
            with span:
                way = await self._way(replica, contact, record)
        finally:
            record.repaired_s = self._context.now()
        route: dict[str, Any] = {"channel": replica.name, "by": way}
        if way == RELAY:
            route["works"] = record.direction
        reached = [contact.id] if way != NO_WAY else []
        method = "relay" if way in (RELAY, AFTER_A_RELAY) else "direct"
        span.end("ok" if reached else "UNREACHABLE", **route, **route_of(method, [contact.id], reached))
        return way

    async def _way(self, replica: Replica, contact: Contact, record: Reachability) -> str:
        """By which the subscriber is reached that did not answer."""
        seen = record.seen
        elsewhere = seen is not None and seen.address != contact.address
        if elsewhere and seen is not None and await self._probe(replica, seen, 1):
            return LAST_ADDRESS
        if not await self._relays.probe(replica, contact):
            return NO_WAY
        return AFTER_A_RELAY if await self._answers_now(replica, contact, record) else RELAY

    async def _answers_now(self, replica: Replica, contact: Contact, record: Reachability) -> bool:
        """Whether the path works, now that the subscriber has pinged us, through its address translator."""
        await asyncio.sleep(self._context.rpc.median_rto_s())
        return await self._probe(replica, record.seen or contact, 1)

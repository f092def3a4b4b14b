"""``Renewal``: keeps this node's leases alive; each renewal is also the check for gaps.

Every ``renew_s`` with jitter, and at once when the network comes back, every joined channel's lease
goes to its initiators with our log's root; who differs is caught up with, both ways. Invariants: a
live node's lease never runs out while its initiators can be reached (60 s of lease, renewed every
20); when no initiator takes the lease, the channel is joined anew.
"""

from __future__ import annotations

import asyncio

from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.publish import Publisher
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.sync import CatchUp
from peernode.wire.contact import Contact

TICK_S = 0.25
"""How often the due renewals are looked for."""

HURRY_S = 3.0
"""Renewals out of turn, because somebody named another set of initiators, keep this distance."""

SETTLE_RTOS = 2.0
"""Messages on their way right now are not yet gaps; a catch-up starts so many timeouts later."""


class Renewal:
    """Renews the leases of all joined channels."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        subscriber: Subscriber,
        joiner: Joiner,
        catch_up: CatchUp,
        publisher: Publisher,
    ) -> None:
        self._context = context
        self._storage = storage
        self._subscriber = subscriber
        self._joiner = joiner
        self._catch_up = catch_up
        self._publisher = publisher
        self._due_s: dict[bytes, float] = {}
        self._began_s: dict[bytes, float] = {}
        self._running: dict[bytes, None] = {}

    async def run(self) -> None:
        """The regular renewals; ends with the node."""
        while True:
            await asyncio.sleep(self._context.jittered(TICK_S))
            now = self._context.now()
            for replica in list(self._storage.replicas.values()):
                if not replica.joined:
                    self._due_s.pop(replica.channel_id, None)
                elif self._hurried(replica, now) or now >= self._due_s.setdefault(
                    replica.channel_id, self._next(now)
                ):
                    self.now(replica)

    def _hurried(self, replica: Replica, now: float) -> bool:
        """Whether there is a reason to renew before the time, and the last renewal is not too fresh."""
        return replica.sync_due and now - self._began_s.get(replica.channel_id, float("-inf")) >= HURRY_S

    def _next(self, now: float) -> float:
        return now + self._context.jittered(self._context.config.renew_s)

    def all_now(self) -> None:
        """The network is back: renew everything."""
        for replica in self._storage.replicas.values():
            if replica.joined:
                self.now(replica)

    def now(self, replica: Replica) -> None:
        """Renew one channel's lease, unless that is on its way."""
        replica.sync_due = False
        self._began_s[replica.channel_id] = self._context.now()
        self._due_s[replica.channel_id] = self._next(self._context.now())
        if replica.channel_id not in self._running:
            self._running[replica.channel_id] = None
            self._context.tasks.spawn(self._renew(replica), "renewal")

    async def _renew(self, replica: Replica) -> None:
        started = self._context.now()
        try:
            taken = await self._subscriber.subscribe(replica)
        except PeerNodeError as error:
            self._context.collector.record("renewal", replica.name, error.code, started)
            return
        finally:
            self._running.pop(replica.channel_id, None)
        if not taken.quorum:
            self._context.collector.record("renewal", replica.name, "NO_INITIATOR", started)
            replica.forget_initiators()
            if len(taken.accepted) <= (1 if taken.view.holds(self._context.identity.public_key) else 0):
                self._due_s[replica.channel_id] = self._context.now() + self._context.jittered(TICK_S)
            return
        self._context.collector.record("renewal", replica.name, "ok", started, took=len(taken.accepted))
        self._publisher.resume(replica)
        await self._settle(replica, taken.behind)

    def other_root(self, replica: Replica, contact: Contact, root: bytes) -> None:
        """As initiator: a renewing subscriber's log differs; pull what only it has."""
        if not replica.holds_all_of(root):
            self._context.tasks.spawn(self._settle(replica, [(contact, root)]), "renewal.pull")

    async def _settle(self, replica: Replica, behind: list[tuple[Contact, bytes]]) -> None:
        """Catch up with those whose log still has something new for us when a moment has passed."""
        if not behind:
            return
        await asyncio.sleep(SETTLE_RTOS * self._context.rpc.median_rto_s())
        for contact, root in behind:
            if not replica.holds_all_of(root):
                await self._catch_up.run(replica, contact)

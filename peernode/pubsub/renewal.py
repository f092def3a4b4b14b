"""``Renewal``: keeps this node's leases alive; each renewal is also the check for gaps.

Every ``renew_s`` with jitter, and at once when the network comes back, all joined channels' leases go to
their initiators with our logs' roots; who differs is caught up with, both ways. Channels fall due together
and, in the order of their ids, 25 share a signature: neighbours have the same initiators more often, so
that an initiator gets fewer datagrams. Invariants: a live node's lease never runs out while its initiators
can be reached (60 s of lease, renewed every 20); when no initiator takes the lease, the channel is joined
anew, soon at first and with pauses that double, shorter again when a peer appears; a channel whose
initiators nobody agrees on is renewed out of turn ever more rarely.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from peernode.channel.merkle import LEAVES_MAX
from peernode.diagnostics.routes import LOCAL, route_of
from peernode.errors import PeerNodeError
from peernode.pubsub.batches import Batches
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.prefixshares import PrefixShares
from peernode.pubsub.publish import Publisher
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.subscription import Subscription
from peernode.pubsub.sync import CatchUp
from peernode.wire.contact import Contact

TICK_S = 0.25
"""How often the due renewals are looked for."""

HURRY_S = 3.0
"""Renewals out of turn, because somebody named another set of initiators, keep this distance."""

HURRY_MAX_S = 24.0
"""While they decide nothing the distance doubles up to this, give or take a fifth; regular ones go on."""

RETRY_CAP_S = 20.0
"""The longest pause before a lease that no quorum took is sent again, give or take a fifth, as in a join."""

RETRIES_AFRESH = 3
"""When a peer appears, the pauses go on as after so many: 2 s, 4 s and so on."""

HURRIED_S = 4.0
"""So long it may wait further then, jittered from nothing on, for many hear of the peer at one moment: of 200
no 100 ms hold a tenth."""

SETTLE_RTOS = 2.0
"""Messages on their way right now are not yet gaps; a catch-up starts so many timeouts later."""

SETTLING_MAX = 1024
"""Renewing subscribers, of one channel each, whose other logs wait to be looked at; over it their next
renewals show them again."""


@dataclass(slots=True)
class Retry:
    """A channel whose last renewals found no quorum; with ``due_s`` infinite one is on its way."""

    times: int = 0
    """How many in a row."""
    due_s: float = math.inf
    lack: str = ""
    """Why there was none the last time."""
    hurried: bool = False
    """Whether a peer that appeared has ended this pause already: of many draws the least would be none."""


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
        self._batches = Batches(context, storage, subscriber)
        self._slot_s = float("-inf")
        """When all joined channels are due next."""
        self._turn: dict[bytes, None] = {}
        """Channels whose turn has come in this slot, ``LEAVES_MAX`` of which go with each tick."""
        self._retries: dict[bytes, Retry] = {}
        """Channels whose lease no quorum took."""
        self._began_s: dict[bytes, float] = {}
        self._running: dict[bytes, None] = {}
        self._in_vain: dict[bytes, tuple[int, float]] = {}
        """Channels whose set is undecided: after how many renewals in a row, and the distance to the next."""
        self._settling: dict[tuple[bytes, bytes], bytes] = {}
        """Channel and public key of who renewed with another log -> the root that it told last."""
        self._shares = PrefixShares[tuple[bytes, bytes]]()
        """By whose address they wait."""

    async def run(self) -> None:
        """The regular renewals; ends with the node."""
        while True:
            await asyncio.sleep(self._context.jittered(TICK_S))
            self._tick(self._context.now())

    def _tick(self, now: float) -> None:
        joined = {
            replica.channel_id: replica for replica in self._storage.replicas.values() if replica.joined
        }
        for table in (self._retries, self._began_s, self._in_vain):
            for channel_id in [channel_id for channel_id in table if channel_id not in joined]:
                del table[channel_id]
        if now >= self._slot_s:
            self._slot_s = now + self._context.jittered(self._context.config.renew_s)
            self._turn.update(dict.fromkeys(sorted(joined)))
        for replica in joined.values():
            retry = self._retries.get(replica.channel_id)
            if retry is None or retry.due_s == math.inf:
                due = self._hurried(replica, now)
            else:
                due = now >= retry.due_s  # it looks anew who the initiators are: no reason to do so before
            if due:
                self.now(replica)
        turn = list(self._turn)[:LEAVES_MAX]
        for channel_id in turn:
            del self._turn[channel_id]
        self.now(*(joined[channel_id] for channel_id in turn if channel_id in joined))

    def _hurried(self, replica: Replica, now: float) -> bool:
        """Whether there is a reason to renew before the time, and the last renewal is not too fresh."""
        _, distance_s = self._in_vain.get(replica.channel_id, (0, HURRY_S))
        if self._storage.coordination.is_fresh(replica):
            distance_s = HURRY_S
        return replica.sync_due and now - self._began_s.get(replica.channel_id, float("-inf")) >= distance_s

    def _decided(self, replica: Replica) -> None:
        """A renewal has ended: if who the initiators are is still open, the next one out of turn can wait."""
        if self._storage.coordination.is_fresh(replica):
            self._in_vain.pop(replica.channel_id, None)
            return
        times, _ = self._in_vain.get(replica.channel_id, (0, 0.0))
        distance_s = self._context.jittered(min(HURRY_S * 2.0 ** min(times, 16), HURRY_MAX_S))
        self._in_vain[replica.channel_id] = (times + 1, distance_s)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, with their bound: channels that are joined, or were at the last tick."""
        tables = (self._turn, self._retries, self._began_s, self._running, self._in_vain)
        longest = max(len(table) for table in tables)
        return {
            "renewals": (longest, 2 * self._context.config.channels_max),
            "renewals_settling": (max(len(self._settling), len(self._shares)), SETTLING_MAX),
        }

    def all_now(self) -> None:
        """The network is back: renew everything."""
        joined = [replica for replica in self._storage.replicas.values() if replica.joined]
        joined.sort(key=lambda replica: replica.channel_id)
        for start in range(0, len(joined), LEAVES_MAX):
            self.now(*joined[start : start + LEAVES_MAX])

    def now(self, *replicas: Replica) -> None:
        """Renew the leases of at most ``LEAVES_MAX`` channels, except those that are on their way.

        Together, where we believe to know the initiators; else each by itself.
        """
        now = self._context.now()
        free = [replica for replica in replicas if replica.channel_id not in self._running]
        settled = [
            replica
            for replica in free
            if not replica.sync_due and self._storage.coordination.is_fresh(replica)
        ]
        begun = self._batches.send(settled) if settled else {}
        for replica in free:
            replica.sync_due = False
            self._began_s[replica.channel_id] = now
            if (retry := self._retries.get(replica.channel_id)) is not None:
                retry.due_s = math.inf
            self._running[replica.channel_id] = None
            self._context.tasks.spawn(self._renew(replica, begun.get(replica.channel_id)), "renewal")

    async def _renew(self, replica: Replica, begun: Subscription | None) -> None:
        """One channel's renewal, ``begun`` together with others or not."""
        span = self._context.collector.begin("renewal", replica.name, self._context.operation_id())
        known = replica.initiators.contacts if replica.initiators is not None else replica.remembered
        try:
            with span:
                taken = await self._batches.outcome(replica, begun) if begun is not None else None
                if taken is None and not replica.joined:
                    span.end("left", method=LOCAL)
                    return
                if taken is None:
                    taken = await self._subscriber.subscribe(replica)
        except PeerNodeError as error:
            span.end(error.code, **route_of("lookup", (contact.id for contact in known)))
            return
        finally:
            self._running.pop(replica.channel_id, None)
            self._decided(replica)
        if not taken.quorum:
            span.end(taken.lack, **taken.route())
            replica.forget_initiators()
            replica.sync_due = True
            self._again(replica, taken)
            return
        self._retries.pop(replica.channel_id, None)
        span.end("ok", took=len(taken.holders), **taken.route())
        self._publisher.resume(replica)
        await self._settle(replica, taken.behind)

    def _again(self, replica: Replica, taken: Subscription) -> None:
        """No quorum took the lease: when it is sent again, at once where nobody took it."""
        retry = self._retries.setdefault(replica.channel_id, Retry())
        pause_s = min(TICK_S * 2.0 ** min(retry.times, 16), RETRY_CAP_S)
        if len(taken.holders) > taken.view.holds(self._context.identity.public_key):
            pause_s = max(pause_s, HURRY_S)
        retry.times, retry.lack, retry.hurried = retry.times + 1, taken.lack, False
        retry.due_s = self._context.now() + self._context.jittered(pause_s)

    def hurry(self) -> None:
        """A peer has appeared: who has found too few initiators tries again soon, but for a place."""
        now = self._context.now()
        for channel_id, retry in self._retries.items():
            if retry.lack == "NO_PLACE":
                continue
            retry.times = min(retry.times, RETRIES_AFRESH)
            if retry.due_s < math.inf and not retry.hurried:
                retry.hurried = True
                soon_s = max(now, self._began_s.get(channel_id, now) + HURRY_S)
                soon_s += HURRIED_S * self._context.env.random.random()
                retry.due_s = min(retry.due_s, soon_s)

    def other_root(self, replica: Replica, contact: Contact, root: bytes) -> None:
        """As initiator: a renewing subscriber's log differs; pull what only it has.

        Nobody signs a root, and one may come with each datagram: of one subscriber the last one counts, and
        there is one look at a time.
        """
        key = (replica.channel_id, contact.public_key)
        if replica.holds_all_of(contact.public_key, root):
            return
        if key not in self._settling:
            if not self._shares.may(contact, len(self._settling), SETTLING_MAX):
                self._context.collector.count("renewal.settling_full")
                return
            self._shares.took(key, contact)
            self._context.tasks.spawn(self._pull(replica, contact), "renewal.pull")
        self._settling[key] = root

    async def _pull(self, replica: Replica, contact: Contact) -> None:
        """Look at the root told last, until none has come while we looked."""
        key, looked_at = (replica.channel_id, contact.public_key), None
        try:
            while looked_at != self._settling[key]:
                await asyncio.sleep(SETTLE_RTOS * self._context.rpc.median_rto_s())
                looked_at = self._settling[key]
                if not replica.holds_all_of(contact.public_key, looked_at):
                    await self._catch_up.run(replica, contact)
        finally:
            del self._settling[key]
            self._shares.gave_back(key)

    async def _settle(self, replica: Replica, behind: list[tuple[Contact, bytes]]) -> None:
        """Catch up with those whose log still has something new for us when a moment has passed."""
        if not behind:
            return
        await asyncio.sleep(SETTLE_RTOS * self._context.rpc.median_rto_s())
        for contact, root in behind:
            if not replica.holds_all_of(contact.public_key, root):
                await self._catch_up.run(replica, contact)

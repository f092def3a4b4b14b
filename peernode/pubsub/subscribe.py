"""Subscribing from the subscriber's side: leases sent to all initiators, their answers understood.

A join, and a renewal that the short way (``peernode.pubsub.batches``) does not suffice for, do the same
thing with the same request, so they share it here. Invariants: a lease's serial only ever grows; none is
signed for a channel that was left, so none is newer than the tombstone; a node
that answers with closer contacts is believed only as far as those contacts answer themselves, and a full
set changes only as ``Subscription`` says; when a quorum's answers carry our set's hash the set
is fresh without a lookup.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress

from peernode.channel.lease import SERIAL_MAX_MS, Lease, sign_lease
from peernode.channel.leasetable import SERIAL_AHEAD_MAX_MS
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context
from peernode.pubsub.loading import RUMOURED_MAX
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscription import Subscription
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Op, Status

PATIENCE_RTOS = 2.0
"""How long late initiators are waited for when a quorum has answered."""

JOIN_WAIT_S = 2.0
"""How long an attempt to join waits for a quorum to take the lease; the next one asks for the set anew."""

PASSED_MAX_MS = SERIAL_AHEAD_MAX_MS // 2
"""How far ahead of our clock a serial may be that an initiator says to hold and we pass: half of what others
take, so that no liar makes us sign what they refuse."""

INITIATORS_NAMED_MAX = 16
"""Contacts one answer may name."""


class Subscriber:
    """Sends this node's leases."""

    def __init__(self, context: Context, storage: PubSubStorage, audience: Audience) -> None:
        self._context = context
        self._storage = storage
        self._audience = audience
        self._serial_ms = 0
        self.on_ended: list[Callable[[Replica, Subscription | None], None]] = []
        """Told what a subscription has come to, though late ones may follow; None: nobody could be asked."""

    def ended(self, replica: Replica, result: Subscription | None) -> None:
        """A subscription to a channel has come to this."""
        for heard in self.on_ended:
            heard(replica, result)

    def next_serial(self) -> int:
        """A serial above all that were used; by the corrected clock where that allows it."""
        self._serial_ms = max(self._serial_ms + 1, self._context.wall_ms())
        return self._serial_ms

    def refused(self, contact: Contact, result: Subscription, answer: Fields) -> None:
        """The last serial was refused, as too old or too far ahead: go on from the corrected clock.

        Or from the one that the initiator holds, if it names one: that far it is believed, not farther. If
        it names none, its clock is the reason.
        """
        held_ms = answer.take_int(0, SERIAL_MAX_MS) if answer.more else 0
        if not held_ms:
            result.untimely[contact.public_key] = None
            result.apart_ms = self._context.rpc.clock_apart_ms()
        believed = 0 < held_ms <= self._context.wall_ms() + PASSED_MAX_MS
        self._serial_ms = max(self._serial_ms, held_ms) if believed else 0

    def keep_own(self, replica: Replica, lease: Lease) -> None:
        """As an initiator, this node holds its own lease like the others do."""
        if replica.initiators is None or replica.serves:
            replica.leases.put(lease, self._context.me(), self._context.now(), self._context.wall_ms())

    def _lease(self, replica: Replica, ttl_s: int) -> bytes:
        if ttl_s and not replica.subscribed:  # left while the initiators were looked for
            raise PeerNodeError("NOT_A_MEMBER", replica.name)
        identity, network_id = self._context.identity, self._context.network_id
        self._context.collector.count("lease.signed")
        lease = sign_lease(identity, network_id, replica.channel_id, self.next_serial(), ttl_s)
        self.keep_own(replica, lease)
        return lease.raw

    def begin(self, view: InitiatorSet, joining: bool = False) -> Subscription:
        """A subscription that only we, if we are an initiator, have taken yet."""
        result = Subscription(view, joining=joining, begun_s=self._context.now())
        mine = self._context.identity.public_key
        if view.holds(mine):
            result.accepted[mine], result.said[mine] = self._context.me(), view.hash
        return result

    async def subscribe(self, replica: Replica) -> Subscription:
        """Send a lease to every initiator, following those they name.

        Raises ``NO_INITIATOR``, or ``NOT_A_MEMBER`` when the channel was left meanwhile.
        """
        return await self._subscribe(replica, self.begin(await self.initiators(replica)))

    async def join(self, replica: Replica, begun: list[Subscription]) -> Subscription:
        """As ``subscribe``, but without a quorum it gives up at ``JOIN_WAIT_S``.

        ``begun`` gets the subscription as soon as somebody is asked, so that it can be cancelled.
        """
        result = self.begin(await self.initiators(replica), joining=True)
        begun.append(result)
        return await self._subscribe(replica, result)

    async def initiators(self, replica: Replica, fresh: bool = False) -> InitiatorSet:
        """Who is to get a lease; ``NO_INITIATOR`` when nobody could be asked."""
        try:
            return await self._storage.initiators(replica, fresh=fresh)
        except PeerNodeError:
            self.ended(replica, None)
            raise

    async def _subscribe(self, replica: Replica, result: Subscription) -> Subscription:
        view = result.view
        lease = self._lease(replica, int(self._context.config.lease_ttl_s))
        mine = self._context.identity.public_key
        if view.holds(mine):
            result.known = replica.log.version > 0 or replica.leases.count(self._context.now()) > 1
        asked: dict[bytes, None] = {mine: None}
        for _ in range(2):  # the set itself, then whoever it named beside it
            wave = [c for c in (*result.view.contacts, *result.named) if c.public_key not in asked]
            if not wave or not replica.subscribed:
                break
            asked.update((contact.public_key, None) for contact in wave)
            await self._wave(replica, wave, lease, result)
            self._adopt(replica, result)
        if result.agreed:
            self._storage.coordination.confirmed(replica)
        for key, named in result.differing.items():
            self._storage.coordination.differs(replica, key, named)
        if replica.serves:  # no load decides there: our view is the routing table's, and they have our lease
            replica.disputes.looked_into(self._context.now())
        self.ended(replica, result)
        return result

    async def _wave(self, replica: Replica, wave: list[Contact], lease: bytes, result: Subscription) -> None:
        """Ask all; go on with a quorum when the rest is late. The late ones go on being asked."""
        result.waiting.update((contact.public_key, None) for contact in wave)
        spawn = self._context.tasks.spawn
        for contact in wave:
            result.asking.append(spawn(self._ask(replica, contact, lease, result), "subscribe.ask"))
        await self.answers(result)

    async def answers(self, result: Subscription) -> None:
        """Wait for all who were asked, or, with a quorum, only a little longer."""
        patience_s = PATIENCE_RTOS * self._context.rpc.median_rto_s()
        begun_s = self._context.now()
        limit_s = max(JOIN_WAIT_S, 2 * patience_s) if result.joining else math.inf
        while result.open:
            wait_s = patience_s if result.quorum else limit_s
            left_s = begun_s + wait_s - self._context.now()
            if left_s <= 0:
                return
            result.changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if left_s == math.inf else left_s):
                    await result.changed.wait()

    def _adopt(self, replica: Replica, result: Subscription) -> None:
        """Those of the named that took the lease belong to the set: at once while it is not full."""
        old, limit = result.view, self._context.config.replicas
        if old.answered and len(old.contacts) >= limit:
            contacts, beside = result.changed_set(replica.channel_id, self._context.identity.public_key)
            known = {contact.public_key: contact for contact in (*replica.rumoured, *beside)}
            replica.rumoured = list(known.values())[:RUMOURED_MAX]  # they get the messages as well
        else:
            takers = [contact for contact in result.named if contact.public_key in result.accepted]
            ours = [c for c in old.contacts if c.public_key in result.accepted or not takers]
            contacts = self._storage.merge(replica.channel_id, ours, takers, limit)
        view = make_set(contacts, True, self._context.now())
        if view.hash != old.hash and len(contacts) >= len(old.contacts):
            result.view = replica.initiators = view
            if (mine := self._context.identity.public_key) in result.said:
                result.said[mine] = view.hash

    async def _ask(self, replica: Replica, contact: Contact, lease: bytes, result: Subscription) -> None:
        try:
            answer = await self._ask_one(replica, contact, lease, result)
            if answer is not None:
                result.heard(contact, *answer)
        finally:
            result.waiting.pop(contact.public_key, None)
            result.changed.set()

    async def _ask_one(
        self, replica: Replica, contact: Contact, lease: bytes, result: Subscription
    ) -> tuple[bytes, list[Contact]] | None:
        root = replica.log.root()
        try:
            body = [lease, root, replica.name, replica.joining or replica.recovering]
            answer = Fields(await self._context.rpc.request(contact, Op.SUBSCRIBE, body, prove=True))
            known, theirs, set_hash = answer.take_bool(), answer.take_bytes(16), answer.take_bytes(16)
            named = decode_contacts(answer.take(), INITIATORS_NAMED_MAX)
            count, digest = answer.take_int(0, 1 << 32), answer.take_bytes(16)
        except Refused as refusal:
            self._context.collector.count("subscribe.refused")
            if refusal.status in (Status.BUSY, Status.STORE_FULL):
                result.full[contact.public_key] = None
            if refusal.status not in (Status.NOT_INITIATOR, Status.INVALID):
                return None
            try:
                if refusal.status == Status.INVALID:
                    self.refused(contact, result, Fields(refusal.body))
                    return None
                return bytes(16), decode_contacts(Fields(refusal.body).take(), INITIATORS_NAMED_MAX)
            except RemoteProtocolError:
                return None
        except (RpcTimeout, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"subscribe.{type(error).__name__}")
            return None
        result.known = result.known or known
        self.taken(replica, contact, result, theirs, count, digest)
        return set_hash, named

    def taken(
        self,
        replica: Replica,
        contact: Contact,
        result: Subscription,
        root: bytes | None,
        count: int,
        digest: bytes,
    ) -> None:
        """An initiator has taken the lease; ``root``: of its log, None when it is the one we sent."""
        result.accepted[contact.public_key] = contact
        for refused in (result.full, result.untimely):
            refused.pop(contact.public_key, None)
        result.count = replica.listeners = max(result.count, count)
        if root is not None and not replica.holds_all_of(contact.public_key, root):
            result.behind.append((contact, root))
            self._storage.coordination.newer(replica)
        if digest and count <= self._context.config.small_channel_max:
            self._audience.seen(replica, contact, digest)

    async def leave(self, replica: Replica) -> None:
        """Send the tombstone to every initiator known; who misses it lets the lease run out.

        Those of a set that has proven wrong hold our lease as well, and so do those whom somebody named.
        """
        lease, mine = self._lease(replica, 0), self._context.identity.public_key
        view = replica.initiators or make_set([*replica.remembered], False, self._context.now())
        holders = {contact.public_key: contact for contact in (*view.contacts, *replica.rumoured)}
        holders.pop(mine, None)
        unheard = Subscription(view)
        await asyncio.gather(
            *(self._ask_one(replica, contact, lease, unheard) for contact in holders.values())
        )

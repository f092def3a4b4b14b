"""Subscribing from the subscriber's side: leases sent to all initiators, their answers understood.

Join and renewal do the same thing with the same request, so they share it here. Invariants: a lease's
serial only ever grows; a node that answers with closer contacts is believed only as far as those
contacts answer themselves; when all answers carry our set's hash the set is fresh without a lookup.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from peernode.channel.lease import sign_lease
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.pubsub.storage import PubSubStorage
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Op, Status

PATIENCE_RTOS = 2.0
"""How long late initiators are waited for when a quorum has answered."""

INITIATORS_NAMED_MAX = 16
"""Contacts one answer may name."""


@dataclass(slots=True)
class Subscription:
    """What the initiators answered: who took the lease, and what they hold."""

    view: InitiatorSet
    accepted: dict[bytes, Contact] = field(default_factory=dict)
    known: bool = False
    """Somebody had the channel already; else this subscription created it."""
    behind: list[tuple[Contact, bytes]] = field(default_factory=list)
    """Initiators whose log may have what ours lacks, and its root."""
    count: int = 0
    named: list[Contact] = field(default_factory=list)
    """Initiators that the answers named, checked by nobody yet."""
    agreed: bool = True
    open: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def quorum(self) -> bool:
        """Whether a majority took the lease."""
        return len(self.accepted) >= self.view.quorum


class Subscriber:
    """Sends this node's leases."""

    def __init__(self, context: Context, storage: PubSubStorage, audience: Audience) -> None:
        self._context = context
        self._storage = storage
        self._audience = audience
        self._serial_ms = 0

    def _lease(self, replica: Replica, ttl_s: int) -> bytes:
        self._serial_ms = max(self._serial_ms + 1, self._context.wall_ms())
        lease = sign_lease(
            self._context.identity, self._context.network_id, replica.channel_id, self._serial_ms, ttl_s
        )
        if replica.initiators is None or replica.serves:
            replica.leases.put(lease, self._context.me(), self._context.now(), self._context.wall_ms())
        return lease.raw

    async def subscribe(self, replica: Replica, fresh: bool = False) -> Subscription:
        """Send a lease to every initiator, following those they name; raises ``NO_INITIATOR``."""
        view = await self._storage.initiators(replica, fresh)
        result = Subscription(view)
        lease = self._lease(replica, int(self._context.config.lease_ttl_s))
        mine = self._context.identity.public_key
        if view.holds(mine):
            result.accepted[mine] = self._context.me()
            result.known = replica.log.version > 0 or replica.leases.count(self._context.now()) > 1
        asked: dict[bytes, None] = {mine: None}
        for _ in range(2):  # the set itself, then whoever it named beside it
            wave = [c for c in (*result.view.contacts, *result.named) if c.public_key not in asked]
            if not wave:
                break
            asked.update((contact.public_key, None) for contact in wave)
            await self._wave(replica, wave, lease, result)
            self._adopt(replica, result, result.named)
        if not result.agreed:
            self._storage.doubt(replica)
        elif len(result.accepted) > 1:
            self._storage.confirmed(replica)
        return result

    async def _wave(self, replica: Replica, wave: list[Contact], lease: bytes, result: Subscription) -> None:
        """Ask all; go on with a quorum when the rest is late. The late ones go on being asked."""
        patience_s = PATIENCE_RTOS * self._context.rpc.median_rto_s()
        until_s = self._context.now() + patience_s
        result.open += len(wave)
        for contact in wave:
            self._context.tasks.spawn(self._ask(replica, contact, lease, result), "subscribe.ask")
        timer = asyncio.get_running_loop().call_later(patience_s, result.changed.set)
        try:
            while result.open and not (result.quorum and self._context.now() >= until_s):
                result.changed.clear()
                await result.changed.wait()
        finally:
            timer.cancel()

    def _adopt(self, replica: Replica, result: Subscription, named: list[Contact]) -> None:
        """Those of the named that are closer than ours and took the lease belong to the set."""
        takers = [contact for contact in named if contact.public_key in result.accepted]
        ours = [c for c in result.view.contacts if c.public_key in result.accepted or not takers]
        limit = self._context.config.replicas
        contacts = self._storage.merge(replica.channel_id, ours, takers, limit)
        view = make_set(contacts, True, self._context.now())
        if view.hash != result.view.hash and len(contacts) >= len(result.view.contacts):
            result.view = replica.initiators = view

    async def _ask(self, replica: Replica, contact: Contact, lease: bytes, result: Subscription) -> None:
        try:
            answer = await self._ask_one(replica, contact, lease, result)
            if answer is not None:
                result.agreed = result.agreed and answer[0] == result.view.hash
                result.named.extend(answer[1])
        finally:
            result.open -= 1
            result.changed.set()

    async def _ask_one(
        self, replica: Replica, contact: Contact, lease: bytes, result: Subscription
    ) -> tuple[bytes, list[Contact]] | None:
        root = replica.log.root()
        try:
            body = [lease, root, replica.name, replica.joining]
            answer = Fields(await self._context.rpc.request(contact, Op.SUBSCRIBE, body, prove=True))
            known, theirs, set_hash = answer.take_bool(), answer.take_bytes(16), answer.take_bytes(16)
            named = decode_contacts(answer.take(), INITIATORS_NAMED_MAX)
            count, digest = answer.take_int(0, 1 << 32), answer.take_bytes(16)
        except Refused as refusal:
            self._context.collector.count("subscribe.refused")
            if refusal.status == Status.INVALID:
                self._serial_ms = 0  # made with a clock that was wrong; nobody has taken it
            if refusal.status != Status.NOT_INITIATOR:
                return None
            try:
                return bytes(16), decode_contacts(Fields(refusal.body).take(), INITIATORS_NAMED_MAX)
            except RemoteProtocolError:
                return None
        except (RpcTimeout, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"subscribe.{type(error).__name__}")
            return None
        result.accepted[contact.public_key] = contact
        result.known = result.known or known
        result.count = replica.listeners = max(result.count, count)
        if not replica.holds_all_of(theirs):
            result.behind.append((contact, theirs))
        if count <= self._context.config.small_channel_max:
            self._audience.seen(replica, contact, digest)
        return set_hash, named

    async def leave(self, replica: Replica) -> None:
        """Send the tombstone to every initiator known; who misses it lets the lease run out."""
        view = replica.initiators
        lease = self._lease(replica, 0)
        if view is None:
            return
        others = view.others(self._context.identity.public_key)
        unheard = Subscription(view)
        await asyncio.gather(*(self._ask_one(replica, contact, lease, unheard) for contact in others))

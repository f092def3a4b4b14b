"""``RelayServer``: passes on what others can't bring to a subscriber, and takes what was passed on to us.

The relay sends the origin's body on as it is, so nothing grows on the way; the target does what the inner
request says, and its answer travels back unchanged. With its answer the target says how long ago it last
heard the origin itself, and pings the origin: so the origin learns which way is broken, an address
translator between them opens, and its address is news.

Invariants: one hop (a relay passes on only what the origin itself sent, to somebody else than itself);
only initiators of the channel and holders of a live lease ask, relay and are relayed to; a nonce is used
once; a relay sends at most as many bytes as it was sent; at most ``RELAYS_PER_S`` per caller.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.ratelimit import BucketTable
from peernode.rpc.rpc import Caller, Server
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

RELAYS_PER_S = 50.0
RELAYS_BURST = 200.0
"""Relayed requests of one caller that may ask; over it the caller hears ``RATE_LIMITED``."""

ORIGINS_MAX = 1024
"""Callers whose rate is remembered, and origins pinged back lately."""

HEARD_PEERS_MAX = 4096
"""Peers whose last request is remembered; over it the one not heard longest counts as never heard."""

NONCES_MAX = 8192
"""Nonces remembered; the oldest is forgotten (what a relay carries is idempotent besides)."""

TARGET_SENDS = 2
"""Datagrams that a relay spends on one request."""

GIVE_UP_S = 1.0
"""How long a relay tries; then the origin asks the next one."""

PING_BACK_S = 2.0
"""A target pings the same origin back so often at most."""

HEARD_MAX_MS = 3_600_000


class RelayServer:
    """Relays, and is relayed to."""

    def __init__(
        self, context: Context, storage: PubSubStorage, monitor: InitiatorReachabilityMonitor
    ) -> None:
        self._context = context
        self._storage = storage
        self._monitor = monitor
        self.push: Server | None = None
        """What serves a PUSH here."""
        self._nonces: OrderedDict[tuple[bytes, bytes], None] = OrderedDict()
        self._rates = BucketTable(RELAYS_PER_S, RELAYS_BURST, ORIGINS_MAX)
        self._heard: OrderedDict[bytes, float] = OrderedDict()
        """Key of a peer -> when it last sent us a request itself."""
        self._pinged: OrderedDict[bytes, float] = OrderedDict()
        context.rpc.serve(Op.RELAY, self._relay)
        context.rpc.on_request.append(self._note)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "relay_nonces": (len(self._nonces), NONCES_MAX),
            "relay_origins": self._rates.sizes()["buckets"],
            "relay_heard": (len(self._heard), HEARD_PEERS_MAX),
            "relay_pinged": (len(self._pinged), ORIGINS_MAX),
        }

    def _note(self, contact: Contact, proven: bool) -> None:
        """Remember when we heard whom: the origins of relays are among them."""
        key = contact.public_key
        self._heard[key] = self._context.now()
        self._heard.move_to_end(key)
        if len(self._heard) > HEARD_PEERS_MAX:
            self._heard.popitem(last=False)

    async def _relay(self, caller: Caller, body: Fields) -> list[Any]:
        channel_id, target, origin = body.take_bytes(20), body.take_bytes(20), body.take_bytes(32)
        nonce, op = body.take_bytes(16), body.take_int(0, 255)
        inner = body.take_fields(8)
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(channel_id)
        if replica is None or not (replica.serves or replica.subscribed):
            raise Refused(Status.NOT_SUBSCRIBED)
        if op not in (Op.PUSH, Op.PROBE):
            raise Refused(Status.INVALID)
        if origin == caller.contact.public_key:
            self._check_asker(replica, caller.contact)
            self._use(caller, origin, nonce)
            named = Contact.decode(body.take()) if body.more else None
            return await self._pass_on(replica, caller.contact, target, named, list(body[:6]))
        self._check_arrival(replica, caller, origin, target)
        self._use(caller, origin, nonce)
        return await self._arrived(replica, caller, origin, Op(op), inner)

    def _use(self, caller: Caller, origin: bytes, nonce: bytes) -> None:
        """A nonce serves once; the same datagram sent again is answered from memory before it gets here.

        Counted against the caller, who has proven its key: anybody can name an origin.
        """
        if not self._rates.take(caller.contact.public_key.hex(), self._context.now()):
            raise Refused(Status.RATE_LIMITED, [int(1000 / RELAYS_PER_S) + 1])
        if (origin, nonce) in self._nonces:
            self._context.collector.count("relay.replayed")
            raise Refused(Status.INVALID)
        self._nonces[origin, nonce] = None
        if len(self._nonces) > NONCES_MAX:
            self._nonces.popitem(last=False)

    def _check_asker(self, replica: Replica, caller: Contact) -> None:
        view = replica.initiators
        asks = view is not None and view.holds(caller.public_key)
        if not asks and replica.leases.contact(caller.id) is None and not self._storage.near(replica, caller):
            raise Refused(Status.NOT_SUBSCRIBED)

    async def _pass_on(
        self, replica: Replica, caller: Contact, target: bytes, named: Contact | None, body: list[Any]
    ) -> list[Any]:
        """To the target where we know it, else where an initiator knows it: it proves that address first."""
        view = replica.initiators
        asks = view is not None and view.holds(caller.public_key)
        contact = self._known(replica, target)
        if contact is None and asks and named is not None and named.id == target:
            contact = named
        if contact is None or contact.public_key in (caller.public_key, self._context.identity.public_key):
            raise Refused(Status.MISSING)
        self._context.collector.count("relay.asked")
        if body[4] == Op.PUSH:
            replica.lend(contact.public_key)  # it asks us for the parts
        started = self._context.now()
        try:
            async with asyncio.timeout(GIVE_UP_S):
                answer = await self._context.rpc.request(
                    contact, Op.RELAY, body, prove=True, sends=TARGET_SENDS
                )
        except (RpcTimeout, TimeoutError, Backpressure) as error:
            self._context.collector.count(f"relay.{type(error).__name__}")
            if not isinstance(error, Backpressure):
                self._monitor.pushed(contact, False, started)
            raise Refused(Status.MISSING) from None
        self._monitor.pushed(contact, True, started)
        self._context.collector.count("relay.passed_on")
        return list(answer[:2])

    def _known(self, replica: Replica, target: bytes) -> Contact | None:
        """A subscriber or initiator of the channel, by id, as far as this node knows it."""
        leased = replica.leases.contact(target) or replica.subscribers.get(target)
        if leased is not None:
            return leased
        view = replica.initiators
        return next((contact for contact in (view.contacts if view else ()) if contact.id == target), None)

    def _check_arrival(self, replica: Replica, caller: Caller, origin: bytes, target: bytes) -> None:
        """We are the target; an initiator stands behind it, as origin or as the relay.

        An origin that we do not hear may have left our view of the initiators for that very reason.
        """
        if target != self._context.identity.node_id:
            raise Refused(Status.INVALID)
        view, keys = replica.initiators, (origin, caller.contact.public_key)
        if not replica.subscribed or view is None or not any(view.holds(key) for key in keys):
            raise Refused(Status.NOT_SUBSCRIBED)

    async def _arrived(
        self, replica: Replica, caller: Caller, origin: bytes, op: Op, inner: Fields
    ) -> list[Any]:
        view = replica.initiators
        contacts = {contact.public_key: contact for contact in (view.contacts if view else ())}
        heard_s, now = self._heard.get(origin), self._context.now()
        known, address = contacts.get(origin), self._context.rpc.address_of(origin)
        if known is None and address is not None:
            known = Contact(origin, *address)
        if known is not None:
            self._ping_back(known, now)
        answer: list[Any] = []
        if op is Op.PUSH and self.push is not None:
            result = self.push(caller, inner)
            answer = result if isinstance(result, list) else await result
        self._context.collector.count("relay.arrived")
        heard_ms = None if heard_s is None else min(int((now - heard_s) * 1000), HEARD_MAX_MS)
        return [answer, heard_ms]

    def _ping_back(self, origin: Contact, now: float) -> None:
        """It can't reach us: let it hear us, from wherever our translator lets us out to it."""
        key = origin.public_key
        if now - self._pinged.get(key, float("-inf")) < PING_BACK_S:
            return
        self._pinged[key] = now
        self._pinged.move_to_end(key)
        if len(self._pinged) > ORIGINS_MAX:
            self._pinged.popitem(last=False)
        self._context.tasks.spawn(self._ping(origin), "relay.ping_back")

    async def _ping(self, origin: Contact) -> None:
        try:
            await self._context.rpc.request(origin, Op.PING, [1, 1], sends=TARGET_SENDS)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"relay.ping_{type(error).__name__}")

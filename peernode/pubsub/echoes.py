"""``Echoes``: what proves paths, as a node answers it: probes taken, nonces brought back by another way.

Invariants: an echo is relayed one hop, only for a holder of a live lease, to each other initiator once, at
most ``ECHOES_PER_S`` of one asker; a nonce serves its bringer once: a recorded probe proves no path, and a
recorded echo makes no traffic; whoever can't bring an echo back is not suspected for it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.joinproof import HEDGE_RTOS, ITSELF_MAX
from peernode.pubsub.nonces import Nonces
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.ratelimit import BucketTable
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

ITSELF_AFTER_S = 0.75
"""How long a nonce may be on its way through the only other initiator until we bring it back ourselves, too.

That one may never reach the joiner, which waits no longer than ``joinproof.PROOF_WAIT_S`` for it."""

ECHOES_PER_S, ECHOES_BURST = 32.0, 256.0
"""Of one asker: who comes back to all of its channels at once asks one initiator of many of them."""

ASKERS_MAX = 1024
"""Askers whose rate is known; of one that is forgotten it begins anew."""

RELAYS_MAX = 1024
"""Echoes on their way through others; over it ``BUSY``."""


@dataclass(slots=True)
class _Relay:
    """One echo on its way."""

    replica: Replica
    nonce: bytes
    back: Contact
    open: int = 0
    """How many of those that were asked have not answered yet."""
    through: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def got_through(self, seconds: float | None) -> bool:
        """Whether one of those asked has brought it back; waits so long, or until none is asked any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.open and not self.through:
                    self.changed.clear()
                    await self.changed.wait()
        return self.through


class Echoes:
    """Serves PROBE, ECHO and ECHO_VIA."""

    def __init__(
        self, context: Context, storage: PubSubStorage, joiner: Joiner, monitor: InitiatorReachabilityMonitor
    ) -> None:
        self._context = context
        self._storage = storage
        self._joiner = joiner
        self._monitor = monitor
        self._nonces = Nonces()
        self._rates = BucketTable(ECHOES_PER_S, ECHOES_BURST, ASKERS_MAX)
        self._relays = 0
        context.rpc.serve(Op.PROBE, self._probe)
        context.rpc.serve(Op.ECHO, self._echo)
        context.rpc.serve(Op.ECHO_VIA, self._echo_via)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        own = {"echo_relays": (self._relays, RELAYS_MAX), "echo_askers": self._rates.sizes()["buckets"]}
        return {**own, **self._nonces.sizes()}

    async def _probe(self, caller: Caller, body: Fields) -> list[Any]:
        """Somebody proves that it reaches us, or brings back a nonce of ours."""
        channel_id, nonce = body.take_bytes(20), body.take_bytes(16)
        replica = self._storage.replicas.get(channel_id)
        if replica is None or not replica.member:
            raise Refused(Status.NOT_SUBSCRIBED)
        self._use(replica, caller, nonce)
        self._joiner.probed(channel_id, caller.contact.public_key, nonce)
        return []

    async def _echo(self, caller: Caller, body: Fields) -> list[Any]:
        """Have the caller's nonce sent back by another initiator; by us when none gets through in time.

        What that is worth the caller decides: ``JoinProof``.
        """
        channel_id, nonce = body.take_bytes(20), body.take_bytes(16)
        replica = self._holder(channel_id, caller.contact)
        if not self._rates.take(caller.contact.public_key.hex(), self._context.now()):
            raise Refused(Status.RATE_LIMITED, [int(1000 / ECHOES_PER_S) + 1])
        if self._relays >= RELAYS_MAX:
            raise Refused(Status.BUSY)
        self._use(replica, caller, nonce)
        view = replica.initiators
        skip = (self._context.identity.public_key, caller.contact.public_key)
        others = [contact for contact in (view.contacts if view else ()) if contact.public_key not in skip]
        # One of them may never reach the caller, behind its address translator: another attempt, another try.
        self._context.env.random.shuffle(others)
        self._context.tasks.spawn(self._relay(replica, others, nonce, caller.contact), "echo")
        return [bool(others)]

    async def _relay(self, replica: Replica, others: list[Contact], nonce: bytes, back: Contact) -> None:
        """The others one by one, each when the one before takes long; the first that gets through ends it."""
        rto_s = max(self._context.rpc.median_rto_s(), self._context.rpc.rto_s(back.public_key))
        long_s = min(ITSELF_AFTER_S, HEDGE_RTOS * rto_s) if len(others) > 1 else ITSELF_AFTER_S
        relay = _Relay(replica, nonce, back)
        try:
            self._relays += 1
            for contact in others:
                relay.open += 1
                self._context.tasks.spawn(self._through(relay, contact), "echo.via")
                if await relay.got_through(long_s):
                    return
            # From us it counts for nothing where there are more others, if the joiner knows the same set.
            if len(others) >= ITSELF_MAX and await relay.got_through(None):
                return
            self._context.collector.count("echo.itself")
            await self._bring_back(replica, nonce, back)
        finally:
            self._relays -= 1

    async def _through(self, relay: _Relay, contact: Contact) -> None:
        body = [relay.replica.channel_id, relay.nonce, relay.back.encode()]
        try:
            # It waits for the joiner, whose silence is no fault of its own.
            await self._context.rpc.request(contact, Op.ECHO_VIA, body, prove=True, sends=2, tentative=True)
            relay.through = True
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"echo.{type(error).__name__}")
        finally:
            relay.open -= 1
            relay.changed.set()

    async def _echo_via(self, caller: Caller, body: Fields) -> list[Any]:
        """Another initiator asks us to bring a nonce back to a subscriber that both of us know."""
        channel_id, nonce = body.take_bytes(20), body.take_bytes(16)
        back = Contact.decode(body.take())
        replica = self._storage.replicas.get(channel_id)
        if replica is None:
            raise Refused(Status.NOT_INITIATOR, [[]])
        view = replica.initiators
        known = replica.leases.contact(back.id)
        if known is None or view is None or not view.holds(caller.contact.public_key):
            raise Refused(Status.NOT_SUBSCRIBED)
        self._use(replica, caller, nonce)
        if not await self._bring_back(replica, nonce, known):
            raise Refused(Status.MISSING)  # the asking one tries another, and at last itself
        return []

    def _use(self, replica: Replica, caller: Caller, nonce: bytes) -> None:
        """A request sent again is answered from memory before it gets here: this one is a recorded one."""
        key, view = caller.contact.public_key, replica.initiators
        if not self._nonces.use(key, nonce, initiator=view is not None and view.holds(key)):
            self._context.collector.count("nonce.replayed")
            raise Refused(Status.INVALID)

    async def _bring_back(self, replica: Replica, nonce: bytes, back: Contact) -> bool:
        started = self._context.now()
        try:
            await self._context.rpc.request(back, Op.PROBE, [replica.channel_id, nonce])
            ok = True
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"probe.{type(error).__name__}")
            ok = False
        self._monitor.pushed(back, ok, started)
        return ok

    def _holder(self, channel_id: bytes, contact: Contact) -> Replica:
        replica = self._storage.replicas.get(channel_id)
        if replica is None or replica.leases.contact(contact.id) is None:
            raise Refused(Status.NOT_SUBSCRIBED)
        return replica

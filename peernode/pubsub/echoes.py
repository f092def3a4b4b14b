"""``Echoes``: what proves paths, as a node answers it: probes taken, nonces brought back by another way.

Invariants: an echo is relayed one hop, only for a holder of a live lease, to each other initiator once; a
nonce serves its bringer once: a recorded probe proves no path, a recorded echo makes no traffic.
"""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.joinproof import HEDGE_RTOS, ITSELF_MAX
from peernode.pubsub.nonces import Nonces
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

ITSELF_AFTER_S = 0.75
"""How long a nonce may be on its way through the only other initiator until we bring it back ourselves, too.

That one may never reach the joiner, which waits no longer than ``joinproof.PROOF_WAIT_S`` for it."""


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
        context.rpc.serve(Op.PROBE, self._probe)
        context.rpc.serve(Op.ECHO, self._echo)
        context.rpc.serve(Op.ECHO_VIA, self._echo_via)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return self._nonces.sizes()

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
        self._use(replica, caller, nonce)
        view = replica.initiators
        skip = (self._context.identity.public_key, caller.contact.public_key)
        others = [contact for contact in (view.contacts if view else ()) if contact.public_key not in skip]
        # One of them may never reach the caller, behind its address translator: another attempt, another try.
        self._context.env.random.shuffle(others)
        self._context.tasks.spawn(self._relay(replica, others, nonce, caller.contact), "membership.echo")
        return [bool(others)]

    async def _relay(self, replica: Replica, others: list[Contact], nonce: bytes, back: Contact) -> None:
        """The others one by one, each when the one before takes long; the first that gets through ends it."""
        long_s = min(ITSELF_AFTER_S, HEDGE_RTOS * self._context.rpc.median_rto_s())
        tries: list[asyncio.Task[bool]] = []
        for contact in others:
            trying = self._through(replica, contact, nonce, back)
            tries.append(self._context.tasks.spawn(trying, "membership.echo_via"))
            if await _within(tries[-1], long_s if len(others) > 1 else ITSELF_AFTER_S):
                return
        if len(others) >= ITSELF_MAX:  # from us it would count for nothing, if they know the same set
            for task in tries:
                if await task:
                    return
        self._context.collector.count("echo.itself")
        await self._bring_back(replica, nonce, back)

    async def _through(self, replica: Replica, contact: Contact, nonce: bytes, back: Contact) -> bool:
        try:
            body = [replica.channel_id, nonce, back.encode()]
            await self._context.rpc.request(contact, Op.ECHO_VIA, body, prove=True, sends=2)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"echo.{type(error).__name__}")
            return False
        return True

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


async def _within(task: asyncio.Task[bool], seconds: float) -> bool:
    """Whether it succeeds in time; it goes on otherwise."""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(task)
    except TimeoutError:
        return False

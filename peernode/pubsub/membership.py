"""What a node answers about subscriptions: leases taken, probes sent and answered, echoes relayed.

Invariants: a lease is taken only with the subscriber's own signature and only by a node that is close
to the channel; a new subscriber is probed before it counts as reached; an echo is relayed one hop,
only for a holder of a live lease, and never makes more traffic than it cost; a nonce serves its bringer once:
a recorded probe proves no path, a recorded echo makes no traffic.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from peernode.channel.assignment import set_hash
from peernode.channel.lease import Lease, decode_lease
from peernode.channel.leasebatch import Shown
from peernode.channel.leasetable import Verdict
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.audience import DIGEST_NAMED_BYTES
from peernode.pubsub.batches import SET_NAMED_BYTES
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.joinproof import ITSELF_MAX
from peernode.pubsub.nonces import Nonces
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

NAME_MAX_BYTES = 256

PROVING_MAX = 1024
"""Probes of new subscribers under way; who comes over it is tested by ``Probing``, in its turn."""

ITSELF_AFTER_S = 0.75
"""How long a nonce may be on its way through the only other initiator until we bring it back ourselves, too.

That one may never reach the joiner, which waits no longer than ``joinproof.PROOF_WAIT_S`` for it."""

BEGUN_MAX = 4096
"""Subscribers whose last lease with ``joining`` is remembered; of one that is forgotten, it counts again."""


class Membership:
    """Serves SUBSCRIBE, RENEW, PROBE, ECHO and ECHO_VIA."""

    def __init__(
        self, context: Context, storage: PubSubStorage, joiner: Joiner, monitor: InitiatorReachabilityMonitor
    ) -> None:
        self._context = context
        self._storage = storage
        self._joiner = joiner
        self._monitor = monitor
        self._probing: dict[tuple[bytes, bytes], None] = {}
        self._begun: OrderedDict[tuple[bytes, bytes], int] = OrderedDict()
        """Channel and subscriber -> serial of the last lease that asked to be proven anew."""
        self._nonces = Nonces()
        self.on_subscribers: list[Callable[[Replica], None]] = []
        """Told when a channel's set of subscribers has changed here."""
        self.on_other_root: list[Callable[[Replica, Contact, bytes], None]] = []
        """Told when a renewing subscriber's log differs from ours."""
        context.rpc.serve(Op.SUBSCRIBE, self._subscribe)
        context.rpc.serve(Op.RENEW, self._renew)
        context.rpc.serve(Op.PROBE, self._probe)
        context.rpc.serve(Op.ECHO, self._echo)
        context.rpc.serve(Op.ECHO_VIA, self._echo_via)

    async def _subscribe(self, caller: Caller, body: Fields) -> list[Any]:
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        lease = decode_lease(body.take_bytes_upto(512), self._context.network_id)
        root, name = body.take_bytes(16), body.take_str(NAME_MAX_BYTES)
        joining = body.take_bool() if body.more else False
        if lease.subscriber != caller.contact.public_key:
            raise Refused(Status.INVALID)
        replica = await self._storage.serve(lease.channel_id, name, caller.contact)
        now = self._context.now()
        # Its own lease may be here before it: of an attempt that failed, or through another initiator.
        others = replica.leases.count(now) - (replica.leases.contact(lease.subscriber_id) is not None)
        known = replica.log.version > 0 or others > 0
        self._take(replica, lease, caller.contact, root, joining)
        view = replica.initiators
        contacts = view.contacts if view else ()
        return [
            known,
            replica.log.root(),
            view.hash if view else set_hash([]),
            [contact.encode() for contact in contacts],
            replica.leases.count_sure(now),
            replica.leases.digest(),
        ]

    async def _renew(self, caller: Caller, body: Fields) -> list[Any]:
        """Leases of several channels, which one signature covers; each is answered for by itself."""
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        shown = Shown.decode(body, self._context.network_id, caller.contact.public_key)
        return [[await self._renew_one(lease, caller.contact, root) for lease, root in shown.leases]]

    async def _renew_one(self, lease: Lease, contact: Contact, root: bytes) -> list[Any]:
        known = self._storage.replicas.get(lease.channel_id)
        if known is None:
            return [int(Status.MISSING)]  # to store a channel we have to hear its name
        if not self._storage.is_close(lease.channel_id):
            return [int(Status.NOT_INITIATOR)]  # whether the closer ones are there, SUBSCRIBE finds out
        try:
            replica = await self._storage.serve(lease.channel_id, known.name, contact)
            self._take(replica, lease, contact, root, joining=False)
        except Refused as refusal:
            return [int(refusal.status), *refusal.body]
        view, ours = replica.initiators, replica.log.root()
        count = replica.leases.count_sure(self._context.now())
        small = count <= self._context.config.small_channel_max
        return [
            int(Status.OK),
            None if ours == root else ours,
            (view.hash if view else set_hash([]))[:SET_NAMED_BYTES],
            count,
            replica.leases.digest()[:DIGEST_NAMED_BYTES] if small else None,
        ]

    def _take(self, replica: Replica, lease: Lease, contact: Contact, root: bytes, joining: bool) -> None:
        """A lease from its subscriber, with the root of its log; ``Refused`` when it can't be taken."""
        before = replica.leases.contact(lease.subscriber_id)
        now = self._context.now()
        verdict = replica.leases.put(lease, contact, now, self._context.wall_ms())
        if verdict is Verdict.FULL:
            raise Refused(Status.BUSY)
        if verdict is Verdict.REFUSED:
            raise Refused(Status.INVALID)
        if verdict is Verdict.STALE and lease.ttl_s:
            to_pass = replica.leases.to_pass(lease.subscriber_id, now)
            if to_pass is not None:  # else it would believe to be renewed, and is not
                self._context.collector.count("lease.stale")
                raise Refused(Status.INVALID, [to_pass])
        elif verdict is Verdict.STALE:
            return  # a tombstone, this one or a newer one is here
        if joining and self._is_first(lease):
            before = None  # it begins anew, once for each lease that it has signed
        self._after(replica, lease, contact, before, root)

    def _is_first(self, lease: Lease) -> bool:
        """Whether no lease as new as this one has asked for proof here."""
        key = (lease.channel_id, lease.subscriber)
        if self._begun.get(key, -1) >= lease.serial_ms:
            self._context.collector.count("subscribe.repeated")
            return False
        self._begun[key] = lease.serial_ms
        self._begun.move_to_end(key)
        if len(self._begun) > BEGUN_MAX:
            self._begun.popitem(last=False)
        return True

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        own = {
            "subscribers_begun": (len(self._begun), BEGUN_MAX),
            "proving": (len(self._probing), PROVING_MAX),
        }
        return {**own, **self._nonces.sizes()}

    def _after(
        self, replica: Replica, lease: Lease, contact: Contact, before: Contact | None, root: bytes
    ) -> None:
        """``before``: None for a subscriber that is new, or begins anew within its lease after a restart."""
        if lease.ttl_s == 0 or before is None:
            for changed in self.on_subscribers:
                changed(replica)
        if lease.ttl_s == 0:
            return
        if not self._monitor.proven(replica, contact.id) or before is None:
            self._context.tasks.spawn(self._prove(replica, contact), "membership.prove")
        if root != replica.log.root():
            for differs in self.on_other_root:
                differs(replica, contact, root)

    def proving(self, subscriber_id: bytes) -> bool:
        """Whether a new subscriber is being probed."""
        return any(contact_id == subscriber_id for _, contact_id in self._probing)

    async def _prove(self, replica: Replica, contact: Contact) -> None:
        """Reach the new subscriber; it learns from the probe that we can."""
        key = (replica.channel_id, contact.id)
        if key in self._probing:
            return
        if len(self._probing) >= PROVING_MAX:
            self._context.collector.count("membership.proving_full")
            return
        self._probing[key] = None
        started = self._context.now()
        try:
            nonce = self._context.env.random.randbytes(16)
            await self._context.rpc.request(contact, Op.PROBE, [replica.channel_id, nonce])
            ok = True
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"probe.{type(error).__name__}")
            ok = False
        finally:
            self._probing.pop(key, None)
        self._monitor.pushed(contact, ok, started)

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
        trying = self._through_another(replica, others, nonce, back)
        task = self._context.tasks.spawn(trying, "membership.echo_via")
        with suppress(TimeoutError):
            async with asyncio.timeout(ITSELF_AFTER_S if len(others) < ITSELF_MAX else None):
                if await asyncio.shield(task):
                    return
        self._context.collector.count("echo.itself")
        await self._bring_back(replica, nonce, back)

    async def _through_another(
        self, replica: Replica, others: list[Contact], nonce: bytes, back: Contact
    ) -> bool:
        for contact in others:
            try:
                body = [replica.channel_id, nonce, back.encode()]
                await self._context.rpc.request(contact, Op.ECHO_VIA, body, prove=True, sends=2)
            except (RpcTimeout, Refused, Backpressure) as error:
                self._context.collector.count(f"echo.{type(error).__name__}")
                continue
            return True
        return False

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

"""What a node answers about subscriptions: leases taken, and probes of those who subscribe.

Invariants: a lease is taken only with the subscriber's own signature and only by a node that is close
to the channel; a new subscriber is probed before it counts as reached.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from peernode.channel.assignment import set_hash
from peernode.channel.lease import Lease, decode_lease
from peernode.channel.leasebatch import Shown
from peernode.channel.leasetable import Verdict
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.pubsub.audience import DIGEST_NAMED_BYTES
from peernode.pubsub.batches import SET_NAMED_BYTES
from peernode.pubsub.context import Context
from peernode.pubsub.echoes import Echoes
from peernode.pubsub.join import Joiner
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

BEGUN_MAX = 4096
"""Subscribers whose last lease with ``joining`` is remembered; of one that is forgotten, it counts again."""


class Membership:
    """Serves SUBSCRIBE and RENEW, and by ``Echoes`` what proves paths."""

    def __init__(
        self, context: Context, storage: PubSubStorage, joiner: Joiner, monitor: InitiatorReachabilityMonitor
    ) -> None:
        self._context = context
        self._storage = storage
        self._monitor = monitor
        self._probing: dict[tuple[bytes, bytes], None] = {}
        self._begun: OrderedDict[tuple[bytes, bytes], int] = OrderedDict()
        """Channel and subscriber -> serial of the last lease that asked to be proven anew."""
        self._echoes = Echoes(context, storage, joiner, monitor)
        self.on_subscribers: list[Callable[[Replica], None]] = []
        """Told when a channel's set of subscribers has changed here."""
        self.on_other_root: list[Callable[[Replica, Contact, bytes], None]] = []
        """Told when a renewing subscriber's log differs from ours."""
        context.rpc.serve(Op.SUBSCRIBE, self._subscribe)
        context.rpc.serve(Op.RENEW, self._renew)

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
        return {**own, **self._echoes.sizes()}

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

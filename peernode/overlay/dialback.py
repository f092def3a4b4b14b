"""Can others reach us, whom we have not contacted before? Only then are we *public*.

We ask a peer (``DIALBACK [nil]``); it asks a third one (``DIALBACK [our contact]``), which sends us a PING.
A request from somebody we never sent anything to has passed whatever stands before us, so it makes us
public, however it came about; a change of our address takes that back, and we ask again.

So that this is no weapon: a peer passes on only the address from which it was asked, and only once that
is proven; both halves are limited per asker and in all; the third sends one small request, within the
allowance that the amplification ledger has for an unproven address.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from peernode.environment import Address, Environment
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.overlay.addresses import may_dial
from peernode.overlay.dialler import CONTACTED_MAX, Dialler
from peernode.overlay.table import PeerTable
from peernode.rpc.ratelimit import BucketTable, TokenBucket
from peernode.rpc.rpc import Caller, Rpc
from peernode.tasks import Tasks
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

ASKERS_MAX = 1024
ASKER_PER_S, ASKER_BURST = 0.2, 4.0
"""Of one peer that asks for itself."""

PASSED_PER_S, PASSED_BURST = 2.0, 20.0
"""Of one peer that asks us to dial others."""

ALL_PER_S, ALL_BURST = 20.0, 100.0
"""Of all peers together, for each half."""

SETTLE_S = 5.0
"""After entering the network, other news of our address are no move, it is only becoming known."""

_SENDS = 2


class Dialback:
    """All three parts in it, for one node."""

    def __init__(self, rpc: Rpc, env: Environment, table: PeerTable, dialler: Dialler, tasks: Tasks) -> None:
        now = env.clock.monotonic()
        self.public = False
        self._rpc = rpc
        self._clock = env.clock
        self._rng: random.Random = env.random
        self._table = table
        self._dialler = dialler
        self._tasks = tasks
        self._external: Address | None = None
        self._settled_at = float("inf")
        self._askers = BucketTable(ASKER_PER_S, ASKER_BURST, ASKERS_MAX)
        self._passers = BucketTable(PASSED_PER_S, PASSED_BURST, ASKERS_MAX)
        self._asked_in_all = TokenBucket(ALL_PER_S, ALL_BURST, now)
        self._passed_in_all = TokenBucket(ALL_PER_S, ALL_BURST, now)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "askers": self._askers.sizes()["buckets"],
            "passers": self._passers.sizes()["buckets"],
            "contacted": (len(self._dialler.contacted), CONTACTED_MAX),
        }

    # -- asking -------------------------------------------------------------------------------

    def requested(self, contact: Contact) -> None:
        """A request of ``contact`` came in."""
        if not self.public and contact.address not in self._dialler.contacted:
            self.public = True
            self._rpc.counters["dialback.public"] += 1

    def entered(self) -> None:
        """The first peer answered: within ``SETTLE_S`` we know how others see our address."""
        self._settled_at = self._clock.monotonic() + SETTLE_S

    def moved(self) -> bool:
        """Whether our address is another than at the last call; then what was known is void."""
        before, self._external = self._external, self._rpc.external
        if before == self._external or self._clock.monotonic() < self._settled_at:
            return False
        self.public = False
        return True

    async def ask(self, peers: Iterable[Contact]) -> None:
        """Ask ``peers`` in turn, until one has passed our question on or we are public."""
        for contact in peers:
            if self.public:
                return
            self._dialler.contacted.add(contact.address)
            try:
                await self._rpc.request(contact, Op.DIALBACK, [None])
            except (RpcTimeout, Refused, Backpressure):
                self._rpc.counters["dialback.unanswered"] += 1
            else:
                return

    # -- serving ------------------------------------------------------------------------------

    async def serve(self, caller: Caller, body: Fields) -> list[Any]:
        """Both halves of the op DIALBACK."""
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        key, now = caller.contact.public_key.hex(), self._clock.monotonic()
        dialled = (
            body.take() if body.more else None
        )  # a field of its own, or a later one would be taken for it
        if dialled is None:
            if not self._askers.take(key, now) or not self._asked_in_all.take(now):
                raise Refused(Status.RATE_LIMITED, [round(1000 / ASKER_PER_S)])
            return await self._pass_on(caller.contact)
        contact = Contact.decode(dialled)
        if not may_dial(self._rpc, contact):
            raise Refused(Status.INVALID)
        if not self._passers.take(key, now) or not self._passed_in_all.take(now):
            raise Refused(Status.RATE_LIMITED, [round(1000 / PASSED_PER_S)])
        self._tasks.spawn(self._dialler.ping(contact, sends=1), "dialback")
        return []

    async def _pass_on(self, asker: Contact) -> list[Any]:
        """Have a third peer dial ``asker``, by preference one on another host than both of us."""
        third = self._third(asker)
        if third is None:
            raise Refused(Status.MISSING)
        try:
            await self._rpc.request(third, Op.DIALBACK, [asker.encode()], sends=_SENDS)
        except (RpcTimeout, Refused, Backpressure):
            raise Refused(Status.BUSY) from None
        return []

    def _third(self, asker: Contact) -> Contact | None:
        others = [s.contact for s in self._table.live() if s.contact.public_key != asker.public_key]
        elsewhere = [contact for contact in others if contact.ip != asker.ip]
        choice = elsewhere or others
        return self._rng.choice(choice) if choice else None

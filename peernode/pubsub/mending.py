"""``Mending``: "repair now": a person has the paths to one subscriber tested and repaired at once.

Every initiator is asked to test its path to the subscriber, and to look for a way round one that fails; each
tells what it found. A repair takes seconds, a request does not: the first ``REPAIR`` begins it, the same
asked again hears how it ended. Nothing is done that an initiator would not do by itself some seconds later.

Invariants: one repair per subscriber at a time, and one per ``KEPT_S``: who asks meanwhile hears of that one;
only who takes part in the channel may ask, ``ASKS_PER_S`` a second; at most ``REPAIRS_MAX`` are remembered.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peernode.errors import Refused, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.probing import NO_WAY, RELAY, WAYS, Probing
from peernode.pubsub.questions import Questions
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.ratelimit import BucketTable
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

UNDER_WAY = "under way"
FOUND = (UNDER_WAY, *WAYS)
"""As numbered on the wire."""

_WORKING = tuple(way for way in WAYS if way != NO_WAY)

KEPT_S = 5.0
"""What a repair found stands for so long: it is not begun anew before."""

REPAIRS_MAX = 256
"""Repairs under way or remembered; over it others hear ``BUSY``."""

ASKS_PER_S = 5.0
ASKS_BURST = 100.0
ASKERS_MAX = 1024
"""Requests of one caller; over it it hears ``RATE_LIMITED``."""

AGAIN_S = 0.4
"""The pause before an initiator is asked how the repair went."""

PATIENCE_S = 9.0
"""How long a repair is waited for: three probes, five relays, one probe more."""

ELAPSED_MAX_MS = 3_600_000


@dataclass(slots=True)
class Found:
    """What one initiator found out about its path to the subscriber; ``way`` is one of ``FOUND``."""

    way: str = UNDER_WAY
    via: bytes | None = None
    elapsed_ms: int = 0
    ended_s: float | None = None

    def encode(self) -> list[Any]:
        """The form in an answer."""
        return [FOUND.index(self.way), self.via, self.elapsed_ms]

    @classmethod
    def decode(cls, body: Fields) -> Found:
        """The answer of an initiator; ``RemoteProtocolError`` if it isn't one."""
        way = FOUND[body.take_int(0, len(FOUND) - 1)]
        via, elapsed_ms = body.take_bytes_or_none(20), body.take_int(0, ELAPSED_MAX_MS)
        if (via is not None) != (way == RELAY):
            raise RemoteProtocolError("a relay is named exactly when the path goes through one")
        return cls(way, via, elapsed_ms)


class Mending:
    """Repairs that somebody asks for, and asking for them."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        questions: Questions,
        monitor: InitiatorReachabilityMonitor,
        probing: Probing,
    ) -> None:
        self._context = context
        self._questions = questions
        self._storage = storage
        self._monitor = monitor
        self._probing = probing
        self._repairs: OrderedDict[tuple[bytes, bytes], Found] = OrderedDict()
        """(channel id, subscriber id) -> the last repair, the oldest first."""
        self._askers = BucketTable(ASKS_PER_S, ASKS_BURST, ASKERS_MAX)
        context.rpc.serve(Op.REPAIR, self._serve)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "mending": (len(self._repairs), REPAIRS_MAX),
            "mending_askers": self._askers.sizes()["buckets"],
        }

    # -- repairing -----------------------------------------------------------------------------

    def _serve(self, caller: Caller, body: Fields) -> list[Any]:
        channel_id, subscriber = body.take_bytes(20), body.take_bytes(20)
        replica = self._questions.takes_part(caller, channel_id)
        if not self._askers.take(caller.contact.public_key.hex(), self._context.now()):
            raise Refused(Status.RATE_LIMITED, [int(1000 / ASKS_PER_S)])
        return self._repair(replica, subscriber).encode()

    def _repair(self, replica: Replica, subscriber: bytes) -> Found:
        """The repair of this path that is under way, or has ended lately; else a new one."""
        key, now = (replica.channel_id, subscriber), self._context.now()
        found = self._repairs.get(key)
        if found is not None and (found.ended_s is None or now - found.ended_s < KEPT_S):
            return found
        replica.leases.expire(now)
        contact = replica.leases.contact(subscriber)
        if contact is None or subscriber == self._context.identity.node_id:
            raise Refused(Status.MISSING)
        self._forget(now)
        if len(self._repairs) >= REPAIRS_MAX:
            raise Refused(Status.BUSY)
        found = self._repairs[key] = Found()
        self._repairs.move_to_end(key)
        self._context.tasks.spawn(self._run(replica, contact, found), "mending.repair")
        return found

    def _forget(self, now: float) -> None:
        """What nobody asks about any more."""
        for key, found in list(self._repairs.items()):
            if found.ended_s is not None and now - found.ended_s >= KEPT_S:
                del self._repairs[key]

    async def _run(self, replica: Replica, contact: Contact, found: Found) -> None:
        started = self._context.now()
        way, via = NO_WAY, None
        try:
            way = await self._probing.test_now(replica, contact)
            if way == RELAY:
                via = next(iter(self._monitor.alternatives(contact.id)), None)
        finally:
            found.way, found.via = (way, via) if via is not None or way != RELAY else (NO_WAY, None)
            found.ended_s = self._context.now()
            found.elapsed_ms = min(int((found.ended_s - started) * 1000), ELAPSED_MAX_MS)

    # -- having it repaired --------------------------------------------------------------------

    async def now(self, replica: Replica, subscriber: bytes) -> dict[str, Any]:
        """Have the initiators test their paths to a subscriber, and repair those that fail; JSON-able.

        One that reaches it says so at once. ``NO_INITIATOR`` when none is known.
        """
        view = await self._storage.known_initiators(replica)
        found = await self._ask(replica, [one for one in view.contacts if one.id != subscriber], subscriber)
        reached = [one for one in found if one["outcome"] in _WORKING]
        return {
            "channel": replica.name,
            "subscriber": subscriber.hex(),
            "found": found,
            "reached_by": len(reached),
            "of": len(found),
            "relayed": sum(1 for one in reached if one["outcome"] == RELAY),
        }

    async def _ask(
        self, replica: Replica, initiators: Sequence[Contact], subscriber: bytes
    ) -> list[dict[str, Any]]:
        """What each of these initiators found; ``outcome`` is a way, or why there is no answer."""

        async def one(contact: Contact) -> Found:
            until_s = self._context.now() + PATIENCE_S
            found = await self._hear(replica, contact, subscriber)
            while found.way == UNDER_WAY and self._context.now() < until_s:
                await asyncio.sleep(AGAIN_S)  # no jitter: one person waits for it
                found = await self._hear(replica, contact, subscriber)
            return found

        told = await self._questions.each(initiators, one, "mending")
        return [
            {
                "initiator": each.contact.id.hex(),
                "outcome": each.value.way if each.value else each.outcome,
                "via": each.value.via.hex() if each.value and each.value.via else None,
                "elapsed_ms": each.value.elapsed_ms if each.value else each.elapsed_ms,
            }
            for each in told
        ]

    async def _hear(self, replica: Replica, contact: Contact, subscriber: bytes) -> Found:
        if contact.public_key == self._context.identity.public_key:
            return self._repair(replica, subscriber)
        body = [replica.channel_id, subscriber]
        return Found.decode(await self._context.rpc.request(contact, Op.REPAIR, body, prove=True))

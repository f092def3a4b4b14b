"""Failure detection by direct and indirect probes, as in SWIM.

(Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol",
DSN 2002, section 3.1.) A peer is pinged; when it stays silent, ``HELPERS`` others that probably know it are
asked to ping it for us (``PING_VIA``), while we try once more ourselves. Invariants:

* only when all of that fails has the peer *failed* (``PeerTable.failed``): one lossy path is no death;
* when another one reaches it, it is *vouched* for: no failure of the peer, but no proof for us either, and
  not for ever (``VOUCHED_MAX_S``);
* a probe ends within ``PROBE_MAX_S``;
* nobody is made to send more than it got: PING_VIA is served to proven callers only, within rates, about
  a peer of the own routing table at exactly that address, and one ping to it is under way at a time.

What SWIM spreads by gossip is not needed here: those who must know of a death all probe for themselves.
"""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.environment import Environment
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.dialler import Dialler
from peernode.overlay.table import PeerTable
from peernode.rpc.ratelimit import BucketTable, TokenBucket
from peernode.rpc.rpc import Caller, Rpc
from peernode.tasks import Tasks
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

HELPERS = 2
HELPERS_AMONG = 8
"""The helpers are drawn from so many unsuspected peers closest to the one in question: they know it."""

PROBE_MAX_S = 1.5
"""A path that needs longer for an answer is not one to serve a channel on."""

DIRECT_SENDS = 2
AGAIN_SENDS = 3
"""Of the first direct ping, and of the one beside the indirect ones."""

VIA_SENDS = 3
SERVED_SENDS = 2
ASKERS_MAX = 1024
ASKER_PER_S, ASKER_BURST = 8.0, 64.0
"""Of one peer that asks us to ping others."""

ALL_PER_S, ALL_BURST = 50.0, 400.0
"""Of all peers together."""

SERVED_MAX = 256
"""Peers that are being pinged for others at one time; over it the asker hears ``BUSY``."""


class Probing:
    """Both halves of it, for one node."""

    def __init__(self, rpc: Rpc, env: Environment, table: PeerTable, dialler: Dialler, tasks: Tasks) -> None:
        self._rpc = rpc
        self._clock = env.clock
        self._rng = env.random
        self._table = table
        self._dialler = dialler
        self._tasks = tasks
        self._askers = BucketTable(ASKER_PER_S, ASKER_BURST, ASKERS_MAX)
        self._all = TokenBucket(ALL_PER_S, ALL_BURST, env.clock.monotonic())
        self._served: dict[bytes, asyncio.Task[bool]] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "probe_askers": self._askers.sizes()["buckets"],
            "probes_served": (len(self._served), SERVED_MAX),
        }

    # -- asking -------------------------------------------------------------------------------

    async def probe(self, contact: Contact) -> None:
        """Find out whether ``contact`` lives, and tell the table."""
        until = asyncio.get_running_loop().time() + PROBE_MAX_S
        if await self._pinged(contact, DIRECT_SENDS, until):
            return
        helpers = self._helpers(contact)
        asked = [self._reached_by(helper, contact, until) for helper in helpers]
        answered, *vouched = await asyncio.gather(self._pinged(contact, AGAIN_SENDS, until), *asked)
        if answered:
            return
        if any(vouched):
            self._rpc.counters["probe.vouched"] += 1
            self._table.vouched(contact)
        else:
            self._rpc.counters["probe.failed"] += 1
            self._table.failed(contact)

    async def _pinged(self, contact: Contact, sends: int, until: float) -> bool:
        try:
            async with asyncio.timeout_at(until):
                return await self._dialler.ping(contact, sends, tentative=True)
        except TimeoutError:
            return False

    async def _reached_by(self, helper: Contact, contact: Contact, until: float) -> bool:
        try:
            async with asyncio.timeout_at(until):
                body = [contact.encode()]
                answer = await self._rpc.request(helper, Op.PING_VIA, body, sends=VIA_SENDS, tentative=True)
                return answer.take_bool()
        except (TimeoutError, RpcTimeout, Backpressure, Refused) as error:
            self._rpc.counters[f"probe.via.{type(error).__name__}"] += 1
        except RemoteProtocolError:
            self._rpc.counters["rejected.body"] += 1
        return False

    def _helpers(self, contact: Contact) -> list[Contact]:
        near = self._table.closest(contact.id, HELPERS_AMONG + 1)
        others = [each for each in near if each.public_key != contact.public_key]
        return self._rng.sample(others, min(HELPERS, len(others)))

    # -- serving ------------------------------------------------------------------------------

    async def serve(self, caller: Caller, body: Fields) -> list[Any]:
        """PING_VIA: ping a contact that we know for somebody who doesn't reach it."""
        contact = Contact.decode(body.take())
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        standing = self._table.standing(contact.public_key)
        if standing is None or standing.contact.address != contact.address:
            raise Refused(Status.MISSING)
        now = self._clock.monotonic()
        if not self._askers.take(caller.contact.public_key.hex(), now) or not self._all.take(now):
            raise Refused(Status.RATE_LIMITED, [round(1000 / ASKER_PER_S)])
        task = self._served.get(contact.public_key)
        if task is None:
            if len(self._served) >= SERVED_MAX:
                raise Refused(Status.BUSY)
            ping = self._dialler.ping(standing.contact, SERVED_SENDS, tentative=True)
            task = self._served[contact.public_key] = self._tasks.spawn(ping, "ping for another")
            task.add_done_callback(lambda _: self._served.pop(contact.public_key, None))
        return [await asyncio.shield(task)]

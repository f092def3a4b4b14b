"""The doctor's steps about the network: each a coroutine that ends in a ``Finding``.

They use the running node's own socket, so that what they find holds of the node and not of a program beside
it. Invariants: nothing is changed but what any request changes (tables of peers, the ledger of addresses);
whatever peers answer, a step ends in a finding; the waits are bounded by the requests' own.
"""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.channel.coordinator import decode_coordinator
from peernode.channel.ids import channel_id_of, normalise_name
from peernode.doctor.observing import Observations, is_wildcard
from peernode.doctor.steps import Finding, failed, ok, skipped, warning
from peernode.environment import Address
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.addresses import own_addresses
from peernode.pubsub.context import Context
from peernode.pubsub.storage import PubSubStorage
from peernode.wire.contact import Contact
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op, Status

SKEW_FAILED_MS, SKEW_WARNED_MS = 5000, 1000
TRIES_MAX = 2
"""To be reached by strangers: one datagram may get lost."""

DOUBTERS_MIN = 2
"""Peers that must have named strangers in vain, where there are so many: one may have named an invention."""


class NetworkSteps:
    """The steps of one examination; ``heard`` collects what the others say."""

    def __init__(self, context: Context, storage: PubSubStorage) -> None:
        self._context = context
        self._storage = storage
        self._started_s = context.env.clock.monotonic()
        self.heard = Observations()

    async def socket(self) -> Finding:
        """The node runs, so it has one."""
        host, port = self._context.rpc.address
        return _with_facts(ok("socket.open", address=f"{host}:{port}"), "address")

    async def bootstrap(self, address: Address) -> Finding:
        """HELLO to one address."""
        context = self._context
        if address in own_addresses(context.rpc):
            return skipped("bootstrap.own")
        try:
            greeted = await context.rpc.greet(address)
        except (RpcTimeout, Backpressure):
            return failed("BOOTSTRAP_SILENT", "bootstrap.silent")
        self.heard.greeted(greeted, address, context.env.clock.wall_ms())
        rtt_ms = round(1000 * greeted.elapsed_s, 1)
        versions = [greeted.welcome.version_min, greeted.welcome.version_max]
        found = ok("bootstrap.answers", rtt_ms=rtt_ms, versions=[versions])
        return found.telling(rtt_ms=rtt_ms, versions=versions)

    async def version(self) -> Finding:
        """Does everybody speak a version that we speak?"""
        ranges = self.heard.versions()
        if not ranges:
            return skipped("version.nobody", own=[[VERSION, VERSION]])
        others = [list(each) for each in ranges if not each[0] <= VERSION <= each[1]]
        if others:
            return failed("VERSION_UNSUPPORTED", "version.other", version=VERSION, versions=others)
        return ok("version.same", nodes=len(self.heard), version=VERSION)

    async def address(self) -> Finding:
        """Under which address do others see us?"""
        seen = self.heard.addresses()
        if not seen:
            return skipped("address.nobody")
        (host, port), votes = seen.most_common(1)[0]
        told = self._context.config.advertise
        said: dict[str, Any] = {
            "says": "address.seen",
            "address": f"{host}:{port}",
            "votes": votes,
            "nodes": seen.total(),
        }
        if told is not None and told[0] != host:
            found = warning("ADDRESS_DIFFERS", **said).adding("address.told", told=f"{told[0]}:{told[1]}")
            return _with_facts(found, "address")
        return _with_facts(ok(**said), "address")

    async def nat(self) -> Finding:
        """What stands between us and the others?"""
        kind = self.heard.translation(self._context.rpc.address)
        facts = {"kind": kind, "seen": sorted(f"{host}:{port}" for host, port in self.heard.addresses())}
        if kind == "unknown":
            return skipped("nat.unknown")
        if kind == "symmetric":
            return warning("NAT_SYMMETRIC", "nat.symmetric").telling(**facts)
        if kind == "none":
            return ok("nat.none").telling(**facts)
        found = ok("nat.independent").telling(**facts)
        return found if self._translated() else found.adding("nat.port_kept")

    def _translated(self) -> bool:
        """Whether others see another address than this node's: not, if it may be one of its own."""
        bound = self._context.rpc.address
        if self.heard.translation(bound) not in ("endpoint-independent", "symmetric"):
            return False
        same = all(port == bound[1] for _, port in self.heard.addresses())
        return not (is_wildcard(bound) and same)

    async def clock(self) -> Finding:
        """How far is our clock from the others'?"""
        found = self.heard.offset_ms()
        if found is None:
            return skipped("clock.nobody")
        offset_ms, count = found
        values = {"offset_s": round(abs(offset_ms) / 1000, 1), "nodes": count}
        key = "clock.behind" if offset_ms > 0 else "clock.ahead"
        if abs(offset_ms) <= SKEW_WARNED_MS:
            return ok(key, **values).telling(offset_ms=offset_ms)
        wrong = failed if abs(offset_ms) > SKEW_FAILED_MS else warning
        told = wrong("CLOCK_SKEW", key, **values, seconds=round(values["offset_s"])).telling(
            offset_ms=offset_ms
        )
        return told.adding("clock.one") if count == 1 else told

    async def reachable(self) -> Finding:
        """Can somebody reach us whom we have not contacted before? Tried anew each time."""
        overlay = self._context.overlay
        if overlay.dialback.reached_at >= self._started_s:
            return ok("reachable.now")
        if not overlay.peers():
            return skipped("reachable.nobody")
        asked, missed, doubters = 0, frozenset[bytes](), frozenset[bytes]()
        for left in reversed(range(TRIES_MAX)):
            proof = await overlay.dialback.prove(missed)
            if proof.reached:
                return ok("reachable.now")
            asked, missed, doubters = asked + proof.asked, proof.missed, doubters | proof.doubters
            if missed and not left and len(doubters) >= min(DOUBTERS_MIN, len(overlay.peers())):
                return warning("NOT_REACHABLE", "reachable.no")
            if not missed:
                break
        if overlay.public:
            return ok("reachable.earlier")
        if not asked:
            return skipped("reachable.no_third")
        if self._translated():
            return warning("NOT_REACHABLE", "reachable.translated")
        return skipped("reachable.one_says" if missed else "reachable.all_known")

    async def lookup(self) -> Finding:
        """Ask the network for the nodes closest to an id drawn at random."""
        context = self._context
        if context.overlay.alone:
            return skipped("lookup.alone")
        target = context.env.random.randbytes(len(context.identity.node_id))
        result = await context.overlay.lookup(target, context.config.replicas)
        if not result.answered:
            return failed("NO_BOOTSTRAP", "lookup.nobody", asked=result.asked)
        return _with_facts(ok("lookup.answered", asked=result.asked, answered=result.answered), "answered")

    async def channel(self, name: str) -> Finding:
        """Find who stores a channel, and ask them for it."""
        context = self._context
        try:
            channel_id = channel_id_of(context.network_id, normalise_name(name))
        except PeerNodeError as error:
            return failed(error.code, "channel.invalid", **error.params)
        found = (await context.overlay.lookup(channel_id, context.config.replicas)).closest
        answers = await asyncio.gather(*(self._stores(contact, channel_id) for contact in found))
        own = self._storage.replicas.get(channel_id)
        holding = answers.count(True) + (own is not None and bool(own.member or own.log.version))
        if holding:
            return _with_facts(ok("channel.held", holding=holding), "holding")
        if False in answers:
            return warning("CHANNEL_UNKNOWN", "channel.unheard")
        return failed("NO_INITIATOR", "channel.nobody", asked=len(found))

    async def _stores(self, contact: Contact, channel_id: bytes) -> bool | None:
        """Whether a node has a channel; None when it does not say."""
        try:
            body = await self._context.rpc.request(contact, Op.COORDINATOR, [channel_id])
            decode_coordinator(body, self._context.now())
        except Refused as refusal:
            return False if refusal.status == Status.MISSING else None
        except (RpcTimeout, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"doctor.{type(error).__name__}")
            return None
        return True


def _with_facts(found: Finding, *names: str) -> Finding:
    """Some of the values are facts as well."""
    return found.telling(**{name: found.values[name] for name in names})

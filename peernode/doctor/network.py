"""The doctor's steps about the network: each a coroutine that ends in a ``Finding``.

They use the running node's own socket, so that what they find holds of the node and not of a program beside
it. Invariants: nothing is changed but what any request changes (tables of peers, the ledger of addresses);
whatever peers answer, a step ends in a finding; the waits are bounded by the requests' own.
"""

from __future__ import annotations

import asyncio

from peernode.channel.coordinator import decode_coordinator
from peernode.channel.ids import channel_id_of, normalise_name
from peernode.doctor.observing import Observations, is_wildcard
from peernode.doctor.steps import Finding, failed, many, ok, skipped, warning
from peernode.environment import Address
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.addresses import own_addresses
from peernode.pubsub.context import Context
from peernode.pubsub.storage import PubSubStorage
from peernode.wire.contact import Contact
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op, Status

SKEW_FAILED_MS, SKEW_WARNED_MS = 5000, 1000
DIALBACK_PEERS = 3
LOOKS, LOOK_S = 60, 0.05
"""For 3 s a stranger's request may take to come in."""


class NetworkSteps:
    """The steps of one examination; ``heard`` collects what the others say."""

    def __init__(self, context: Context, storage: PubSubStorage) -> None:
        self._context = context
        self._storage = storage
        self.heard = Observations()

    async def socket(self) -> Finding:
        """The node runs, so it has one."""
        host, port = self._context.rpc.address
        return ok(f"Listening on UDP {host}:{port}.", address=f"{host}:{port}")

    async def bootstrap(self, address: Address) -> Finding:
        """HELLO to one address."""
        context = self._context
        if address in own_addresses(context.rpc):
            return skipped("That is this node's own address.")
        context.overlay.contacted(address)
        try:
            greeted = await context.rpc.greet(address)
        except (RpcTimeout, Backpressure):
            return failed("BOOTSTRAP_SILENT", "No node of this network answers there.")
        self.heard.greeted(greeted, address, context.env.clock.wall_ms())
        rtt_ms = round(1000 * greeted.elapsed_s, 1)
        first, last = greeted.welcome.version_min, greeted.welcome.version_max
        return ok(
            f"Answers in {rtt_ms} ms, speaks {_versions(first, last)}.",
            rtt_ms=rtt_ms,
            versions=[first, last],
        )

    async def version(self) -> Finding:
        """Does everybody speak a version that we speak?"""
        ranges = self.heard.versions()
        if not ranges:
            return skipped(f"Nobody answered who could say; this node speaks {_versions(VERSION, VERSION)}.")
        others = [each for each in ranges if not each[0] <= VERSION <= each[1]]
        if others:
            named = ", ".join(_versions(*each) for each in others)
            return failed("VERSION_UNSUPPORTED", f"This node speaks version {VERSION}, others {named}.")
        return ok(
            f"Who answered ({many(len(self.heard), 'node')}) speaks version {VERSION}, as this node does."
        )

    async def address(self) -> Finding:
        """Under which address do others see us?"""
        seen = self.heard.addresses()
        if not seen:
            return skipped("Nobody answered who could say.")
        (host, port), votes = seen.most_common(1)[0]
        told = self._context.config.advertise
        sentence = f"Seen at {host}:{port} by {votes} of {many(seen.total(), 'node')}."
        if told is not None and told[0] != host:
            return warning("ADDRESS_DIFFERS", f"{sentence} Others are told {told[0]}:{told[1]}.")
        return ok(sentence, address=f"{host}:{port}")

    async def nat(self) -> Finding:
        """What stands between us and the others?"""
        bound = self._context.rpc.address
        kind = self.heard.translation(bound)
        facts = {"kind": kind, "seen": sorted(f"{host}:{port}" for host, port in self.heard.addresses())}
        if kind == "unknown":
            return skipped("It takes the word of two nodes in different places to tell.")
        if kind == "symmetric":
            return warning(
                "NAT_SYMMETRIC",
                "Each node sees another address of this one: the translation is symmetric, and whom this "
                "node has not written to can't reach it.",
            ).telling(**facts)
        if kind == "none":
            return ok("No address translation: others see the address that this node is bound to.", **facts)
        same = all(port == bound[1] for _, port in self.heard.addresses())
        kept = " Its port is kept, so there may be none." if is_wildcard(bound) and same else ""
        return ok("All see one address: a translation, if any, is endpoint-independent." + kept, **facts)

    async def clock(self) -> Finding:
        """How far is our clock from the others'?"""
        found = self.heard.offset_ms()
        if found is None:
            return skipped("Nobody answered whose clock could be read.")
        offset_ms, count = found
        seconds = round(abs(offset_ms) / 1000, 1)
        way = "behind" if offset_ms > 0 else "ahead of"
        sentence = f"This machine's clock is {seconds} s {way} those of {many(count, 'node')}."
        if abs(offset_ms) <= SKEW_WARNED_MS:
            return ok(sentence, offset_ms=offset_ms)
        if count == 1:
            sentence += " With one to compare with, it may be the other that is wrong."
        if abs(offset_ms) > SKEW_FAILED_MS:
            return failed("CLOCK_SKEW", sentence, seconds=round(seconds))
        return warning("CLOCK_SKEW", sentence, seconds=round(seconds))

    async def reachable(self) -> Finding:
        """Can somebody reach us whom we have not contacted before?"""
        overlay = self._context.overlay
        reached = ok("A node that this one had not contacted before has reached it.")
        if overlay.public:
            return reached
        peers = overlay.peers()
        if not peers:
            return skipped("Nobody answers who could have another node try.")
        chosen = self._context.env.random.sample(peers, min(DIALBACK_PEERS, len(peers)))
        outcomes = await asyncio.gather(*(self._dialback(contact) for contact in chosen))
        if not overlay.public and not any(outcomes):
            return skipped("No peer knows a third node that could try.")
        if await self._until_public():
            return reached
        return warning(
            "NOT_REACHABLE", "A node that this one had not contacted was asked to reach it, and did not."
        )

    async def _dialback(self, contact: Contact) -> bool:
        """Whether a peer has passed the question on."""
        try:
            await self._context.rpc.request(contact, Op.DIALBACK, [None])
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"doctor.dialback_{type(error).__name__}")
            return False
        return True

    async def _until_public(self) -> bool:
        for _ in range(LOOKS):
            if self._context.overlay.public:
                return True
            await asyncio.sleep(LOOK_S)
        return self._context.overlay.public

    async def lookup(self) -> Finding:
        """Ask the network for the nodes closest to an id drawn at random."""
        context = self._context
        if context.overlay.alone:
            return skipped("No other node is known, and none is configured.")
        target = context.env.random.randbytes(len(context.identity.node_id))
        result = await context.overlay.lookup(target, context.config.replicas)
        if not result.answered:
            return failed("NO_BOOTSTRAP", f"Nobody answered, of {many(result.asked, 'node')} asked.")
        return ok(
            f"{many(result.asked, 'node')} asked, {result.answered} answered.", answered=result.answered
        )

    async def channel(self, name: str) -> Finding:
        """Find who stores a channel, and ask them for it."""
        context = self._context
        try:
            channel_id = channel_id_of(context.network_id, normalise_name(name))
        except PeerNodeError as error:
            return failed(error.code, "That is not a channel name.")
        found = (await context.overlay.lookup(channel_id, context.config.replicas)).closest
        answers = await asyncio.gather(*(self._stores(contact, channel_id) for contact in found))
        own = self._storage.replicas.get(channel_id)
        holding = answers.count(True) + (own is not None and bool(own.member or own.log.version))
        if holding:
            return ok(f"{many(holding, 'node')} of the network answered that they have it.", holding=holding)
        if False in answers:
            return warning("CHANNEL_UNKNOWN", "The nodes that would store it have not heard of it.")
        return failed("NO_INITIATOR", f"None of {many(len(found), 'node')} that would store it answered.")

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


def _versions(first: int, last: int) -> str:
    return f"version {first}" if first == last else f"versions {first} to {last}"

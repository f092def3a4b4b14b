"""What other nodes say of this one when they are asked now: its address, its clock, their version.

Invariants: each node's word counts once, the latest; a word that comes from this machine says nothing of how
others see it, as long as there are others; a clock that took longer to read than ``READ_MAX_S`` says nothing.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from statistics import median_low

from peernode.environment import Address
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.addresses import is_loopback
from peernode.pubsub.context import Context
from peernode.rpc.bearings import READ_MAX_S, WILDCARD_IP
from peernode.rpc.greeting import Greeted
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_ip
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op

PEERS_ASKED = 8
"""Nodes of the routing table that are asked beside the bootstraps."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One node's word."""

    at: Address
    """Where that node is."""
    seen: Address
    """Where it sees this one."""
    offset_ms: int | None
    """How far its clock is ahead of ours."""
    versions: tuple[int, int]


class Observations:
    """The words of all who answered."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, Observation] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def greeted(self, greeted: Greeted, at: Address, now_ms: int) -> None:
        """A HELLO was answered."""
        welcome = greeted.welcome
        versions = (welcome.version_min, welcome.version_max)
        offset_ms = _offset(welcome.wall_ms, greeted.elapsed_s, now_ms)
        self._by_key[welcome.public_key] = Observation(at, welcome.seen, offset_ms, versions)

    async def ask(self, context: Context) -> None:
        """PING some peers of the table, all at once."""
        peers = context.overlay.peers()
        chosen = context.env.random.sample(peers, min(PEERS_ASKED, len(peers)))
        await asyncio.gather(*(self._ping(context, contact) for contact in chosen))

    async def _ping(self, context: Context, contact: Contact) -> None:
        clock = context.env.clock
        started_s = clock.monotonic()
        try:
            answer = await context.rpc.request(contact, Op.PING, [VERSION, VERSION])
            seen = _observation(answer, contact.address, clock.monotonic() - started_s, clock.wall_ms())
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            context.collector.count(f"doctor.{type(error).__name__}")
        else:
            self._by_key[contact.public_key] = seen

    # -- what they come to ----------------------------------------------------------------------

    def elsewhere(self) -> list[Observation]:
        """The words from other machines; those from this one when there are no others."""
        words = list(self._by_key.values())
        return [each for each in words if not is_loopback(each.at[0])] or words

    def addresses(self) -> Counter[Address]:
        """Where this node is seen, and by how many."""
        return Counter(each.seen for each in self.elsewhere())

    def translation(self, bound: Address) -> str:
        """``none``, ``unknown``, ``endpoint-independent`` or ``symmetric``, in the terms of RFC 4787."""
        words = self.elsewhere()
        seen = {each.seen for each in words}
        if not seen:
            return "unknown"
        if seen == {bound}:
            return "none"
        if len({each.at for each in words}) < 2:
            return "unknown"
        return "endpoint-independent" if len(seen) == 1 else "symmetric"

    def offset_ms(self) -> tuple[int, int] | None:
        """How far most clocks are ahead of ours, and by how many; None: nobody's could be read."""
        offsets = [each.offset_ms for each in self._by_key.values() if each.offset_ms is not None]
        return (median_low(offsets), len(offsets)) if offsets else None

    def versions(self) -> list[tuple[int, int]]:
        """The ranges of versions that were named, each once."""
        return sorted({each.versions for each in self._by_key.values()})


def is_wildcard(bound: Address) -> bool:
    """Whether a socket takes what comes to any address of the machine."""
    return bound[0] == WILDCARD_IP


def _observation(answer: Fields, at: Address, elapsed_s: float, now_ms: int) -> Observation:
    versions = (answer.take_int(0, 255), answer.take_int(0, 255))
    wall_ms = answer.take_int(0, 2**63 - 1)
    seen = (decode_ip(answer.take_bytes(4)), answer.take_int(1, 65535))
    return Observation(at, seen, _offset(wall_ms, elapsed_s, now_ms), versions)


def _offset(wall_ms: int, elapsed_s: float, now_ms: int) -> int | None:
    return wall_ms + round(500 * elapsed_s) - now_ms if elapsed_s <= READ_MAX_S else None

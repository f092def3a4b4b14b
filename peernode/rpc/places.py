"""The places of requests that are worked on: how many at once, and for whom.

A request that is answered in the same tick needs none. Of ``WORKING_MAX`` places a key has at most
``WORKING_PER_PEER_MAX``. Keys are free, addresses are not, so from half full on an address prefix has at
most ``WORKING_PER_PREFIX_MAX`` (loopback is exempt). Anybody can write any address as its own: from then on
who has not proven where it is does so first, which costs it a round trip and us no place.

Invariant: as many are given back as were taken, so the table of prefixes never has more than ``WORKING_MAX``.
"""

from __future__ import annotations

from peernode.environment import Address, prefix_of
from peernode.rpc.peers import Peer
from peernode.wire.ops import Status

WORKING_MAX = 1024
WORKING_CROWDED = WORKING_MAX // 2
WORKING_PER_PREFIX_MAX = WORKING_MAX // 8
WORKING_PER_PEER_MAX = 64


class Places:
    """Who is at work for whom, at one node."""

    def __init__(self) -> None:
        self._taken = 0
        self._by_prefix: dict[str, int] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "working": (self._taken, WORKING_MAX),
            "working_prefixes": (len(self._by_prefix), WORKING_MAX),
        }

    def refusal(self, peer: Peer, source: Address, proven: bool) -> Status | None:
        """What a request of ``peer`` from ``source`` hears that gets no place; ``None``: it gets one."""
        if self._taken >= WORKING_MAX or peer.working >= WORKING_PER_PEER_MAX:
            return Status.BUSY
        if self._taken < WORKING_CROWDED:
            return None
        if not proven:
            return Status.UNPROVEN
        prefix = prefix_of(source)
        if prefix is not None and self._by_prefix.get(prefix, 0) >= WORKING_PER_PREFIX_MAX:
            return Status.BUSY
        return None

    def take(self, peer: Peer, source: Address) -> None:
        """A place is taken; it is given back with the same arguments."""
        self._taken += 1
        peer.working += 1
        prefix = prefix_of(source)
        if prefix is not None:
            self._by_prefix[prefix] = self._by_prefix.get(prefix, 0) + 1

    def give_back(self, peer: Peer, source: Address) -> None:
        """The work is over."""
        self._taken -= 1
        peer.working -= 1
        prefix = prefix_of(source)
        if prefix is not None:
            left = self._by_prefix[prefix] - 1
            if left:
                self._by_prefix[prefix] = left
            else:
                del self._by_prefix[prefix]

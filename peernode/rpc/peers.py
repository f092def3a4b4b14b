"""What is remembered of each peer: timeouts, tokens, the proven address, requests in flight.

Invariants: ``address`` changes only by ``PeerStates.prove``; the table holds at most ``peers_max``
peers, and over it the least recently used *unproven* one is forgotten first, so that invented keys
can't push out peers that proved themselves; a peer with requests in flight or in work is never
forgotten. A proof lasts ``PROOF_S`` after it was last renewed: addresses get new owners.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from peernode.config import NodeConfig
from peernode.environment import Address
from peernode.rpc.ratelimit import TokenBucket
from peernode.rpc.rto import PeerRto
from peernode.wire.contact import Contact
from peernode.wire.frames import NO_TOKEN

if TYPE_CHECKING:
    from peernode.rpc.pending import Pending

PROOF_S = 600.0
_RENEW_BEFORE_S = 300.0
_EVICTION_STEPS = 32


@dataclass(slots=True, eq=False)
class Peer:
    """The state of one peer, by its public key."""

    public_key: bytes
    bucket: TokenBucket
    rto: PeerRto = field(default_factory=PeerRto)
    address: Address | None = None
    """Where it last proved to be; see ``proven_address`` for whether that still holds."""
    proven_until: float = 0.0
    token: bytes = NO_TOKEN
    """What it gave us to prove our own address to it."""
    inflight: OrderedDict[int, Pending] = field(default_factory=OrderedDict)
    queued: OrderedDict[int, Pending] = field(default_factory=OrderedDict)
    working: int = 0
    """Its requests that our handlers are at."""
    timeouts: int = 0
    """Requests in a row that it did not answer."""
    greeted_s: float = float("-inf")
    """When a HELLO last went to where it should be, beside a request that it had not answered."""
    hellos: int = 0
    """Such HELLOs since it answered anything."""
    _caller: Contact | None = None

    def proven_address(self, now: float) -> Address | None:
        """Where it has proven to be, not too long ago."""
        return self.address if now < self.proven_until else None

    def proven_at(self, address: Address, now: float) -> bool:
        """Whether it has proven to be at ``address``."""
        return self.address == address and now < self.proven_until

    def renewable(self, address: Address, now: float) -> bool:
        """Whether a token from ``address`` would tell us anything new."""
        return self.address != address or now > self.proven_until - _RENEW_BEFORE_S

    def contact_at(self, address: Address) -> Contact:
        """The peer as a contact; kept, since making one costs a hash."""
        if self._caller is None or self._caller.address != address:
            self._caller = Contact(self.public_key, *address)
        return self._caller

    @property
    def idle(self) -> bool:
        """Whether nothing would be lost by forgetting it."""
        return not (self.inflight or self.queued or self.working)


class PeerStates:
    """The peers that a node remembers, least recently used first."""

    def __init__(self, config: NodeConfig) -> None:
        self._config = config
        self._unproven: OrderedDict[bytes, Peer] = OrderedDict()
        self._proven: OrderedDict[bytes, Peer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._unproven) + len(self._proven)

    def get(self, public_key: bytes) -> Peer | None:
        """The peer if it is remembered."""
        return self._proven.get(public_key) or self._unproven.get(public_key)

    def obtain(self, public_key: bytes, now: float) -> Peer:
        """The peer, new or as remembered; it is now the most recently used."""
        for table in (self._proven, self._unproven):
            peer = table.get(public_key)
            if peer is not None:
                table.move_to_end(public_key)
                return peer
        bucket = TokenBucket(self._config.requests_per_s, self._config.requests_burst, now)
        peer = self._unproven[public_key] = Peer(public_key, bucket)
        if len(self) > self._config.peers_max:
            self._evict(peer)
        return peer

    def prove(self, peer: Peer, address: Address, now: float) -> None:
        """``peer`` has shown that it receives at ``address``: from now on that is its address."""
        peer.address = address
        peer.proven_until = now + PROOF_S
        if self._unproven.pop(peer.public_key, None) is not None:
            self._proven[peer.public_key] = peer

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        config = self._config
        peers = [*self._unproven.values(), *self._proven.values()]
        return {
            "peers": (len(peers), config.peers_max),
            "inflight": (
                max((len(peer.inflight) for peer in peers), default=0),
                config.inflight_per_peer_max,
            ),
            "queued": (max((len(peer.queued) for peer in peers), default=0), config.queued_per_peer_max),
        }

    def _evict(self, newest: Peer) -> None:
        for table in (self._unproven, self._proven):
            for _ in range(min(len(table), _EVICTION_STEPS)):
                public_key, peer = next(iter(table.items()))
                if peer.idle and peer is not newest:
                    del table[public_key]
                    return
                table.move_to_end(public_key)

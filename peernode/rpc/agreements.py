"""How many key agreements strangers may cost: each is worth a hundred datagrams of a known key.

Whoever sends from an unknown key and shows no token costs one, whether the seal then opens or not. Limited in
all and, so that one source's flood does not take everybody's, to an eighth of that per address prefix
(loopback is exempt). Over it the datagram is dropped without a word, since sealing one would cost the same.
An honest sender then sends a HELLO, whose answer brings a token (``welcoming``).

Bounded: ``PREFIXES_MAX``, the least recently used is forgotten; who can write so many addresses as its own is
limited by what all may cost together.
"""

from __future__ import annotations

from peernode.environment import Address, prefix_of
from peernode.rpc.ratelimit import BucketTable, TokenBucket

DERIVATIONS_PER_S = 1000.0
DERIVATIONS_BURST = 2000.0
PREFIX_SHARE = 8
PREFIXES_MAX = 4096


class KeyAgreements:
    """The limit of one node."""

    def __init__(self, now: float) -> None:
        self._all = TokenBucket(DERIVATIONS_PER_S, DERIVATIONS_BURST, now)
        self._prefixes = BucketTable(
            DERIVATIONS_PER_S / PREFIX_SHARE, DERIVATIONS_BURST / PREFIX_SHARE, PREFIXES_MAX
        )

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"derivation_prefixes": self._prefixes.sizes()["buckets"]}

    def take(self, source: Address, now: float) -> bool:
        """Whether a stranger at ``source`` may cost one more now; if so it is counted."""
        prefix = prefix_of(source)
        return (prefix is None or self._prefixes.take(prefix, now)) and self._all.take(now)

"""Which initiator serves which subscriber: rendezvous hashing over the agreed set.

Invariants: every node that knows the same set computes the same ranking, in whatever order it lists
the set; a change of one member moves only the subscribers that this member served. Source: Thaler and
Ravishankar, "Using name-based mappings to increase hit rates", 1998.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

SET_HASH_BYTES = 16


def rank(subscriber_id: bytes, channel_id: bytes, initiators: Sequence[bytes]) -> list[bytes]:
    """The initiators' public keys, the one that pushes first in front."""

    def weight(key: bytes) -> tuple[bytes, bytes]:
        return hashlib.blake2b(subscriber_id + channel_id + key, digest_size=8).digest(), key

    return sorted(initiators, key=weight, reverse=True)


def set_hash(keys: Sequence[bytes]) -> bytes:
    """16 bytes naming a set of initiators, independent of its order."""
    return hashlib.blake2b(b"".join(sorted(keys)), digest_size=SET_HASH_BYTES).digest()

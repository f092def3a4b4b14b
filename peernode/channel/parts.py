"""Long bodies as parts: blocks of at most 1,024 bytes, addressed by their hash.

Invariant: a part is what its digest says (BLAKE2b-256), so it can come from anybody.
"""

from __future__ import annotations

import hashlib

PART_DIGEST_BYTES = 32


def part_digest(block: bytes) -> bytes:
    """The address of a block, 32 bytes."""
    return hashlib.blake2b(block, digest_size=PART_DIGEST_BYTES).digest()


def split_parts(body: bytes, size: int) -> list[bytes]:
    """``body`` cut into blocks of ``size`` bytes, the last one shorter."""
    return [body[start : start + size] for start in range(0, len(body), size)]


def named_by(digests: bytes) -> str:
    """A name of 32 hex digits for the body whose parts have these digests, one after the other."""
    return hashlib.blake2b(digests, digest_size=16).hexdigest() if digests else ""


def join_parts(blocks: list[bytes]) -> bytes:
    """The body again."""
    return b"".join(blocks)

"""``EarlyParts``: parts of messages that came before the rest of their message, for the next attempt.

On a slow line the parts of a long message may not all come in the time for one attempt; what has come is
kept, so that each attempt goes on where the last one ended. Invariants: in memory alone, and of no meaning
until its message is here; at most ``EARLY_BYTES_MAX``, over which those that came first go: they are fetched
again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

EARLY_BYTES_MAX = 1 << 20
"""64 messages of the longest kind."""


class EarlyParts:
    """Blocks by their digests."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, in bytes, with its bound."""
        return {"early_parts": (self._bytes, EARLY_BYTES_MAX)}

    def keep(self, blocks: dict[bytes, bytes]) -> None:
        """These have come; the caller has compared them with their digests."""
        for digest, block in blocks.items():
            if digest not in self._blocks:
                self._blocks[digest] = block
                self._bytes += len(block)
        while self._bytes > EARLY_BYTES_MAX:
            _, block = self._blocks.popitem(last=False)
            self._bytes -= len(block)

    def get(self, digest: bytes) -> bytes | None:
        """The block, if it is here."""
        return self._blocks.get(digest)

    def drop(self, digests: Iterable[bytes]) -> None:
        """Their message is complete."""
        for digest in digests:
            self._bytes -= len(self._blocks.pop(digest, b""))

"""``EarlyParts``: parts of messages that came before the rest of their message, for the next attempt.

On a slow line the parts of a long message may not all come in the time for one attempt; what has come is
kept, so that each attempt goes on where the last one ended. Invariants: in memory alone, and of no meaning
until its message is here; at most ``EARLY_MAX`` parts, over which those that came first go: they are fetched
again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

EARLY_MAX = 1024
"""Parts, of a kilobyte each at most: 64 messages of the longest kind."""


class EarlyParts:
    """Blocks by their digests."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[bytes, bytes] = OrderedDict()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"early_parts": (len(self._blocks), EARLY_MAX)}

    def keep(self, blocks: dict[bytes, bytes]) -> None:
        """These have come; the caller has compared them with their digests."""
        self._blocks.update(blocks)
        while len(self._blocks) > EARLY_MAX:
            self._blocks.popitem(last=False)

    def get(self, digest: bytes) -> bytes | None:
        """The block, if it is here."""
        return self._blocks.get(digest)

    def drop(self, digests: Iterable[bytes]) -> None:
        """Their message is complete."""
        for digest in digests:
            self._blocks.pop(digest, None)

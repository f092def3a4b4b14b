"""``EarlyParts``: parts of messages that came before the rest of their message, for the next attempt.

On a slow line the parts of a long message may not all come in the time for one attempt; what has come is
kept, so that each attempt goes on where the last one ended. Invariants: in memory alone, and of no meaning
until its message is durable; at most ``EARLY_MAX`` parts, an eighth of them from one address prefix (loopback
is exempt), over which those that came first go: they are fetched again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

EARLY_MAX = 1024
"""Parts, of a kilobyte each at most: 64 messages of the longest kind."""

SHARE_MAX = EARLY_MAX // 8
"""Of these from one address prefix: nobody else's give way for them."""


class EarlyParts:
    """Blocks by their digests."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[bytes, tuple[bytes, str | None]] = OrderedDict()
        """Digest -> the block, and the address prefix that it came from."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"early_parts": (len(self._blocks), EARLY_MAX)}

    def keep(self, blocks: dict[bytes, bytes], prefix: str | None) -> None:
        """These have come, and are what they should be; ``prefix``: from where, None if exempt."""
        for digest, block in blocks.items():
            self._blocks[digest] = block, prefix
        if prefix is not None:
            shared = [digest for digest, (_, each) in self._blocks.items() if each == prefix]
            self.drop(shared[: max(0, len(shared) - SHARE_MAX)])
        while len(self._blocks) > EARLY_MAX:
            self._blocks.popitem(last=False)

    def get(self, digest: bytes) -> bytes | None:
        """The block, if it is here."""
        return self._blocks[digest][0] if digest in self._blocks else None

    def drop(self, digests: Iterable[bytes]) -> None:
        """Their message is durable, or they give way."""
        for digest in digests:
            self._blocks.pop(digest, None)

"""Is a row still what was written? Disks forget and flip bits; a digest notices.

Invariants: a damaged row is never returned, always counted, and reported when it is a message, whose
place in its stream says what to fetch again.
"""

from __future__ import annotations

from peernode.channel.message import digest_of
from peernode.channel.parts import part_digest
from peernode.store.base import BadRowReport


class Inspector:
    """The part of a ``Store`` that looks at rows before they are believed."""

    def __init__(self) -> None:
        self.bad_rows = 0
        self.on_bad_row: BadRowReport | None = None

    def message_is_sound(
        self, channel_id: bytes, author: bytes, instance: bytes, seq: int, digest: bytes, raw: bytes
    ) -> bool:
        """Whether ``raw`` is what ``digest`` was taken of."""
        if digest_of(raw) == digest:
            return True
        self.bad_rows += 1
        if self.on_bad_row is not None:
            self.on_bad_row(channel_id, author, instance, seq)
        return False

    def part_is_sound(self, digest: bytes, block: bytes) -> bool:
        """Whether ``block`` is the content that ``digest`` names; no report, its reader asks for it again."""
        return self.is_equal(part_digest(block), digest)

    def is_equal(self, found: bytes, written: bytes) -> bool:
        """Whether two digests agree; counts a bad row when they don't."""
        if found == written:
            return True
        self.bad_rows += 1
        return False

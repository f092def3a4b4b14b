"""``Room``: how many bytes a channel may take on a node, and how many each of its authors.

A message costs its canonical bytes and a whole part for each part it names, or for each block of the file
that it names: its bytes alone say it. A file's blocks may come later; their room is kept for them.
Invariants: what is taken equals what is held, plus what is being committed (but what rows take that rot is
told anew by the next start), and is never below zero; both bounds cost O(1) per
message; an author whose messages are gone is not in the table, which so has no more rows than the log has
streams, the bound of which is ``streams_per_channel_max``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from peernode.channel.filetree import file_in
from peernode.channel.message import MESSAGE_MAX_BYTES, Kind, Message, named_in
from peernode.config import NodeConfig
from peernode.errors import RemoteProtocolError

PART_BYTES = 1024
"""What each part is counted as: the most that one may have."""


class Lack(Enum):
    """Why there is no room."""

    CHANNEL = "the channel has what a channel may have"
    AUTHOR = "the author has what an author may have in a channel"


def cost_of(message: Message) -> int:
    """Bytes that a message takes."""
    blocks = file_in(message.body).blocks if message.kind is Kind.FILE else len(message.parts)
    return len(message.raw) + PART_BYTES * blocks


def cost_of_raw(raw: bytes) -> int:
    """As ``cost_of``, for a row of our own store; of a damaged one its length."""
    try:
        parts, file = named_in(raw)
        return len(raw) + PART_BYTES * (file.blocks if file else len(parts))
    except (RemoteProtocolError, LookupError, TypeError):
        return len(raw)


class Room:
    """What one channel holds on this node, in bytes."""

    def __init__(self, config: NodeConfig, held: Iterable[tuple[bytes, int]]) -> None:
        """``held``: (author, bytes) as the store has them."""
        self._config = config
        self._authors: dict[bytes, int] = {}
        self.taken = 0
        for author, size in held:
            self._authors[author] = self._authors.get(author, 0) + size
            self.taken += size

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the channel is; taking back what waits in the own outbox is never refused."""
        spare = self._config.outbox_max * MESSAGE_MAX_BYTES
        return {"channel_bytes": (self.taken, self._config.channel_bytes_max + spare)}

    def of_author(self, author: bytes) -> int:
        """Bytes that the author has taken."""
        return self._authors.get(author, 0)

    @property
    def full(self) -> bool:
        """Whether not even the smallest message would fit."""
        return self.taken >= self._config.channel_bytes_max - PART_BYTES

    def spent(self, author: bytes) -> bool:
        """Whether not even a small message of the author would fit its quota."""
        return self.of_author(author) >= self._config.author_bytes_max - PART_BYTES

    def lack(self, message: Message, author_counts: bool) -> Lack | None:
        """What a message would exceed; ``author_counts``: it is news of its author, not history."""
        return self.lack_for(message.author, cost_of(message), author_counts)

    def lack_for(self, author: bytes, cost: int, author_counts: bool) -> Lack | None:
        """As ``lack``, for so many bytes of an author."""
        if self.taken + cost > self._config.channel_bytes_max:
            return Lack.CHANNEL
        if author_counts and self.of_author(author) + cost > self._config.author_bytes_max:
            return Lack.AUTHOR
        return None

    def take(self, message: Message) -> None:
        """The message is being committed, or has been."""
        self._change(message.author, cost_of(message))

    def give_back(self, author: bytes, size: int) -> None:
        """So many bytes of an author were not stored after all, or have expired.

        No more than it has taken: a row that was damaged, or repaired, since it was charged tells another
        cost.
        """
        self._change(author, -min(size, self.of_author(author)))

    def _change(self, author: bytes, size: int) -> None:
        self.taken += size
        left = self._authors.get(author, 0) + size
        if left:
            self._authors[author] = left
        else:
            self._authors.pop(author, None)

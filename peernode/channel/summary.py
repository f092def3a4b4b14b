"""What peers tell each other of their logs: ranges of numbers, and a stream in one line.

Invariant: ``decode_summary`` lets no summary through that contradicts itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peernode.channel.message import SEQ_MAX
from peernode.errors import RemoteProtocolError
from peernode.wire.codec import Fields


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers ``low`` to ``high`` of one stream."""

    author: bytes
    instance: bytes
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """One stream as told to a peer; ``digest`` names the set of its messages."""

    author: bytes
    instance: bytes
    floor: int
    following: int
    highest: int
    digest: bytes


def encode_summary(summary: StreamSummary) -> list[Any]:
    """The form in a body."""
    return [
        summary.author,
        summary.instance,
        summary.floor,
        summary.following,
        summary.highest,
        summary.digest,
    ]


def decode_summary(item: Any) -> StreamSummary:
    """A peer's summary; ``RemoteProtocolError`` when it makes no sense."""
    fields = Fields(item)
    author, instance = fields.take_bytes(32), fields.take_bytes(8)
    floor = fields.take_int(0, SEQ_MAX)
    following = fields.take_int(floor + 1, SEQ_MAX + 1)
    highest = fields.take_int(floor, SEQ_MAX)
    # Something is held above the floor; above ``following`` there is more, or nothing.
    if following == floor + 1 or highest == following or highest < following - 1:
        raise RemoteProtocolError("a summary that contradicts itself")
    return StreamSummary(author, instance, floor, following, highest, fields.take_bytes(16))

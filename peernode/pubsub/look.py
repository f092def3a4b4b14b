"""``Look``: what one catch-up has come to, and what it asks for of the streams that a peer shows.

Invariants: what is asked for is lacked here and would be taken; no request is longer than ``PULL_SPAN``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peernode.channel.summary import Range, StreamSummary
from peernode.pubsub.replica import Replica

PULL_SPAN = 4
"""Sequence numbers asked for in one PULL, of one stream or of several: about what one datagram holds."""


@dataclass(slots=True)
class Look:
    """One catch-up under way; ``pulls``: how many it has left."""

    outside: bool
    uncalled: bool
    until_s: float
    pulls: int
    new: int = 0
    ended: bool = False
    """By the peer's ration, or its time."""
    whole: bool = True
    """All was read, and what was wanted of it taken."""
    changed: bool = False
    """The peer's log became another meanwhile."""
    failed: bool = False
    """Of the PULLs, beside others that brought something."""

    @property
    def short(self) -> bool:
        """Whether something has cut it short: then the next look goes on from here, and may bring more."""
        return self.ended or self.failed or not self.pulls


def welcome(replica: Replica, summaries: list[StreamSummary], outside: bool) -> list[Range]:
    """What we lack of a peer's streams; from outside not what would be refused for its author's quota."""
    missing = replica.log.missing(summaries)
    return [span for span in missing if not (outside and replica.room.spent(span.author))]


def wanted_requests(ranges: list[Range], limit: int | None) -> Iterator[list[Range]]:
    """The ranges cut and put together into requests; with ``limit`` the newest of each stream only."""
    if limit is not None and ranges:
        share = max(1, limit // len(ranges))
        ranges = [Range(r.author, r.instance, max(r.low, r.high - share + 1), r.high) for r in ranges]
    want: list[Range] = []
    room = PULL_SPAN
    for item in ranges:
        low = item.low
        while low <= item.high:
            high = min(low + room - 1, item.high)
            want.append(Range(item.author, item.instance, low, high))
            room -= high - low + 1
            low = high + 1
            if not room:
                yield want
                want, room = [], PULL_SPAN
    if want:
        yield want

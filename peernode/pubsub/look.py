"""``Look``: what one catch-up has come to, and what it asks for of the streams that a peer shows.

Invariants: what is asked for is lacked here and would be taken; a request of numbers that the peer shows to
hold is no longer than ``PULL_SPAN``; those that it may hold or not are left to ``Walks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peernode.channel.summary import Range, StreamSummary
from peernode.pubsub.replica import Replica
from peernode.pubsub.walks import PULL_SPAN, Ask, Walk, numbers_of


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

    walking: bool = False
    """Streams had more than their turns sufficed for."""

    @property
    def short(self) -> bool:
        """Whether something has cut it short: then the next look goes on from here, and may bring more."""
        return self.ended or self.failed or self.walking or not self.pulls


def welcome(replica: Replica, summaries: list[StreamSummary], outside: bool) -> list[Range]:
    """What we lack of a peer's streams; from outside not what would be refused for its author's quota."""
    missing = replica.log.missing(summaries)
    return [span for span in missing if not (outside and replica.room.spent(span.author))]


def newest(ranges: list[Range], limit: int | None) -> list[Range]:
    """With ``limit`` so many numbers in all, the newest of each range."""
    if limit is None or not ranges:
        return ranges
    share = max(1, limit // len(ranges))
    return [Range(r.author, r.instance, max(r.low, r.high - share + 1), r.high) for r in ranges]


def parted(
    replica: Replica, summaries: list[StreamSummary], ranges: list[Range]
) -> tuple[list[Range], list[Walk]]:
    """Of the ranges lacked what the peer shows to hold, and walks through what it may hold or not.

    A few numbers are asked for as if it held them: that costs no more.
    """
    shown = {summary.author + summary.instance: summary for summary in summaries}
    known: list[Range] = []
    unsure: dict[bytes, list[Range]] = {}
    for item in ranges:
        key, following = item.author + item.instance, shown[item.author + item.instance].following
        if item.low < following:
            known.append(Range(item.author, item.instance, item.low, min(item.high, following - 1)))
        if item.high > following:  # which it does not hold
            above = Range(item.author, item.instance, max(item.low, following + 1), item.high)
            unsure.setdefault(key, []).append(above)
    walks: list[Walk] = []
    for key, parts in unsure.items():
        if numbers_of(parts) <= PULL_SPAN:
            known += parts
        else:
            walks.append(Walk(shown[key], parts, replica))
    return known, walks


def wanted_requests(ranges: list[Range]) -> Iterator[Ask]:
    """The ranges cut and put together into requests."""
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
                yield Ask(want)
                want, room = [], PULL_SPAN
    if want:
        yield Ask(want)

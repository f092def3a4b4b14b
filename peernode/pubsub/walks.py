"""``Walks``: through the parts of streams of which no summary says what a peer holds there.

From a stream's floor to ``following`` a peer holds every number; above that it may hold some, up to
``highest``, and an author may have left out thousands between two of its messages. So such a part is asked
for as a whole: the answer brings what is held there, as far as a datagram goes, and says from which number on
there is more. Where the numbers of an answer are close together, spans of the next ones are asked for beside
it, twice as many each time. Invariants: a number that nobody has costs nothing by itself; in each turn every
stream asks once before any asks again, so none waits for what another holds; nothing is asked for that would
be refused for lying too far ahead; what is unanswered is left to the next catch-up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from peernode.channel.summary import Range, StreamSummary
from peernode.pubsub.replica import Replica

PULL_SPAN = 4
"""Sequence numbers asked for in one PULL, of one stream or of several: about what one datagram holds."""

PARTS_ASKED = 16
"""Holes asked for in one PULL: as many ranges as it may have."""

ASKS_AT_ONCE = 8
"""Such PULLs of one stream in one turn."""

CLOSE = 2
"""Numbers of which an answer must hold one, for those behind it to be asked for in spans."""


@dataclass(slots=True)
class Ask:
    """One PULL. ``walk``: who hears how far one answer to it went; with none it goes on to its end."""

    ranges: list[Range]
    walk: Walk | None = None

    @property
    def numbers(self) -> int:
        """How many messages it brings at most, about: as many as it asks for, or as one answer holds."""
        numbers = numbers_of(self.ranges)
        return min(numbers, PULL_SPAN) if self.walk else numbers


class Walk:
    """Through the parts of one stream; ``parts``: what is lacked, ascending."""

    def __init__(self, summary: StreamSummary, parts: list[Range], replica: Replica) -> None:
        stream = replica.log.stream(summary.author, summary.instance)
        highest = stream.highest if stream else 0
        self._summary = summary
        self._new = next((part for part in reversed(parts) if part.low > highest), None)
        """Above all that is held here. It is asked for first: with it the streams are mostly equal, and no
        hole below need be asked for."""
        self._holes = [part for part in parts if part.low <= highest]
        self._leading: Range | None = None
        """The range that the spans were beside; ``_above``: whether it was new."""
        self._above = False
        self._spans = 0

    def begin(self, draw: Random) -> None:
        """Draw where to begin when no few requests would do: whatever cuts the walk short, all gets asked."""
        if len(self._holes) > PARTS_ASKED * ASKS_AT_ONCE:
            at = draw.randrange(len(self._holes))
            self._holes = self._holes[at:] + self._holes[:at]

    def asks(self, replica: Replica, ahead_max: int, most: int) -> list[Ask]:
        """What to ask for next, nothing at the end; not again, unless the answer says that there is more."""
        stream = replica.log.stream(self._summary.author, self._summary.instance)
        if stream is not None and (stream.void or stream.digest() == self._summary.digest):
            return []
        top = stream.highest + ahead_max if stream else self._summary.highest
        part, self._new = self._new, None
        self._above = part is not None and part.low <= top
        if part is not None and self._above:
            if part.high > top:  # of that more may be taken once this is
                self._new = _cut(part, top + 1)
            return self._beside(_cut(part, part.low, min(part.high, top)), [], most)
        found: list[Ask] = []
        while self._holes and len(found) < min(ASKS_AT_ONCE, most):
            parts, self._holes = self._holes[:PARTS_ASKED], self._holes[PARTS_ASKED:]
            found.append(Ask(parts, self))
        if found:
            first, *rest = found[0].ranges
            found[:1] = self._beside(first, rest, most - len(found) + 1)
        return found

    def _beside(self, first: Range, others: list[Range], most: int) -> list[Ask]:
        found: list[Ask] = []
        for _ in range(min(self._spans, most - 1)):
            if first.high - first.low < PULL_SPAN:
                break
            found.append(Ask([_cut(first, first.low, first.low + PULL_SPAN - 1)]))
            first = _cut(first, first.low + PULL_SPAN)
        self._leading = first
        return [*found, Ask([first, *others], self)]

    def answered(self, asked: list[Range], rest: list[Range], messages: int) -> None:
        """An answer brought so many messages, and there is more in ``rest``."""
        if asked[0] != self._leading:
            self._holes += rest
            return
        close = numbers_of(asked) - numbers_of(rest) <= CLOSE * messages
        self._spans = 2 * self._spans + 1 if close else 0
        if not self._above:
            self._holes = rest + self._holes
        elif rest:
            self._new = _cut(rest[0], rest[0].low, (self._new or rest[0]).high)


class Walks:
    """Those of the streams of a list, turn by turn."""

    def __init__(self, walks: Iterable[Walk], ahead_max: int, draw: Random) -> None:
        self._walks = deque(walks)
        for walk in self._walks:
            walk.begin(draw)
        self._ahead_max = ahead_max

    def turn(self, replica: Replica, most: int) -> list[Ask]:
        """What to ask for at once, ``most`` PULLs; who finds no room is the first in the next turn."""
        found: list[Ask] = []
        for _ in range(len(self._walks)):
            if len(found) >= most:
                break
            walk = self._walks.popleft()
            if asks := walk.asks(replica, self._ahead_max, most - len(found)):
                found += asks
                self._walks.append(walk)
        return found


def numbers_of(ranges: Iterable[Range]) -> int:
    """How many numbers these ranges have together."""
    return sum(each.high - each.low + 1 for each in ranges)


def _cut(part: Range, low: int, high: int | None = None) -> Range:
    return Range(part.author, part.instance, low, part.high if high is None else high)

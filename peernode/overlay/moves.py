"""``Moves``: whether our address has changed, by what peers say of it in their answers to our pings.

A translator that starts anew, or another line, gives us another address without a second of silence, and
what others send to the old one is lost until they hear from us. What most of all peers say (``Bearings``)
changes late, and never behind a translator that shows each peer another port. So each peer's word is compared
with its own last one. When the first one's changes, the others are asked at once; when a second one's does,
or when there is no second one, we have moved, and whoever serves us is to hear from us.

Invariants: one peer alone moves nothing while there are others to ask; the others are asked, and a move is
told, at most once in ``EVERY_S``, whatever is said; the table is bounded, who said nothing for longest is
forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from peernode.clock import Clock
from peernode.environment import Address

WORDS_MAX = 128
"""Peers whose last word is remembered."""

CHANGED_MIN = 2
"""Peers whose word must have changed."""

TOGETHER_S = 15.0
"""Words that change within this time are about one move."""

EVERY_S = 10.0

UNSAID_S = 4.0
"""When nobody has said anything for so long, somebody is asked: pings are spared where other traffic goes."""


Way = tuple[bytes, Address]


class Moves:
    """What the peers of one node say of its address; synchronous."""

    def __init__(
        self, clock: Clock, counters: dict[str, int], peers: Callable[[], int], ask: Callable[[], None]
    ) -> None:
        """``peers``: how many there are to ask; ``ask`` has those nearby pinged."""
        self._clock = clock
        self._counters = counters
        self._peers = peers
        self._ask = ask
        self._words: OrderedDict[Way, Address] = OrderedDict()
        self._changed: dict[Way, float] = {}
        """Peer, and where it was asked -> when its word was another than the one before."""
        self._asked_s = self._told_s = self._said_s = float("-inf")
        self.on_moved: list[Callable[[], None]] = []
        """Told that others look for us where we are no longer."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"words": (len(self._words), WORDS_MAX), "words_changed": (len(self._changed), WORDS_MAX)}

    def said(self, peer: bytes, asked: Address, address: Address) -> None:
        """A peer that we pinged at ``asked`` sees us at ``address``.

        One that is reached by two addresses may see us by two, and has not seen us move for that.
        """
        now = self._said_s = self._clock.monotonic()
        key = (peer, asked)
        before = self._words.pop(key, address)
        self._words[key] = address
        if len(self._words) > WORDS_MAX:
            self._changed.pop(self._words.popitem(last=False)[0], None)
        if before == address:
            return
        self._changed[key] = now
        if not self._look(now) and now - self._asked_s >= EVERY_S:
            self._asked_s = now
            self._ask()

    def _look(self, now: float) -> bool:
        """Whether enough words have changed; then we have moved, or told so too lately to tell it again."""
        self._changed = {way: at_s for way, at_s in self._changed.items() if now - at_s <= TOGETHER_S}
        enough = len({key for key, _ in self._changed}) >= max(1, min(CHANGED_MIN, self._peers()))
        if enough:
            self.moved()
        return enough

    def moved(self) -> None:
        """We have; that those not heard since say another thing than before is no news any more."""
        now = self._clock.monotonic()
        if now - self._told_s < EVERY_S:
            return
        self._told_s = now
        self._counters["overlay.moved"] += 1
        self._words = OrderedDict((key, self._words[key]) for key in self._words if key in self._changed)
        self._changed.clear()
        for told in self.on_moved:
            told()

    def tick(self) -> None:
        """Called each second or so: tell what was put off, and have somebody asked when all are silent."""
        now = self._clock.monotonic()
        self._look(now)
        if now - self._said_s >= UNSAID_S and now - self._asked_s >= UNSAID_S:
            self._asked_s = now
            self._ask()

"""``Disputes``: who named another set of initiators than ours, and whether that was looked into.

Who stores a channel is everybody's own view, and two honest views may differ for as long as a path is
broken. So a set that one initiator names is looked into once, by a load: if ours is still ours after that,
the same word of the same initiator is no news for some time. Another initiator's word is, and so is another
set. Invariants: what is not news costs nothing; one teller has at most ``SETS_MAX`` sets looked into within
``QUIET_TTLS`` lives of a set, and all who are no initiators of ours count as one teller, for keys are free.
"""

from __future__ import annotations

from collections import OrderedDict

NAMED_BYTES = 8
"""So much of a set's hash is compared; RENEW names no more."""

QUIET_TTLS = 4
"""A word that changed nothing is not heeded again for so many times ``initiators_ttl_s``."""

SETS_MAX = 4
"""Sets of one teller that are looked into in that time; what it names beyond them waits."""

DISPUTES_MAX = 64
"""Words remembered per channel; the oldest is forgotten first."""

STRANGER = b""
"""The teller that all count as who are no initiators in our view."""

Word = tuple[bytes, bytes, bytes]
"""Our set at the time, the teller, the set named."""


class Disputes:
    """The words of one channel's initiators that contradict our set."""

    def __init__(self) -> None:
        self._words: OrderedDict[Word, tuple[float, bool]] = OrderedDict()
        """When each was heard or, later, looked into; and whether it was."""

    def news(self, ours: bytes, teller: bytes, named: bytes, now_s: float, ttl_s: float) -> bool:
        """Whether the word is to be looked into; remembered when it is."""
        oldest_s = now_s - QUIET_TTLS * ttl_s
        word = (ours, teller, named[:NAMED_BYTES])
        at_s, settled = self._words.get(word, (float("-inf"), False))
        if at_s >= oldest_s:
            return not settled
        lately = [w for w, (at_s, _) in self._words.items() if w[:2] == word[:2] and at_s >= oldest_s]
        if len(lately) >= SETS_MAX:
            return False
        self._words[word] = (now_s, False)
        self._words.move_to_end(word)
        if len(self._words) > DISPUTES_MAX:
            self._words.popitem(last=False)
        return True

    def looked_into(self, now_s: float) -> None:
        """A load has ended: if our set is still the one that was disputed, all these words were wrong."""
        for word, (_, settled) in self._words.items():
            if not settled:
                self._words[word] = (now_s, True)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"disputes": (len(self._words), DISPUTES_MAX)}

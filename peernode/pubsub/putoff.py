"""``PutOff``: when what was tried in vain is tried again.

Invariants: each failure doubles the pause, with jitter, up to ``AGAIN_MAX_S``; success forgets it; at most
``PUT_OFF_MAX`` wait, over which the first is due at once, counted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from peernode.pubsub.context import Context

AGAIN_S = 10.0
AGAIN_MAX_S = 600.0
"""The first and the longest pause before what nobody could give is asked for again, give or take a fifth."""

PUT_OFF_MAX = 4096
"""Places and parts that wait for another try; over it the first is asked for with the next round, counted."""


class PutOff:
    """When what could not be repaired is tried again."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._until: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def due(self, key: Hashable) -> bool:
        """Whether it may be tried now."""
        return self._context.now() >= self._until.get(key, (0.0, 0))[0]

    def failed(self, key: Hashable) -> None:
        """Nobody could give it: twice the last pause."""
        tries = self._until.pop(key, (0.0, 0))[1]
        pause_s = min(AGAIN_S * 2**tries, AGAIN_MAX_S)
        self._until[key] = (self._context.now() + self._context.jittered(pause_s), min(tries + 1, 16))
        if len(self._until) > PUT_OFF_MAX:
            self._until.popitem(last=False)
            self._context.collector.count("repair.put_off_full")

    def done(self, key: Hashable) -> None:
        """It is repaired, or not wanted any more."""
        self._until.pop(key, None)

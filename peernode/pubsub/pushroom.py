"""How many pushes of a node are under way, and whether there is room for one more.

The bound is one for the node, because what it protects is: memory and tasks. But pushes to somebody who
does not answer last for seconds, so without shares a few silent subscribers would take the room of all
who answer. From half full on, therefore, one subscriber has a share, and one that is failing has one push.
Invariants: what begins ends once; a subscriber with none under way is in no table; a line of retries has
its own try beside the bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from peernode.config import NodeConfig
from peernode.pubsub.retries import LINES_MAX


class PushRoom:
    """See the module; synchronous."""

    def __init__(self, config: NodeConfig, is_failing: Callable[[bytes], bool]) -> None:
        """``is_failing``: whether nothing has come back from a subscriber since a try failed."""
        self._bound = config.pushes_max
        self._share = max(1, min(config.inflight_per_peer_max, self._bound // 8))
        self._is_failing = is_failing
        self._to: Counter[bytes] = Counter()
        self.under_way = 0

    def has(self, subscriber: bytes) -> bool:
        """Whether one more may be pushed to ``subscriber`` now."""
        if self.under_way < self._bound // 2:
            return True
        share = 1 if self._is_failing(subscriber) else self._share
        return self.under_way < self._bound and self._to[subscriber] < share

    def begin(self, subscriber: bytes) -> None:
        """A push begins."""
        self.under_way += 1
        self._to[subscriber] += 1

    def end(self, subscriber: bytes) -> None:
        """It has ended."""
        self.under_way -= 1
        self._to[subscriber] -= 1
        if not self._to[subscriber]:
            del self._to[subscriber]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        bound = self._bound + LINES_MAX
        return {"pushes": (self.under_way, bound), "pushed_to": (len(self._to), bound)}

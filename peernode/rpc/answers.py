"""Duplicate suppression: a request that comes twice is done once and answered twice.

Retransmission makes duplicates normal, and a recorded datagram may be sent again by anyone. Per
(peer key, request id) this keeps the answer's bytes for ``KEPT_S``, longer than a requester goes on
asking, or the fact that the request is still being worked on. Bounded: over ``answers_max`` the
oldest answer is forgotten, and its request would then be done again; every request of the protocol
is idempotent by its content, so that costs work, not truth.
"""

from __future__ import annotations

from collections import OrderedDict

KEPT_S = 30.0

RequestKey = tuple[bytes, int]
"""Public key of the requester, request id."""


class Answers:
    """The recent answers of one node."""

    def __init__(self, answers_max: int) -> None:
        self._answers_max = answers_max
        self._working: dict[RequestKey, None] = {}
        self._done: OrderedDict[RequestKey, tuple[float, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._done)

    @property
    def working(self) -> int:
        """Requests begun and not yet answered."""
        return len(self._working)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"answers": (len(self._done), self._answers_max)}

    def is_working(self, key: RequestKey) -> bool:
        """Whether the request is being worked on: its duplicate needs no reply, one is coming."""
        return key in self._working

    def begin(self, key: RequestKey) -> None:
        """The request is being worked on from now."""
        self._working[key] = None

    def abandon(self, key: RequestKey) -> None:
        """The request ended without an answer worth keeping."""
        self._working.pop(key, None)

    def finish(self, key: RequestKey, answer: bytes, now: float) -> None:
        """The request is done; ``answer`` is repeated to duplicates."""
        self._working.pop(key, None)
        self._done[key] = (now, answer)
        self._done.move_to_end(key)
        self._expire(now)

    def recall(self, key: RequestKey, now: float) -> bytes | None:
        """The answer given before, if it is still kept."""
        self._expire(now)
        kept = self._done.get(key)
        return None if kept is None else kept[1]

    def _expire(self, now: float) -> None:
        while self._done:
            oldest = next(iter(self._done))
            if len(self._done) <= self._answers_max and self._done[oldest][0] > now - KEPT_S:
                return
            del self._done[oldest]

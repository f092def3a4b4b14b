"""``Growth``: how many messages a log has taken lately, so that logs can be compared while people write.

Two copies of a busy channel never hold the same number at the same moment. What counts is whether one lacks
messages that another has held for ``SETTLED_S``. Invariants: a mark per ``MARK_S`` at most, ``MARKS_MAX`` of
them; the answer errs on the side of more messages being new.
"""

from __future__ import annotations

from collections import deque

SETTLED_S = 10.0
"""A message that is held for so long should be held by all initiators."""

FULL_KEPT_S = 60.0
"""A refusal for want of room says nothing of now after that."""

MARK_S = 1.0
MARKS_MAX = 16
"""Marks kept: more than ``SETTLED_S`` of them."""


class Growth:
    """The counts of one log over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=MARKS_MAX)
        """When, and how many had been taken before; the oldest first."""
        self._full_s: float | None = None

    def finds_no_room(self, now: float) -> None:
        """A message was refused, for want of room on the disk or in the channel."""
        self._full_s = now

    def full_age_ms(self, now: float) -> int | None:
        """Since one was refused so last; None when that is longer ago than ``FULL_KEPT_S``."""
        lately = self._full_s is not None and now - self._full_s <= FULL_KEPT_S
        return round((now - self._full_s) * 1000) if lately and self._full_s is not None else None

    def grows(self, now: float, before: int) -> None:
        """The log is taking a message; ``before``: how many it had taken until now."""
        if not self._marks or now - self._marks[-1][0] >= MARK_S:
            self._marks.append((now, before))

    def recent(self, now: float, taken: int) -> int:
        """How many of ``taken`` came within the last ``SETTLED_S``, or a second more."""
        for at_s, before in self._marks:
            if now - at_s <= SETTLED_S + MARK_S:
                return taken - before
        return 0

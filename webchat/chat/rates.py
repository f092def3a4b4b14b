"""How many messages a user may send in a window of time."""

from __future__ import annotations

from collections import deque


class MessageRate:
    """At most ``messages_max`` in any ``window_s`` seconds; the clock is passed in."""

    def __init__(self, messages_max: int, window_s: float) -> None:
        self._messages_max = messages_max
        self._window_s = window_s
        self._sent: deque[float] = deque()

    def take(self, now: float) -> float:
        """0.0 and one message counted, or the seconds after which there is room for one."""
        self.forget(now)
        if len(self._sent) >= self._messages_max:
            return self._sent[0] + self._window_s - now
        self._sent.append(now)
        return 0.0

    def forget(self, now: float) -> bool:
        """Drop what has left the window; True when nothing is left."""
        while self._sent and self._sent[0] + self._window_s <= now:
            self._sent.popleft()
        return not self._sent

"""How often a user may ask for something in a window of time.

Invariants: kinds don't wait for each other; what a user is known by lives until its windows have passed, or
reconnecting would begin them anew; users who are quiet are looked for once a window at most.
"""

from __future__ import annotations

import math
from collections import deque

from django.conf import settings

from webchat.chat.commands import CommandError


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


class UserRates:
    """Each user's rate of each kind of frame (``frames.PACES``), whichever page it comes from."""

    def __init__(self) -> None:
        self._rates: dict[int, dict[str, MessageRate]] = {}
        self._looked_at = 0.0

    def __len__(self) -> int:
        return len(self._rates)

    def take(self, user_id: int, kind: str, now: float) -> None:
        """Count one more of a kind at monotonic ``now``; raises ``CommandError`` ``RATE_LIMITED``."""
        window_s = settings.MESSAGES_WINDOW_S
        if now - self._looked_at >= window_s:
            self._looked_at = now
            self._forget(now)
        rates = self._rates.setdefault(user_id, {})
        if kind not in rates:
            others = settings.FRAMES_PER_WINDOW_MAX
            bound = settings.MESSAGES_PER_WINDOW_MAX if kind == "message" else others[kind]
            rates[kind] = MessageRate(bound, window_s)
        wait_s = rates[kind].take(now)
        if wait_s > 0:
            raise CommandError("RATE_LIMITED", retry_after=max(1, math.ceil(wait_s)))

    def _forget(self, now: float) -> None:
        for user_id, rates in [*self._rates.items()]:
            for kind in [kind for kind, rate in rates.items() if rate.forget(now)]:
                del rates[kind]
            if not rates:
                del self._rates[user_id]

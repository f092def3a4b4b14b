"""``Turns``: that a channel's verdict has changed, for the event log.

Invariants: what was there at the beginning is no change; a change is told once so many looks saw it
(``LOOKS_MIN``) over ``STEADY_S``, with the time at which it began, so what goes to and fro is not told; while
the state is another than was told, it is told all the same, whichever it is and whatever its code; who is
gone is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from webchat.health.actions import Action
from webchat.health.verdict import HEALTHY

UNSEEN = "unseen"
"""Where others have a state: it can't be looked at, for the reason that is the code."""

STEADY_S, LOOKS_MIN = 1.5, 2
"""So long, and seen by so many looks, before the next one can take it back: who heals within four seconds
has been ill as well."""

CHANGED = "verdict.changed"


@dataclass(frozen=True, slots=True)
class _News:
    """What a verdict has become, and since when."""

    state: str
    code: str
    since_s: float
    wall_ms: int
    looks: int


class Turns:
    """See the module; ``tell`` is told each change as a record for the event log."""

    def __init__(self, tell: Callable[[Action], None]) -> None:
        self._tell = tell
        self._told: dict[str, tuple[str, str]] = {}
        self._news: dict[str, _News] = {}

    def heard(self, channel: str, verdict: dict[str, Any], now_s: float, wall_ms: int) -> None:
        """The verdict on a channel is this one now; what it was until now may have stood long enough."""
        news = self._news.get(channel)
        if news and news.looks >= LOOKS_MIN and now_s - news.since_s >= STEADY_S:
            self._tell(_record(channel, self._told[channel], news))
            self._told[channel] = (news.state, news.code)
            news = None
        state, code = verdict["state"], verdict.get("code", "")
        was = self._told.setdefault(channel, (state, code))
        if (state, code) == was:
            self._news.pop(channel, None)
            return
        away = state != was[0]
        same = news is not None and (
            news.state != was[0] if away else (news.state, news.code) == (state, code)
        )
        began = (news.since_s, news.wall_ms, news.looks + 1) if news and same else (now_s, wall_ms, 1)
        self._news[channel] = _News(state, code, *began)

    def keep(self, channels: Collection[str]) -> None:
        """Forget the others; what is heard of them next is a beginning."""
        for table in (self._told, self._news):
            for gone in [name for name in table if name not in channels]:
                del table[gone]


def _record(channel: str, was: tuple[str, str], news: _News) -> Action:
    route = {"was": was[0], "was_code": was[1], "state": news.state, "code": news.code}
    outcome = "ok" if news.state == HEALTHY else news.code
    return Action(news.wall_ms, CHANGED, channel, outcome, 0.0, {}, route)

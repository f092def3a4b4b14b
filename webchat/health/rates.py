"""How often one administrator may ask for what takes the nodes' time.

Invariants: a bound for each kind and account, in any ``WINDOW_S``, however many pages of a web process it has
open; who is over it is told after how many seconds there is room (``RATE_LIMITED``); at ``ACCOUNTS_MAX``
those whose windows have passed are forgotten, and when there are none, others are refused for a window.
"""

from __future__ import annotations

import asyncio
import math
from weakref import WeakKeyDictionary

from webchat.chat.commands import CommandError
from webchat.chat.rates import MessageRate

WINDOW_S = 60.0
ACCOUNTS_MAX = 256

PER_WINDOW = {"look": 60, "act": 30, "file": 12}
"""``look``: event log and traces; ``act``: repairs, switches, examinations; ``file``: exports and bundles."""

_rates: WeakKeyDictionary[asyncio.AbstractEventLoop, AskingRates] = WeakKeyDictionary()


class AskingRates:
    """See the module; one per event loop."""

    def __init__(self) -> None:
        self._rates: dict[tuple[int, str], MessageRate] = {}

    @classmethod
    def of_running_loop(cls) -> AskingRates:
        """Those of this process."""
        loop = asyncio.get_running_loop()
        rates = _rates.get(loop)
        if rates is None:
            rates = _rates[loop] = cls()
        return rates

    def take(self, user_id: int, kind: str) -> None:
        """Count one more of this kind; raises ``CommandError`` ``RATE_LIMITED``."""
        now, key = asyncio.get_running_loop().time(), (user_id, kind)
        if key not in self._rates and len(self._rates) >= ACCOUNTS_MAX * len(PER_WINDOW):
            for other in [each for each, rate in self._rates.items() if rate.forget(now)]:
                del self._rates[other]
            if len(self._rates) >= ACCOUNTS_MAX * len(PER_WINDOW):
                raise CommandError("RATE_LIMITED", retry_after=math.ceil(WINDOW_S))
        rate = self._rates.setdefault(key, MessageRate(PER_WINDOW[kind], WINDOW_S))
        wait_s = rate.take(now)
        if wait_s > 0:
            raise CommandError("RATE_LIMITED", f"too many of {kind}", retry_after=max(1, math.ceil(wait_s)))

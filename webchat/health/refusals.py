"""What administrators asked for more often than they may (``webchat.health.rates``), for the event log.

Invariants: the first refusal of an action to a person is a record at once, those of the same action in each
``ROW_S`` after it are one record together, which says how many it stands for; none is left uncounted as long
as the process lives; the table holds ``ROWS_MAX``, and of any beyond only the server's own log tells. These
records take no place of those of what was done (``EventLog.add``), so nobody pushes out what he did.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from webchat.accounts.asking import ask
from webchat.background import Background
from webchat.chat.commands import CommandError
from webchat.health.actions import OPERATIONS
from webchat.health.rates import ACCOUNTS_MAX, WINDOW_S, AskingRates

log = logging.getLogger("webchat.health.actions")

ROW_S = WINDOW_S
ROWS_MAX = ACCOUNTS_MAX * len(OPERATIONS)

Row = tuple[int, str]
"""An account and an action that is refused to it."""

Tell = Callable[[dict[str, Any]], Awaitable[Any]]
Sleep = Callable[[float], Awaitable[Any]]

_refusals: WeakKeyDictionary[asyncio.AbstractEventLoop, Refusals] = WeakKeyDictionary()


async def _tell_worker(told: dict[str, Any]) -> None:
    await ask(0, "health.acted", told)


class Refusals:
    """See the module; one per event loop."""

    def __init__(self, tell: Tell = _tell_worker, sleep: Sleep = asyncio.sleep) -> None:
        self._tell = tell
        self._sleep = sleep
        self._counts: dict[Row, int] = {}
        """Refusals that no record stands for yet."""
        self._tasks = Background()

    @classmethod
    def of_running_loop(cls) -> Refusals:
        """Those of this process."""
        loop = asyncio.get_running_loop()
        refusals = _refusals.get(loop)
        if refusals is None:
            refusals = _refusals[loop] = cls()
        return refusals

    def note(self, user_id: int, operation: str) -> None:
        """Somebody was refused this."""
        row = (user_id, operation)
        known = row in self._counts
        if not known and len(self._counts) >= ROWS_MAX:
            log.warning("refused %s to account %d, as others before", operation, user_id)
            return
        self._counts[row] = self._counts.get(row, 0) + 1
        if not known:
            self._tasks.spawn(self._rows_of(row), f"refusals of {operation} to account {user_id}")

    async def _rows_of(self, row: Row) -> None:
        try:
            while count := self._counts[row]:
                self._counts[row] = 0
                await self._record(*row, count)
                await self._sleep(ROW_S)
        finally:
            del self._counts[row]

    async def _record(self, user_id: int, operation: str, count: int) -> None:
        told = {
            "wall_ms": round(time.time() * 1000),
            "operation": operation,
            "subject": "",
            "outcome": "RATE_LIMITED",
            "elapsed_ms": 0.0,
            "account": user_id,
            "about": {},
            "stands_for": count,
            "refused": True,
        }
        log.info("%s", json.dumps({"event": "an administrator was refused", **told}))
        try:
            await self._tell(told)
        except CommandError as error:
            log.warning("the event log does not have that an administrator was refused: %s", error)


def take(user_id: int, kind: str, operation: str) -> None:
    """Count one more action of this kind; raises ``CommandError`` ``RATE_LIMITED``, which is logged."""
    try:
        AskingRates.of_running_loop().take(user_id, kind)
    except CommandError:
        Refusals.of_running_loop().note(user_id, operation)
        raise

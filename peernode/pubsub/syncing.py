"""``Syncing``: with whom a channel is being caught up right now.

Invariants: at most one catch-up per peer, ``SYNCING_MAX`` of a channel; who waits for one hears of its end.
"""

from __future__ import annotations

import asyncio

SYNCING_MAX = 4096
"""More than begin by what is bounded elsewhere: renewing subscribers, callers (``visits``), own rounds."""


class Syncing:
    """The catch-ups of one channel, by the public key of the peer."""

    def __init__(self) -> None:
        self._ends: dict[bytes, asyncio.Future[None]] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"syncing": (len(self._ends), SYNCING_MAX)}

    def __len__(self) -> int:
        return len(self._ends)

    def __contains__(self, public_key: bytes) -> bool:
        return public_key in self._ends

    def begin(self, public_key: bytes) -> bool:
        """A catch-up begins; false: there are too many."""
        if len(self._ends) >= SYNCING_MAX:
            return False
        self._ends[public_key] = asyncio.get_running_loop().create_future()
        return True

    def end(self, public_key: bytes) -> None:
        """It has ended, well or not."""
        self._ends.pop(public_key).set_result(None)

    async def ended(self, public_key: bytes) -> None:
        """Wait until none is running with that peer."""
        while (running := self._ends.get(public_key)) is not None:
            await asyncio.shield(running)

"""``Departed``: who was a subscriber, for as long as an older lease could bring it back.

A replayed lease is as genuine as it ever was; only its serial tells. So the serial of one that has gone is
remembered: tombstones and dropped leases for as long as they say, leases that have run out until they are too
old to be taken. Invariants: of each kind there are ``limit`` at most, and a crowd whose leases run out pushes
out no tombstone; full of a kind it forgets the oldest one (its lease may come back until it runs out).
"""

from __future__ import annotations

from dataclasses import replace

from peernode.channel.lease import Held


class Departed:
    """Those of one channel."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._gone: dict[bytes, Held] = {}
        """Tombstones, and leases that were dropped."""
        self._ended: dict[bytes, Held] = {}
        """Leases that have run out; nobody is in both."""

    def __len__(self) -> int:
        return len(self._gone) + len(self._ended)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"tombstones": (len(self._gone), self._limit), "leases_ended": (len(self._ended), self._limit)}

    @property
    def full(self) -> bool:
        """Whether one more tombstone would push out an older one."""
        return len(self._gone) >= self._limit

    def get(self, subscriber_id: bytes) -> Held | None:
        """What is remembered of a subscriber."""
        return self._gone.get(subscriber_id) or self._ended.get(subscriber_id)

    def all(self) -> list[Held]:
        """All of them, the one that is forgotten last at the end."""
        return sorted((*self._ended.values(), *self._gone.values()), key=lambda held: held.until_s)

    def bury(self, tombstone: Held) -> None:
        """It has left, or says that it is none; remembered until ``until_s``."""
        self._ended.pop(tombstone.subscriber_id, None)
        self._remember(self._gone, tombstone)

    def ended(self, held: Held, now_s: float) -> Held | None:
        """Its lease has run out; what is remembered of it, None when nothing has to be."""
        if held.spent_s <= now_s:
            return None
        past = replace(held, until_s=held.spent_s)
        self._remember(self._ended, past)
        return past

    def back(self, subscriber_id: bytes) -> None:
        """A newer lease has brought it back."""
        self._gone.pop(subscriber_id, None)
        self._ended.pop(subscriber_id, None)

    def expire(self, subscriber_id: bytes, now_s: float) -> None:
        """Forget what need not be remembered of it any more."""
        past = self.get(subscriber_id)
        if past is not None and past.until_s <= now_s:
            self.back(subscriber_id)

    def _remember(self, table: dict[bytes, Held], held: Held) -> None:
        table.pop(held.subscriber_id, None)
        while len(table) >= self._limit:
            del table[next(iter(table))]
        table[held.subscriber_id] = held

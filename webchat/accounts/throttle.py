"""A bound on guessing passwords: failures are counted, per name and address and per address.

After ``SIGNIN_FAILURES_MAX`` failures with one name from one address, or
``SIGNIN_FAILURES_PER_ADDRESS_MAX`` from one address, attempts are refused unread until
``SIGNIN_WINDOW_S`` after the first of them. Counting by name alone would let anybody lock anybody
out. An attempt counts before the password is looked at and is given back when it was right, so
attempts that run side by side do not share one chance. The counters live in the cache; losing them
only forgets failures.
"""

from __future__ import annotations

import hashlib
import math
import time
from contextlib import suppress
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache

from webchat.chat.commands import CommandError


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in as ``username`` from ``address``."""

    username: str
    address: str

    def allowed(self) -> bool:
        """Count this attempt; False when it must be refused."""
        # The address first: one that is over its bound must not fill the cache with names.
        return all(_count(key, settings.SIGNIN_WINDOW_S) <= bound for key, bound in reversed(self._bounds()))

    def succeeded(self) -> None:
        """The password was right: forget the name's failures from here."""
        own, shared = (key for key, _ in self._bounds())
        cache.delete(own)
        _one_less(shared)

    def _bounds(self) -> list[tuple[str, int]]:
        return [
            (_key("name", self.username.casefold(), self.address), settings.SIGNIN_FAILURES_MAX),
            (_key("address", self.address), settings.SIGNIN_FAILURES_PER_ADDRESS_MAX),
        ]


def take(kind: str, who: str, bound: int, window_s: int) -> bool:
    """Count one ``kind`` of thing by ``who``; False beyond ``bound`` in the window."""
    return _count(_key(kind, who), window_s) <= bound


def give_back(kind: str, who: str) -> None:
    """What was counted did not happen."""
    _one_less(_key(kind, who))


def left_s(kind: str, who: str, window_s: int) -> int:
    """Whole seconds until the window of this kind ends."""
    return _left_s(_key(kind, who), window_s)


async def limit(kind: str, user_id: int, bound: int, window_s: int) -> None:
    """Count one ``kind`` of thing by a user; ``RATE_LIMITED`` beyond ``bound``, until the window ends."""
    if not await sync_to_async(take)(kind, str(user_id), bound, window_s):
        wait_s = await sync_to_async(_left_s)(_key(kind, str(user_id)), window_s)
        raise CommandError("RATE_LIMITED", kind, retry_after=wait_s)


def _count(key: str, window_s: int) -> int:
    if cache.add(key, 0, window_s):
        cache.set(_end(key), time.time() + window_s, window_s)
    try:
        return cache.incr(key)
    except ValueError:  # it expired between the two calls
        cache.set(key, 1, window_s)
        cache.set(_end(key), time.time() + window_s, window_s)
        return 1


def _one_less(key: str) -> None:
    # It may expire between the two calls: then there is nothing left to give back.
    with suppress(ValueError):
        if cache.get(key):
            cache.decr(key)


def _left_s(key: str, window_s: int) -> int:
    """Whole seconds until a window ends; all of it when the cache has forgotten when it began."""
    ends_s = cache.get(_end(key))
    left_s = window_s if ends_s is None else math.ceil(ends_s - time.time())
    return min(window_s, max(1, left_s))


def _end(key: str) -> str:
    return f"{key}:end"


def _key(*parts: str) -> str:
    # Hashed: a name may hold characters that a cache refuses.
    return "bound:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()

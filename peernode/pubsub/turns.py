"""``in_turns``: work on every channel of a node, in pieces between which everything else goes on.

A node may hold thousands of channels, and one look at where a channel's initiators are takes some 50 us.
Invariant: whoever goes through all channels this way holds the loop for ``PER_TURN`` of them at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

PER_TURN = 32
"""Channels looked at in one turn of the loop, about 2 ms; over it the rest waits for the next turn."""


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items as they are now, each once."""
    for place, item in enumerate(list(items), 1):
        yield item
        if place % PER_TURN == 0:
            await asyncio.sleep(0)

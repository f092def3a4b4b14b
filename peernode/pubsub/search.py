"""Searching a channel in what this node holds of it, newest first.

A scan, not an index: edits and deletions are seen as they are now, and nothing has to be kept up to date.
It goes in slices, so that the node does its work meanwhile, and stops after ``SCANNED_MAX`` messages with
the place to go on from; the asker says how much was searched.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from peernode.errors import PeerNodeError
from peernode.events import ChatMessage
from peernode.pubsub.replica import Replica

SLICE = 50
"""Messages looked at in one go, about 5 ms."""

SCANNED_MAX = 1000
WORDS_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found, newest first."""

    messages: tuple[ChatMessage, ...]
    searched: int
    """How many messages were looked at for this page."""
    since_ms: int
    """When the oldest of them was written, Unix ms; 0 when there was none."""
    next: str
    """The order string to go on before; empty when everything held was searched."""


async def search(replica: Replica, words: str, before: str | None, limit: int) -> Found:
    """Messages that contain all ``words``, in any case; ``EMPTY`` when there are none to look for."""
    wanted = words[:WORDS_MAX_CHARS].casefold().split()
    if not wanted:
        raise PeerNodeError("EMPTY")
    found: list[ChatMessage] = []
    searched, since_ms = 0, 0
    place = bytes.fromhex(before) if before else None
    while searched < SCANNED_MAX:
        page = replica.timeline.page(place, SLICE)
        for message in reversed(page):
            searched, since_ms = searched + 1, message.at_ms
            place = bytes.fromhex(message.order)
            text = f"{message.text} {message.file.name if message.file else ''}".casefold()
            if all(word in text for word in wanted):
                found.append(message)
                if len(found) == limit:
                    return Found(tuple(found), searched, since_ms, message.order)
        if len(page) < SLICE:
            return Found(tuple(found), searched, since_ms, "")
        await asyncio.sleep(0)
    return Found(tuple(found), searched, since_ms, place.hex() if place else "")

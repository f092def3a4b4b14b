"""What the own node holds of a channel, read page by page, newest first, and no more than a file should be.

Invariants: only a member's node has anything to give (the worker refuses with ``CHANNEL_UNKNOWN``); what was
read is whole or the reading fails; at ``MESSAGES_MAX`` or ``BYTES_MAX`` the older messages stay out, and
``Held.is_whole`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

MESSAGES_MAX = 20_000
BYTES_MAX = 32 * 1024 * 1024
"""Of text as it was written."""

PAGE_MESSAGES = 100
SHORT_ID_DIGITS = 8
HUES = 12
_MENTION = re.compile(r'(<span class="mention" data-node="([0-9a-f]{40})">)@[0-9a-f]*(?=</span>)')


@dataclass(frozen=True, slots=True)
class Held:
    """A channel's messages, oldest first, and whether they are all that the node holds."""

    channel: str
    messages: list[dict[str, Any]]
    is_whole: bool
    at: datetime

    @property
    def names(self) -> dict[str, str]:
        """What the people who wrote are called, by node id: their newest names."""
        return {message["author"]: message["name"] for message in self.messages if message["name"]}

    @property
    def first(self) -> datetime | None:
        """When the oldest message was written."""
        return written(self.messages[0]) if self.messages else None

    @property
    def last(self) -> datetime | None:
        """When the newest message was written."""
        return written(self.messages[-1]) if self.messages else None


async def read(channel: str, ask: Ask, at: datetime) -> Held:
    """All that the node holds of a channel, up to the bounds; raises ``CommandError``."""
    messages: list[dict[str, Any]] = []
    size, before, more = 0, None, True
    while more and len(messages) < MESSAGES_MAX and size < BYTES_MAX:
        page = await ask("history.page", {"channel": channel, "before": before, "limit": PAGE_MESSAGES})
        newest_first = page["messages"][::-1]
        messages += newest_first
        size += sum(len(message["text"].encode()) for message in newest_first)
        more = page["more"] and bool(newest_first)
        before = newest_first[-1]["order"] if newest_first else None
    return Held(channel, messages[::-1], not more, at)


def written(message: dict[str, Any]) -> datetime:
    """When its author says it was written."""
    return datetime.fromtimestamp(message["at_ms"] / 1000, UTC)


def called(node_id: str, names: dict[str, str]) -> str:
    """A person's name, or the beginning of the node's id."""
    return names.get(node_id) or node_id[:SHORT_ID_DIGITS]


def hue(node_id: str) -> int:
    """The number of the node's colour, the same as on the page of the chat."""
    return int(node_id[:2], 16) % HUES


def named_mentions(html: str, escaped_names: dict[str, str]) -> str:
    """The HTML of a message with names in place of ids; ``escaped_names`` are HTML already."""
    return _MENTION.sub(lambda found: f"{found[1]}@{called(found[2], escaped_names)}", html)

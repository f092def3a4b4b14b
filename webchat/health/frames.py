"""The frames of the health page's WebSocket, as tables; ``docs/api.md`` says the same in prose.

They are checked as the chat's frames are (``webchat.chat.frames``): any text becomes a ``Frame`` or a
``FrameError``.
"""

from __future__ import annotations

import re
from typing import Any

from webchat.chat.frames import Check, Frame, Shape, a_channel, a_node, a_switch, matching, optional, parse

FILTER_MAX_CHARS = 120
RECORDS_MAX = 500
"""Records in one answer, as many as the page's log shows."""

SUBJECT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)


def a_filter(value: Any) -> str:
    """A word to look for."""
    good = isinstance(value, str) and len(value) <= FILTER_MAX_CHARS and value.isprintable()
    return "" if good else f"a text of at most {FILTER_MAX_CHARS} characters"


def a_time(value: Any) -> str:
    """Milliseconds since 1970."""
    good = type(value) is int and 0 <= value < 1 << 53
    return "" if good else "a time in milliseconds"


def _limit(value: Any) -> str:
    good = type(value) is int and 1 <= value <= RECORDS_MAX
    return "" if good else f"a number from 1 to {RECORDS_MAX}"


_subject: Check = matching(SUBJECT, "a message's id")

FILTERS: dict[str, Check] = {
    "operation": optional(a_filter),
    "outcome": optional(a_filter),
    "channel": optional(a_filter),
    "text": optional(a_filter),
    "since": optional(a_time),
    "until": optional(a_time),
}
"""By what records are chosen, on the socket and in an export's address."""

CLIENT_FRAMES: dict[str, Shape] = {
    "hello": Shape({}, {"cursor": lambda value: ""}),
    "ping": Shape({}, {}),
    "watch": Shape({}, {"channel": optional(a_channel)}),
    "trace": Shape({"channel": a_channel, "id": _subject}, {}),
    "history": Shape({"channel": a_channel}, {}),
    "repair": Shape({"channel": a_channel, "subscriber": a_node}, {}),
    "diagnostic": Shape({"on": a_switch}, {}),
    "doctor": Shape({}, {"address": optional(a_filter), "channel": optional(a_channel)}),
    "events": Shape({}, {**FILTERS, "limit": _limit}),
}

SERVER_FRAMES: dict[str, tuple[str, ...]] = {
    "welcome": ("ref", "cursor", "user"),
    "ok": ("ref", "result"),
    "trace": ("ref", "trace", "names"),
    "history": ("ref", "pushes"),
    "doctor": ("ref", "steps"),
    "records": ("ref", "epoch", "records", "more", "names"),
    "error": ("ref", "code", "message", "remedy", "retryable", "detail", "retry_after"),
    "health": ("host", "channels", "more", "detail", "names", "examination"),
    "events": ("epoch", "events", "skipped"),
    "health.lost": ("error",),
}

SERVER_OPTIONAL: dict[str, tuple[str, ...]] = {"ok": ("result",), "error": ("detail", "retry_after")}
"""Fields that are not always there."""


def parsed(text: str) -> Frame:
    """The frame in ``text``; raises ``FrameError`` whatever is wrong with it."""
    return parse(text, CLIENT_FRAMES)

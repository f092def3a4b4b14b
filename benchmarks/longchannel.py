"""A node that a page believes: the frames of docs/api.md for one channel with very many messages.

It answers what a page asks while it is read, from memory, so that what is measured is the page alone.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

CHANNEL = "#long"
ME = "a" * 40
AUTHORS = tuple(f"{number:040x}" for number in range(1, 8))
WORDS = ("water", "the beans", "before", "noon", "and tell me", "when", "the tomatoes", "are ripe", "please")
BEGAN_MS = 1_760_000_000_000
APART_MS = 97_000
SNAPSHOT = 50
NO_PROFILE = {"name": "reader", "about": "", "picture": ""}


def message(number: int) -> dict[str, Any]:
    """The message of a number: of all lengths, some with code, reactions, a quote, or an edit."""
    text = " ".join(WORDS[(number + each) % len(WORDS)] for each in range(3 + number * 7 % 60))
    html = f"<p>{text}</p>"
    if number % 23 == 0:
        text, html = "code", "<p>Look:</p>\n<pre><code>for bed in beds:\n    bed.pour(2.5)\n</code></pre>"
    author = AUTHORS[number // 3 % len(AUTHORS)]
    return {
        "id": _id(number),
        "channel": CHANNEL,
        "author": author,
        "name": f"Gardener {author[-1]}",
        "text": text,
        "html": html,
        "order": f"{number:08x}",
        "at_ms": BEGAN_MS + number * APART_MS,
        "own": False,
        "reply_to": _id(number - 5) if number % 17 == 0 and number > 5 else "",
        "edited_ms": BEGAN_MS if number % 29 == 0 else 0,
        "deleted": False,
        "reactions": [["👍", list(AUTHORS[: 1 + number % 3])]] if number % 11 == 0 else [],
        "file": None,
    }


def _id(number: int) -> str:
    return f"019a0000-0000-7000-8000-{number:012x}"


class LongChannel:
    """Answers a page's WebSocket; the first page of history is all the rest of the channel."""

    def __init__(self, page: Page, count: int) -> None:
        self._messages = [message(number) for number in range(count)]
        page.route_web_socket("**/ws/chat/", self._asked)

    def _asked(self, socket: WebSocketRoute) -> None:
        socket.on_message(lambda text: socket.send(json.dumps(self._answer(json.loads(text)))))

    def _answer(self, frame: dict[str, Any]) -> dict[str, Any]:
        ref = {"ref": frame["ref"]}
        if frame["type"] == "hello":
            return {**ref, **self._welcome()}
        if frame["type"] == "history.page":
            older = [each for each in self._messages if each["order"] < (frame["before"] or "g")]
            return {**ref, "type": "history", "channel": CHANNEL, "messages": older, "more": False}
        return {**ref, "type": "ok"}

    def _welcome(self) -> dict[str, Any]:
        newest = self._messages[-SNAPSHOT:]
        read = {"channel": CHANNEL, "upto": newest[-1]["order"], "unread": 0, "mentions": 0}
        names = {author: f"Gardener {author[-1]}" for author in AUTHORS}
        channel = {
            "name": CHANNEL,
            "joined": True,
            "outbox": [],
            "names": names,
            "pictures": {},
            "read": read,
        }
        node = {"state": "online", "peers": 4, "reason": "", "address": "127.0.0.1:1", "node_id": ME}
        return {
            "type": "welcome",
            "cursor": "1:0",
            "replayed": False,
            "user": {"name": "reader", "is_staff": False},
            "node": node,
            "channels": [{**channel, "messages": newest}],
            "blocked": [],
            "verified": [],
            "profile": NO_PROFILE,
        }

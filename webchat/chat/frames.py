"""The frames of the chat's WebSocket, as tables; ``docs/api.md`` says the same in prose.

``CLIENT_FRAMES`` holds every frame that a browser may send, with the check of each field, and
``SERVER_FRAMES`` the fields of every frame that it may get. ``parse`` is total: any text becomes a
``Frame`` or a ``FrameError``, never another exception, and never a closed connection. Fields that a
table does not name are dropped, so a browser may be newer than the server.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webchat.chat.commands import CommandError

TEXT_MAX_BYTES = 16 * 1024
CHANNEL_MAX_CHARS = 64
EMOJI_MAX_BYTES = 64
NAME_MAX_BYTES = 128
ABOUT_MAX_BYTES = 240
PICTURE_MAX_BYTES = 16 * 1024
REF_MAX_CHARS = 64
HISTORY_LIMIT_MAX = 200
WORDS_MAX_CHARS = 200
"""The engine looks for no more of them."""

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
CURSOR = re.compile(r"[0-9a-f]{1,32}:(0|[1-9][0-9]{0,17})", re.ASCII)
NODE_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)
PICTURE = re.compile(r"[0-9a-f]{32}", re.ASCII)
ORDER = re.compile(r"[0-9a-f]{1,256}", re.ASCII)

Check = Callable[[Any], str]
"""The empty string for a good value, else what was expected."""


class FrameError(CommandError):
    """A frame that can't be followed; ``ref`` is its reference when that much could be read."""

    def __init__(self, code: str, reason: str, ref: str | None = None, **params: Any) -> None:
        super().__init__(code, reason, reason=reason, limit=TEXT_MAX_BYTES, **params)
        self.ref = ref


@dataclass(frozen=True, slots=True)
class Frame:
    """A checked frame of a browser."""

    type: str
    ref: str
    fields: dict[str, Any]


def a_text(value: Any) -> str:
    """Some text."""
    if not isinstance(value, str) or not value.strip():
        return "a text that is not empty"
    return "" if _encodes(value) else "well-formed Unicode"


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def a_channel(value: Any) -> str:
    """A channel's name, as far as its length goes."""
    good = isinstance(value, str) and 1 <= len(value) <= CHANNEL_MAX_CHARS and _encodes(value)
    return "" if good else f"a channel name of 1 to {CHANNEL_MAX_CHARS} characters"


def _words(value: Any) -> str:
    good = not a_text(value) and len(value) <= WORDS_MAX_CHARS
    return "" if good else f"words of 1 to {WORDS_MAX_CHARS} characters"


def _emoji(value: Any) -> str:
    good = isinstance(value, str) and _encodes(value) and 1 <= len(value.encode()) <= EMOJI_MAX_BYTES
    return "" if good else f"an emoji of 1 to {EMOJI_MAX_BYTES} bytes"


def _name(value: Any) -> str:
    if a_text(value):
        return f"a name of 1 to {NAME_MAX_BYTES} bytes"
    return "" if len(value.encode()) <= NAME_MAX_BYTES else f"a name of 1 to {NAME_MAX_BYTES} bytes"


def _about(value: Any) -> str:
    good = isinstance(value, str) and _encodes(value) and len(value.encode()) <= ABOUT_MAX_BYTES
    return "" if good else f"a text of at most {ABOUT_MAX_BYTES} bytes"


def _picture(value: Any) -> str:
    try:
        good = isinstance(value, str) and len(base64.b64decode(value, validate=True)) <= PICTURE_MAX_BYTES
    except ValueError:
        good = False
    return "" if good else f"a picture of at most {PICTURE_MAX_BYTES} bytes in base64"


def a_switch(value: Any) -> str:
    """On or off."""
    return "" if isinstance(value, bool) else "true or false"


def matching(pattern: re.Pattern[str], expected: str) -> Check:
    """A text that is wholly of ``pattern``."""
    return lambda value: "" if isinstance(value, str) and pattern.fullmatch(value) else expected


def optional(check: Check) -> Check:
    """What ``check`` takes, or null."""
    return lambda value: "" if value is None else check(value)


def _limit(value: Any) -> str:
    good = type(value) is int and 1 <= value <= HISTORY_LIMIT_MAX
    return "" if good else f"a number from 1 to {HISTORY_LIMIT_MAX}"


an_id = matching(UUID7, "a UUIDv7 in lower case")
_order = matching(ORDER, "an order key in lower-case hex")
a_node = matching(NODE_ID, "a node id in lower-case hex")
_cursor = matching(CURSOR, "a cursor as the server sent it")


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a client frame beside ``type`` and ``ref``."""

    required: dict[str, Check]
    optional: dict[str, Check]


CLIENT_FRAMES: dict[str, Shape] = {
    "hello": Shape({}, {"cursor": optional(_cursor)}),
    "ping": Shape({}, {}),
    "channel.join": Shape({"channel": a_channel}, {}),
    "channel.leave": Shape({"channel": a_channel}, {}),
    "message.send": Shape({"channel": a_channel, "id": an_id, "text": a_text}, {"reply_to": optional(an_id)}),
    "message.edit": Shape({"channel": a_channel, "id": an_id, "target": an_id, "text": a_text}, {}),
    "message.delete": Shape({"channel": a_channel, "id": an_id, "target": an_id}, {}),
    "reaction.set": Shape(
        {"channel": a_channel, "id": an_id, "target": an_id, "emoji": _emoji, "on": a_switch}, {}
    ),
    "message.retry": Shape({"id": an_id}, {}),
    "message.discard": Shape({"id": an_id}, {}),
    "message.known": Shape({"channel": a_channel, "id": an_id}, {}),
    "history.page": Shape({"channel": a_channel}, {"before": optional(_order), "limit": _limit}),
    "read.mark": Shape({"channel": a_channel, "upto": _order}, {}),
    "typing": Shape({"channel": a_channel}, {}),
    "channel.members": Shape({"channel": a_channel}, {}),
    "file.available": Shape({"channel": a_channel, "id": an_id}, {}),
    "person": Shape({"channel": a_channel, "node": a_node}, {}),
    "person.verify": Shape({"node": a_node, "on": a_switch}, {}),
    "profile.set": Shape({"name": _name, "about": _about}, {"picture": optional(_picture)}),
    "person.block": Shape({"node": a_node, "on": a_switch}, {}),
    "search": Shape({"channel": a_channel, "words": _words}, {"before": optional(_order), "limit": _limit}),
}

SAYING = ("message.send", "message.edit", "message.delete", "reaction.set")
"""Frames that are messages on the network."""

PACES: dict[str, tuple[str, ...]] = {
    "message": (*SAYING, "profile.set"),
    "hello": ("hello",),
    "page": ("history.page", "channel.members", "person"),
    "search": ("search",),
    "file": ("file.available",),
    "outbox": ("message.retry", "message.discard", "message.known"),
    "note": (
        *("channel.join", "channel.leave", "read.mark", "typing"),
        *("person.verify", "person.block"),
    ),
}
"""What a user may ask for so often in a window, by kind (``FRAMES_PER_WINDOW_MAX``): all but ``ping``."""

PACED = {frame: kind for kind, frames in PACES.items() for frame in frames}

MESSAGE_FIELDS = (
    *("id", "channel", "author", "name", "text", "html", "order", "at_ms", "own"),
    *("reply_to", "edited_ms", "deleted", "reactions", "file"),
)

SERVER_FRAMES: dict[str, tuple[str, ...]] = {
    "welcome": ("ref", "cursor", "replayed", "user", "node", "channels", "blocked", "verified", "profile"),
    "ok": ("ref", "message"),
    "history": ("ref", "channel", "messages", "more"),
    "members": ("ref", "channel", "members", "total"),
    "file": ("ref", "channel", "id", "here", "nodes", "asked"),
    "person": ("ref", "channel", "node", "name", "about", "picture"),
    "found": ("ref", "channel", "messages", "searched", "since_ms", "next"),
    "error": ("ref", "code", "message", "remedy", "retryable", "detail", "retry_after"),
    "message": ("cursor", *MESSAGE_FIELDS, "history"),
    "message.changed": ("cursor", *MESSAGE_FIELDS),
    "message.state": (
        *(
            "cursor",
            "id",
            "channel",
            "text",
            "html",
            "order",
            "at_ms",
            "state",
            "stored",
            "delivered",
            "alone",
            "local",
        ),
        *("unreachable", "acks", "kind", "target", "emoji", "on", "file", "error"),
    ),
    "message.discarded": ("cursor", "id", "channel", "author"),
    "channel.progress": ("cursor", "channel", "step", "index", "of", "elapsed_ms", "detail", "done"),
    "channel.joined": (
        "cursor",
        *("channel", "created", "alone", "elapsed_ms", "initiators", "subscribers"),
    ),
    "channel.delayed": ("cursor", "channel", "step", "elapsed_ms", "error"),
    "channel.left": ("cursor", "channel"),
    "channel.health": ("cursor", "channel", "state", "initiators", "error"),
    "channel.read": ("cursor", "channel", "upto", "unread", "mentions"),
    "channel.name": ("cursor", "channel", "author", "name"),
    "channel.card": ("cursor", "channel", "author", "picture"),
    "typing": ("cursor", "channel", "author", "at_ms"),
    "person.blocked": ("cursor", "blocked"),
    "person.verified": ("cursor", "verified"),
    "profile": ("cursor", "name", "about", "picture"),
    "node.state": ("cursor", "state", "peers", "reason", "code", "remedy"),
    "trouble": ("cursor", "error", "context"),
}

SERVER_OPTIONAL: dict[str, tuple[str, ...]] = {
    "ok": ("message",),
    "error": ("detail", "retry_after"),
    "message.state": ("error",),
    "message.discarded": ("author",),
    "node.state": ("cursor", "code", "remedy"),
}
"""Fields that are not always there."""

CHANNEL_FIELDS = ("name", "joined", "outbox")
CHANNEL_OPTIONAL = ("progress", "health", "names", "pictures", "read", "messages")
"""Of a channel in a ``welcome``."""


def parse(text: str, shapes: Mapping[str, Shape] = CLIENT_FRAMES) -> Frame:
    """The frame in ``text``, one of ``shapes``; raises ``FrameError`` whatever is wrong with it."""
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FrameError("BAD_FRAME", "not JSON") from error
    if not isinstance(content, dict):
        raise FrameError("BAD_FRAME", "a frame is a JSON object")
    ref = content.get("ref")
    if not isinstance(ref, str) or not 1 <= len(ref) <= REF_MAX_CHARS or not ref.isprintable():
        raise FrameError("BAD_FRAME", f"ref: expected a string of 1 to {REF_MAX_CHARS} characters")
    kind = content.get("type")
    shape = shapes.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise FrameError("BAD_FRAME", "type: no such frame", ref)
    fields = _checked(shape, content, ref)
    if len(fields.get("text", "").encode()) > TEXT_MAX_BYTES:
        raise FrameError("TOO_LARGE", f"text: over {TEXT_MAX_BYTES} bytes", ref)
    return Frame(str(kind), ref, fields)


def _checked(shape: Shape, content: dict[str, Any], ref: str) -> dict[str, Any]:
    fields = {}
    for name, check in {**shape.required, **shape.optional}.items():
        if name not in content:
            if name in shape.required:
                raise FrameError("BAD_FRAME", f"{name} is missing", ref)
            continue
        expected = check(content[name])
        if expected:
            raise FrameError("BAD_FRAME", f"{name}: expected {expected}", ref)
        fields[name] = content[name]
    return fields


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

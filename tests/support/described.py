"""Whether a frame of the server is one that ``docs/api.md`` describes, with its fields and no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webchat.chat import frames
from webchat.health import frames as health

Frame = dict[str, Any]

TABLES = {
    "/ws/chat/": (frames.SERVER_FRAMES, frames.SERVER_OPTIONAL),
    "/ws/health/": (health.SERVER_FRAMES, health.SERVER_OPTIONAL),
}


def check_described(path: str, frame: Frame) -> None:
    """Raises ``AssertionError`` for a frame that the tables of a socket do not name."""
    table, optional = TABLES[path]
    kind = frame["type"]
    assert kind in table, f"{kind} is not documented"
    _check_fields(kind, frame.keys() - {"type"}, table[kind], optional.get(kind, ()))
    if path == "/ws/chat/":
        _check_parts(frame)


def _check_parts(frame: Frame) -> None:
    """What is in lists: messages, channels, and how far own messages have got."""
    state = frames.SERVER_FRAMES["message.state"][1:]
    messages = frame.get("messages", ())
    states = [frame["message"]] if frame["type"] == "ok" and "message" in frame else []
    for channel in frame.get("channels", ()):
        _check_fields(
            "a channel",
            channel,
            (*frames.CHANNEL_FIELDS, *frames.CHANNEL_OPTIONAL),
            frames.CHANNEL_OPTIONAL,
        )
        messages = [*messages, *channel.get("messages", ())]
        states += channel["outbox"]
    for message in messages:
        _check_fields("a message", message, frames.MESSAGE_FIELDS)
    for each in states:
        _check_fields("a message's state", each, state, ("error",))


def _check_fields(
    what: str, found: Iterable[str], names: Iterable[str], optional: Iterable[str] = ()
) -> None:
    undocumented, missing = {*found} - {*names}, {*names} - {*optional} - {*found}
    assert not undocumented, f"{what} has fields that are not documented: {undocumented}"
    assert not missing, f"{what} lacks {missing}"

"""A node's events and states as the frames of ``docs/api.md``.

The events are frozen dataclasses of the engine; they are told apart by the names of their classes,
so this module needs nothing of the engine. An event that the table does not know is an error of the
program, not something to leave out.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from webchat.rendering import rendered

FRAME_OF_EVENT = {
    "NodeState": "node.state",
    "JoinProgress": "channel.progress",
    "Joined": "channel.joined",
    "JoinDelayed": "channel.delayed",
    "Left": "channel.left",
    "ChannelHealth": "channel.health",
    "MessageReceived": "message",
    "MessageChanged": "message.changed",
    "MessageTakenBack": "message.discarded",
    "MessageState": "message.state",
    "NameChanged": "channel.name",
    "CardChanged": "channel.card",
    "Typing": "typing",
    "Trouble": "trouble",
}

UNTOLD = ("Recovering", "Recovered")
"""Events that no page hears of: what they mean for a person comes as other events."""


def event_frame(event: Any) -> dict[str, Any]:
    """The frame of an event, without its cursor."""
    kind = FRAME_OF_EVENT[type(event).__name__]
    if kind == "message":
        return {"type": kind, **message_fields(event.message), "history": event.history}
    if kind == "message.changed":
        return {"type": kind, **message_fields(event.message)}
    if kind == "message.discarded":
        return {"type": kind, "id": event.id, "channel": event.channel, "author": event.author}
    if kind == "message.state":
        return {"type": kind, **outbox_fields(event.state)}
    if kind == "channel.health":
        return {"type": kind, "channel": event.channel, **health_fields(event)}
    return {"type": kind, **asdict(event)}


def health_fields(event: Any) -> dict[str, Any]:
    """How a channel is, by the own node's word."""
    k, of = event.initiators
    error = None if event.error is None else asdict(event.error)
    return {"state": event.state, "initiators": {"k": k, "of": of}, "error": error}


def message_fields(message: Any) -> dict[str, Any]:
    """A message as the page shows it."""
    return {**asdict(message), "html": rendered(message.text)}


def outbox_fields(state: Any) -> dict[str, Any]:
    """How far one of the user's own messages got; ``error`` is there only when there is one."""
    fields = {**asdict(state), "html": rendered(state.text)}
    k, of = fields["stored"]
    n, m = fields["delivered"]
    fields["stored"] = {"k": k, "of": of, "machines": fields.pop("machines")}
    fields["delivered"] = {"n": n, "m": m}
    if fields["error"] is None:
        del fields["error"]
    return fields

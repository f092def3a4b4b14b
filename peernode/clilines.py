"""``lines_of``: what a headless node prints of an event; its fields are stable (``docs/operations.md``)."""

from __future__ import annotations

from typing import Any

from peernode.events import (
    ErrorInfo,
    Event,
    JoinDelayed,
    Joined,
    JoinProgress,
    MessageReceived,
    MessageState,
    NodeState,
    OutboxState,
    Trouble,
)

Line = dict[str, Any]
"""One JSON object; ``event`` says what it is about."""


def lines_of(event: Event) -> list[Line]:
    """The lines of an event, none for what only the chat shows."""
    match event:
        case MessageReceived(message=message, history=history):
            line = {
                "event": "message",
                "id": message.id,
                "channel": message.channel,
                "author": message.author,
                "text": message.text,
                "history": history,
                "order": message.order,
            }
        case MessageState(state=state):
            return _state(state)
        case JoinProgress():
            line = {
                "event": "progress",
                "channel": event.channel,
                "step": event.step,
                "index": event.index,
                "of": event.of,
                "elapsed_ms": round(event.elapsed_ms, 1),
                "done": event.done,
            }
        case Joined():
            line = {
                "event": "joined",
                "channel": event.channel,
                "created": event.created,
                "alone": event.alone,
                "elapsed_ms": round(event.elapsed_ms, 1),
                "initiators": list(event.initiators),
                "subscribers": list(event.subscribers),
            }
        case JoinDelayed(error=error):
            line = {**error_line(error), "step": event.step}
        case NodeState():
            line = {"event": "state", "state": event.state, "peers": event.peers, "reason": event.reason}
        case Trouble(error=error):
            line = {**error_line(error), **event.context}
        case _:
            return []
    return [line]


def error_line(error: ErrorInfo, event: str = "error", **about: Any) -> Line:
    """Something went wrong, and what to do."""
    return {"event": event, **about, "code": error.code, "message": error.message, "remedy": error.remedy}


def _state(state: OutboxState) -> list[Line]:
    if state.state == "failed" and state.error is not None:
        return [error_line(state.error, "failed", id=state.id)]
    if state.state not in ("sent", "delivered"):
        return []
    k, of = state.stored
    stored = {"k": k, "of": of}
    sent = {
        "event": "sent",
        "id": state.id,
        "stored": stored,
        "machines": state.machines,
        "alone": state.alone,
    }
    n, m = state.delivered
    delivered = {"event": "delivered", "id": state.id, "n": n, "m": m}
    return [sent, delivered] if state.state == "delivered" else [sent]

"""What a web process and the worker say to each other through the channel layer.

A command goes to the worker's channel and carries an id; the worker answers each id once, to the
channel named in it, and remembers the answer, so that the same command sent again is answered again
and not done again. An answer is either ``result`` or ``error``; a ``CommandError`` travels as the
latter and is raised again at the other end.
"""

from __future__ import annotations

from typing import Any


class CommandError(Exception):
    """A command was refused or failed; ``code`` is an entry of the error catalogue."""

    def __init__(self, code: str, detail: str = "", **params: Any) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.params = params


def command(command_id: str, reply: str, user: int, name: str, args: dict[str, Any]) -> dict[str, Any]:
    """A command for ``user``'s node; ``user`` 0 is the worker itself."""
    return {
        "type": "command",
        "id": command_id,
        "reply": reply,
        "user": user,
        "name": name,
        "args": args,
    }


def answered(command_id: str, result: dict[str, Any]) -> dict[str, Any]:
    """The answer to a command that was done."""
    return {"type": "answer", "id": command_id, "result": result}


def refused(command_id: str, error: CommandError) -> dict[str, Any]:
    """The answer to a command that was not done."""
    fields = {"code": error.code, "detail": error.detail, "params": error.params}
    return {"type": "answer", "id": command_id, "error": fields}


def result_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The result in an answer; raises the ``CommandError`` in it instead."""
    error = answer.get("error")
    if error is not None:
        raise CommandError(error["code"], error["detail"], **error["params"])
    result: dict[str, Any] = answer["result"]
    return result


def batch(user: int, epoch: str, first: int, events: list[dict[str, Any]]) -> dict[str, Any]:
    """New events of a user, numbered from ``first``; a hint, see ``webchat.chat.stream``."""
    return {"type": "stream.events", "user": user, "epoch": epoch, "first": first, "events": events}

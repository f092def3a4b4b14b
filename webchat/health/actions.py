"""What administrators do to the nodes, or take away from them: who, when, what, and what came of it.

Each action is a line of the server's log (JSON) and a record of the event log, where the page
shows it among what the nodes did. Invariants: whatever becomes of the action, it is told, also when it was
refused (those refused for their number as ``webchat.health.refusals`` says) or its page was closed
meanwhile, when nobody knows what the nodes made of it (``PAGE_CLOSED``); the event log names the account by
its number, so that no name is in a file that leaves the server; a worker that is away keeps nothing from
being done or logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from webchat.chat.commands import CommandError

log = logging.getLogger("webchat.health.actions")

REPAIR, DIAGNOSTIC, DOCTOR = "admin.repair", "admin.diagnostic", "admin.doctor"
EXPORT, PREVIEW, BUNDLE = "admin.export", "admin.preview", "admin.bundle"
OPERATIONS = (REPAIR, DIAGNOSTIC, DOCTOR, EXPORT, PREVIEW, BUNDLE)

PAGE_CLOSED = "page_closed"
"""The outcome that nobody waited for; no ``cancelled``, for what was begun goes on at the nodes."""

ABOUT_MAX_CHARS = 300
"""Of what somebody typed no more is kept."""

Tell = Callable[[dict[str, Any]], Awaitable[Any]]

_telling: set[asyncio.Task[None]] = set()
"""What is being told; as many as there are actions (``webchat.health.rates``), each as long as a command."""


@dataclass(slots=True)
class Action:
    """One of them, in the form in which the event log keeps what nodes record."""

    wall_ms: int
    operation: str
    subject: str
    outcome: str
    elapsed_ms: float
    parts: dict[str, float]
    route: dict[str, Any]
    trace: str = ""
    stands_for: int = 1
    serial: int = field(default=0)

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def action_of(args: dict[str, Any]) -> Action:
    """What a web process told of an action (``acting``)."""
    return Action(
        wall_ms=args["wall_ms"],
        operation=args["operation"],
        subject=args["subject"],
        outcome=args["outcome"],
        elapsed_ms=args["elapsed_ms"],
        parts={"own": args["elapsed_ms"]},
        route={**args["about"], "account": args["account"]},
        stands_for=args.get("stands_for", 1),
    )


@asynccontextmanager
async def acting(
    user_id: int, name: str, operation: str, tell: Tell, subject: str = "", **about: Any
) -> AsyncIterator[dict[str, Any]]:
    """Around an action of an account; ``tell`` brings it to the worker's event log.

    ``subject`` and ``about`` say what it is about, JSON-able, no more than ``ABOUT_MAX_CHARS`` of a text;
    what is put into the yielded dict is told as well. Raises what the action raises.
    """
    began, outcome = time.monotonic(), "ok"
    try:
        yield about
    except CommandError as error:
        outcome = error.code
        raise
    except asyncio.CancelledError:
        outcome = PAGE_CLOSED
        raise
    except BaseException:
        outcome = "INTERNAL"
        raise
    finally:
        kept = {key: _shortened(value) for key, value in about.items()}
        told = {
            "wall_ms": round(time.time() * 1000),
            "operation": operation,
            "subject": subject[:ABOUT_MAX_CHARS],
            "outcome": outcome,
            "elapsed_ms": round((time.monotonic() - began) * 1000, 1),
            "account": user_id,
            "about": kept,
        }
        line = {"event": "an administrator acted", "name": name, **told}
        log.info("%s", json.dumps(line, ensure_ascii=False, default=str))
        # A page that is closed cancels again and again what is late: the telling goes on by itself.
        task = asyncio.get_running_loop().create_task(_tell(tell, told), name=f"telling of {operation}")
        _telling.add(task)
        task.add_done_callback(_telling.discard)
        await asyncio.shield(task)


async def _tell(tell: Tell, told: dict[str, Any]) -> None:
    try:
        await tell(told)
    except CommandError as error:
        log.warning("the event log does not have what an administrator did: %s", error)


def _shortened(value: Any) -> Any:
    return value[:ABOUT_MAX_CHARS] if isinstance(value, str) else value

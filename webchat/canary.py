"""The canary: every half a minute the host node sends itself a message through a hidden channel.

It takes the way of everybody's messages: accepted on disk, published, confirmed by a majority of the nodes
that store the channel, back in the own timeline. How long that took, or with which code it did not happen, is
what ``/metrics``, ``/healthz`` and the host's verdict say of the whole.

Invariants: at most one test is on its way, and one that is late is waited for (or tried again) instead of a
next one, so nothing piles up in an outbox; a bug is a failed test and ends nothing, and what was found out
more than ``STALE_TESTS`` tests ago is told as failed, whatever it was; every node of the network forgets the
tests after an hour (``peernode.channel.ids``); the channel's name follows from a secret of the host, and no
page, list or answer shows it (``is_canary``).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from webchat.bridge import error_fields
from webchat.chat.commands import CommandError

log = logging.getLogger("webchat.canary")

EVERY_S = 30.0
LATE_S = 10.0
"""A test that is not through by then counts as failed; it is still waited for."""

STALE_TESTS = 3
"""Without any in the time of so many they have ended, or this program stands still."""

TEXT = "canary"
LATE, STOPPED = "CANARY_LATE", "CANARY_STOPPED"
OUTCOMES = ("ok", "failed")
CANARY_STATES = ("off", "starting", "alone", *OUTCOMES)
NO_TROUBLE = {"code": "", "message": "", "remedy": ""}


class Node(Protocol):
    """What a test needs of the host node; refusals come as ``CommandError``."""

    async def join(self, name: str) -> Any:
        """Join a channel; returns at once when that is done already."""

    async def publish(self, name: str, message_id: str, text: str) -> Any:
        """Accept a message."""

    async def retry(self, message_id: str) -> Any:
        """Send a failed one again."""

    async def discard_failed(self, name: str) -> None:
        """Give up the failed messages of a channel."""

    def alone(self) -> bool:
        """Whether no other node runs that could store a message, and none is configured to be asked."""

    def newest(self, name: str) -> str:
        """The id of the newest message that the node shows in a channel."""


class Canary:
    """The tests of one host; ``on_event`` hears all events of its node."""

    def __init__(
        self,
        channel: str,
        node: Node,
        every_s: float = EVERY_S,
        late_s: float = LATE_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._channel = channel
        self._node = node
        self._every_s = every_s
        self._late_s = late_s
        self._pause = pause
        self._outcomes: Counter[str] = Counter()
        self._id = ""
        """Of the test that is on its way."""
        self._began_s = 0.0
        self._tested_s = _now()
        """When a test has ended last."""
        self._state: Any = None
        self._news = asyncio.Event()
        self._told: dict[str, Any] = {
            "state": "starting",
            "at_ms": None,
            "last_ok_ms": None,
            "latency_ms": None,
            **NO_TROUBLE,
            "stored": [0, 0],
            "alone": False,
        }

    def told(self) -> dict[str, Any]:
        """How the last test went (``starting``, ``ok``, ``failed`` or ``alone``), JSON-able."""
        told = {**self._told, "outcomes": {outcome: self._outcomes[outcome] for outcome in OUTCOMES}}
        if told["state"] == "failed" or _now() - self._tested_s <= STALE_TESTS * self._every_s:
            return told
        return {
            **told,
            "state": "failed",
            "latency_ms": None,
            **_trouble(error_fields(CommandError(STOPPED))),
        }

    def on_event(self, event: Any) -> None:
        """The node tells something."""
        if type(event).__name__ == "MessageState" and event.state.id == self._id:
            self._state = event.state
            self._news.set()

    async def run(self) -> None:
        """Test after test, for ever."""
        while True:
            await self.test()
            await self._pause(self._every_s)

    async def test(self) -> None:
        """One test; whatever happens is its outcome. With nobody to store it there is nothing to test."""
        try:
            if self._node.alone():
                self._tell({"state": "alone", "latency_ms": None, **NO_TROUBLE})
                return
            async with asyncio.timeout(self._late_s):
                await self._node.join(self._channel)
                await self._send()
                await self._through()
        except TimeoutError:
            self._failed(self._why())
        except CommandError as error:
            self._failed(error_fields(error))
        except Exception:
            log.exception("the canary failed")
            self._failed(error_fields(CommandError("INTERNAL")))

    async def _send(self) -> None:
        """A new test, or the one that is still on its way; the same id again is the same message."""
        if not self._id:
            await self._node.discard_failed(self._channel)  # of an earlier run
            self._id, self._state, self._began_s = _new_id(), None, _now()
        if self._state is None:
            accepted = await self._node.publish(self._channel, self._id, TEXT)
            self._state = self._state or accepted  # an event may have come before
        elif self._state.state == "failed":
            self._state = await self._node.retry(self._id)

    async def _through(self) -> None:
        """Until a majority has stored it and it stands in the own timeline."""
        while self._state.state not in ("sent", "delivered"):
            self._news.clear()
            await self._news.wait()
            if self._state.state == "failed":
                self._failed(self._why())
                return
        shown, self._id = self._node.newest(self._channel) == self._id, ""
        if not shown:
            raise CommandError("INTERNAL", "the test is not in the own timeline")
        now_ms = round(time.time() * 1000)
        self._outcomes["ok"] += 1
        told = {
            "at_ms": now_ms,
            "last_ok_ms": now_ms,
            "latency_ms": round((_now() - self._began_s) * 1000, 1),
            "stored": list(self._state.stored),
            "alone": self._state.alone,
        }
        self._tell({"state": "ok", **NO_TROUBLE, **told})

    def _tell(self, changes: dict[str, Any]) -> None:
        """A test has ended, in this way."""
        self._tested_s = _now()
        self._told = {**self._told, **changes}

    def _why(self) -> dict[str, Any]:
        """Why the test on its way is not through, in the words of the catalogue."""
        error = self._state.error if self._state is not None and self._id else None
        return asdict(error) if error is not None else error_fields(CommandError(LATE))

    def _failed(self, error: dict[str, Any]) -> None:
        trouble = _trouble(error)
        if self._told["code"] != trouble["code"]:
            log.warning("the test message of this server did not get through: %s", trouble["code"])
        self._outcomes["failed"] += 1
        now_ms = round(time.time() * 1000)
        self._tell({"state": "failed", "at_ms": now_ms, "latency_ms": None, **trouble})


def _trouble(error: dict[str, Any]) -> dict[str, Any]:
    return {name: error[name] for name in NO_TROUBLE}


def _now() -> float:
    return asyncio.get_running_loop().time()


def _new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7), as every message has one."""
    tail = bytearray(secrets.token_bytes(10))
    tail[0] = 0x70 | tail[0] & 0x0F
    tail[2] = 0x80 | tail[2] & 0x3F
    return str(uuid.UUID(bytes=(time.time_ns() // 1_000_000).to_bytes(6, "big") + bytes(tail)))

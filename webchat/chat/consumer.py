"""One browser's WebSocket of the chat: passes commands to the worker, delivers events in order.

It holds no engine logic; how it lives is ``webchat.chat.pagesocket``. Events before the
``welcome`` are withheld, each later one is delivered once and in order; when some were lost the
worker is asked for them, and when it has forgotten them a new ``welcome`` without ``ref`` replaces
everything the browser knew. After an outage of the worker a ``welcome`` comes unasked, too.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.chat.frames import PACED, Frame, parse
from webchat.chat.link import WorkerLink
from webchat.chat.pagesocket import PageSocket
from webchat.chat.stream import Cursor, StreamReader

log = logging.getLogger("webchat.consumer")

COMMANDS_IN_FLIGHT_MAX = 64
HISTORY_LIMIT = 50
PAGED = ("history.page", "search")
ANSWERS = {
    "history.page": "history",
    "channel.members": "members",
    "file.available": "file",
    "person": "person",
    "search": "found",
}
"""Frames that are answered by another type than ``ok``."""

SNAPSHOT = ("replayed", "node", "channels", "blocked", "verified", "profile")
"""What the worker puts into a ``welcome``."""


class ChatConsumer(PageSocket):
    """See the module and ``docs/api.md``."""

    asked_max = COMMANDS_IN_FLIGHT_MAX

    async def connect(self) -> None:
        """Take the socket, or say why not."""
        self.begin()
        self._reader = StreamReader()
        self._delivering = asyncio.Lock()
        self._filling = False
        self._said_hello = False
        self._welcome_due = False
        await self.accept()
        user = self.scope["user"]
        self._user = {"id": user.pk, "name": user.get_username(), "is_staff": user.is_staff}
        await self.attach()

    # What a frame asks for

    def parsed(self, text: str) -> Frame:
        """One of the chat's frames."""
        return parse(text)

    async def follow(self, link: WorkerLink, frame: Frame) -> dict[str, Any] | None:
        """What the worker says to it."""
        fields = frame.fields
        if frame.type == "hello":
            self._said_hello = True
            try:
                self._pace(link, frame.type)
                await self._welcome(link, frame.ref, fields.get("cursor"))
            except CommandError:
                self._welcome_due = True
                raise
            return None
        if frame.type == "ping":
            return {"type": "ok"}
        self._pace(link, frame.type)
        if frame.type in PAGED:
            fields = {"before": None, "limit": HISTORY_LIMIT, **fields}
        result = await link.command(self.user_id, frame.type, fields)
        answer = {"type": ANSWERS.get(frame.type, "ok"), **result}
        return {**answer, "channel": fields["channel"]} if frame.type in ANSWERS else answer

    def _pace(self, link: WorkerLink, kind: str) -> None:
        """Count one more frame of this type; raises ``CommandError`` when they come too fast."""
        link.sockets.rates.take(self.user_id, PACED[kind], asyncio.get_running_loop().time())

    async def _welcome(self, link: WorkerLink, ref: str | None, cursor: str | None) -> None:
        answer = await link.command(self.user_id, "hello", {"cursor": cursor})
        async with self._delivering:
            position = self._reader.begin(Cursor.parse(answer["cursor"]), replayed=answer["replayed"])
            self._reader.note_head(Cursor.parse(answer["head"]))
            fields = {name: answer[name] for name in SNAPSHOT}
            frame = {"type": "welcome", "ref": ref, "user": self._user, "cursor": str(position), **fields}
            self._welcome_due = False
            await self.send_frame(frame)
        await self._fill(link)

    # What the link tells

    async def on_events(self, epoch: str, first: int, batch: list[dict[str, Any]]) -> None:
        """Deliver what is next; fetch what is missing."""
        async with self._delivering:
            for cursor, event in self._reader.take(epoch, first, batch):
                await self.send_frame({**event, "cursor": str(cursor)})
        self._notice_hole()

    async def on_head(self, head: Cursor) -> None:
        """Fetch what is missing; when a welcome is due, as after an outage, that brings it along."""
        self._reader.note_head(head)
        if self._welcome_due and not self._filling and self.link is not None:
            self.tasks.spawn(self._welcome_unasked(self.link), "welcome")
        else:
            self._notice_hole()

    async def on_worker_lost(self) -> None:
        """Tell the browser; it keeps what is written until the node is back."""
        self._welcome_due = self._said_hello
        reason = error_fields(CommandError("WORKER_UNAVAILABLE"))
        state = {"type": "node.state", "state": "offline", "peers": 0, "reason": reason["message"]}
        await self.send_frame({**state, "code": reason["code"], "remedy": reason["remedy"]})

    # Holes

    def _notice_hole(self) -> None:
        if self._reader.misses_events and not self._filling and self.link is not None:
            self.tasks.spawn(self._fill(self.link), "replay")

    async def _fill(self, link: WorkerLink) -> None:
        """Fetch and deliver what the reader misses, one at a time; nothing while the worker is away."""
        if self._filling:
            return
        self._filling = True
        try:
            while self._reader.misses_events:
                if not await self._replay(link):
                    await self._welcome(link, None, None)
        except CommandError as error:
            log.info("user %s: no replay: %s", self.user_id, error)  # the next check asks again
        finally:
            self._filling = False

    async def _replay(self, link: WorkerLink) -> bool:
        position = self._reader.position
        answer = await link.command(self.user_id, "replay", {"cursor": str(position)})
        if answer["gone"]:
            return False
        async with self._delivering:
            for cursor, event in self._reader.take(answer["epoch"], answer["first"], answer["events"]):
                await self.send_frame({**event, "cursor": str(cursor)})
            self._reader.note_head(Cursor.parse(answer["head"]))
        return True

    async def _welcome_unasked(self, link: WorkerLink) -> None:
        self._welcome_due = False
        try:
            self._pace(link, "hello")  # it may have been asked for, and refused
            position = self._reader.position
            await self._welcome(link, None, str(position) if position else None)
        except CommandError as error:
            self._welcome_due = True
            log.info("user %s: no welcome: %s", self.user_id, error)

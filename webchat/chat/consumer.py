"""One browser's WebSocket: checks frames, passes commands to the worker, delivers events in order.

It holds no engine logic. Every frame with a readable ``ref`` is answered exactly once, with its
result or with an error, and no frame of a browser closes the connection. Events before the
``welcome`` are withheld, each later one is delivered once and in order; when some were lost the
worker is asked for them, and when it has forgotten them a new ``welcome`` without ``ref`` replaces
everything the browser knew. After an outage of the worker a ``welcome`` comes unasked, too.

``dispatch`` is overridden because Channels' own makes a thread hop at each event to close idle
database connections; so every use of the ORM must go through ``database_sync_to_async``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from webchat.accounts.sessions import fingerprint
from webchat.background import Background
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.chat.frames import PACED, Frame, FrameError, parse
from webchat.chat.link import WorkerLink
from webchat.chat.stream import Cursor, StreamReader
from webchat.languages.errors import language_of, translated

log = logging.getLogger("webchat.consumer")

CLOSE_SESSION_ENDED = 4401
CLOSE_RECONNECT = 4409
CLOSE_TOO_MANY = 4429
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


class ChatConsumer(AsyncWebsocketConsumer):
    """See the module and ``docs/api.md``."""

    channel_layer_alias = "none"  # the link receives for all sockets of the process

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the method for an ASGI event."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Take the socket, or say why not; only an accepted socket can be told the reason."""
        self._tasks = Background()
        self._reader = StreamReader()
        self._delivering = asyncio.Lock()
        self._filling = False
        self._said_hello = False
        self._welcome_due = False
        self._closing = False
        self._link: WorkerLink | None = None
        self._language = language_of(self.scope["headers"])
        await self.accept()
        user, session = self.scope["user"], self.scope["session"]
        if not user.is_authenticated or not session.session_key:
            await self._refuse(CommandError("SESSION_ENDED"), CLOSE_SESSION_ENDED)
            return
        self.user_id: int = user.pk
        self.session_key: str = session.session_key
        self._user = {"name": user.get_username(), "is_staff": user.is_staff}
        link = WorkerLink.of_running_loop()
        try:
            await link.attach(self)
        except CommandError as error:
            await self._refuse(error, CLOSE_TOO_MANY)
            return
        self._link = link

    async def disconnect(self, code: int) -> None:
        """The browser is gone; commands on their way are left to the worker."""
        if self._link is not None:
            await self._link.detach(self)
        await self._tasks.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Check a frame and start what it asks for; later frames don't wait for it."""
        if self._link is None:
            return
        try:
            if text_data is None:
                raise FrameError("BAD_FRAME", "frames are text")
            # A character has at most four bytes: most frames need not be encoded to be measured.
            limit = settings.FRAME_MAX_BYTES
            if len(text_data) * 4 > limit and len(text_data.encode(errors="replace")) > limit:
                raise FrameError("BAD_FRAME", f"over {limit} bytes")
            frame = parse(text_data)
            if len(self._tasks) >= COMMANDS_IN_FLIGHT_MAX:
                raise FrameError("RATE_LIMITED", "too many frames at once", frame.ref, retry_after=1)
        except FrameError as error:
            await self._send_error(error, error.ref)
            return
        self._tasks.spawn(self._answer(self._link, frame), f"frame {frame.type}")

    # What a frame asks for

    async def _answer(self, link: WorkerLink, frame: Frame) -> None:
        try:
            answer = await self._follow(link, frame)
        except CommandError as error:
            await self._send_error(error, frame.ref)
        else:
            if answer is not None:
                await self._send_frame({**answer, "ref": frame.ref})

    async def _follow(self, link: WorkerLink, frame: Frame) -> dict[str, Any] | None:
        fields = frame.fields
        if frame.type == "hello":
            self._said_hello = True
            try:
                await self._welcome(link, frame.ref, fields.get("cursor"))
            except CommandError:
                self._welcome_due = True
                raise
            return None
        if frame.type == "ping":
            return {"type": "ok"}
        if frame.type in PACED:
            link.sockets.take_message(self.user_id, asyncio.get_running_loop().time())
        if frame.type in PAGED:
            fields = {"before": None, "limit": HISTORY_LIMIT, **fields}
        result = await link.command(self.user_id, frame.type, fields)
        answer = {"type": ANSWERS.get(frame.type, "ok"), **result}
        return {**answer, "channel": fields["channel"]} if frame.type in ANSWERS else answer

    async def _welcome(self, link: WorkerLink, ref: str | None, cursor: str | None) -> None:
        answer = await link.command(self.user_id, "hello", {"cursor": cursor})
        async with self._delivering:
            position = self._reader.begin(Cursor.parse(answer["cursor"]), replayed=answer["replayed"])
            self._reader.note_head(Cursor.parse(answer["head"]))
            fields = {name: answer[name] for name in SNAPSHOT}
            frame = {"type": "welcome", "ref": ref, "user": self._user, "cursor": str(position), **fields}
            self._welcome_due = False
            await self._send_frame(frame)
        await self._fill(link)

    # What the link tells

    async def on_events(self, epoch: str, first: int, batch: list[dict[str, Any]]) -> None:
        """Deliver what is next; fetch what is missing."""
        async with self._delivering:
            for cursor, event in self._reader.take(epoch, first, batch):
                await self._send_frame({**event, "cursor": str(cursor)})
        self._notice_hole()

    async def on_head(self, head: Cursor) -> None:
        """Fetch what is missing; when a welcome is due, as after an outage, that brings it along."""
        self._reader.note_head(head)
        if self._welcome_due and not self._filling and self._link is not None:
            self._tasks.spawn(self._welcome_unasked(self._link), "welcome")
        else:
            self._notice_hole()

    async def on_worker_lost(self) -> None:
        """Tell the browser; it keeps what is written until the node is back."""
        self._welcome_due = self._said_hello
        reason = error_fields(CommandError("WORKER_UNAVAILABLE"))
        state = {"type": "node.state", "state": "offline", "peers": 0, "reason": reason["message"]}
        await self._send_frame({**state, "code": reason["code"], "remedy": reason["remedy"]})

    async def on_session_ended(self, session: str, *, others: bool) -> None:
        """Close this socket if it is meant.

        ``others``: all sessions but that one ended, and that one goes on under a new key, which
        only a new connection brings along.
        """
        own = fingerprint(self.session_key) == session
        if others and own:
            await self._end(CLOSE_RECONNECT)
        elif others or own:
            await self.end_session()

    async def end_session(self) -> None:
        """Say so, and close."""
        await self._refuse(CommandError("SESSION_ENDED"), CLOSE_SESSION_ENDED)

    # Holes

    def _notice_hole(self) -> None:
        if self._reader.misses_events and not self._filling and self._link is not None:
            self._tasks.spawn(self._fill(self._link), "replay")

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
                await self._send_frame({**event, "cursor": str(cursor)})
            self._reader.note_head(Cursor.parse(answer["head"]))
        return True

    async def _welcome_unasked(self, link: WorkerLink) -> None:
        self._welcome_due = False
        try:
            position = self._reader.position
            await self._welcome(link, None, str(position) if position else None)
        except CommandError as error:
            self._welcome_due = True
            log.info("user %s: no welcome: %s", self.user_id, error)

    # Sending

    async def _refuse(self, error: CommandError, close_code: int) -> None:
        await self._send_error(error, None)
        await self._end(close_code)

    async def _end(self, close_code: int) -> None:
        self._closing = True
        await self.close(close_code)

    async def _send_error(self, error: CommandError, ref: str | None) -> None:
        await self._send_frame({"type": "error", "ref": ref, **error_fields(error)})

    async def _send_frame(self, frame: dict[str, Any]) -> None:
        if self._closing:
            return  # what comes after the close frame is lost in any case; the cursor brings it back
        frame = translated(frame, self._language)
        await self.send(text_data=json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

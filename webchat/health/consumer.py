"""The health page's WebSocket, for staff: the state of the nodes, live, and what can be asked and done.

Anybody else is refused at the handshake (HTTP 403), so that no socket exists that could be told something.
Sessions that end and accounts that are no longer staff close it; nobody else's frame is followed. Every frame
with a readable ``ref`` is answered exactly once, and no frame of a browser closes the connection; see
``docs/api.md``.
"""

from __future__ import annotations

import json
from typing import Any

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from webchat.accounts.sessions import fingerprint
from webchat.background import Background
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.chat.consumer import CLOSE_RECONNECT, CLOSE_SESSION_ENDED, CLOSE_TOO_MANY
from webchat.chat.frames import Frame, FrameError
from webchat.chat.link import WorkerLink
from webchat.chat.stream import Cursor
from webchat.health.doctor import RUN_MAX_S
from webchat.health.feed import HealthFeed, staff_among
from webchat.health.frames import RECORDS_MAX, parsed
from webchat.health.names import names_of
from webchat.languages.errors import language_of, translated

ASKED_MAX = 16
"""Frames that wait for their answer."""

ACROSS_THE_NETWORK_S = 10.0
"""What asks other nodes may take longer than the own node's answers."""


class HealthConsumer(AsyncWebsocketConsumer):
    """See the module."""

    channel_layer_alias = "none"  # the link receives for all sockets of the process

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the method for an ASGI event; the ORM is used through ``database_sync_to_async`` alone."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Take the socket of somebody who is staff and signed in; refuse every other before it is open."""
        self._tasks = Background()
        self._link: WorkerLink | None = None
        self._closing = self._lost = False
        self.watched: str | None = None
        user, session = self.scope["user"], self.scope["session"]
        if not (user.is_authenticated and user.is_active and user.is_staff and session.session_key):
            await self.close()
            return
        self.user_id: int = user.pk
        self.session_key: str = session.session_key
        self._name = user.get_username()
        self._language = language_of(self.scope["headers"])
        await self.accept()
        link = WorkerLink.of_running_loop()
        try:
            await link.attach(self)
        except CommandError as error:
            await self._send({"type": "error", "ref": None, **error_fields(error)})
            await self._end(CLOSE_TOO_MANY)
            return
        self._link = link

    async def disconnect(self, code: int) -> None:
        """The browser is gone."""
        if self._link is not None:
            await HealthFeed.of_running_loop().detach(self)
            await self._link.detach(self)
        await self._tasks.close()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Check a frame and start what it asks for."""
        if self._link is None or self._closing:
            return
        try:
            if text_data is None or len(text_data) > settings.FRAME_MAX_BYTES:
                raise FrameError("BAD_FRAME", f"frames are text of at most {settings.FRAME_MAX_BYTES} bytes")
            frame = parsed(text_data)
            if len(self._tasks) >= ASKED_MAX:
                raise FrameError("RATE_LIMITED", "too many frames at once", frame.ref, retry_after=1)
        except FrameError as error:
            await self._send({"type": "error", "ref": error.ref, **error_fields(error)})
            return
        self._tasks.spawn(self._answer(self._link, frame), f"health frame {frame.type}")

    async def _answer(self, link: WorkerLink, frame: Frame) -> None:
        try:
            answer = await self._follow(link, frame)
        except CommandError as error:
            answer = {"type": "error", **error_fields(error)}
        await self._send({**answer, "ref": frame.ref})
        if frame.type == "hello":
            HealthFeed.of_running_loop().attach(self)

    async def _follow(self, link: WorkerLink, frame: Frame) -> dict[str, Any]:
        # Also before each frame: the feed looks only after those that watch, and only every ten seconds.
        if not await database_sync_to_async(staff_among)([self.user_id]):
            await self.no_longer_staff()
            raise CommandError("SESSION_ENDED")
        fields = frame.fields
        match frame.type:
            case "hello":
                return {"type": "welcome", "cursor": None, "user": {"name": self._name}}
            case "watch":
                self.watched = fields.get("channel")
                HealthFeed.of_running_loop().hurry()
                return {"type": "ok"}
            case "trace":
                answer = await link.command(0, "health.trace", fields, ACROSS_THE_NETWORK_S)
                return {"type": "trace", **answer, "names": await _names_in(answer["trace"])}
            case "repair":
                answer = await link.command(0, "health.repair", fields, ACROSS_THE_NETWORK_S)
                return {"type": "ok", **answer}
            case "doctor":
                asked = {name: fields.get(name) or "" for name in ("address", "channel")}
                return {"type": "doctor", **await link.command(0, "doctor", asked, RUN_MAX_S)}
            case "diagnostic":
                return {"type": "ok", **await link.command(0, "health.diagnostic", fields)}
            case "events":
                limit = fields.pop("limit", RECORDS_MAX)
                answer = await link.command(0, "health.records", {"wanted": fields, "limit": limit})
                return {"type": "records", **answer}
        return {"type": "ok"}  # ping

    # What the feed tells

    async def on_health(self, answer: dict[str, Any], names: dict[str, str]) -> None:
        """Pass a snapshot on, with the whole of the channel that this page looks at."""
        self._lost = False
        detail = answer["details"].get(self.watched or "")
        frame = {name: answer[name] for name in ("host", "channels", "more")}
        await self._send({"type": "health", **frame, "detail": detail, "names": names})
        if answer["events"] or answer["skipped"]:
            news = {name: answer[name] for name in ("epoch", "events", "skipped")}
            await self._send({"type": "events", **news})

    async def on_lost(self, error: CommandError) -> None:
        """Say why nothing comes, once."""
        if not self._lost:
            self._lost = True
            await self._send({"type": "health.lost", "error": error_fields(error)})

    async def no_longer_staff(self) -> None:
        """Close; the page then leads to the sign-in, where what is allowed is told."""
        await self._end(CLOSE_SESSION_ENDED)

    # What the link tells

    async def on_events(self, epoch: str, first: int, batch: list[dict[str, Any]]) -> None:
        """Events of the person's own node are no matter of this page."""

    async def on_head(self, head: Cursor) -> None:
        """The worker is there; the feed notices by itself."""

    async def on_worker_lost(self) -> None:
        """The worker is away; the feed notices by itself."""

    async def on_session_ended(self, session: str, *, others: bool) -> None:
        """Close this socket if it is meant; see the chat's consumer."""
        own = fingerprint(self.session_key) == session
        if others and own:
            await self._end(CLOSE_RECONNECT)
        elif others or own:
            await self.end_session()

    async def end_session(self) -> None:
        """The session is over."""
        await self._end(CLOSE_SESSION_ENDED)

    # Sending

    async def _end(self, close_code: int) -> None:
        self._closing = True
        await self.close(close_code)

    async def _send(self, frame: dict[str, Any]) -> None:
        if not self._closing:
            shown = translated(frame, self._language)
            await self.send(text_data=json.dumps(shown, ensure_ascii=False, separators=(",", ":")))


async def _names_in(trace: dict[str, Any]) -> dict[str, str]:
    attempts = [attempt for node in trace["nodes"] for attempt in node["attempts"]]
    ids = {*(node["id"] for node in trace["nodes"]), *(each["peer"] for each in attempts)}
    return await database_sync_to_async(names_of)(ids | ({trace["author"]} if trace["author"] else set()))

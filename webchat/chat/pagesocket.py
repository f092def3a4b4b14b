"""How the WebSocket of a page lives, whichever page it is: taken, asked, answered, ended, closed.

A page's consumer says what its frames ask for (``parsed``, ``follow``) and what it does with what the link
tells. Invariants: every frame with a readable ``ref`` is answered at most once, with its result or with an
error; no frame of a browser closes the connection; at most ``asked_max`` frames wait for their answers, more
are refused with ``RATE_LIMITED``; after the close frame nothing is sent and no frame is followed.

``dispatch`` is overridden because Channels' own makes a thread hop at each event to close idle database
connections; so every use of the ORM must go through ``database_sync_to_async``.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from webchat.accounts.sessions import fingerprint
from webchat.background import Background
from webchat.bridge import error_fields
from webchat.chat.commands import CommandError
from webchat.chat.frames import Frame, FrameError
from webchat.chat.link import WorkerLink
from webchat.chat.stream import Cursor
from webchat.languages.errors import language_of, translated

CLOSE_SESSION_ENDED = 4401
CLOSE_NOT_ALLOWED = 4403
CLOSE_RECONNECT = 4409
CLOSE_TOO_MANY = 4429


class PageSocket(AsyncWebsocketConsumer, ABC):
    """See the module. A subclass calls ``begin``, accepts, and calls ``attach``."""

    channel_layer_alias = "none"  # the link receives for all sockets of the process
    asked_max: ClassVar[int]

    user_id: int
    session_key: str

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the method for an ASGI event."""
        await getattr(self, get_handler_name(message))(message)

    def begin(self) -> None:
        """A browser wants a socket; nothing is promised yet."""
        self.tasks = Background()
        self.link: WorkerLink | None = None
        self.closing = False
        self._language = language_of(self.scope["headers"])

    async def attach(self) -> bool:
        """Take this accepted socket for its user, or say why not and close it."""
        user, session = self.scope["user"], self.scope["session"]
        if not user.is_authenticated or not session.session_key:
            await self.refuse(CommandError("SESSION_ENDED"), CLOSE_SESSION_ENDED)
            return False
        self.user_id = user.pk
        self.session_key = session.session_key
        link = WorkerLink.of_running_loop()
        try:
            await link.attach(self)
        except CommandError as error:
            await self.refuse(error, CLOSE_TOO_MANY)
            return False
        self.link = link
        return True

    async def disconnect(self, code: int) -> None:
        """The browser is gone; commands on their way are left to the worker."""
        if self.link is not None:
            await self.link.detach(self)
        await self.tasks.close()

    # Frames

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Check a frame and start what it asks for; later frames don't wait for it."""
        if self.link is None or self.closing:
            return
        try:
            frame = self._checked(text_data)
        except FrameError as error:
            await self.send_error(error, error.ref)
            return
        self.tasks.spawn(self.answer(self.link, frame), f"frame {frame.type}")

    def _checked(self, text: str | None) -> Frame:
        if text is None:
            raise FrameError("BAD_FRAME", "frames are text")
        # A character has at most four bytes: most frames need not be encoded to be measured.
        limit = settings.FRAME_MAX_BYTES
        if len(text) * 4 > limit and len(text.encode(errors="replace")) > limit:
            raise FrameError("BAD_FRAME", f"over {limit} bytes")
        frame = self.parsed(text)
        if len(self.tasks) >= self.asked_max:
            raise FrameError("RATE_LIMITED", "too many frames at once", frame.ref, retry_after=1)
        return frame

    async def answer(self, link: WorkerLink, frame: Frame) -> None:
        """Follow a frame, and tell what came of it."""
        try:
            answer = await self.follow(link, frame)
        except CommandError as error:
            await self.send_error(error, frame.ref)
        else:
            if answer is not None:
                await self.send_frame({**answer, "ref": frame.ref})

    @abstractmethod
    def parsed(self, text: str) -> Frame:
        """The frame in a text; raises ``FrameError``."""

    @abstractmethod
    async def follow(self, link: WorkerLink, frame: Frame) -> dict[str, Any] | None:
        """Do what a frame asks for; None when the answer is sent already. Raises ``CommandError``."""

    # What the link tells besides; a page that shows nothing of it need not know

    async def on_events(self, epoch: str, first: int, batch: list[dict[str, Any]]) -> None:
        """Events of the person's own node."""

    async def on_head(self, head: Cursor) -> None:
        """The worker is there, and the person's stream has got so far."""

    async def on_worker_lost(self) -> None:
        """The worker does not answer."""

    # The end of it

    async def on_session_ended(self, session: str, *, others: bool) -> None:
        """Close this socket if it is meant.

        ``others``: all sessions but that one ended, and that one goes on under a new key, which
        only a new connection brings along.
        """
        own = fingerprint(self.session_key) == session
        if others and own:
            await self.end(CLOSE_RECONNECT)
        elif others or own:
            await self.end_session()

    async def end_session(self) -> None:
        """Say that the session is over, and close."""
        await self.refuse(CommandError("SESSION_ENDED"), CLOSE_SESSION_ENDED)

    async def refuse(self, error: CommandError, close_code: int) -> None:
        """Say why, and close; only an accepted socket can be told the reason."""
        await self.send_error(error, None)
        await self.end(close_code)

    async def end(self, close_code: int) -> None:
        """Close."""
        self.closing = True
        await self.close(close_code)

    # Sending

    async def send_error(self, error: CommandError, ref: str | None) -> None:
        """Why something was not done."""
        await self.send_frame({"type": "error", "ref": ref, **error_fields(error)})

    async def send_frame(self, frame: dict[str, Any]) -> None:
        """One frame, in the language of its reader."""
        if self.closing:
            return  # what comes after the close frame is lost in any case; the cursor brings it back
        frame = translated(frame, self._language)
        await self.send(text_data=json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

"""A browser's side of the chat's WebSocket, in the words of ``docs/api.md``.

It speaks to the ASGI application itself, with a real session cookie and origin, so middleware,
consumer, link and channel layer are the ones that serve. ``expect`` waits for what should come and
keeps the rest, so a test needs to know no order that the API does not promise. Every frame that comes must be
one that the API describes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from tests.support.described import check_described
from webchat.asgi import application

PATIENCE_S = 15.0
ORIGIN = b"http://127.0.0.1:8000"
HOST = b"127.0.0.1:8000"

Frame = dict[str, Any]


def signed_in(user: User) -> Client:
    """A browser in which the user has just signed in."""
    client = Client()
    client.force_login(user)
    return client


def message_id(number: int) -> str:
    """A UUIDv7 for tests; its bits besides the version are the number."""
    return f"01890a5d-ac96-7{number >> 32 & 0xFFF:03x}-8000-{number & 0xFFFFFFFF:012x}"


def cookie_of(client: Client) -> bytes:
    """The ``Cookie`` header of a test client."""
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


class Browser:
    """One open page of one user."""

    _ids = itertools.count(1_000_000)  # smaller ones are those that tests choose

    def __init__(self, cookie: bytes | None = None, origin: bytes = ORIGIN, path: str = "/ws/chat/") -> None:
        self._path = path
        headers = [(b"host", HOST), (b"origin", origin)]
        if cookie is not None:
            headers.append((b"cookie", cookie))
        self._socket = WebsocketCommunicator(application, path, headers)
        self._refs = itertools.count(1)
        self._waiting: list[Frame] = []
        self.cursor: str | None = None

    @classmethod
    async def of(cls, user: User) -> Browser:
        """A page of a user who is signed in, connected but without a ``hello``."""
        client = await database_sync_to_async(signed_in)(user)
        browser = cls(cookie_of(client))
        assert await browser.open()
        return browser

    async def open(self) -> bool:
        """Connect; False when the server refuses."""
        accepted, _ = await self._socket.connect(timeout=PATIENCE_S)
        return bool(accepted)

    async def close(self) -> None:
        """Leave the page."""
        await self._socket.disconnect(timeout=PATIENCE_S)

    async def write(self, text: str | None = None, data: bytes | None = None) -> None:
        """Send something, well-formed or not."""
        await self._socket.send_to(text_data=text, bytes_data=data)

    async def send(self, kind: str, **fields: Any) -> str:
        """Send a frame; returns its reference."""
        ref = str(next(self._refs))
        await self.write(json.dumps({"type": kind, "ref": ref, **fields}))
        return ref

    async def ask(self, kind: str, **fields: Any) -> Frame:
        """Send a frame and wait for its answer, whatever it is."""
        ref = await self.send(kind, **fields)
        return await self.expect(ref=ref)

    async def hello(self, cursor: str | None = None) -> Frame:
        """Begin; the answer must be a ``welcome``."""
        answer = await self.ask("hello", **({"cursor": cursor} if cursor else {}))
        assert answer["type"] == "welcome", answer
        return answer

    async def join(self, channel: str) -> Frame:
        """Join a channel and wait until that is proven."""
        answer = await self.ask("channel.join", channel=channel)
        assert answer["type"] == "ok", answer
        return await self.expect("channel.joined", channel=channel)

    async def say(self, channel: str, text: str) -> Frame:
        """Send a message and wait until the node has accepted it."""
        answer = await self.ask("message.send", channel=channel, id=message_id(next(self._ids)), text=text)
        assert answer["type"] == "ok", answer
        message: Frame = answer["message"]
        return message

    async def welcomed_back(self, channel: str) -> Frame:
        """The unasked ``welcome`` of a node that is a member of the channel."""
        while True:
            welcome = await self.expect("welcome", ref=None)
            if channel in [shown["name"] for shown in welcome["channels"]]:
                return welcome

    async def see(self, message_id: str) -> Frame:
        """A message of somebody else, whether it comes as an event or in a snapshot."""
        while True:
            frame = await self.expect()
            if frame["type"] == "message" and frame["id"] == message_id:
                return frame
            if frame["type"] == "welcome":
                shown = [m for channel in frame["channels"] for m in channel.get("messages", ())]
                for message in shown:
                    if message["id"] == message_id:
                        return dict(message)

    async def expect(self, kind: str | None = None, **fields: Any) -> Frame:
        """The first frame, past or to come, with this type and these fields; each is given out once."""

        def fits(frame: Frame) -> bool:
            of_kind = kind is None or frame["type"] == kind
            return of_kind and all(name in frame and frame[name] == value for name, value in fields.items())

        for index, frame in enumerate(self._waiting):
            if fits(frame):
                return self._waiting.pop(index)
        end = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < end:
            frame = await self.next_frame()
            if fits(frame):
                return frame
            self._waiting.append(frame)
        raise AssertionError(f"no {kind} with {fields}, but {self._waiting}")

    async def next_frame(self) -> Frame:
        """The next frame of the socket, or ``closed`` with its code."""
        # Not the communicator's own way to receive: it ends the application when nothing comes.
        try:
            output = await asyncio.wait_for(self._socket.output_queue.get(), PATIENCE_S)
        except TimeoutError:
            if self._socket.future.done():
                self._socket.future.result()
            raise AssertionError(f"nothing comes; before that came {self._waiting}") from None
        if output["type"] == "websocket.close":
            return {"type": "closed", "code": output.get("code", 1000)}
        frame: Frame = json.loads(output["text"])
        check_described(self._path, frame)
        if frame.get("cursor") is not None:
            self.cursor = frame["cursor"]
        return frame

    async def nothing_comes(self, seconds: float = 0.2) -> bool:
        """Whether the socket is silent for a while."""
        return bool(await self._socket.receive_nothing(timeout=seconds))

    def put_aside(self) -> list[Frame]:
        """Frames that came and that nobody expected yet."""
        waiting, self._waiting = self._waiting, []
        return waiting

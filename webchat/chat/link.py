"""A web process's link to the peer-node worker, shared by all its sockets.

One layer channel per process: answers and events of all users arrive there and are handed to the
consumers directly, so an event costs one layer message per process, not per socket. The link

* sends commands in the order in which they were given, once more when no answer has come, and gives
  up with ``WORKER_UNAVAILABLE``;
* asks the worker every ``STREAM_CHECK_S`` how far its users' streams have got, so that a lost event
  is noticed even when none follows it, and a lost worker is noticed at all;
* looks at the sessions of its sockets every ``SESSION_CHECK_S``.

It lives while there are sockets: the last one to leave ends its tasks and its place in the layer.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable
from typing import Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError

from webchat.accounts.sessions import still_valid
from webchat.background import Background
from webchat.chat import commands
from webchat.chat.addresses import WORKER_CHANNEL, user_group
from webchat.chat.layer import LAYER_ERRORS, listen
from webchat.chat.sockets import Socket, Sockets
from webchat.chat.stream import Cursor

log = logging.getLogger("webchat.link")

JOIN_AGAIN_CHECKS = 15
"""Group memberships are renewed at every so many checks: Redis may have forgotten them."""

_links: WeakKeyDictionary[asyncio.AbstractEventLoop, WorkerLink] = WeakKeyDictionary()


class WorkerLink:
    """See the module; one per event loop."""

    def __init__(self) -> None:
        self.sockets = Sockets(settings.SOCKETS_PER_USER_MAX)
        self._layer: Any = get_channel_layer()
        self._tasks = Background()
        self._started = asyncio.Lock()
        self._sending = asyncio.Lock()
        self._channel = ""
        self._prefix = secrets.token_hex(8)
        self._serial = itertools.count()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._worker_lost = False

    @classmethod
    def of_running_loop(cls) -> WorkerLink:
        """The link of this process; made for the first socket."""
        loop = asyncio.get_running_loop()
        link = _links.get(loop)
        if link is None:
            link = _links[loop] = cls()
        return link

    async def attach(self, socket: Socket) -> None:
        """Hand the user's events to this socket from now on; raises ``CommandError``."""
        self.sockets.add(socket)
        async with self._started:
            if not self._channel:
                self._channel = await self._layer.new_channel()
                self._tasks.spawn(self._receive(self._channel), "link: receiving")
                self._tasks.spawn(self._check_streams(), "link: checking streams")
                self._tasks.spawn(self._check_sessions(), "link: checking sessions")
        await self._join_group(socket.user_id)

    async def detach(self, socket: Socket) -> None:
        """The socket is gone."""
        self.sockets.remove(socket)
        async with self._started:
            if not self.sockets.of(socket.user_id):
                await self._leave_group(socket.user_id)
            if not self.sockets and self._channel:
                self._channel = ""
                await self._tasks.close()

    @property
    def idle(self) -> bool:
        """Whether no task runs and no answer is awaited."""
        return not self._tasks and not self._waiting

    async def command(
        self, user_id: int, name: str, args: dict[str, Any], timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Have the worker do something; raises ``CommandError``, at the latest after the time limit."""
        command_id = f"{self._prefix}:{next(self._serial)}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[command_id] = answer
        command = commands.command(command_id, self._channel, user_id, name, args)
        try:
            async with asyncio.timeout(timeout_s or settings.COMMAND_TIMEOUT_S):
                return commands.result_of(await self._exchange(command, answer))
        except (TimeoutError, ChannelFull, *LAYER_ERRORS) as error:
            raise commands.CommandError("WORKER_UNAVAILABLE", f"{name}: {error!r}") from error
        finally:
            del self._waiting[command_id]

    async def _exchange(
        self, command: dict[str, Any], answer: asyncio.Future[dict[str, Any]]
    ) -> dict[str, Any]:
        async with self._sending:  # what a person did first goes first
            await self._layer.send(WORKER_CHANNEL, command)
        await asyncio.wait([answer], timeout=settings.COMMAND_RESEND_S)
        if not answer.done():
            await self._layer.send(WORKER_CHANNEL, command)
        return await answer

    async def _receive(self, channel: str) -> None:
        async for message in listen(self._layer, channel):
            if message["type"] == "answer":
                answer = self._waiting.get(message["id"])
                if answer is not None and not answer.done():
                    answer.set_result(message)
            elif message["type"] == "stream.events":
                events = (message["epoch"], message["first"], message["events"])
                for socket in self.sockets.of(message["user"]):
                    await _told(socket.on_events(*events))
            elif message["type"] == "session.ended":
                for socket in self.sockets.of(message["user"]):
                    await _told(socket.on_session_ended(message["session"], others=message["others"]))

    async def _check_streams(self) -> None:
        for check in itertools.count(1):
            await asyncio.sleep(settings.STREAM_CHECK_S)
            try:
                if check % JOIN_AGAIN_CHECKS == 0 or self._worker_lost:
                    for user_id in self.sockets.users():
                        await self._join_group(user_id)
                answer = await self.command(0, "heads", {"users": self.sockets.users()})
            except (commands.CommandError, *LAYER_ERRORS):
                if not self._worker_lost:
                    self._worker_lost = True
                    for socket in self.sockets.all():
                        await _told(socket.on_worker_lost())
                continue
            self._worker_lost = False
            for socket in self.sockets.all():
                number = answer["heads"].get(str(socket.user_id), 0)
                await _told(socket.on_head(Cursor(answer["epoch"], number)))

    async def _check_sessions(self) -> None:
        while True:
            await asyncio.sleep(settings.SESSION_CHECK_S)
            keys = {socket: (socket.session_key, socket.user_id) for socket in self.sockets.all()}
            try:
                valid = await database_sync_to_async(_valid)(list(dict.fromkeys(keys.values())))
            except DatabaseError:
                log.exception("which sessions are valid is not known; the next look comes")
                continue
            for socket, key in keys.items():
                if not valid[key]:
                    await _told(socket.end_session())

    async def _join_group(self, user_id: int) -> None:
        try:
            async with asyncio.timeout(settings.COMMAND_TIMEOUT_S):
                await self._layer.group_add(user_group(user_id), self._channel)
        except (TimeoutError, *LAYER_ERRORS):
            self._worker_lost = True  # the next check tries again

    async def _leave_group(self, user_id: int) -> None:
        try:
            async with asyncio.timeout(settings.COMMAND_TIMEOUT_S):
                await self._layer.group_discard(user_group(user_id), self._channel)
        except (TimeoutError, *LAYER_ERRORS):
            return  # the group forgets its members by itself


async def _told(telling: Awaitable[None]) -> None:
    """One socket's failure is logged, and is no other socket's."""
    try:
        await telling
    except Exception:
        log.exception("a socket failed")


def _valid(keys: list[tuple[str, int]]) -> dict[tuple[str, int], bool]:
    return {(session, user): still_valid(session, user) for session, user in keys}

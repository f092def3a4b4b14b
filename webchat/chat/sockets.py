"""The open sockets of a web process, by user, and users' rates; and what the link asks of a socket."""

from __future__ import annotations

from typing import Any, Protocol

from webchat.chat.commands import CommandError
from webchat.chat.rates import UserRates
from webchat.chat.stream import Cursor


class Socket(Protocol):
    """What the link tells a consumer; none of these may raise."""

    user_id: int
    session_key: str

    async def on_events(self, epoch: str, first: int, batch: list[dict[str, Any]]) -> None:
        """New events, perhaps after a hole."""

    async def on_head(self, head: Cursor) -> None:
        """The worker is there, and the stream has got so far."""

    async def on_worker_lost(self) -> None:
        """The worker does not answer."""

    async def on_session_ended(self, session: str, *, others: bool) -> None:
        """A session of the user (by fingerprint), or all ``others``, ended."""

    async def end_session(self) -> None:
        """This socket's session is over."""


class Sockets:
    """At most ``per_user_max`` sockets of each user."""

    def __init__(self, per_user_max: int) -> None:
        self._per_user_max = per_user_max
        self._sockets: dict[int, dict[Socket, None]] = {}
        self.rates = UserRates()

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._sockets.values())

    def add(self, socket: Socket) -> None:
        """Raises ``CommandError`` ``TOO_MANY_SOCKETS``."""
        sockets = self._sockets.setdefault(socket.user_id, {})
        if len(sockets) >= self._per_user_max:
            raise CommandError("TOO_MANY_SOCKETS", limit=self._per_user_max)
        sockets[socket] = None

    def remove(self, socket: Socket) -> None:
        """Forget a socket; one that was never added is no matter."""
        sockets = self._sockets.get(socket.user_id, {})
        sockets.pop(socket, None)
        if not sockets:
            self._sockets.pop(socket.user_id, None)

    def of(self, user_id: int) -> list[Socket]:
        """The sockets of a user."""
        return list(self._sockets.get(user_id, ()))

    def all(self) -> list[Socket]:
        """All sockets."""
        return [socket for sockets in self._sockets.values() for socket in sockets]

    def users(self) -> list[int]:
        """The users who have a socket."""
        return list(self._sockets)

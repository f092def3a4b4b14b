"""Daphne in this process, with a clean end: the pages, the WebSocket, and perhaps the worker.

Import this module before anything else of Twisted: Daphne installs its reactor on an asyncio loop of
its own (``twisted_loop``), and the worker runs on that loop too.

The end, on SIGTERM, SIGINT or a failure: no new connections; open WebSockets are told to come back
(4503); pages in progress and consumers get ``APPLICATIONS_END_S``; then the worker is stopped, last,
because consumers still talk to it; then what is left on the loop is cancelled. Daphne's own way
sends no close frame and fails on requests that have ended; and a loop that is left with pending
tasks crashes CPython 3.11 at exit.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import daphne.server  # isort: skip - installs the reactor
from autobahn.exception import Disconnected
from channels.routing import get_default_application
from daphne.endpoints import build_endpoint_description_strings
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer, reactor

from webchat.bodyreading import BoundedFactory
from webchat.chat.commands import CommandError

log = logging.getLogger("webchat.serving")

CLOSE_SERVER_ENDS = 4503
SOCKET_MESSAGE_MAX_BYTES = 1024 * 1024
"""Beyond this Daphne ends the connection unread; between ``FRAME_MAX_BYTES`` and this is an error frame."""
APPLICATIONS_END_S = 1.5
WORKER_END_S = 3.0

ListensAt = Callable[[str, int], None]


class Site(daphne.server.Server):
    """Daphne's server with another end; ``failure`` says why it could not serve."""

    def __init__(self, host: str, port: int, listens: ListensAt) -> None:
        super().__init__(
            get_default_application(),
            endpoints=build_endpoint_description_strings(host=host, port=port),
            server_name="starling",
            application_close_timeout=5,
            websocket_timeout=-1,
            websocket_max_message_size=SOCKET_MESSAGE_MAX_BYTES,
            websocket_max_frame_size=SOCKET_MESSAGE_MAX_BYTES,
        )
        self._listens = listens
        self.failure = ""
        self.worker: asyncio.Task[None] | None = None

    @property  # type: ignore[override]  # an attribute of Daphne's
    def http_factory(self) -> BoundedFactory:
        """What makes the connections; bodies are bounded."""
        return self._http_factory

    @http_factory.setter
    def http_factory(self, daphnes: Any) -> None:
        # ``run`` makes Daphne's own and leaves no other place for ours.
        self._http_factory = BoundedFactory(self)

    def listen_success(self, port: Any) -> None:
        """Say where the pages are; port 0 has become a real one."""
        super().listen_success(port)
        self._listens(port.getHost().host, port.getHost().port)

    def listen_error(self, failure: Any) -> None:
        """Remember why, in words."""
        self.failure = failure.getErrorMessage()
        self.stop()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Write to the client, who may have closed a moment ago."""
        try:
            await super().handle_reply(protocol, message)
        except Disconnected:
            log.debug("%s closed while it was written to", protocol)

    def kill_all_applications(self) -> Any:
        """What Twisted waits for before it ends."""
        loop = daphne.server.twisted_loop
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end(), loop=loop))

    async def _end(self) -> None:
        for listener in self.listeners:
            listener.addCallback(lambda port: port and port.stopListening())
        applications = []
        for protocol, details in self.connections.items():
            if "application_instance" in details:
                applications.append(details["application_instance"])
                if isinstance(protocol, WebSocketProtocol):
                    protocol.sendClose(code=CLOSE_SERVER_ENDS)
        if applications:
            await asyncio.wait(applications, timeout=APPLICATIONS_END_S)
        for application in applications:
            application.cancel()
        if self.worker is not None and not self.worker.done():
            self.worker.cancel()
            done, _ = await asyncio.wait([self.worker], timeout=WORKER_END_S)
            if not done:
                self.failure = f"the worker did not stop within {WORKER_END_S:g} s"


def serve(
    host: str, port: int, listens: ListensAt, worker: Callable[[], Coroutine[Any, Any, None]] | None = None
) -> str:
    """Serve until a signal; returns why it failed, or nothing after a clean end.

    ``worker`` runs beside the pages; when it ends by itself, everything ends.
    """
    loop = daphne.server.twisted_loop
    site = Site(host, port, listens)

    def worker_ended(task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, CommandError):
            site.failure = str(error.params.get("reason") or error)
        else:
            site.failure = "the worker ended"
            log.error("the worker ended", exc_info=error)
        site.stop()

    def start_worker() -> None:
        assert worker is not None
        site.worker = loop.create_task(worker(), name="worker")
        site.worker.add_done_callback(worker_ended)

    if worker is not None:
        reactor.callWhenRunning(start_worker)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # So a script's shell has it for what it runs in the background, and Twisted would leave it at that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    site.run()
    _close(loop)
    return site.failure


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """What ``asyncio.run`` does at its end."""
    rest = asyncio.all_tasks(loop)
    for task in rest:
        task.cancel()
    if rest:
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()

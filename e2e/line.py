"""A page's WebSocket, cut, restored or held up while everything else of the browser goes on."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, WebSocketRoute


class Line:
    """The connection of one page to its node, from the page's next opening on."""

    def __init__(self, page: Page) -> None:
        self._is_cut = False
        self._open: list[WebSocketRoute] = []
        self._held = ""
        self._is_deaf = False
        self._answers: dict[str, dict[str, Any]] = {}
        self._waiting: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket("**/ws/chat/", self._asked)

    def _asked(self, socket: WebSocketRoute) -> None:
        if self._is_cut:
            socket.close()
            return
        self._open.append(socket)
        server = socket.connect_to_server()
        socket.on_message(lambda message: self._said(socket, server, message))
        server.on_message(lambda message: None if self._is_deaf else socket.send(message))

    def _said(self, socket: WebSocketRoute, server: WebSocketRoute, message: str | bytes) -> None:
        asked = json.loads(message)
        answer = self._answers.get(asked.get("type", ""))
        if answer is not None:
            socket.send(json.dumps({**asked, **answer}))
        elif self._held and asked.get("type") == self._held:
            self._waiting.append((server, message))
        else:
            server.send(message)

    def cut(self) -> None:
        """End the connection, and every attempt from now on."""
        self._is_cut = True
        for socket in self._open:
            socket.close()
        self._open.clear()
        self._waiting.clear()

    def restore(self) -> None:
        """The next attempt succeeds."""
        self._is_cut = False

    def hold(self, kind: str) -> None:
        """Keep back what the page says of this kind, less long than a page waits for an answer (10 s)."""
        self._held = kind

    def release(self) -> None:
        """Pass on what was kept back, and all that comes."""
        self._held = ""
        for server, message in self._waiting:
            server.send(message)
        self._waiting.clear()

    def deafen(self) -> None:
        """The node hears the page, and the page no answer, until it is opened anew."""
        self._is_deaf = True

    def hear(self) -> None:
        """What the server says gets through again."""
        self._is_deaf = False

    def answer(self, kind: str, fields: dict[str, Any]) -> None:
        """What the page asks of this kind is answered like this, in a situation as with ``tell``."""
        self._answers[kind] = fields

    def pass_on(self, kind: str) -> None:
        """What the page asks of this kind is answered by its node again."""
        del self._answers[kind]

    def tell(self, frame: dict[str, Any]) -> None:
        """The page hears what a node says that is in a situation which no test can bring about."""
        for socket in self._open:
            socket.send(json.dumps(frame))

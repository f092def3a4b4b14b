"""A page's WebSocket, cut and restored while everything else of the browser goes on."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocketRoute


class Line:
    """The connection of one page to its node; made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self._is_cut = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/chat/", self._asked)

    def _asked(self, socket: WebSocketRoute) -> None:
        if self._is_cut:
            socket.close()
        else:
            self._open.append(socket)
            socket.connect_to_server()

    def cut(self) -> None:
        """End the connection, and every attempt from now on."""
        self._is_cut = True
        for socket in self._open:
            socket.close()
        self._open.clear()

    def restore(self) -> None:
        """The next attempt succeeds."""
        self._is_cut = False

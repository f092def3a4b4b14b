"""A signed-in WebSocket of nothing but bytes, for what no well-behaved client would send."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import socket
import struct
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any, Self

TIMEOUT_S = 20.0
TEXT, CLOSE = 1, 8
FIN = 0x80
MASKED = 0x80
LENGTH_16, LENGTH_64 = 126, 127


def signed_up(url: str, name: str) -> str:
    """Create an account; the ``Cookie`` header that it is signed in with."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(f"{url}/signup/", timeout=TIMEOUT_S) as page:
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.read())
    assert found is not None
    form = {"username": name, "password": secrets.token_urlsafe(16), "csrfmiddlewaretoken": found[1].decode()}
    request = urllib.request.Request(
        f"{url}/signup/", urllib.parse.urlencode(form).encode(), {"Referer": url}
    )
    with opener.open(request, timeout=TIMEOUT_S) as page:
        assert page.status == 200
    return "; ".join(f"{each.name}={each.value}" for each in jar)


class RawSocket:
    """One connection to ``/ws/chat/``; frames go out as they are."""

    def __init__(self, port: int, cookie: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._in = self._socket.makefile("rb")
        lines = [
            "GET /ws/chat/ HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Origin: http://127.0.0.1:{port}",
            f"Cookie: {cookie}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        ]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert b" 101 " in self._in.readline()
        while self._in.readline().strip():
            pass

    def send(self, text: bytes) -> None:
        """One text frame, masked with zeros."""
        head = struct.pack(">BBQ", FIN | TEXT, MASKED | LENGTH_64, len(text))
        self._socket.sendall(head + bytes(4) + text)

    def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and content; a connection that is gone is a close without a code."""
        try:
            first, length = self._in.read(2) or bytes((CLOSE, 0))
            size = {LENGTH_16: 2, LENGTH_64: 8}.get(length, 0)
            length = int.from_bytes(self._in.read(size)) if size else length
            return first & 0xF, self._in.read(length)
        except ConnectionError:
            return CLOSE, b""

    def answer(self, ref: str | None) -> dict[str, Any]:
        """What comes next with this ``ref``."""
        while True:
            kind, content = self.frame()
            assert kind == TEXT, content
            told: dict[str, Any] = json.loads(content)
            if told.get("ref") == ref and told["type"] in ("ok", "error"):
                return told

    def close(self) -> None:
        """Hang up."""
        self._in.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

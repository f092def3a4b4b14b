"""Daphne's reading of requests, with the bounds of ``webchat.bodies``.

Import it after ``daphne.server``, which installs the reactor. Invariant: of a body that is too large nothing
is kept, and its ``Content-Length`` says how large it was, also where the request came in chunks.
"""

from __future__ import annotations

from typing import Any

from daphne.http_protocol import HTTPFactory, WebRequest

from webchat.bodies import BODY_MAX_BYTES, DRAINED_MAX_BYTES


class BoundedRequest(WebRequest):
    """A request whose body is kept, or read and thrown away, or too much.

    The methods have Twisted's names.
    """

    _length: int | None = None
    _read = 0

    @property
    def _is_large(self) -> bool:
        return max(self._length or 0, self._read) > BODY_MAX_BYTES

    def gotLength(self, length: int | None) -> None:
        """The head is here; None: the body comes in chunks."""
        self._length = length
        super().gotLength(0 if self._is_large else length)

    def handleContentChunk(self, data: bytes) -> None:
        """More of the body is here."""
        self._read += len(data)
        if self._read > DRAINED_MAX_BYTES:
            self.channel.forceAbortClient()
        elif not self._is_large:
            super().handleContentChunk(data)
        elif self.content is not None and self.content.tell():
            self.content.seek(0)
            self.content.truncate()

    def process(self) -> Any:
        """All of it is here, or was."""
        if self._is_large:
            self.requestHeaders.setRawHeaders(b"Content-Length", [b"%d" % max(self._length or 0, self._read)])
        return super().process()


class BoundedFactory(HTTPFactory):
    """Daphne's factory with bounded requests."""

    def buildProtocol(self, addr: Any) -> Any:
        """A connection is here."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol

"""Errors of the engine: whose fault it is decides the type.

Three families, after h11's split:

* ``LocalProtocolError``: our own code misused a module. A bug; it is never caught and hidden.
* ``RemoteProtocolError``: a peer sent something that breaks the protocol. It costs that peer,
  never the node: the receive path turns it into a counter.
* ``PeerNodeError``: an operation the application asked for did not succeed. It carries a code of
  the catalogue in ``peernode.diagnostics.codes``, which knows the meaning and the remedy.

``RpcTimeout``, ``Refused`` and ``Backpressure`` are outcomes of one request; the procedures above
turn them into a retry, another peer, or a ``PeerNodeError``.
"""

from __future__ import annotations

from typing import Any


class LocalProtocolError(Exception):
    """We misuse our own interface; a bug in this program."""


class RemoteProtocolError(Exception):
    """A peer misbehaves: malformed, oversized or wrongly signed input."""


class RpcTimeout(Exception):
    """A request got no answer within its last retransmission."""


class Withdrawn(RpcTimeout):
    """A request has had no answer, and is not sent again: whoever asked wants it no more."""


class Backpressure(Exception):
    """A bounded queue is full; the caller must wait and try again."""


class Refused(Exception):
    """An answer with another status than OK.

    ``status`` is a ``peernode.wire.ops.Status``; ``body`` is the answer's body, already bounded by
    the decoder but not otherwise checked.
    """

    def __init__(self, status: int, body: list[Any] | None = None) -> None:
        super().__init__(f"refused with status {status}")
        self.status = status
        self.body: list[Any] = body if body is not None else []


class PeerNodeError(Exception):
    """An operation failed; ``code`` names the entry of the error catalogue.

    ``params`` fill the placeholders of the catalogue's texts (``{seconds}``, ``{step}`` …).
    """

    def __init__(self, code: str, detail: str = "", **params: Any) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.params = params

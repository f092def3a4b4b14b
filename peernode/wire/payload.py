"""The messages inside a SEALED datagram: requests, answers and tokens, one after the other.

Each is ``msgpack([kind, request_id, code, body])``. Invariant: ``decode_messages`` is total; the
bodies it returns are bounded lists whose fields are not yet checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peernode.errors import RemoteProtocolError
from peernode.wire.codec import Fields, pack, unpack_sequence
from peernode.wire.frames import PLAINTEXT_MAX, TOKEN_BYTES

KIND_REQUEST = 1
KIND_ANSWER = 2
KIND_TOKEN = 3

MESSAGES_MAX = 64
"""Messages in one datagram."""

_ENVELOPE_BYTES = 14
_TOKEN_MESSAGE_BYTES = 24

REQUEST_BODY_MAX = PLAINTEXT_MAX - _ENVELOPE_BYTES
"""Bytes that a request's packed body may have."""

ANSWER_BODY_MAX = REQUEST_BODY_MAX - _TOKEN_MESSAGE_BYTES
"""Bytes that an answer's packed body may have: a token must always fit beside it."""

_ID_MAX = 2**64 - 1
_CODE_MAX = 255


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One message of a datagram; ``code`` is an op, a status, or 0 for a token."""

    kind: int
    request_id: int
    code: int
    body: Fields


def encode_request(request_id: int, op: int, body: list[Any]) -> bytes:
    """A request's bytes."""
    return pack([KIND_REQUEST, request_id, op, body])


def encode_answer(request_id: int, status: int, body: list[Any]) -> bytes:
    """An answer's bytes."""
    return pack([KIND_ANSWER, request_id, status, body])


def encode_token(token: bytes) -> bytes:
    """A token message's bytes; tokens belong to no request."""
    return pack([KIND_TOKEN, 0, 0, [token]])


def decode_messages(plaintext: bytes) -> list[WireMessage]:
    """The messages in an opened datagram; ``RemoteProtocolError`` if any of it is malformed."""
    values = unpack_sequence(plaintext, MESSAGES_MAX)
    if not values:
        raise RemoteProtocolError("no message")
    messages = []
    for value in values:
        fields = Fields(value)
        kind = fields.take_int(KIND_REQUEST, KIND_TOKEN)
        request_id = fields.take_int(0, _ID_MAX)
        code = fields.take_int(0, _CODE_MAX)
        messages.append(WireMessage(kind, request_id, code, Fields(fields.take())))
    return messages


def token_of(message: WireMessage) -> bytes:
    """The token in a token message; ``RemoteProtocolError`` if there is none."""
    return Fields(message.body).take_bytes(TOKEN_BYTES)

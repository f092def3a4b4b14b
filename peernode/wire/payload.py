"""The messages inside a SEALED datagram: requests, answers and tokens, one after the other.

Each is ``msgpack([kind, request_id, code, body])``. Invariant: ``decode_messages`` is total; the
bodies it returns are bounded lists whose fields are not yet checked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from peernode.errors import RemoteProtocolError
from peernode.wire.codec import Fields, pack, unpack_sequence
from peernode.wire.frames import PLAINTEXT_MAX, TOKEN_BYTES

KIND_REQUEST = 1
KIND_ANSWER = 2
KIND_TOKEN = 3

MESSAGES_MAX = 64
"""Messages in one datagram."""

_ENVELOPE_BYTES = 14
_ENVELOPE_FIELDS = 4
_TOKEN_MESSAGE_BYTES = 24

REQUEST_MAX = PLAINTEXT_MAX
"""Bytes that a request may have, its envelope included."""

ANSWER_MAX = PLAINTEXT_MAX - _TOKEN_MESSAGE_BYTES
"""Bytes that an answer may have, its envelope included: a token must always fit beside it."""

REQUEST_BODY_MAX = REQUEST_MAX - _ENVELOPE_BYTES
"""Bytes that a request's packed body may have."""

ANSWER_BODY_MAX = ANSWER_MAX - _ENVELOPE_BYTES
"""Bytes that an answer's packed body may have."""

_ID_MAX = 2**64 - 1
_CODE_MAX = 255


class WireMessage(NamedTuple):  # made for each message; a frozen dataclass takes four times as long
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
    return [_message(value) for value in values]


def _message(value: Any) -> WireMessage:
    """One envelope, checked at once: every datagram passes here."""
    if type(value) is not list or len(value) < _ENVELOPE_FIELDS:
        raise RemoteProtocolError("a message is a list of four")
    kind, request_id, code = value[:3]
    if not type(kind) is type(request_id) is type(code) is int:
        raise RemoteProtocolError("a message begins with three integers")
    if not (KIND_REQUEST <= kind <= KIND_TOKEN and 0 <= request_id <= _ID_MAX and 0 <= code <= _CODE_MAX):
        raise RemoteProtocolError("a message's kind, id or code is out of bounds")
    return WireMessage(kind, request_id, code, Fields(value[3]))


def token_of(message: WireMessage) -> bytes:
    """The token in a token message; ``RemoteProtocolError`` if there is none."""
    return Fields(message.body).take_bytes(TOKEN_BYTES)

"""A message: immutable, signed, the same bytes on every node for ever.

Invariants: whether bytes are a valid message depends on the bytes alone, never on a clock or on what
else is known, or replicas would disagree; one message has one encoding (the decoder encodes again and
compares); a body that does not fit a kind makes a message that says nothing, and an invalid one only if all
versions know that kind; ``digest`` names the bytes, ``order_key`` is the one order everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from peernode.channel.filetree import FileRef, file_in
from peernode.channel.kinds import (
    KNOWN_TO_ALL,
    Target,
    UnknownKind,
    check_body,
    kind_of,
    skipped_by,
    target_of,
)
from peernode.channel.kinds import NAME_MAX_BYTES as NAME_MAX_BYTES
from peernode.channel.kinds import Kind as Kind
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import Identity, verify
from peernode.wire.codec import Fields, pack, unpack

VERSION = 1
BODY_MAX_BYTES = 700
PARTS_MAX = 16
MESSAGE_MAX_BYTES = 1_000
SEQ_MAX = (1 << 48) - 1
ORDER_KEY_BYTES = 72
ZERO_PREV = bytes(16)
_PARTS_PLACE = 10
"""Among the fields, as they are encoded."""


@dataclass(frozen=True)
class Message:
    """The fields as signed, and ``raw``, the canonical bytes they were read from."""

    channel_id: bytes
    author: bytes
    instance: bytes
    seq: int
    prev: bytes
    id: bytes
    hlc: int
    kind: Kind | UnknownKind
    body: bytes
    parts: tuple[bytes, ...]
    signature: bytes
    raw: bytes

    @cached_property
    def digest(self) -> bytes:
        """BLAKE2b-128 of the canonical bytes."""
        return digest_of(self.raw)

    @cached_property
    def order_key(self) -> bytes:
        """72 bytes whose order is the channel's final order: HLC, author, instance, seq, digest."""
        place = self.author + self.instance + self.seq.to_bytes(8, "big")
        return self.hlc.to_bytes(8, "big") + place + self.digest

    @property
    def order(self) -> str:
        """The order key in hex, for the application."""
        return self.order_key.hex()

    @classmethod
    def trusted(cls, raw: bytes) -> Message:
        """The message in bytes of our own store, whose signature was verified when they came."""
        return _decode(raw)

    @classmethod
    def claimed(cls, raw: bytes) -> Message:
        """The message in bytes of anybody, whose signature nobody has verified; ``RemoteProtocolError``."""
        return _decode(raw)

    @property
    def named_before(self) -> tuple[bytes, ...]:
        """What it names as the message before it; nothing for the first of a stream."""
        return (self.prev,) if self.seq > 1 else ()

    @cached_property
    def skips(self) -> tuple[bytes, int, bytes] | None:
        """What a skip names in its author's streams: (instance, seq, digest)."""
        return skipped_by(self.body) if self.kind is Kind.SKIP else None

    @cached_property
    def target(self) -> Target | None:
        """The message that this one is about, if it is about one."""
        return target_of(self.kind, self.body)


def digest_of(raw: bytes) -> bytes:
    """BLAKE2b-128 of a message's canonical bytes."""
    return hashlib.blake2b(raw, digest_size=16).digest()


def parts_named(raw: bytes) -> list[bytes]:
    """The digests of the parts that a message of our own store names; cheaper than decoding it."""
    parts: list[bytes] = unpack(raw)[_PARTS_PLACE]
    return parts


def named_in(raw: bytes) -> tuple[list[bytes], FileRef | None]:
    """The parts that a message of our own store names, and the file."""
    *_, kind, body, parts, _ = unpack(raw)
    if kind != Kind.FILE:
        return parts, None
    message = Message.trusted(raw)
    return parts, file_in(body) if message.kind is Kind.FILE else None


def sign_message(
    identity: Identity,
    *,
    channel_id: bytes,
    instance: bytes,
    seq: int,
    prev: bytes,
    id: bytes,
    hlc: int,
    kind: Kind | int,
    body: bytes,
    parts: tuple[bytes, ...] = (),
) -> Message:
    """A message of ``identity``; ``LocalProtocolError`` when it would not be valid."""
    place = [VERSION, channel_id, identity.public_key, instance, seq, prev]
    items = [*place, id, hlc, int(kind), body, list(parts)]
    signature = identity.sign("message", pack(items))
    raw = pack([*items, signature])
    try:
        check_body(kind_of(int(kind)), identity.public_key, body, parts)
        return Message.claimed(raw)
    except RemoteProtocolError as error:
        raise LocalProtocolError(f"this is no valid message: {error}") from error


def decode_message(raw: bytes) -> Message:
    """The message in ``raw``, its signature verified; ``RemoteProtocolError`` for anything else."""
    message = Message.claimed(raw)
    check_signature(message)
    return message


def check_signature(message: Message) -> None:
    """``RemoteProtocolError`` unless the author signed exactly this message."""
    if not verify(message.author, "message", _signed_part(message), message.signature):
        raise RemoteProtocolError("the signature does not match")


def _items(message: Message) -> list[object]:
    return [
        VERSION,
        message.channel_id,
        message.author,
        message.instance,
        message.seq,
        message.prev,
        message.id,
        message.hlc,
        int(message.kind),
        message.body,
        list(message.parts),
    ]


def _signed_part(message: Message) -> bytes:
    return pack(_items(message))


def _decode(raw: bytes) -> Message:
    if len(raw) > MESSAGE_MAX_BYTES:
        raise RemoteProtocolError("longer than a message may be")
    fields = Fields(unpack(raw))
    if fields.take_int(0, 255) != VERSION or len(fields) != 12:
        raise RemoteProtocolError("a message of another version")
    channel_id, author, instance = fields.take_bytes(20), fields.take_bytes(32), fields.take_bytes(8)
    seq, prev, message_id = fields.take_int(1, SEQ_MAX), fields.take_bytes(16), fields.take_bytes(16)
    hlc, number = fields.take_int(0, (1 << 63) - 1), fields.take_int(1, 255)
    body, parts = fields.take_bytes_upto(BODY_MAX_BYTES), fields.take_bytes_list(PARTS_MAX, 32)
    signature = fields.take_bytes(64)
    place = (channel_id, author, instance, seq, prev, message_id, hlc)
    message = Message(*place, _kind(number, author, body, parts), body, tuple(parts), signature, raw)
    _check_place(message)
    if pack([*_items(message), signature]) != raw:
        raise RemoteProtocolError("not the canonical encoding")
    return message


def _kind(number: int, author: bytes, body: bytes, parts: list[bytes]) -> Kind | UnknownKind:
    """What does not fit its kind is of a kind that we don't know: versions differ in that, logs must not."""
    kind = kind_of(number)
    try:
        check_body(kind, author, body, tuple(parts))
    except RemoteProtocolError:
        if kind in KNOWN_TO_ALL:
            raise
        return UnknownKind(number)
    return kind


def _check_place(message: Message) -> None:
    if (message.seq == 1) != (message.prev == ZERO_PREV):
        raise RemoteProtocolError("prev is zero at number 1 and only there")
    if message.id[6] >> 4 != 7 or message.id[8] >> 6 != 2:
        raise RemoteProtocolError("the id is no UUIDv7")

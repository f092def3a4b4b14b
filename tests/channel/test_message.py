"""Messages: what is signed is what is read, and bytes alone decide whether it is valid."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.message import (
    BODY_MAX_BYTES,
    MESSAGE_MAX_BYTES,
    NAME_MAX_BYTES,
    PARTS_MAX,
    SEQ_MAX,
    Kind,
    Message,
    decode_message,
    sign_message,
)
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import verify
from peernode.wire.codec import pack, unpack
from tests.channel.making import CHANNEL, INSTANCE, Author, identity, uuid7

SIGNER = identity()
FIELDS = ("version", "channel", "author", "instance", "seq", "prev", "id", "hlc", "kind", "body", "parts")


def signed(**changes: Any) -> bytes:
    """A message's bytes with a valid signature over whatever its fields are."""
    fields: dict[str, Any] = {
        "version": 1,
        "channel": CHANNEL,
        "author": SIGNER.public_key,
        "instance": INSTANCE,
        "seq": 2,
        "prev": b"p" * 16,
        "id": uuid7(7),
        "hlc": 5 << 16,
        "kind": 1,
        "body": b"hello",
        "parts": [],
    }
    fields.update(changes)
    items = [fields[name] for name in FIELDS] + fields.get("extra", [])
    return pack([*items, SIGNER.sign("message", pack(items))])


texts = st.text(min_size=1, max_size=BODY_MAX_BYTES // 4)


@settings(max_examples=50)
@given(st.integers(1, SEQ_MAX), st.integers(0, (1 << 63) - 1), texts)
def test_a_message_survives_the_wire(seq: int, hlc: int, text: str) -> None:
    message = sign_message(
        SIGNER,
        channel_id=CHANNEL,
        instance=INSTANCE,
        seq=seq,
        prev=bytes(16) if seq == 1 else b"p" * 16,
        id=uuid7(1),
        hlc=hlc,
        kind=Kind.TEXT,
        body=text.encode(),
    )
    back = decode_message(message.raw)
    assert back == message == Message.trusted(message.raw)
    assert (back.seq, back.hlc, back.body.decode()) == (seq, hlc, text)
    assert (back.digest, back.order_key) == (message.digest, message.order_key)


def test_the_signature_covers_the_array_before_it() -> None:
    raw = signed()
    assert decode_message(raw).author == SIGNER.public_key
    assert verify(SIGNER.public_key, "message", pack(unpack(raw)[:-1]), decode_message(raw).signature)


def test_the_largest_message_is_within_the_bound() -> None:
    seq, hlc = SEQ_MAX, (1 << 63) - 1
    body = signed(seq=seq, hlc=hlc, body=b"x" * BODY_MAX_BYTES)
    parts = signed(seq=seq, hlc=hlc, body=b"", parts=[b"d" * 32] * PARTS_MAX)
    assert decode_message(body).body == b"x" * BODY_MAX_BYTES
    assert len(decode_message(parts).parts) == PARTS_MAX
    assert max(len(body), len(parts)) <= MESSAGE_MAX_BYTES


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": True},
        {"channel": CHANNEL[:-1]},
        {"author": SIGNER.public_key + b"x"},
        {"author": identity(1).public_key},
        {"instance": b"short"},
        {"instance": "instance"},
        {"seq": 0},
        {"seq": -1},
        {"seq": True},
        {"seq": SEQ_MAX + 1},
        {"seq": 1},
        {"prev": bytes(16)},
        {"prev": b"p" * 15},
        {"id": bytes(16)},
        {"id": bytes(6) + b"\x40\x00\x80" + bytes(7)},
        {"id": bytes(6) + b"\x70\x00\x40" + bytes(7)},
        {"id": uuid7(1)[:-1]},
        {"hlc": -1},
        {"hlc": 1 << 63},
        {"kind": 0},
        {"body": b""},
        {"body": b"x" * (BODY_MAX_BYTES + 1)},
        {"body": b"\xff"},
        {"body": "\ud7ff and text, not bytes"},
        {"parts": [b"d" * 32]},
        {"body": b"", "parts": [b"d" * 31]},
        {"body": b"", "parts": [b"d" * 32] * (PARTS_MAX + 1)},
        {"body": b"", "parts": None},
        {"kind": 2, "body": b"not a skip"},
        {"kind": 2, "body": pack([INSTANCE, 0, bytes(16)])},
        {"kind": 2, "body": pack([INSTANCE, 1, bytes(15)])},
        {"kind": 2, "body": pack([INSTANCE, 1])},
        {"kind": 2, "body": pack([INSTANCE, 1, bytes(16)]), "parts": [b"d" * 32]},
        {"kind": 3, "body": b"n" * (NAME_MAX_BYTES + 1)},
        {"kind": 3, "body": b"\xff"},
        {"extra": [b"a field of a later version"]},
    ],
    ids=str,
)
def test_a_broken_rule_is_refused_although_it_is_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_message(signed(**changes))


def test_another_encoding_of_the_same_fields_is_refused() -> None:
    raw = signed(seq=2)
    wide = raw.replace(INSTANCE + b"\x02" + b"\xc4\x10", INSTANCE + b"\xcc\x02" + b"\xc4\x10")
    assert len(wide) == len(raw) + 1 and unpack(wide) == unpack(raw)
    with pytest.raises(RemoteProtocolError, match="canonical"):
        decode_message(wide)
    with pytest.raises(RemoteProtocolError):
        decode_message(raw + b"\x00")


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_noticed(position: int, change: int) -> None:
    raw = bytearray(signed())
    raw[position % len(raw)] ^= change
    with pytest.raises(RemoteProtocolError):
        decode_message(bytes(raw))


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_message(raw)


def test_a_signature_of_another_kind_does_not_count() -> None:
    items = unpack(signed())[:-1]
    with pytest.raises(RemoteProtocolError):
        decode_message(pack([*items, SIGNER.sign("receipt", pack(items))]))


def test_our_own_nonsense_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        Author().sign(1, b"p" * 16)
    with pytest.raises(LocalProtocolError):
        Author().next(text="x" * (BODY_MAX_BYTES + 1))


def test_a_skip_names_what_it_takes_back() -> None:
    author = Author()
    said = author.next()
    assert author.skip(said).skips == (said.instance, said.seq, said.digest)
    assert said.skips is None


places = st.tuples(st.integers(0, 1 << 40), st.integers(0, 2), st.integers(1, 300))


@settings(max_examples=30)
@given(st.lists(places, min_size=2, max_size=8))
def test_the_order_is_by_time_author_instance_number_and_digest(items: list[tuple[int, int, int]]) -> None:
    messages = [
        sign_message(
            identity(author),
            channel_id=CHANNEL,
            instance=INSTANCE,
            seq=seq,
            prev=bytes(16) if seq == 1 else b"p" * 16,
            id=uuid7(1),
            hlc=hlc,
            kind=Kind.TEXT,
            body=b"x",
        )
        for hlc, author, seq in items
    ]
    by_key = sorted(messages, key=lambda m: m.order_key)
    assert by_key == sorted(messages, key=lambda m: (m.hlc, m.author, m.instance, m.seq, m.digest))
    assert by_key == sorted(messages, key=lambda m: m.order)
    assert {len(m.order_key) for m in messages} == {72}


def test_within_one_moment_and_stream_the_number_decides_as_a_number() -> None:
    numbers = [1, 2, 255, 256, 257, 65_536]
    messages = [decode_message(signed(seq=seq, prev=bytes(16) if seq == 1 else b"p" * 16)) for seq in numbers]
    assert [m.seq for m in sorted(messages, key=lambda m: m.order_key)] == numbers
    assert [m.seq for m in sorted(messages, key=lambda m: m.order)] == numbers

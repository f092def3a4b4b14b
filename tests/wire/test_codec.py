"""The codec: one canonical form, strict limits, total decoders."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.wire.codec import DEPTH_MAX, UNPACK_MAX_BYTES, Fields, pack, unpack, unpack_sequence
from peernode.wire.payload import (
    ANSWER_BODY_MAX,
    MESSAGES_MAX,
    REQUEST_BODY_MAX,
    decode_messages,
    encode_answer,
    encode_request,
    encode_token,
    token_of,
)

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.binary(max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=5), max_leaves=20)


@given(values)
def test_what_is_packed_is_unpacked(value: Any) -> None:
    assert unpack(pack(value)) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        value = unpack(data)
    except RemoteProtocolError:
        return
    assert unpack(pack(value)) == value


@given(st.binary(max_size=300))
def test_any_plaintext_is_messages_or_refused(plaintext: bytes) -> None:
    try:
        messages = decode_messages(plaintext)
    except RemoteProtocolError:
        return
    assert 1 <= len(messages) <= MESSAGES_MAX


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\x90"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x81\x01\x01",
        b"\xcb" + bytes(8),
        b"\xd6\xff" + bytes(4),
        b"\xc7\x00\x05",
        b"\xa1\xff",
        b"\xc1",
        b"\x01\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        nested(DEPTH_MAX + 1),
        nested(1000),
        pack(bytes(UNPACK_MAX_BYTES)),
    ],
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        unpack(data)


def test_the_deepest_allowed_value_is_taken() -> None:
    assert unpack(nested(DEPTH_MAX - 1))


@pytest.mark.parametrize("value", [object(), 2**64, "\ud800", {1, 2}])
def test_what_has_no_form_is_our_mistake(value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        pack(value)


def test_nothing_of_a_value_that_failed_half_way_gets_into_the_next() -> None:
    with pytest.raises(LocalProtocolError):
        pack([1, b"half of it", [2**64]])
    assert pack([2]) == b"\x91\x02"


def test_a_sequence_is_bounded() -> None:
    assert unpack_sequence(pack(1) * 3, 3) == [1, 1, 1]
    with pytest.raises(RemoteProtocolError):
        unpack_sequence(pack(1) * 4, 3)


def test_fields_are_taken_in_order_and_the_rest_ignored() -> None:
    fields = Fields([7, b"abc", "né", [1, 2], None, [b"xy"], True, "later"])
    assert fields.take_int(0, 7) == 7
    assert fields.take_bytes(3) == b"abc"
    assert fields.take_str(3) == "né"
    assert fields.take_fields(2).take_int(0, 9) == 1
    assert fields.take_bytes_or_none(4) is None
    assert fields.take_bytes_list(1, 2) == [b"xy"]
    assert fields.take_bool() is True
    assert fields.more


@pytest.mark.parametrize(
    ("value", "take"),
    [
        (8, lambda f: f.take_int(0, 7)),
        (True, lambda f: f.take_int(0, 7)),
        ("1", lambda f: f.take_int(0, 7)),
        (1, lambda f: f.take_bool()),
        (b"ab", lambda f: f.take_bytes(3)),
        ("abc", lambda f: f.take_bytes(3)),
        (b"abcd", lambda f: f.take_bytes_upto(3)),
        (b"abcd", lambda f: f.take_bytes_or_none(3)),
        ("née", lambda f: f.take_str(3)),
        ([1, 2], lambda f: f.take_list(1)),
        (None, lambda f: f.take_list(1)),
        (b"", lambda f: f.take_fields(1)),
        ([b"ab", "ab"], lambda f: f.take_bytes_list(2, 2)),
    ],
)
def test_a_field_of_another_form_is_refused(value: Any, take: Any) -> None:
    with pytest.raises(RemoteProtocolError):
        take(Fields([value]))
    with pytest.raises(RemoteProtocolError):
        take(Fields([]))


def test_messages_of_a_datagram_come_back_in_order() -> None:
    plaintext = encode_request(2**64 - 1, 20, [b"x"]) + encode_answer(5, 0, []) + encode_token(b"8 bytes!")
    request, answer, token = decode_messages(plaintext)
    assert (request.kind, request.request_id, request.code, request.body) == (1, 2**64 - 1, 20, [b"x"])
    assert (answer.kind, answer.request_id, answer.code) == (2, 5, 0)
    assert token_of(token) == b"8 bytes!"


def test_the_largest_answer_leaves_room_for_a_token() -> None:
    body = [bytes(ANSWER_BODY_MAX - 4)]
    assert len(pack(body)) == ANSWER_BODY_MAX
    whole = encode_answer(2**64 - 1, 255, body) + encode_token(bytes(8))
    assert len(whole) <= REQUEST_BODY_MAX + 14 == 1118

"""Frames: exact sizes, round trips, and a decoder that any bytes can't break."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.errors import RemoteProtocolError
from peernode.wire.frames import (
    DATAGRAM_MAX,
    PLAINTEXT_MAX,
    SEALED_OVERHEAD,
    VERSION,
    WELCOME_BYTES,
    Frame,
    Hello,
    Sealed,
    Welcome,
    decode_frame,
)


def binary(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


ips = st.tuples(st.integers(1, 223), *[st.integers(0, 255)] * 3).map(
    lambda octets: ".".join(map(str, octets))
)
hellos = st.builds(Hello, binary(8), binary(16))
welcomes = st.builds(
    Welcome,
    network_id=binary(8),
    public_key=binary(32),
    nonce=binary(16),
    seen=st.tuples(ips, st.integers(1, 65535)),
    wall_ms=st.integers(0, 2**64 - 1),
    token=binary(8),
    signature=binary(64),
)
sealeds = st.builds(
    Sealed,
    binary(32),
    binary(8),
    binary(24),
    st.binary(min_size=16, max_size=PLAINTEXT_MAX + 16),
    st.just(VERSION),
)
frames = st.one_of(hellos, welcomes, sealeds)


@given(frames)
def test_a_frame_survives_the_wire(frame: Frame) -> None:
    datagram = frame.encode()
    assert len(datagram) <= DATAGRAM_MAX
    assert decode_frame(datagram) == frame


@given(hellos)
def test_a_hello_has_the_full_size(hello: Hello) -> None:
    assert len(hello.encode()) == 1200


@given(welcomes)
def test_a_welcome_is_small_and_signed_whole(welcome: Welcome) -> None:
    assert len(welcome.encode()) == WELCOME_BYTES <= 300
    assert welcome.signed_bytes() == welcome.encode()[:-64]


def expect_frame_or_refused(datagram: bytes) -> None:
    try:
        frame = decode_frame(datagram)
    except RemoteProtocolError:
        return
    # HELLO's padding is the one part that a decoder need not keep.
    assert len(frame.encode()) == len(datagram)


@given(st.binary(max_size=1400))
def test_any_bytes_are_a_frame_or_refused(datagram: bytes) -> None:
    expect_frame_or_refused(datagram)


@given(frames, st.data())
def test_a_mutated_frame_is_a_frame_or_refused(frame: Frame, data: st.DataObject) -> None:
    datagram = bytearray(frame.encode())
    datagram[data.draw(st.integers(0, len(datagram) - 1))] ^= data.draw(st.integers(1, 255))
    del datagram[data.draw(st.integers(0, len(datagram))) :]
    expect_frame_or_refused(bytes(datagram))


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x00" * 1200,
        b"\x04" + bytes(100),
        Hello(bytes(8), bytes(16)).encode()[:-1],
        Hello(bytes(8), bytes(16), 2, 3).encode(),
        Sealed(bytes(32), bytes(8), bytes(24), bytes(16), version=2).encode(),
        Sealed(bytes(32), bytes(8), bytes(24), bytes(15)).encode(),
        Sealed(bytes(32), bytes(8), bytes(24), bytes(PLAINTEXT_MAX + 17)).encode(),
    ],
)
def test_what_is_refused(datagram: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_frame(datagram)


def test_the_overhead_is_the_documented_one() -> None:
    assert SEALED_OVERHEAD == 1 + 1 + 32 + 8 + 24 + 16
    assert PLAINTEXT_MAX == 1200 - SEALED_OVERHEAD

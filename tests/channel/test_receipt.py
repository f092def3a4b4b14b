"""Receipts and acks: a word about one message, by one signer, that fits nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.receipt import decode_receipt, sign_ack, sign_receipt, verify_ack
from peernode.errors import RemoteProtocolError
from peernode.wire.codec import pack
from tests.channel.making import CHANNEL, Author, identity

MESSAGE = Author(3).next()
SIGNER = identity()
MACHINE = b"machine8"


def signed(items: list[Any], kind: str = "receipt") -> bytes:
    """An array and a valid signature over it."""
    return pack([*items, SIGNER.sign(kind, pack(items))])


GOOD: list[Any] = [1, CHANNEL, MESSAGE.digest, SIGNER.public_key, MACHINE]


def test_a_receipt_survives_the_wire() -> None:
    receipt = sign_receipt(SIGNER, MESSAGE, MACHINE)
    assert decode_receipt(receipt.raw) == receipt
    assert receipt.raw == signed(GOOD)
    assert (receipt.channel_id, receipt.message_digest) == (CHANNEL, MESSAGE.digest)
    assert (receipt.initiator, receipt.machine_id) == (SIGNER.public_key, MACHINE)


@pytest.mark.parametrize(
    "items",
    [
        [2, *GOOD[1:]],
        [*GOOD[:1], CHANNEL + b"x", *GOOD[2:]],
        [*GOOD[:2], b"short", *GOOD[3:]],
        [*GOOD[:3], identity(1).public_key, MACHINE],
        [*GOOD[:4], b"machine"],
        [*GOOD, b"more"],
        GOOD[:4],
        [],
    ],
    ids=len,
)
def test_what_is_no_receipt_is_refused_although_it_is_signed(items: list[Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_receipt(signed(items))


def test_a_signature_of_another_kind_does_not_count() -> None:
    with pytest.raises(RemoteProtocolError):
        decode_receipt(signed(GOOD, kind="message"))


@settings(max_examples=60)
@given(st.integers(0, 1 << 16), st.integers(1, 255))
def test_one_changed_byte_is_noticed(position: int, change: int) -> None:
    raw = bytearray(signed(GOOD))
    raw[position % len(raw)] ^= change
    with pytest.raises(RemoteProtocolError):
        decode_receipt(bytes(raw))


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_receipt_or_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_receipt(raw)


def test_an_ack_is_for_one_message_by_one_subscriber() -> None:
    other = Author(4).next()
    ack = sign_ack(SIGNER, MESSAGE)
    assert len(ack) == 64
    assert verify_ack(SIGNER.public_key, MESSAGE, ack)
    assert not verify_ack(SIGNER.public_key, other, ack)
    assert not verify_ack(identity(1).public_key, MESSAGE, ack)
    assert not verify_ack(SIGNER.public_key, MESSAGE, ack[:-1])
    assert not verify_ack(b"no key", MESSAGE, ack)
    assert SIGNER.sign("ack", CHANNEL + MESSAGE.digest + SIGNER.public_key) == ack

"""Sealing: only the two keys, only this network, only this direction, only these bytes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import Identity
from peernode.wire.frames import DATAGRAM_MAX, NO_TOKEN, PLAINTEXT_MAX, Sealed, decode_frame
from peernode.wire.sealing import Sealer

NETWORK = b"network1"
ANN, BEN, CAT = (Identity.from_seed(bytes([n]) * 32) for n in (1, 2, 3))
NONCE = bytes(range(24))


def sealed(plaintext: bytes = b"hi", token: bytes = NO_TOKEN) -> Sealed:
    frame = decode_frame(Sealer(ANN, NETWORK, 8).seal(BEN.public_key, token, plaintext, NONCE))
    assert isinstance(frame, Sealed)
    return frame


def test_the_receiver_reads_what_was_sealed() -> None:
    assert Sealer(BEN, NETWORK, 8).open(sealed(b"hello", b"12345678")) == b"hello"


def test_the_longest_plaintext_fills_a_datagram() -> None:
    frame = sealed(bytes(PLAINTEXT_MAX))
    assert len(frame.encode()) == DATAGRAM_MAX
    with pytest.raises(LocalProtocolError):
        sealed(bytes(PLAINTEXT_MAX + 1))


@pytest.mark.parametrize(
    "change",
    [
        {"token": b"another!"},
        {"sender": CAT.public_key},
        {"sender": BEN.public_key},
        {"nonce": bytes(24)},
        {"ciphertext": sealed().ciphertext[:-1] + b"\0"},
    ],
)
def test_a_changed_datagram_does_not_open(change: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        Sealer(BEN, NETWORK, 8).open(sealed()._replace(**change))


@pytest.mark.parametrize(
    ("receiver", "network"),
    [(CAT, NETWORK), (BEN, b"network2"), (ANN, NETWORK)],
    ids=["key", "network", "sender"],
)
def test_nobody_else_opens_it(receiver: Identity, network: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Sealer(receiver, network, 8).open(sealed())


@pytest.mark.parametrize("key", [bytes(32), b"\1" + bytes(31), b"\xff" * 32, b"short"])
def test_a_key_of_small_order_or_off_the_curve_is_refused(key: bytes) -> None:
    sealer = Sealer(BEN, NETWORK, 8)
    with pytest.raises(RemoteProtocolError):
        sealer.open(sealed()._replace(sender=key))
    with pytest.raises(RemoteProtocolError):
        sealer.seal(key, NO_TOKEN, b"", NONCE)


def test_the_cache_of_keys_is_bounded_and_only_holds_proven_senders() -> None:
    rng = random.Random(1)
    sealer = Sealer(BEN, NETWORK, 3)
    for _ in range(5):
        sealer.seal(Identity.generate(rng).public_key, NO_TOKEN, b"", NONCE)
    assert len(sealer) == 3
    with pytest.raises(RemoteProtocolError):
        sealer.open(sealed()._replace(nonce=bytes(24)))
    assert not sealer.knows(ANN.public_key)
    sealer.open(sealed())
    assert sealer.knows(ANN.public_key)

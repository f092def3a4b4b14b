"""Datagrams of released versions: these exact bytes must be understood forever, and made today.

Files of ``tests/golden/`` are never changed, only added to when a version is released.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from peernode.identity import Identity, network_id_of, verify
from peernode.wire.contact import Contact
from peernode.wire.frames import Frame, Hello, Sealed, Welcome, decode_frame
from peernode.wire.payload import decode_messages, encode_answer, encode_request, encode_token
from peernode.wire.sealing import Sealer

GOLDEN = Path(__file__).parent.parent / "golden" / "frames-v1.json"
NETWORK = network_id_of("golden")
ANN, BEN = Identity.from_seed(b"a" * 32), Identity.from_seed(b"b" * 32)
TOKEN = b"a token!"
PLAINTEXT = (
    encode_request(2**63 + 1, 2, [BEN.node_id, bytes(350)])
    + encode_answer(7, 0, [[Contact(ANN.public_key, "192.0.2.9", 4000, public=True).encode()]])
    + encode_token(TOKEN)
)


def made_today() -> dict[str, bytes]:
    welcome = Welcome(NETWORK, ANN.public_key, b"n" * 16, ("192.0.2.1", 4321), 1_700_000_000_123, TOKEN)
    unsigned = welcome.signed_bytes()
    return {
        "hello": Hello(NETWORK, b"n" * 16).encode(),
        "welcome": unsigned + ANN.sign("welcome", unsigned),
        "sealed": Sealer(ANN, NETWORK, 1).seal(BEN.public_key, TOKEN, PLAINTEXT, bytes(range(24))),
    }


def golden() -> dict[str, bytes]:
    stored: dict[str, str] = json.loads(GOLDEN.read_text())
    # HELLO is mostly padding, which is kept out of the file.
    return {name: bytes.fromhex(text) for name, text in stored.items()}


def frame_of(name: str) -> Frame:
    datagram = golden()[name]
    return decode_frame(datagram.ljust(1200, b"\0") if name == "hello" else datagram)


@pytest.mark.parametrize("name", ["hello", "welcome", "sealed"])
def test_todays_bytes_are_the_golden_ones(name: str) -> None:
    today = made_today()[name]
    assert (today.rstrip(b"\0") if name == "hello" else today) == golden()[name]


def test_the_golden_hello_is_understood() -> None:
    assert frame_of("hello") == Hello(NETWORK, b"n" * 16, 1, 1)


def test_the_golden_welcome_is_understood_and_verifies() -> None:
    frame = frame_of("welcome")
    assert isinstance(frame, Welcome)
    assert (frame.seen, frame.wall_ms, frame.token) == (("192.0.2.1", 4321), 1_700_000_000_123, TOKEN)
    assert verify(frame.public_key, "welcome", frame.signed_bytes(), frame.signature)


def test_the_golden_datagram_opens() -> None:
    frame = frame_of("sealed")
    assert isinstance(frame, Sealed)
    request, answer, token = decode_messages(Sealer(BEN, NETWORK, 1).open(frame))
    assert (request.request_id, request.code, request.body[0]) == (2**63 + 1, 2, BEN.node_id)
    assert Contact.decode(answer.body[0][0]).address == ("192.0.2.9", 4000)
    assert token.body == [TOKEN]

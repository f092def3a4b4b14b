"""What a hostile node sends: garbage, forged frames, and properly sealed nonsense.

Idea: only bytes are made here; ``hostile`` decides when they go out and in whose name. It knows what
anybody on the path of the datagrams knows, and the hostile node's own key. Invariant: everything is
drawn from the one ``rng``.
"""

from __future__ import annotations

import random
from typing import Any

from peernode.channel.hlc import COUNTER_BITS
from peernode.channel.message import VERSION, ZERO_PREV, Kind
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import SIGNATURE_BYTES, Identity
from peernode.wire.codec import pack
from peernode.wire.frames import (
    DATAGRAM_MAX,
    HELLO_NONCE_BYTES,
    NO_TOKEN,
    PLAINTEXT_MAX,
    SEAL_NONCE_BYTES,
    SEAL_TAG_BYTES,
    TOKEN_BYTES,
    TYPE_SEALED,
    Hello,
    Sealed,
    Welcome,
)
from peernode.wire.ops import Op, Status
from peernode.wire.payload import KIND_ANSWER, KIND_REQUEST, KIND_TOKEN
from peernode.wire.sealing import Sealer

_SENDER = slice(2, 34)
_TOKEN = slice(34, 34 + TOKEN_BYTES)
_TELLING_SIZES = (0, 4, 6, 8, 16, 20, 24, 32, 64)
_TELLING_NUMBERS = (0, 1, 127, 255, 65_535, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1, -1, -(2**63))
_DEPTH_MAX = 10
_ITEMS_MAX = 9
_SEALERS_KEYS_MAX = 1_024


def is_sealed(datagram: bytes) -> bool:
    """Whether a datagram looks like a SEALED frame."""
    return datagram[:1] == bytes((TYPE_SEALED,)) and len(datagram) > _TOKEN.stop + SEAL_NONCE_BYTES


def sender_in(sealed: bytes) -> bytes:
    """The sender's key, in the clear in a SEALED frame."""
    return sealed[_SENDER]


def token_in(sealed: bytes) -> bytes:
    """The receiver's token, in the clear in a SEALED frame."""
    return sealed[_TOKEN]


class Forger:
    """Makes the datagrams of one hostile node."""

    def __init__(
        self, identity: Identity, network_id: bytes, rng: random.Random, sealer: type[Sealer] = Sealer
    ) -> None:
        self._identity = identity
        self._network_id = network_id
        self._rng = rng
        self._sealer = sealer(identity, network_id, _SEALERS_KEYS_MAX)

    # -- garbage --------------------------------------------------------------------------------

    def noise(self) -> bytes:
        """Random bytes, often with a true frame type at their head."""
        rng = self._rng
        size = rng.choice((rng.randint(0, 80), rng.randint(0, DATAGRAM_MAX), DATAGRAM_MAX + 1, 9_000))
        head = bytes((rng.choice((1, 2, 3, rng.randrange(256))), rng.choice((1, rng.randrange(256)))))
        return (head + rng.randbytes(size))[:size]

    def mutated(self, datagram: bytes) -> bytes:
        """A real datagram with a few bytes changed, or cut off, or longer than it was."""
        rng, changed = self._rng, bytearray(datagram)
        for _ in range(rng.randint(0, 4)):
            if changed:
                changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        if rng.random() < 0.3:
            del changed[rng.randint(0, len(changed)) :]
        if rng.random() < 0.3:
            changed += rng.randbytes(rng.randint(1, 64))
        return bytes(changed)

    # -- forged ---------------------------------------------------------------------------------

    def impersonation(self, claimed_key: bytes, token: bytes) -> bytes:
        """A SEALED frame that claims to be from another key, with a seal that nobody made."""
        rng = self._rng
        ciphertext = rng.randbytes(SEAL_TAG_BYTES + rng.randint(0, 600))
        return Sealed(claimed_key, token, rng.randbytes(SEAL_NONCE_BYTES), ciphertext).encode()

    def broken_seal(self, sealed: bytes) -> bytes:
        """A real SEALED frame, changed behind its header."""
        changed = bytearray(sealed)
        changed[self._rng.randrange(_TOKEN.stop + SEAL_NONCE_BYTES, len(changed))] ^= 1 + self._rng.randrange(
            255
        )
        return bytes(changed)

    def appropriated(self, sealed: bytes) -> bytes:
        """Another's SEALED frame with the hostile node's own key as its sender."""
        return sealed[: _SENDER.start] + self._identity.public_key + sealed[_SENDER.stop :]

    def hello(self) -> bytes:
        """A true HELLO, to be sent in somebody else's name."""
        return Hello(self._network_id, self._rng.randbytes(HELLO_NONCE_BYTES)).encode()

    def welcome(self, claimed_key: bytes, seen: tuple[str, int]) -> bytes:
        """A WELCOME that nobody asked for: well signed by the hostile node, or in another's name."""
        rng = self._rng
        own = rng.random() < 0.5
        unsigned = Welcome(
            network_id=self._network_id,
            public_key=self._identity.public_key if own else claimed_key,
            nonce=rng.randbytes(HELLO_NONCE_BYTES),
            seen=seen,
            wall_ms=rng.choice((0, rng.getrandbits(41), 2**64 - 1)),
            token=rng.randbytes(TOKEN_BYTES),
        ).signed_bytes()
        return unsigned + (
            self._identity.sign("welcome", unsigned) if own else rng.randbytes(SIGNATURE_BYTES)
        )

    def nonsense(self, receiver_key: bytes, token: bytes) -> bytes | None:
        """Properly sealed by the hostile node itself, with nonsense inside; None for an unusable key."""
        plaintext = b"".join(self._message() for _ in range(self._rng.choice((1, 1, 1, 2, 5))))
        return self._sealed(receiver_key, token, plaintext)

    def words(
        self, receiver_key: bytes, token: bytes, channel_id: bytes, author: bytes, now_ms: int
    ) -> bytes | None:
        """A message in another's name, right but for its signature, published or pushed by this node."""
        rng = self._rng
        message_id = bytearray(now_ms.to_bytes(6, "big") + rng.randbytes(10))
        message_id[6], message_id[8] = 0x70 | message_id[6] & 0x0F, 0x80 | message_id[8] & 0x3F
        place = [VERSION, channel_id, author, rng.randbytes(8), 1, ZERO_PREV]
        items = [*place, bytes(message_id), now_ms << COUNTER_BITS, int(Kind.TEXT), b"I never said so", []]
        raw = pack([*items, self._identity.sign("message", pack(items))])
        op, body = rng.choice(((Op.PUBLISH, [raw]), (Op.PUSH, [bytes(16), raw])))
        return self._sealed(receiver_key, token, pack([KIND_REQUEST, rng.getrandbits(64), op, body]))

    def _sealed(self, receiver_key: bytes, token: bytes, plaintext: bytes) -> bytes | None:
        nonce = self._rng.randbytes(SEAL_NONCE_BYTES)
        try:
            return self._sealer.seal(receiver_key, token, plaintext[:PLAINTEXT_MAX], nonce)
        except RemoteProtocolError:
            return None

    def _message(self) -> bytes:
        """A message of random content: mostly a request of a known kind."""
        rng = self._rng
        kind = rng.choice((KIND_REQUEST,) * 8 + (KIND_ANSWER, KIND_TOKEN, rng.randrange(8)))
        codes: tuple[int, ...] = tuple(Op) * 4 if kind == KIND_REQUEST else tuple(Status)
        code = rng.choice((*codes, rng.randrange(300)))
        body = [self._junk(0) for _ in range(rng.randint(0, _ITEMS_MAX))]
        try:
            return pack([kind, rng.getrandbits(64), code, body if rng.random() < 0.9 else self._junk(0)])
        except LocalProtocolError:
            return rng.randbytes(8)

    def _junk(self, depth: int) -> Any:
        rng = self._rng
        form = rng.randrange(10 if depth < _DEPTH_MAX else 8)
        if form < 3:
            return rng.choice((*_TELLING_NUMBERS, rng.randrange(2**16)))
        if form < 6:
            return rng.randbytes(rng.choice((*_TELLING_SIZES, rng.randrange(300))))
        if form < 8:
            return rng.choice((None, True, False, "", "#lobby", "\ud7ff" * 9, 1.5, {"a": 1}))
        return [self._junk(depth + 1) for _ in range(rng.randint(0, 4))]


def blank_token(rng: random.Random) -> bytes:
    """The token of who has none, or an invented one."""
    return rng.choice((NO_TOKEN, rng.randbytes(TOKEN_BYTES)))

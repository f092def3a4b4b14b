"""The three datagrams of the protocol and their exact layouts (``docs/protocol.md``).

``HELLO`` asks an address who lives there, ``WELCOME`` answers it, ``SEALED`` is everything else.
Invariants: ``decode_frame`` is total (any bytes give a frame or ``RemoteProtocolError``) and does no
cryptography; ``decode_frame(frame.encode()) == frame``; nothing here is longer than
``DATAGRAM_MAX``; a WELCOME is far smaller than the HELLO that asks for it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from peernode.environment import Address
from peernode.errors import RemoteProtocolError
from peernode.wire.contact import decode_ip, encode_ip

VERSION = 1
"""The one version of the protocol that this program speaks."""

DATAGRAM_MAX = 1200
"""Bytes of UDP payload; passes every path of the internet without fragments."""

TOKEN_BYTES = 8
NO_TOKEN = bytes(TOKEN_BYTES)
"""The token of who has none yet."""

NETWORK_ID_BYTES = 8
HELLO_NONCE_BYTES = 16
SEAL_NONCE_BYTES = 24
SEAL_TAG_BYTES = 16

TYPE_HELLO = 1
TYPE_WELCOME = 2
TYPE_SEALED = 3

_HELLO = struct.Struct(">BBB8s16s")
_WELCOME = struct.Struct(">BBB8s32s16s4sHQ8s")
_SEALED = struct.Struct(">BB32s8s24s")
_SIGNATURE_BYTES = 64

WELCOME_BYTES = _WELCOME.size + _SIGNATURE_BYTES
SEALED_OVERHEAD = _SEALED.size + SEAL_TAG_BYTES
PLAINTEXT_MAX = DATAGRAM_MAX - SEALED_OVERHEAD
"""Bytes of messages that one SEALED datagram can carry."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who are you? As long as a datagram can be, so that its answer can never amplify."""

    network_id: bytes
    nonce: bytes
    version_min: int = VERSION
    version_max: int = VERSION

    def encode(self) -> bytes:
        """Exactly ``DATAGRAM_MAX`` bytes."""
        head = _HELLO.pack(TYPE_HELLO, self.version_min, self.version_max, self.network_id, self.nonce)
        return head.ljust(DATAGRAM_MAX, b"\0")


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to a HELLO: who lives here, what it saw of the asker, and a token for it."""

    network_id: bytes
    public_key: bytes
    nonce: bytes
    seen: Address
    wall_ms: int
    token: bytes
    signature: bytes = b""
    version_min: int = VERSION
    version_max: int = VERSION

    def signed_bytes(self) -> bytes:
        """What the signature (kind ``welcome``) covers: everything before it."""
        return _WELCOME.pack(
            TYPE_WELCOME,
            self.version_min,
            self.version_max,
            self.network_id,
            self.public_key,
            self.nonce,
            encode_ip(self.seen[0]),
            self.seen[1],
            self.wall_ms,
            self.token,
        )

    def encode(self) -> bytes:
        """Exactly ``WELCOME_BYTES`` bytes, once signed."""
        return self.signed_bytes() + self.signature


class Sealed(NamedTuple):  # made for each datagram; a frozen dataclass takes four times as long
    """Messages that only the receiver can read, from a sender that only that key can be."""

    sender: bytes
    token: bytes
    nonce: bytes
    ciphertext: bytes
    version: int = VERSION

    def encode(self) -> bytes:
        """At most ``DATAGRAM_MAX`` bytes if the plaintext had at most ``PLAINTEXT_MAX``."""
        head = _SEALED.pack(TYPE_SEALED, self.version, self.sender, self.token, self.nonce)
        return head + self.ciphertext


Frame = Hello | Welcome | Sealed


def decode_frame(datagram: bytes) -> Frame:
    """The frame in ``datagram``; raises ``RemoteProtocolError`` and nothing else."""
    if not datagram or len(datagram) > DATAGRAM_MAX:
        raise RemoteProtocolError("not a datagram of this protocol")
    match datagram[0]:
        case 3:
            return _decode_sealed(datagram)
        case 1:
            return _decode_hello(datagram)
        case 2:
            return _decode_welcome(datagram)
        case _:
            raise RemoteProtocolError("unknown frame type")


def _decode_hello(datagram: bytes) -> Hello:
    if len(datagram) != DATAGRAM_MAX:
        raise RemoteProtocolError("a HELLO is padded to the full size")
    _, version_min, version_max, network_id, nonce = _HELLO.unpack_from(datagram)
    _check_versions(version_min, version_max)
    return Hello(network_id, nonce, version_min, version_max)


def _decode_welcome(datagram: bytes) -> Welcome:
    if len(datagram) != WELCOME_BYTES:
        raise RemoteProtocolError("a WELCOME has one size")
    _, version_min, version_max, network_id, public_key, nonce, ip, port, wall_ms, token = (
        _WELCOME.unpack_from(datagram)
    )
    _check_versions(version_min, version_max)
    if not port:
        raise RemoteProtocolError("port 0")
    return Welcome(
        network_id=network_id,
        public_key=public_key,
        nonce=nonce,
        seen=(decode_ip(ip), port),
        wall_ms=wall_ms,
        token=token,
        signature=datagram[_WELCOME.size :],
        version_min=version_min,
        version_max=version_max,
    )


def _decode_sealed(datagram: bytes) -> Sealed:
    if len(datagram) < SEALED_OVERHEAD:
        raise RemoteProtocolError("too short to be sealed")
    _, version, sender, token, nonce = _SEALED.unpack_from(datagram)
    if version != VERSION:
        raise RemoteProtocolError("an unknown version")
    return Sealed(sender, token, nonce, datagram[_SEALED.size :], version)


def _check_versions(version_min: int, version_max: int) -> None:
    if not version_min <= VERSION <= version_max:
        raise RemoteProtocolError("no version in common")

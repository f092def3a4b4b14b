"""Who a node is: one Ed25519 key pair, and the ids that follow from it.

Invariants: every signature names what it is for (``kind``), so that bytes signed as one thing never
verify as another; only PyNaCl verifies signatures anywhere, because libraries disagree on edge cases
and nodes that disagree diverge; a key at rest is wrapped, and its wrapping key lies in another file.
"""

from __future__ import annotations

import functools
import hashlib
import os
import random
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.signing import SigningKey, VerifyKey

from peernode.errors import PeerNodeError

PUBLIC_KEY_BYTES = 32
NODE_ID_BYTES = 20
SIGNATURE_BYTES = 64
SEED_BYTES = 32

_IDS_CACHED_MAX = 65_536
"""Ids of keys that are kept: every contact of every answer asks for one."""

_VERIFIED_MAX = 4096
"""Verdicts kept: a message comes to every node of a worker, its ack from several initiators."""

_SEALED_FILE = "identity.sealed"
_WRAPPING_KEY_FILE = "identity.wrapping-key"


@functools.lru_cache(maxsize=_IDS_CACHED_MAX)
def node_id_of(public_key: bytes) -> bytes:
    """The 20-byte overlay id of a public key."""
    return hashlib.sha256(public_key).digest()[:NODE_ID_BYTES]


def network_id_of(name: str) -> bytes:
    """The 8-byte id of a network; nodes of different networks never hear each other."""
    return hashlib.sha256(b"network" + name.encode()).digest()[:8]


def _signed_bytes(kind: str, data: bytes) -> bytes:
    return b"starling/1/" + kind.encode("ascii") + b"\0" + data


@functools.lru_cache(maxsize=_VERIFIED_MAX)
def verify(public_key: bytes, kind: str, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is ``public_key``'s over ``data`` as a ``kind``; any bytes are allowed."""
    try:
        VerifyKey(public_key).verify(_signed_bytes(kind, data), signature)
    except (CryptoError, ValueError):  # a wrong length is a ValueError, or a CryptoError of its own
        return False
    return True


class Identity:
    """A node's key pair; never printed, never sent."""

    __slots__ = ("_signing_key", "curve25519_private_key", "node_id", "public_key", "seed")

    def __init__(self, seed: bytes) -> None:
        self._signing_key = SigningKey(seed)
        self.seed = seed
        self.public_key: bytes = bytes(self._signing_key.verify_key)
        self.node_id = node_id_of(self.public_key)
        self.curve25519_private_key: bytes = bytes(self._signing_key.to_curve25519_private_key())

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """The identity of a 32-byte seed; ``ValueError`` for another length."""
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
        return cls(seed)

    @classmethod
    def generate(cls, rng: random.Random) -> Identity:
        """A new identity; ``rng`` decides how secret it is (``SystemRandom`` outside of tests)."""
        return cls(rng.randbytes(SEED_BYTES))

    def sign(self, kind: str, data: bytes) -> bytes:
        """The 64-byte signature over ``data`` as a ``kind``."""
        return bytes(self._signing_key.sign(_signed_bytes(kind, data)).signature)

    def __repr__(self) -> str:
        return f"Identity({self.node_id.hex()})"


def load_or_create(directory: Path, rng: random.Random) -> Identity:
    """The identity kept in ``directory``, made on the first call.

    Raises ``PeerNodeError`` ``IDENTITY_UNREADABLE`` rather than ever replacing a key that is there
    but can't be read: a node's identity is its name to everyone else.
    """
    sealed_path = directory / _SEALED_FILE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        wrapping_key = _wrapping_key(directory / _WRAPPING_KEY_FILE, sealed_path, rng)
        if sealed_path.exists():
            return Identity.from_seed(SecretBox(wrapping_key).decrypt(sealed_path.read_bytes()))
        identity = Identity.generate(rng)
        sealed = SecretBox(wrapping_key).encrypt(identity.seed, rng.randbytes(SecretBox.NONCE_SIZE))
        _write_private(sealed_path, bytes(sealed))
    except OSError as error:
        raise PeerNodeError("IDENTITY_UNREADABLE", str(error), path=str(directory)) from error
    except (CryptoError, ValueError) as error:
        detail = f"{sealed_path} does not open with the wrapping key beside it ({error})"
        raise PeerNodeError("IDENTITY_UNREADABLE", detail, path=str(directory)) from error
    return identity


def _wrapping_key(path: Path, sealed_path: Path, rng: random.Random) -> bytes:
    """The key that wraps the identity; a lone one is what a crash between the two writes leaves."""
    if path.exists():
        return path.read_bytes()
    if sealed_path.exists():
        raise OSError(f"{path} is missing; {sealed_path} can't be opened without it")
    wrapping_key = rng.randbytes(SecretBox.KEY_SIZE)
    _write_private(path, wrapping_key)
    return wrapping_key


def _write_private(path: Path, content: bytes) -> None:
    """Write a 0600 file that is there in full or not at all, also after a power cut."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)

"""Tokens: proof that who claims an address also receives there.

A token is a keyed hash of public key, ip and port, so nothing is stored per peer: whoever sends one
back from that address has received it there. The secret changes every ``ROTATION_S``; the one
before is accepted too, so a token lives 5 to 10 minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import random

from peernode.environment import Address
from peernode.wire.frames import NO_TOKEN, TOKEN_BYTES

ROTATION_S = 300.0


class AddressTokens:
    """Makes and checks the tokens of one node."""

    def __init__(self, rng: random.Random, now: float) -> None:
        self._rng = rng
        self._current = rng.randbytes(32)
        self._previous = rng.randbytes(32)
        self._rotate_at = now + ROTATION_S

    def make(self, public_key: bytes, address: Address, now: float) -> bytes:
        """The token for ``public_key`` at ``address``."""
        self._rotate(now)
        return _token(self._current, public_key, address)

    def valid(self, token: bytes, public_key: bytes, address: Address, now: float) -> bool:
        """Whether ``token`` was made for exactly that key and address, not long ago."""
        if token == NO_TOKEN:
            return False
        self._rotate(now)
        return hmac.compare_digest(token, _token(self._current, public_key, address)) or (
            hmac.compare_digest(token, _token(self._previous, public_key, address))
        )

    def _rotate(self, now: float) -> None:
        if now < self._rotate_at:
            return
        # After a long silence both secrets are too old.
        missed = now >= self._rotate_at + ROTATION_S
        self._previous = self._rng.randbytes(32) if missed else self._current
        self._current = self._rng.randbytes(32)
        self._rotate_at = now + ROTATION_S


def _token(secret: bytes, public_key: bytes, address: Address) -> bytes:
    claim = public_key + f"{address[0]}:{address[1]}".encode()
    return hashlib.blake2b(claim, key=secret, digest_size=TOKEN_BYTES).digest()

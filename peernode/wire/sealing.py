"""Sealing: what two nodes say is read by those two keys only, and by nobody in between changed.

One symmetric key per pair of identities, derived from their Curve25519 agreement and kept in a
bounded LRU cache (a derivation costs 50 times a decryption). The associated data binds a datagram
to its network, sender, receiver and token, so that none can be turned around or sent on.
Invariant: a key enters the cache only by our own wish to send or after a datagram has authenticated
with it; invented sender keys can't push real ones out.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
    crypto_sign_ed25519_pk_to_curve25519,
)
from nacl.exceptions import CryptoError

from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.identity import Identity
from peernode.wire.frames import PLAINTEXT_MAX, TYPE_SEALED, VERSION, Sealed

_PERSON = b"starling/1/seal"


class Sealer:
    """Seals to and opens from other identities, for one identity on one network."""

    def __init__(self, identity: Identity, network_id: bytes, cache_max: int) -> None:
        self._identity = identity
        self._network_id = network_id
        self._cache_max = cache_max
        self._keys: OrderedDict[bytes, bytes] = OrderedDict()
        self._bound = bytes((TYPE_SEALED, VERSION)) + network_id

    def __len__(self) -> int:
        return len(self._keys)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"keys": (len(self._keys), self._cache_max)}

    def knows(self, peer_key: bytes) -> bool:
        """Whether the pair's key is at hand, so that ``open`` costs no derivation."""
        return peer_key in self._keys

    def seal(self, peer_key: bytes, token: bytes, plaintext: bytes, nonce: bytes) -> bytes:
        """The SEALED datagram to ``peer_key``; ``nonce`` is 24 random bytes, never used before.

        Raises ``LocalProtocolError`` when ``plaintext`` is too long, ``RemoteProtocolError`` when
        ``peer_key`` is no usable key (somebody gave it to us).
        """
        if len(plaintext) > PLAINTEXT_MAX:
            raise LocalProtocolError(f"{len(plaintext)} bytes do not fit a datagram")
        key = self._key(peer_key)
        self._remember(peer_key, key)
        associated = self._associated(self._identity.public_key, peer_key, token)
        ciphertext = self._encrypt(plaintext, associated, nonce, key)
        return Sealed(self._identity.public_key, token, nonce, ciphertext).encode()

    def open(self, frame: Sealed) -> bytes:
        """The plaintext of ``frame``; ``RemoteProtocolError`` if it was not sealed so, for us."""
        key = self._key(frame.sender)
        associated = self._associated(frame.sender, self._identity.public_key, frame.token)
        try:
            plaintext = self._decrypt(frame.ciphertext, associated, frame.nonce, key)
        except CryptoError as error:
            raise RemoteProtocolError("does not open") from error
        self._remember(frame.sender, key)
        return plaintext

    def _associated(self, sender: bytes, receiver: bytes, token: bytes) -> bytes:
        return self._bound + sender + receiver + token

    def _key(self, peer_key: bytes) -> bytes:
        known = self._keys.get(peer_key)
        if known is not None:
            return known
        own = self._identity.public_key
        material = self._agree(peer_key) + min(own, peer_key) + max(own, peer_key) + self._network_id
        return hashlib.blake2b(material, digest_size=32, person=_PERSON).digest()

    # -- the cryptography, which a large simulation replaces ---------------------------------------

    def _encrypt(self, plaintext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
        ciphertext: bytes = crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)
        return ciphertext

    def _decrypt(self, ciphertext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
        """The plaintext; ``CryptoError`` when it was not encrypted so."""
        plaintext: bytes = crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, associated, nonce, key)
        return plaintext

    def _agree(self, peer_key: bytes) -> bytes:
        """The secret shared with ``peer_key``; ``RemoteProtocolError`` for what is no usable key."""
        try:
            peer_curve = crypto_sign_ed25519_pk_to_curve25519(peer_key)
            shared: bytes = crypto_scalarmult(self._identity.curve25519_private_key, peer_curve)
        except (CryptoError, ValueError) as error:  # not on the curve, or of small order
            raise RemoteProtocolError("not a usable public key") from error
        return shared

    def _remember(self, peer_key: bytes, key: bytes) -> None:
        self._keys[peer_key] = key
        self._keys.move_to_end(peer_key)
        if len(self._keys) > self._cache_max:
            self._keys.popitem(last=False)

"""The cipher of datagrams: the same bytes as PyNaCl gives, and nothing without the right key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt
from nacl.exceptions import CryptoError

from peernode.wire.aead import KEY_BYTES, NONCE_BYTES, TAG_BYTES, decrypt, encrypt

KEY, NONCE = bytes(range(KEY_BYTES)), bytes(range(NONCE_BYTES))
keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)


@given(st.binary(max_size=1200), st.binary(max_size=100), nonces, keys)
def test_it_is_what_the_bindings_do(plaintext: bytes, associated: bytes, nonce: bytes, key: bytes) -> None:
    ciphertext = encrypt(plaintext, associated, nonce, key)
    assert ciphertext == crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, associated, nonce, key)
    assert decrypt(ciphertext, associated, nonce, key) == plaintext


@pytest.mark.parametrize("size", [*range(TAG_BYTES + 1), 40])
def test_what_was_not_encrypted_so_does_not_open(size: int) -> None:
    with pytest.raises(CryptoError):
        decrypt(bytes(size), b"", NONCE, KEY)


def test_another_key_nonce_or_context_does_not_open() -> None:
    ciphertext = encrypt(b"text", b"context", NONCE, KEY)
    for associated, nonce, key in (
        (b"another", NONCE, KEY),
        (b"context", bytes(NONCE_BYTES), KEY),
        (b"context", NONCE, bytes(KEY_BYTES)),
    ):
        with pytest.raises(CryptoError):
            decrypt(ciphertext, associated, nonce, key)


@pytest.mark.parametrize(("nonce", "key"), [(NONCE[1:], KEY), (NONCE, KEY[1:]), (NONCE + b"1", KEY)])
def test_lengths_that_libsodium_relies_on_are_checked(nonce: bytes, key: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        encrypt(b"text", b"", nonce, key)
    with pytest.raises(ValueError, match="bytes"):
        decrypt(bytes(40), b"", nonce, key)

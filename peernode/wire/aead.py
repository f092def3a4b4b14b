"""XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), as libsodium does it, for datagrams.

Idea: PyNaCl's own functions around the same two calls of C spend two thirds of a datagram's time on checks
of their arguments and on error texts that nobody needs. Here only what C relies on is checked: the lengths
of key and nonce. (That arguments are bytes is checked by cffi.)
"""

from __future__ import annotations

from nacl._sodium import ffi, lib
from nacl.exceptions import CryptoError

KEY_BYTES = 32
NONCE_BYTES = 24
TAG_BYTES = 16

_BUFFER = ffi.typeof("unsigned char[]")


def encrypt(plaintext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
    """The ciphertext, ``TAG_BYTES`` longer; ``ValueError`` for a nonce or a key of another length."""
    _check(nonce, key)
    size = len(plaintext) + TAG_BYTES
    ciphertext = ffi.new(_BUFFER, size)
    failed = lib.crypto_aead_xchacha20poly1305_ietf_encrypt(
        ciphertext, ffi.NULL, plaintext, len(plaintext), associated, len(associated), ffi.NULL, nonce, key
    )
    if failed:
        raise CryptoError("not encrypted")
    return bytes(ffi.buffer(ciphertext, size))


def decrypt(ciphertext: bytes, associated: bytes, nonce: bytes, key: bytes) -> bytes:
    """The plaintext; ``CryptoError`` when it was not encrypted so, ``ValueError`` as ``encrypt``."""
    _check(nonce, key)
    size = len(ciphertext) - TAG_BYTES
    if size < 0:
        raise CryptoError("too short to be a ciphertext")
    plaintext = ffi.new(_BUFFER, size)
    failed = lib.crypto_aead_xchacha20poly1305_ietf_decrypt(
        plaintext, ffi.NULL, ffi.NULL, ciphertext, len(ciphertext), associated, len(associated), nonce, key
    )
    if failed:
        raise CryptoError("not encrypted so")
    return bytes(ffi.buffer(plaintext, size))


def _check(nonce: bytes, key: bytes) -> None:
    if len(nonce) != NONCE_BYTES or len(key) != KEY_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes and a key {KEY_BYTES}")

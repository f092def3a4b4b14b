"""Secrets that live in files of their own, readable by the server's account alone.

A key is made once and kept: losing it signs everybody out (the signing key) or makes the users'
identities unreadable (the wrapping key), so an existing file that can't be used is an error with a
sentence, never a reason to make a new one. Two processes that start at once agree on one key: it is
written in full under another name and then linked into place, and the loser reads the winner's.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_BYTES = 32


class KeyFileError(Exception):
    """A key file exists but can't be used."""

    code = "KEY_UNREADABLE"


def load_or_create(path: Path) -> bytes:
    """The 32 bytes kept in ``path``, made at first use (0600); raises ``KeyFileError``."""
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"the key file {path} can't be used: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"the key file {path} has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first; its key is the one that counts
    finally:
        draft.unlink()

"""Channel names and ids.

Invariants: one channel has one id on every node of a network, however its name was typed (Unicode
NFC); a name is something a person can read: 1 to 64 characters, no spaces, no control characters. A
channel that somebody joins for the first time has a name that begins with ``#`` and can stand in an
address; older nodes are in others, and those stay.
"""

from __future__ import annotations

import hashlib
import unicodedata

from peernode.errors import PeerNodeError

NAME_MAX_CHARS = 64

CANARY_PREFIX = "#.canary-"
"""Channels in which servers test themselves. Every node keeps their messages for ``CANARY_KEEP_MS`` only, so
that tests never fill a disk; a person who gives a channel such a name gets no more than that either."""

CANARY_KEEP_MS = 3_600_000


def normalise_name(name: str) -> str:
    """The canonical form of a channel's name; ``CHANNEL_NAME_INVALID`` when it can't be one."""
    normal = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(normal) <= NAME_MAX_CHARS:
        raise PeerNodeError("CHANNEL_NAME_INVALID", "1 to 64 characters")
    if any(char.isspace() or unicodedata.category(char)[0] == "C" for char in normal):
        raise PeerNodeError("CHANNEL_NAME_INVALID", "no spaces or control characters")
    return normal


NO_NAMES = ("#", "#.", "#..")
"""What would vanish from an address: nothing, this folder, the one above."""


def joinable_name(name: str) -> str:
    """The canonical form of a name to join a channel by that this node is not in yet.

    Raises ``CHANNEL_NAME_INVALID`` for what ``normalise_name`` refuses, and for a name that doesn't begin
    with ``#`` or has no address of its own (``/c/lobby/`` is ``#lobby``).
    """
    normal = normalise_name(name)
    if not normal.startswith("#") or normal in NO_NAMES:
        raise PeerNodeError("CHANNEL_NAME_INVALID", "begins with #, and is not #, #. or #..")
    return normal


def is_canary(name: str) -> bool:
    """Whether a channel is one in which a server tests itself."""
    return name.startswith(CANARY_PREFIX)


def channel_id_of(network_id: bytes, name: str) -> bytes:
    """The 20-byte id of a normalised name on a network."""
    return hashlib.sha256(b"channel" + network_id + name.encode()).digest()[:20]

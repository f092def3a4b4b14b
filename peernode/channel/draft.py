"""``Draft``: what somebody wants to say, before it has a number and a signature.

Invariant: ``encoded`` gives a body and blocks of which ``kinds.check_body`` approves, or says what is wrong
with the draft in a word that its writer understands.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from peernode.channel.filetree import FileRef
from peernode.channel.kinds import ABOUT_MAX_BYTES, EMOJI_MAX_BYTES, NAME_MAX_BYTES, Kind, Target
from peernode.channel.message import PARTS_MAX
from peernode.channel.parts import split_parts
from peernode.config import NodeConfig
from peernode.errors import PeerNodeError

_NO_EMOJI = ("Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
"""Unicode categories of which no emoji has a character: controls, surrogates, unassigned, spaces."""

_OF_ONESELF = {Kind.PROFILE: NAME_MAX_BYTES, Kind.CARD: ABOUT_MAX_BYTES}
"""Kinds by which people introduce themselves, and the most that their text has."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message of one of the kinds that people write."""

    kind: Kind
    text: str = ""
    target: Target | None = None
    emoji: str = ""
    on: bool = True
    """Whether the emoji is set, or taken back."""
    picture: bytes = b""
    """What a card shows beside its text."""
    file: FileRef | None = None
    """What a file's message names; its blocks are stored already."""

    def encoded(self, config: NodeConfig) -> tuple[bytes, list[bytes]]:
        """The body, and the blocks of a text that does not fit into it.

        Raises ``PeerNodeError``: ``EMPTY``, ``TOO_LARGE`` or ``BAD_FRAME``.
        """
        prefix = self.target.key if self.target else b""
        if self.kind is Kind.DELETE:
            return prefix, []
        if self.file is not None:
            return self.file.body, []
        if self.kind is Kind.REACTION:
            return prefix + (b"\x01" if self.on else b"\x00") + self._emoji_bytes(), []
        text = _utf8(self.text)
        if self.kind in _OF_ONESELF:
            return _at_most(text, _OF_ONESELF[self.kind]), self._picture_blocks(config)
        if len(text) > config.text_max_bytes:
            raise PeerNodeError("TOO_LARGE", limit=config.text_max_bytes)
        if not self.text.strip():
            raise PeerNodeError("EMPTY")
        if len(prefix) + len(text) <= config.body_max_bytes:
            return prefix + text, []
        return prefix, split_parts(text, config.part_max_bytes)

    def _picture_blocks(self, config: NodeConfig) -> list[bytes]:
        return split_parts(_at_most(self.picture, PARTS_MAX * config.part_max_bytes), config.part_max_bytes)

    def _emoji_bytes(self) -> bytes:
        emoji = _utf8(self.emoji)
        odd = any(unicodedata.category(char) in _NO_EMOJI for char in self.emoji)
        if not 1 <= len(emoji) <= EMOJI_MAX_BYTES or odd:
            raise PeerNodeError("BAD_FRAME", reason=f"An emoji has 1 to {EMOJI_MAX_BYTES} bytes.")
        return emoji


def _at_most(value: bytes, limit: int) -> bytes:
    if len(value) > limit:
        raise PeerNodeError("TOO_LARGE", limit=limit)
    return value


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise PeerNodeError("BAD_FRAME", reason="The text holds half of a character.") from None

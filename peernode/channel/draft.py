"""``Draft``: what somebody wants to say, before it has a number and a signature.

Invariant: ``encoded`` gives a body and blocks of which ``kinds.check_body`` approves, or says what is wrong
with the draft in a word that its writer understands.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from peernode.channel.kinds import EMOJI_MAX_BYTES, Kind, Target
from peernode.channel.parts import split_parts
from peernode.config import NodeConfig
from peernode.errors import PeerNodeError

_NO_EMOJI = ("Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
"""Unicode categories of which no emoji has a character: controls, surrogates, unassigned, spaces."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message of one of the kinds that people write."""

    kind: Kind
    text: str = ""
    target: Target | None = None
    emoji: str = ""
    on: bool = True
    """Whether the emoji is set, or taken back."""

    def encoded(self, config: NodeConfig) -> tuple[bytes, list[bytes]]:
        """The body, and the blocks of a text that does not fit into it.

        Raises ``PeerNodeError``: ``EMPTY``, ``TOO_LARGE`` or ``BAD_FRAME``.
        """
        prefix = self.target.key if self.target else b""
        if self.kind is Kind.DELETE:
            return prefix, []
        if self.kind is Kind.REACTION:
            return prefix + (b"\x01" if self.on else b"\x00") + self._emoji_bytes(), []
        text = _utf8(self.text)
        if len(text) > config.text_max_bytes:
            raise PeerNodeError("TOO_LARGE", limit=config.text_max_bytes)
        if self.kind is not Kind.PROFILE and not self.text.strip():
            raise PeerNodeError("EMPTY")
        if len(prefix) + len(text) <= config.body_max_bytes:
            return prefix + text, []
        return prefix, split_parts(text, config.part_max_bytes)

    def _emoji_bytes(self) -> bytes:
        emoji = _utf8(self.emoji)
        odd = any(unicodedata.category(char) in _NO_EMOJI for char in self.emoji)
        if not 1 <= len(emoji) <= EMOJI_MAX_BYTES or odd:
            raise PeerNodeError("BAD_FRAME", reason=f"An emoji has 1 to {EMOJI_MAX_BYTES} bytes.")
        return emoji


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise PeerNodeError("BAD_FRAME", reason="The text holds half of a character.") from None

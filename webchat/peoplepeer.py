"""``PeoplePeer``: the people that one user's node knows, the user among them; part of ``Peer``.

Invariant: what somebody says of itself, and what the user thinks of others, goes to all pages of the user.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from webchat.bridge import PeerNode, Profile, ReadState, done
from webchat.chat.commands import CommandError
from webchat.images import portrait_of

Emit = Callable[[dict[str, Any]], None]


class PeoplePeer:
    """See the module."""

    node: PeerNode

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    async def block(self, node_id: str, on: bool) -> None:
        """Block a person, or no longer; all pages learn it, and what is unread now, by events."""
        self._emit({"type": "person.blocked", "blocked": await done(self.node.block(node_id, on))})
        for channel in self.node.channels():
            self._tell_read(self.node.read_state(channel))

    def person(self, channel: str, node_id: str) -> dict[str, Any]:
        """What somebody says of itself."""
        self._known(channel)
        fields = asdict(self.node.person(channel, node_id))
        return {"node": fields.pop("node_id"), **fields}

    async def verify(self, node_id: str, on: bool) -> None:
        """Mark a person's fingerprint as compared, or no longer; other pages learn it by an event."""
        self._emit({"type": "person.verified", "verified": await done(self.node.verify(node_id, on))})

    def picture(self, node_id: str, picture: str) -> str:
        """Somebody's picture in base64; empty when this node does not have it."""
        return base64.b64encode(self.node.picture(node_id, picture) or b"").decode()

    def profile(self) -> dict[str, Any]:
        """What the user says of itself in all channels."""
        profile, picture = self.node.profile()
        return {"name": profile.name, "about": profile.about, "picture": picture}

    def whole_profile(self) -> dict[str, Any]:
        """The same with the picture itself, in base64."""
        profile, _ = self.node.profile()
        picture = base64.b64encode(profile.picture).decode()
        return {"name": profile.name, "about": profile.about, "picture": picture}

    async def set_profile(self, name: str, about: str, picture: str | None) -> None:
        """Say something else, ``picture`` in base64 (None: the same as before); all pages learn it."""
        content = self.node.profile()[0].picture if picture is None else base64.b64decode(picture)
        portrait_of(content)
        await done(self.node.set_profile(Profile(name, about, content)))
        self._emit({"type": "profile", **self.profile()})

    def _tell_read(self, state: ReadState) -> None:
        self._emit({"type": "channel.read", **asdict(state)})

    def _known(self, channel: str) -> None:
        if channel not in self.node.channels():
            raise CommandError("CHANNEL_UNKNOWN", channel)

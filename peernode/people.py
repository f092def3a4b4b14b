"""``NodePeople``: the people of a node's channels, as its application asks about them; part of ``PeerNode``.

Invariants: what somebody says of itself comes from the channels' logs and proves nothing but which key said
it; whom the own person blocks or has verified is durable when the call returns, and told to nobody.
"""

from __future__ import annotations

import re

from peernode.errors import PeerNodeError
from peernode.events import Member, Person, Profile
from peernode.insight import NodeInsight

NODE_ID = re.compile("[0-9a-fA-F]{40}")


class NodePeople(NodeInsight):
    """See the module."""

    # -- others ------------------------------------------------------------------------------

    def names(self, name: str) -> dict[str, str]:
        """Display names by node id in a joined channel."""
        people = self._pubsub.storage.member(name).timeline.people
        return {node_id.hex(): called for node_id, called in people.names().items()}

    def pictures(self, name: str) -> dict[str, str]:
        """In a joined channel, by node id: the names of pictures, of those who have one."""
        return self._pubsub.storage.member(name).timeline.people.pictures()

    def person(self, name: str, node_id: str) -> Person:
        """What somebody says of itself in a joined channel."""
        return self._pubsub.storage.member(name).timeline.people.person(node_id_bytes(node_id))

    def picture(self, node_id: str, picture: str) -> bytes | None:
        """The bytes of somebody's picture, by its name; None when no joined channel knows it."""
        wanted = node_id_bytes(node_id)
        if node_id == self.node_id and picture and picture == self._pubsub.profile.picture:
            return self._pubsub.profile.now.picture
        for replica in self._pubsub.storage.replicas.values():
            found = replica.timeline.people.picture(wanted, picture) if replica.member else None
            if found is not None:
                return found
        return None

    def typing(self, name: str) -> None:
        """Somebody writes in a joined channel: a hint to the others, now or not at all."""
        self._pubsub.presence.typing(self._pubsub.storage.member(name))

    async def members(self, name: str) -> tuple[list[Member], int]:
        """Who is in a joined channel and can be reached from here, after a look; the list may be cut."""
        return await self._pubsub.presence.members(self._pubsub.storage.member(name))

    # -- what the own person thinks of them --------------------------------------------------

    async def block(self, node_id: str, on: bool) -> list[str]:
        """Block a person, or no longer; the node ids that are blocked then."""
        return await self._pubsub.blocked.set(node_id_bytes(node_id).hex(), on)

    def blocked(self) -> list[str]:
        """Node ids of the people whom this node's person does not want to hear."""
        return self._pubsub.blocked.all()

    async def verify(self, node_id: str, on: bool) -> list[str]:
        """The own person has compared somebody's fingerprint, or doubts it; who is verified then."""
        return await self._pubsub.verified.set(node_id_bytes(node_id).hex(), on)

    def verified(self) -> list[str]:
        """Node ids of the people whose fingerprints the own person has compared."""
        return self._pubsub.verified.all()

    # -- the own person ----------------------------------------------------------------------

    def profile(self) -> tuple[Profile, str]:
        """What the own person says of itself, and the name of the picture."""
        return self._pubsub.profile.now, self._pubsub.profile.picture

    async def set_profile(self, profile: Profile) -> None:
        """Say something else; durable when this returns, then the channels hear it. ``PeerNodeError``."""
        await self._pubsub.profile.set(profile)


def node_id_bytes(text: str) -> bytes:
    if not NODE_ID.fullmatch(text):
        raise PeerNodeError("BAD_FRAME", reason="A node id has 40 hex digits.")
    return bytes.fromhex(text)

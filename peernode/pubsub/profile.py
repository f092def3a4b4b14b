"""``OwnProfile``: what the person behind this node says of itself, and saying it in the channels.

One profile for all channels, kept by the node, so that all of a person's pages agree. In a channel it is two
messages: the name (``PROFILE``), and a card with the rest (``CARD``) only of who has something more to say.

Invariants: a profile is durable before any channel hears of it; it is said in a channel at most once as long
as it stays the same; in a channel of more than ``small_channel_max`` only who writes is introduced, because
everybody's name told to everybody would cost the square of the members.
"""

from __future__ import annotations

from peernode.channel.draft import Draft
from peernode.channel.kinds import Kind
from peernode.channel.parts import named_by, part_digest, split_parts
from peernode.errors import PeerNodeError, RemoteProtocolError
from peernode.events import OutboxState, Profile
from peernode.pubsub.context import Context
from peernode.pubsub.people import NO_CARD, shown
from peernode.pubsub.publish import Publisher
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import PutMeta
from peernode.wire.codec import Fields, pack, unpack

_KEY = "profile"
_STORED_MAX_BYTES = 1 << 16

SAID_AT_ONCE_MAX = 8
"""Messages of one introduction: what is changed more often meanwhile is said with the next text or join."""


class OwnProfile:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, publisher: Publisher) -> None:
        self._context = context
        self._storage = storage
        self._publisher = publisher
        self._profile = Profile(context.config.display_name, "", b"")

    def load(self) -> None:
        """Take up what the last run kept; until somebody sets one it is the configured name."""
        raw = self._context.store.meta(_KEY)
        if raw is None:
            return
        try:
            fields = Fields(unpack(raw))
            name, about, picture = (fields.take_bytes_upto(_STORED_MAX_BYTES) for _ in range(3))
            self._profile = Profile(name.decode(), about.decode(), picture)
        except (RemoteProtocolError, UnicodeDecodeError):
            self._context.collector.count("profile.unreadable")

    @property
    def now(self) -> Profile:
        """The profile as it is."""
        return self._profile

    @property
    def picture(self) -> str:
        """The name of the own picture, empty for none."""
        return named_by(self._digests)

    @property
    def _digests(self) -> bytes:
        blocks = split_parts(self._profile.picture, self._context.config.part_max_bytes)
        return b"".join(part_digest(block) for block in blocks)

    async def set(self, profile: Profile) -> None:
        """Keep it, then say it in every channel; ``EMPTY``, ``TOO_LARGE`` or ``BAD_FRAME``."""
        profile = Profile(shown(profile.name), profile.about.strip(), profile.picture)
        if not profile.name:
            raise PeerNodeError("EMPTY")
        for draft in _drafts(profile):
            draft.encoded(self._context.config)
        stored = pack([profile.name.encode(), profile.about.encode(), profile.picture])
        await self._context.commit(PutMeta(_KEY, stored))
        self._profile = profile
        for replica in list(self._storage.replicas.values()):
            if replica.joined:
                self._context.tasks.spawn(self.settled(replica), "introduce")

    async def settled(self, replica: Replica) -> None:
        """Introduce ourselves where everybody does, and where we are known already or have written."""
        key = self._context.identity.public_key
        known = replica.own is not None or bool(replica.timeline.people.name_of(key))
        if known or replica.listeners <= self._context.config.small_channel_max:
            await self.introduce(replica)

    async def publish(self, replica: Replica, message_id: bytes, draft: Draft) -> OutboxState:
        """Accept a message of the person's; the name shares its datagrams where it is due.

        A card follows after it (``introduce``): its picture would only delay the text.
        """
        due = self._due(replica) if replica.joined and not replica.introducing else None
        if due is None or due.kind is not Kind.PROFILE:
            return await self._publisher.publish(replica.name, message_id, draft)
        replica.introducing = True
        try:
            return await self._publisher.publish(replica.name, message_id, draft, beside=due)
        finally:
            replica.introducing = False

    async def introduce(self, replica: Replica) -> None:
        """Say who we are unless it is known or being said: several texts at once need it once."""
        if replica.introducing:
            return
        replica.introducing = True
        try:
            # What is changed while it is being said is said after it.
            for _ in range(SAID_AT_ONCE_MAX):
                due = self._due(replica)
                if due is None:
                    break
                await self._publisher.publish(replica.name, self._context.new_id(), due)
        except PeerNodeError as error:  # left meanwhile, or no room: the next join or text says it
            self._context.collector.count(f"profile.{error.code}")
        finally:
            replica.introducing = False

    def _due(self, replica: Replica) -> Draft | None:
        """What the channel does not know yet."""
        key, people = self._context.identity.public_key, replica.timeline.people
        name, card = _drafts(self._profile)
        if name.text and people.name_of(key) != shown(name.text):
            return name
        known = people.card_of(key) or NO_CARD
        return card if (known.about, known.parts) != (card.text, self._digests) else None


def _drafts(profile: Profile) -> tuple[Draft, Draft]:
    return Draft(Kind.PROFILE, profile.name), Draft(Kind.CARD, profile.about, picture=profile.picture)

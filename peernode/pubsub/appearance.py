"""``Appearance``: how a message of the log looks to a person, with all that was said about it.

Invariants: what it shows follows from what the store holds and from nothing else, so that a page read anew
and the events since the last one agree; a deleted message has no text, and its parts are not asked for; an
edit whose parts are missing leaves the text before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peernode.channel.changes import Changes, changes_of
from peernode.channel.kinds import CHANGES, TEXTS, Kind, Target, inline_text
from peernode.channel.message import Message
from peernode.channel.parts import join_parts
from peernode.events import ChatMessage
from peernode.identity import node_id_of
from peernode.pubsub.context import Context, uuid_text
from peernode.pubsub.fileinfo import file_info

if TYPE_CHECKING:
    from peernode.pubsub.replica import Replica

STREAM_PLACE_MAX = 3
"""Messages under one number that are looked at, to find the one that a skip names."""


class Appearance:
    """The looks of one replica's messages."""

    def __init__(self, context: Context, replica: Replica) -> None:
        self._context = context
        self._replica = replica

    def of(self, message: Message, name: str) -> ChatMessage | None:
        """The message as shown under its author's ``name``; None when it is not for the eye."""
        if message.kind not in TEXTS or self._replica.log.hidden(message) or not self._is_first(message):
            return None
        changes = self._changes(_target_of(message))
        text = "" if changes.deleted else self._present_text(message, changes)
        if text is None:
            return None
        return ChatMessage(
            id=uuid_text(message.id),
            channel=self._replica.name,
            author=node_id_of(message.author).hex(),
            name=name,
            text=text,
            order=message.order,
            at_ms=message.hlc >> 16,
            own=message.author == self._context.identity.public_key,
            reply_to=uuid_text(message.target.id) if message.target else "",
            edited_ms=changes.edit.hlc >> 16 if changes.edit else 0,
            deleted=changes.deleted,
            file=None if changes.deleted else file_info(message),
            reactions=tuple((emoji, tuple(person.hex() for person in by)) for emoji, by in changes.reactions),
        )

    def gone(self, message: Message) -> bool:
        """Whether it was deleted, or taken back before it got out."""
        return self._replica.log.hidden(message) or self._changes(_target_of(message)).deleted

    def changed_by(self, message: Message) -> Message | None:
        """The message here that looks different now that ``message`` is in the log."""
        if message.kind is Kind.SKIP:
            skipped = self._skipped(message)
            return self.changed_by(skipped) if skipped is not None and skipped.kind in CHANGES else None
        if message.kind not in CHANGES or message.target is None:
            return None
        return self.find(message.target.id, message.target.author)

    def taken_back_by(self, message: Message) -> Message | None:
        """The text that ``message`` takes back, which no page shows from now on."""
        skipped = self._skipped(message)
        return skipped if skipped is not None and skipped.kind in TEXTS else None

    def find(self, message_id: bytes, author: bytes | None = None) -> Message | None:
        """The first text in the order with this id, of the author with this node id if one is given."""
        for raw in self._context.store.by_id(self._replica.channel_id, message_id):
            message = Message.trusted(raw)
            if message.kind in TEXTS and author in (None, node_id_of(message.author)):
                return message
        return None

    def _skipped(self, skip: Message) -> Message | None:
        """What a skip takes back."""
        if skip.skips is None:
            return None
        instance, seq, digest = skip.skips
        place = (self._replica.channel_id, skip.author, instance, seq, seq, STREAM_PLACE_MAX)
        for _, raw in self._context.store.messages(*place):
            message = Message.trusted(raw)
            if message.digest == digest:
                return message
        return None

    def _changes(self, target: Target) -> Changes:
        raws = self._context.store.about(self._replica.channel_id, target.key)
        about = (Message.trusted(raw) for raw in raws)
        return changes_of(message for message in about if not self._replica.log.hidden(message))

    def _is_first(self, message: Message) -> bool:
        """Of several messages with one (author, id) only the first in the order is shown."""
        for raw in self._context.store.by_id(message.channel_id, message.id):
            other = Message.trusted(raw)
            if other.author == message.author and other.order_key < message.order_key:
                return False
        return True

    def _present_text(self, message: Message, changes: Changes) -> str | None:
        edited = self.text_of(changes.edit) if changes.edit is not None else None
        return edited if edited is not None else self.text_of(message)

    def text_of(self, message: Message) -> str | None:
        """The text, put together from its parts; None when a part is missing (repair follows)."""
        if not message.parts:
            return inline_text(message.kind, message.body).decode()
        blocks: list[bytes] = []
        for digest in message.parts:
            block = self._context.store.part(digest)
            if block is None:
                self._context.collector.count("timeline.part_missing")
                self._replica.miss_part(digest)
                return None
            blocks.append(block)
        return join_parts(blocks).decode(errors="replace")


def _target_of(message: Message) -> Target:
    """How others name it when they say something about it."""
    return Target(node_id_of(message.author), message.id)

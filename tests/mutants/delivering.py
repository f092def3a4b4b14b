"""Section 8: pushes, their acks, and each author's messages in sequence."""

from __future__ import annotations

from peernode.channel.message import Message
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.ingest import Ingest, Source
from peernode.pubsub.replica import Replica
from peernode.pubsub.spread import Spread
from peernode.pubsub.timeline import StreamKey, Timeline
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch

_take = Ingest.take
_push = MessageDelivery.push


async def _take_pushes_and_commit_later(
    self: Ingest, replica: Replica, message: Message, source: Source, via: Contact | None
) -> None:
    if source is not Source.PUSH:
        await _take(self, replica, message, source, via)
    elif not replica.log.has(message) and message.digest not in replica.pending:
        self._admit(replica, message, source)
        self._context.tasks.spawn(self._commit(replica, [message], source, via), "mutant")


def _push_as_the_first_only(
    self: MessageDelivery, replica: Replica, message: Message, contact: Contact, method: str
) -> None:
    if method != "alternative":
        _push(self, replica, message, contact, method)


async def _leave_it_to_the_author(self: MessageDelivery, spread: Spread) -> None:
    return


def _never_waits(self: Timeline, key: StreamKey, message: Message, history: bool) -> bool:
    return False


def _believe_the_first(self: Spread, subscriber: bytes, teller: bytes) -> None:
    self.named.setdefault(subscriber, teller)
    self.agreed[subscriber] = None


def _named_and_so_acked(
    self: MessageDelivery, replica: Replica, digest: bytes, subscriber: bytes, teller: bytes
) -> None:
    spread, contact = self._spreads.get(digest), replica.leases.named(subscriber)
    if spread is not None and contact is not None and contact.id not in spread.acked:
        spread.acked[contact.id] = (contact.public_key, bytes(64))
        for heard in self.on_ack:
            heard(digest, contact.id, bytes(64), teller)


DELIVERING = (
    Mutant(
        "ack-before-commit",
        8,
        "A push is acked after the subscriber has committed it.",
        "The subscriber signs its ack while the commit is still under way",
        "some-slow-disks",
        ("honest_receipt",),
        (Patch(Ingest, "take", _take_pushes_and_commit_later),),
    ),
    Mutant(
        "only-the-first-pushes",
        8,
        "Rank k pushes to whoever isn't reported acked after (k - 1) x 150 ms",
        "Only the initiator of rank 1 pushes",
        "roundabout",
        ("delivered",),
        (Patch(MessageDelivery, "push", _push_as_the_first_only),),
    ),
    Mutant(
        "initiators-never-push",
        8,
        "Rank 1 pushes at once, in parallel with the author.",
        "Only the author pushes",
        "roundabout",
        ("delivered",),
        (Patch(MessageDelivery, "_push_by_rank", _leave_it_to_the_author),),
    ),
    Mutant(
        "one-name-is-enough",
        8,
        "Rank k pushes to whoever isn't reported acked",
        "An initiator that one other tells who has acked, by name, does not push",
        "one-liar",
        ("delivered",),
        (Patch(Spread, "name", _believe_the_first),),
    ),
    Mutant(
        "names-count-as-acks",
        8,
        "A push is acked after the subscriber has committed it.",
        "Who is named without a signature is counted as having acked",
        "one-liar",
        ("honest_receipt", "never_backwards"),
        (Patch(MessageDelivery, "named", _named_and_so_acked),),
    ),
    Mutant(
        "gaps-not-waited-for",
        8,
        "a gap holds later ones of that author at most 2 s, then is shown as a gap.",
        "A message is shown when it comes, though an earlier one of its author is missing",
        "shaky",
        ("order",),
        (Patch(Timeline, "_waits", _never_waits),),
    ),
)

"""Section 7: from the person who writes to a majority of the initiators."""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.channel import message as message_module
from peernode.channel.message import Message
from peernode.events import OutboxState
from peernode.identity import node_id_of
from peernode.pubsub import intake
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.entry import Entry
from peernode.pubsub.fates import Fates
from peernode.pubsub.ingest import Ingest, Source
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.publish import Publisher
from peernode.pubsub.quorum import QuorumPublish
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import PutMessage, PutOutbox, Write
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch

_take = Ingest.take
_local_view = PubSubStorage.local_view
_acked = QuorumPublish.acked


async def _take_and_commit_later(
    self: Ingest, replica: Replica, message: Message, source: Source, via: Contact | None
) -> None:
    if source is not Source.PUBLISH:
        await _take(self, replica, message, source, via)
    elif not replica.log.has(message) and message.digest not in replica.pending:
        self._admit(replica, message, source)
        self._context.tasks.spawn(self._commit(replica, [message], source, via), "mutant")


async def _accept_and_commit_later(
    self: Publisher, entries: list[Entry], writes: list[Write], done: asyncio.Future[OutboxState]
) -> None:
    for entry in entries:
        self._accepting.pop(entry.message.id, None)
        writes += [PutMessage(entry.message), PutOutbox(entry.row())]
        self.outbox.add(entry)
        self._ingest.believe(entry.replica, [entry.message], Source.OWN)
        self._start(entry)
    done.set_result(entries[0].snapshot())
    await self._context.store.commit(*writes)


def _local_view_of_whoever_is_left(self: PubSubStorage, replica: Replica) -> InitiatorSet | None:
    found = _local_view(self, replica)
    contacts = self.closest(replica.channel_id, self._context.config.replicas)
    if found is None and self._context.me() in contacts:
        replica.initiators = found = make_set(contacts, True, self._context.now())
    return found


async def _messages_without_parts(
    self: Ingest, replica: Replica, messages: list[Message], source: Source, via: Contact | None
) -> tuple[list[Message], list[Write]]:
    return messages, []


def _acked_however_often(
    self: QuorumPublish, digest: bytes, subscriber: bytes, signature: bytes, teller: bytes
) -> None:
    entry = self._outbox.by_digest.get(digest)
    if entry is None or subscriber not in entry.acks:
        _acked(self, digest, subscriber, signature, teller)
        return
    again = len(entry.acks).to_bytes(20, "big")
    entry.acks[again] = signature
    entry.audience[again] = None
    self._outbox.tell(entry)


def _reported_without_a_look(
    self: MessageDelivery, replica: Replica, digest: bytes, key: bytes, signature: bytes, teller: bytes
) -> None:
    for heard in self.on_ack:
        heard(digest, node_id_of(key), signature, teller)


def _always(*_: Any) -> bool:
    return True


def _whatever_it_says(message: Message) -> None:
    return


async def _write_no_fates(self: Fates) -> None:
    self._noticed.clear()
    self._changed.clear()


def _put_nothing_beside(self: Outbox, entry: Entry) -> list[Write]:
    return []


PUBLISHING = (
    Mutant(
        "accepted-before-durable",
        7,
        "The author's node writes the message to its durable outbox, then answers the browser `accepted`.",
        "The message is accepted and published while its commit is still under way",
        "some-slow-disks",
        ("kept", "honest_receipt"),
        (Patch(Publisher, "_accept", _accept_and_commit_later),),
    ),
    Mutant(
        "receipt-before-commit",
        7,
        "pulls the parts, commits durably, then signs a receipt.",
        "The initiator signs its receipt while the commit is still under way",
        "slow-disks",
        ("honest_receipt",),
        (Patch(Ingest, "take", _take_and_commit_later),),
    ),
    Mutant(
        "receipt-before-parts",
        7,
        "pulls the parts, commits durably, then signs a receipt.",
        "A message is taken without its parts",
        "long-texts",
        ("honest_receipt",),
        (Patch(Ingest, "_with_parts", _messages_without_parts),),
    ),
    Mutant(
        "signatures-not-checked",
        7,
        "An initiator checks signature, size, rate and quota,",
        "Whoever names an author is taken for that author",
        "hostile",
        ("no_phantom",),
        (
            Patch(intake, "check_signature", _whatever_it_says),
            Patch(message_module, "check_signature", _whatever_it_says),
        ),
    ),
    Mutant(
        "one-receipt-is-enough",
        7,
        "`sent(k of R)` at W = R//2 + 1 receipts.",
        "A message is called sent at its first receipt, which may be the author's own",
        "cut-off",
        ("durable",),
        (Patch(InitiatorSet, "quorum", property(lambda self: 1)),),
    ),
    Mutant(
        "cut-off-says-sent",
        7,
        "a cut-off node gets `failed(NO_QUORUM)`, not `sent`.",
        "A node that reaches nobody takes itself for the only initiator",
        "cut-off",
        ("honest_receipt",),
        (
            Patch(PubSubStorage, "local_view", _local_view_of_whoever_is_left),
            Patch(QuorumPublish, "_trustworthy", _always),
        ),
    ),
    Mutant(
        "acks-counted-twice",
        7,
        "`delivered(n of m)` grows with subscribers' signed acks",
        "Every report of an ack counts, the second one of the same subscriber too",
        "slow-disks",
        ("delivered",),
        (
            Patch(QuorumPublish, "acked", _acked_however_often),
            Patch(MessageDelivery, "reported", _reported_without_a_look),
        ),
    ),
    Mutant(
        "fates-not-written",
        7,
        "`delivered(n of m)` grows with subscribers' signed acks;",
        "How far its messages got is known to the author's node until it is restarted",
        "restarts",
        ("never_backwards",),
        (Patch(Fates, "write", _write_no_fates), Patch(Outbox, "_beside", _put_nothing_beside)),
    ),
)

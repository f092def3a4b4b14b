"""``Publisher``: accepts our own messages, keeps at them, takes them back.

A message is signed and committed, with its outbox entry, in one transaction; then it is accepted, and
``QuorumPublish`` brings it to the initiators. Invariants: a retry sends the same bytes; a number once
signed is never signed again, also when its commit failed; what is discarded is named by a signed skip.
"""

from __future__ import annotations

from peernode.channel.message import Kind, Message, decode_message, sign_message
from peernode.channel.parts import part_digest, split_parts
from peernode.diagnostics.codes import error_info
from peernode.errors import Backpressure, PeerNodeError
from peernode.events import OutboxState
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Ingest, Source
from peernode.pubsub.outbox import Entry, Outbox
from peernode.pubsub.quorum import QuorumPublish
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropOutbox, PutMessage, PutOutbox, PutPart, Write
from peernode.wire.codec import pack


class Publisher:
    """Accepts messages, publishes them, follows their receipts and acks."""

    def __init__(
        self, context: Context, storage: PubSubStorage, ingest: Ingest, outbox: Outbox, quorum: QuorumPublish
    ) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._quorum = quorum
        self.outbox = outbox

    def load(self) -> None:
        """Take up what was waiting when the node stopped; ``resume`` publishes it."""
        for row in self._context.store.outbox():
            replica = self._storage.replicas.get(row.channel_id)
            if replica is None:
                self._context.collector.count("outbox.orphan")
                continue
            entry = Entry(replica, decode_message(row.raw), row.text, row.created_ms, row.state)
            if row.error_code:
                entry.error = error_info(row.error_code)
            self.outbox.add(entry)

    async def publish(self, name: str, message_id: bytes, kind: Kind, text: str) -> OutboxState:
        """Accept a message: durable when this returns. Idempotent by ``message_id``."""
        replica = self._storage.member(name)
        known = self.outbox.find(message_id)
        if known is not None:
            if known.text != text or known.replica is not replica:
                raise PeerNodeError("ID_REUSED")
            return known.snapshot()
        if self.outbox.full:
            raise PeerNodeError("OUTBOX_FULL", limit=self._context.config.outbox_max)
        entry, parts = self._sign(replica, message_id, kind, text)
        self.outbox.add(entry)
        writes: list[Write] = [*parts, PutMessage(entry.message), PutOutbox(entry.row())]
        try:
            await self._context.store.commit(*writes)
        except BaseException as error:
            self.outbox.forget(entry)
            replica.own = None  # its number is burnt: go on in a new stream, never sign it again
            if isinstance(error, Backpressure):
                raise PeerNodeError("RATE_LIMITED", retry_after=1) from error
            raise
        self._ingest.believe(replica, [entry.message], Source.OWN)
        self._start(entry)
        return entry.snapshot()

    def _sign(self, replica: Replica, message_id: bytes, kind: Kind, text: str) -> tuple[Entry, list[Write]]:
        config = self._context.config
        try:
            body = text.encode()
        except UnicodeEncodeError:
            raise PeerNodeError("BAD_FRAME", reason="The text holds half of a character.") from None
        if len(body) > config.text_max_bytes:
            raise PeerNodeError("TOO_LARGE", limit=config.text_max_bytes)
        if kind is Kind.TEXT and not text.strip():
            raise PeerNodeError("EMPTY")
        blocks = split_parts(body, config.part_max_bytes) if len(body) > config.body_max_bytes else []
        own = replica.next_own()
        message = sign_message(
            self._context.identity,
            channel_id=replica.channel_id,
            instance=own.instance,
            seq=own.seq,
            prev=own.prev,
            id=message_id,
            hlc=self._context.hlc.now(),
            kind=kind,
            body=b"" if blocks else body,
            parts=tuple(part_digest(block) for block in blocks),
        )
        replica.advance_own(message)
        entry = Entry(replica, message, text, self._context.env.clock.wall_ms())
        return entry, [PutPart(part_digest(block), block) for block in blocks]

    # -- attempts ----------------------------------------------------------------------------

    def _start(self, entry: Entry) -> None:
        if entry.attempt is None or entry.attempt.done():
            entry.attempt = self._context.tasks.spawn(self._quorum.attempt(entry), "publish")

    async def retry(self, message_id: bytes) -> None:
        """Try again, the same bytes; ``MESSAGE_UNKNOWN`` when nothing waits under this id."""
        entry = self.outbox.waiting.get(message_id)
        if entry is None:
            if self.outbox.find(message_id) is not None:
                return  # it got through in the meantime
            raise PeerNodeError("MESSAGE_UNKNOWN")
        if entry.state == "failed":
            entry.state, entry.error = "pending", None
            self.outbox.tell(entry)
        self._start(entry)

    def resume(self, replica: Replica | None = None) -> None:
        """The network changed for the better: try again whatever waits."""
        for entry in list(self.outbox.waiting.values()):
            if replica is not None and entry.replica is not replica:
                continue
            if entry.error is None or entry.error.retryable:
                self._start(entry)

    async def discard(self, message_id: bytes) -> None:
        """Take a message back that has not gone out: named by a signed skip, so nobody shows it."""
        entry = self.outbox.find(message_id)
        if entry is None:
            raise PeerNodeError("MESSAGE_UNKNOWN")
        entry.discarded = True
        self.outbox.forget(entry)
        if entry.attempt is not None:
            entry.attempt.cancel()
        await self._context.store.commit(DropOutbox(message_id))
        await self._publish_skip(entry.replica, entry.message)

    async def _publish_skip(self, replica: Replica, message: Message) -> None:
        own = replica.next_own()
        skip = sign_message(
            self._context.identity,
            channel_id=replica.channel_id,
            instance=own.instance,
            seq=own.seq,
            prev=own.prev,
            id=_skip_id(message.id),
            hlc=self._context.hlc.now(),
            kind=Kind.SKIP,
            body=pack([message.instance, message.seq, message.digest]),
            parts=(),
        )
        replica.advance_own(skip)
        entry = Entry(replica, skip, "", self._context.env.clock.wall_ms())
        await self._context.store.commit(PutMessage(skip), PutOutbox(entry.row()))
        self.outbox.add(entry)
        self._ingest.believe(replica, [skip], Source.OWN)
        self._start(entry)


def _skip_id(message_id: bytes) -> bytes:
    """The id of the skip for a message: the same with its last bit turned, still a UUIDv7."""
    return message_id[:-1] + bytes((message_id[-1] ^ 1,))

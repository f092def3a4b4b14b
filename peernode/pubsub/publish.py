"""``Publisher``: accepts our own messages, keeps at them, takes them back.

A message is signed and committed, with its outbox entry, in one transaction; then it is accepted, and
``QuorumPublish`` brings it to the initiators. Invariants: a retry sends the same bytes; a number once
signed is never signed again, also when its commit failed; what is discarded is named by a signed skip.
"""

from __future__ import annotations

import asyncio

from peernode.channel.draft import Draft
from peernode.channel.message import Kind, Message, sign_message
from peernode.channel.parts import PART_DIGEST_BYTES, part_digest
from peernode.channel.quota import PART_BYTES, Lack
from peernode.diagnostics.routes import LOCAL
from peernode.errors import PeerNodeError
from peernode.events import OutboxState
from peernode.pubsub.context import Context, uuid_text
from peernode.pubsub.entry import Entry
from peernode.pubsub.ingest import Ingest, Source
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.quorum import QuorumPublish
from peernode.pubsub.replica import OwnStream, Replica
from peernode.pubsub.resuming import RESUMED_MAX, Resuming
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.takeup import TakeUp
from peernode.store.base import DropOutbox, PutMessage, PutOutbox, PutPart, Write
from peernode.wire.codec import pack

HEAD_BYTES = 300
"""What a message has beside its body, and a little more."""


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
        self._accepting: dict[bytes, tuple[Draft, Replica, asyncio.Future[OutboxState]]] = {}
        """By message id: what is being committed; bounded by the store's queue."""
        self._resuming = Resuming(context, self._start_hopeful)
        self.take_up = TakeUp(context, storage, outbox)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return self._resuming.sizes()

    @property
    def accepting(self) -> bool:
        """Whether an own message is on its way to the disk."""
        return bool(self._accepting)

    def load(self) -> None:
        """Take up what was waiting when the node stopped; ``resume`` publishes it."""
        self.take_up.load()

    async def publish(
        self, name: str, message_id: bytes, draft: Draft, beside: Draft | None = None
    ) -> OutboxState:
        """Accept a message: durable when this returns. Idempotent by ``message_id``.

        ``beside``: what goes out together with it, in the same datagrams, if there is room for it.
        """
        replica = self._storage.member(name)
        if not self.is_new(replica, message_id, draft):
            known = self.outbox.find(message_id)
            return known.snapshot() if known else await asyncio.shield(self._accepting[message_id][2])
        entry, writes = self._sign(replica, message_id, draft)
        done: asyncio.Future[OutboxState] = asyncio.get_running_loop().create_future()
        self._accepting[message_id] = (draft, replica, done)
        entries = [entry]
        if beside is not None and self.outbox.has_room(len(self._accepting)):
            try:
                entry, more = self._sign(replica, self._context.new_id(), beside)
            except PeerNodeError as error:
                self._context.collector.count(f"publish.beside_{error.code}")
            else:
                self._accepting[entry.message.id] = (beside, replica, done)
                entries.append(entry)
                writes += more
        # A task of its own: who asked may go away in the middle, a commit has no middle.
        accepting = self._context.tasks.spawn(self._accept(entries, writes, done), "publish.accept")
        accepting.add_done_callback(lambda _: self._accepted(entries, done))
        return await asyncio.shield(done)

    def _accepted(self, entries: list[Entry], done: asyncio.Future[OutboxState]) -> None:
        """The commit has ended, if it ever began: a node that stops lets nobody wait for its answer."""
        self._committed(entries)
        if not done.done():
            done.cancel()

    def _committed(self, entries: list[Entry]) -> None:
        for entry in entries:
            self._accepting.pop(entry.message.id, None)

    def is_new(self, replica: Replica, message_id: bytes, draft: Draft) -> bool:
        """Whether nothing has this id yet, and there is room for it; ``ID_REUSED``, ``OUTBOX_FULL``."""
        known = self.outbox.find(message_id)
        accepting = self._accepting.get(message_id)
        if known is not None or accepting is not None:
            same = accepting[:2] if accepting else (known.draft, known.replica) if known else None
            if same != (draft, replica):
                raise PeerNodeError("ID_REUSED")
            return False
        if not self.outbox.has_room(len(self._accepting)):
            raise PeerNodeError("OUTBOX_FULL", limit=self._context.config.outbox_max)
        return True

    async def _accept(
        self, entries: list[Entry], writes: list[Write], done: asyncio.Future[OutboxState]
    ) -> None:
        """Commit messages with their outbox entries; only then are they anywhere else than on the disk."""
        for entry in entries:
            writes += [PutMessage(entry.message), PutOutbox(entry.row())]
        replica, trace = entries[0].replica, uuid_text(entries[0].message.id)
        span = self._context.collector.begin("accept", replica.name, trace)
        try:
            with span:
                await self._context.commit(*writes)
            span.end(method=LOCAL)
        except PeerNodeError as error:
            span.end(error.code, method=LOCAL)
            entries[0].replica.own = None  # its number is burnt: go on in a new stream, never sign it again
            done.set_exception(error)
            done.exception()  # who asked may be gone
            return
        finally:
            self._committed(entries)
        for entry in entries:
            self.outbox.add(entry)
            self._ingest.believe(entry.replica, [entry.message], Source.OWN)
        for entry in entries:
            self._start(entry)
        done.set_result(entries[0].snapshot())

    def check_room(self, replica: Replica, cost: int) -> None:
        """``AUTHOR_QUOTA`` or ``CHANNEL_FULL`` unless so many bytes of ours still fit into the channel."""
        author = self._context.identity.public_key
        lack = replica.room.lack_for(author, HEAD_BYTES + cost, author_counts=True)
        if lack is not None:
            raise PeerNodeError("AUTHOR_QUOTA" if lack is Lack.AUTHOR else "CHANNEL_FULL")

    def _sign(self, replica: Replica, message_id: bytes, draft: Draft) -> tuple[Entry, list[Write]]:
        body, blocks = draft.encoded(self._context.config)
        parts_cost = len(blocks) * (PART_BYTES + PART_DIGEST_BYTES)
        file_cost = draft.file.blocks * PART_BYTES if draft.file else 0
        self.check_room(replica, parts_cost + file_cost + len(body))
        own = self._next_place(replica)
        message = sign_message(
            self._context.identity,
            channel_id=replica.channel_id,
            instance=own.instance,
            seq=own.seq,
            prev=own.prev,
            id=message_id,
            hlc=self._context.hlc.now(),
            kind=draft.kind,
            body=body,
            parts=tuple(part_digest(block) for block in blocks),
        )
        replica.advance_own(message)
        entry = Entry(replica, message, draft.text, self._context.env.clock.wall_ms())
        return entry, [PutPart(part_digest(block), block) for block in blocks]

    def _next_place(self, replica: Replica) -> OwnStream:
        """Where our next message stands; in new streams if our timestamps had run ahead of everybody's."""
        if self._context.hlc.go_back():
            self._context.collector.count("clock.gone_back")
            for each in self._storage.replicas.values():
                each.own = None  # within a stream time never goes back
        return replica.next_own()

    # -- attempts ----------------------------------------------------------------------------

    def _start(self, entry: Entry) -> None:
        if entry.attempt is None or entry.attempt.done():
            entry.attempt = self._context.tasks.spawn(self._attempt(entry), "publish")
        else:
            entry.again = True
            entry.progress.set()

    async def _attempt(self, entry: Entry) -> None:
        """One attempt, and one more when the network changed for the better too late for this one."""
        entry.again = True
        while entry.again and not entry.discarded:
            await self._quorum.attempt(entry)

    async def retry(self, message_id: bytes) -> OutboxState:
        """Try again, the same bytes; ``MESSAGE_UNKNOWN`` for what is not, or no longer, there."""
        entry = self._entry(message_id)
        if message_id in self.outbox.waiting:  # otherwise it got through in the meantime
            if entry.state == "failed":
                entry.state, entry.error = "pending", None
                self.outbox.tell(entry)
            if entry.attempt is not None:
                entry.attempt.cancel()
            entry.ask_anew(self._context.now())
            entry.attempt = None
            self._start(entry)
        return entry.snapshot()

    def _entry(self, message_id: bytes) -> Entry:
        """What a person wrote under this id and has not taken back."""
        entry = self.outbox.find(message_id)
        if entry is None or entry.discarded or not entry.shown:
            raise PeerNodeError("MESSAGE_UNKNOWN")
        return entry

    def resume(self, replica: Replica | None = None, sent: bool = False) -> None:
        """The network changed for the better: try again what waits.

        ``sent``: also what is sent but held by fewer than W of the full R, because there is a new
        initiator; so many of these at a time as ``Resuming`` allows.
        """
        batch: list[Entry] = []
        others: list[Entry] = []
        for entry in list(self.outbox.waiting.values()):
            if replica is not None and entry.replica is not replica:
                continue
            if entry.state in ("sent", "delivered"):
                if sent:
                    (batch if len(batch) < RESUMED_MAX else others).append(entry)
                if not batch or batch[-1] is not entry:
                    continue
            self._start_hopeful(entry)
        if batch:
            self._resuming.go_on(batch, others)

    def _start_hopeful(self, entry: Entry) -> None:
        """Unless it can't succeed, or has got through meanwhile."""
        if entry.message.id in self.outbox.waiting and _hopeful(entry):
            self._start(entry)

    async def discard(self, message_id: bytes) -> None:
        """Take a message back that has not gone out: named by a signed skip, so nobody shows it."""
        entry = self._entry(message_id)
        entry.discarded = True
        try:
            await self._publish_skip(entry.replica, entry.message)
        except BaseException:
            entry.discarded = False
            raise
        self.outbox.forget(entry)
        if entry.attempt is not None:
            entry.attempt.cancel()
        entry.ask_anew(self._context.now())

    async def _publish_skip(self, replica: Replica, message: Message) -> None:
        """One commit takes the message out of the outbox and its skip into it: no crash between."""
        own = self._next_place(replica)
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
        writes: list[Write] = [DropOutbox(message.id), PutMessage(skip), PutOutbox(entry.row())]
        try:
            await self._context.commit(*writes)
        except BaseException:
            replica.own = None
            raise
        self.outbox.add(entry)
        self._ingest.believe(replica, [skip], Source.OWN)
        self._start(entry)


def _hopeful(entry: Entry) -> bool:
    """Whether another attempt may succeed: its error may pass, or others store the channel now."""
    view = entry.replica.initiators
    others = view is not None and any(each.public_key not in entry.members for each in view.contacts)
    return entry.error is None or entry.error.retryable or others


def _skip_id(message_id: bytes) -> bytes:
    """The id of the skip for a message: the same with its last bit turned, still a UUIDv7."""
    return message_id[:-1] + bytes((message_id[-1] ^ 1,))

"""``Publisher``: brings our own messages to a quorum of the channel's initiators.

A message is signed and committed, with its outbox entry, in one transaction; then it goes to all
initiators at once and, in a small channel, straight to the subscribers. Invariants: a retry sends the
same bytes; no quorum within ``publish_timeout_s`` is ``failed`` with a code, and a late receipt still
turns that into ``sent``; publishing one message touches nothing whose size grows with the history.
"""

from __future__ import annotations

import asyncio

from peernode.channel.message import Kind, Message, decode_message, sign_message
from peernode.channel.parts import part_digest, split_parts
from peernode.channel.receipt import Receipt, decode_receipt, sign_receipt
from peernode.diagnostics.codes import error_info, info_of
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.events import OutboxState
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.ingest import Ingest, Source
from peernode.pubsub.outbox import Entry, Outbox
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropOutbox, PutMessage, PutOutbox, PutPart, Write
from peernode.wire.codec import Fields, pack
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Op, Status

RATE_WAIT_MAX_S = 30.0
"""The longest wait that an initiator may ask for by RATE_LIMITED."""

TARGETS_MAX = 16
"""Initiators one message is published to, at most: the set and what NOT_INITIATOR answers named."""

ATTEMPTS_PER_INITIATOR = 4
"""Tries per initiator and attempt after BUSY, RATE_LIMITED or a full queue."""


class Publisher:
    """Accepts messages, publishes them, follows their receipts and acks."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        ingest: Ingest,
        delivery: MessageDelivery,
        audience: Audience,
    ) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._delivery = delivery
        self._audience = audience
        self.outbox = Outbox(context)

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
        except BaseException:
            self.outbox.forget(entry)
            replica.own = None  # its number is burnt: go on in a new stream, never sign it again
            raise
        self._ingest.believe(replica, [entry.message], Source.OWN)
        self._start(entry)
        return entry.snapshot()

    def _sign(self, replica: Replica, message_id: bytes, kind: Kind, text: str) -> tuple[Entry, list[Write]]:
        config = self._context.config
        body = text.encode()
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
            entry.attempt = self._context.tasks.spawn(self._attempt(entry), "publish")

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

    async def _attempt(self, entry: Entry) -> None:
        started = self._context.now()
        try:
            view = await self._storage.initiators(entry.replica)
        except PeerNodeError as error:
            await self._fail(entry, error, started)
            return
        me = self._context.identity.public_key
        entry.of = max(entry.of, len(view.contacts))
        entry.quorum = view.quorum
        entry.alone = not view.others(me)
        if view.holds(me) and me not in entry.receipts:
            receipt = sign_receipt(self._context.identity, entry.message, self._context.config.machine_id)
            live = [lease.subscriber_id for lease in entry.replica.leases.live(self._context.now())]
            self._receipt(entry, receipt, live)
        self._audience.push_directly(entry.replica, entry.message)
        for contact in view.others(me):
            self._aim(entry, contact)
        await self._await_quorum(entry, started)

    def _aim(self, entry: Entry, contact: Contact) -> None:
        known = entry.targets.get(contact.public_key)
        if known is None and len(entry.targets) < TARGETS_MAX:
            entry.targets[contact.public_key] = contact
            self._context.tasks.spawn(self._publish_to(entry, contact), "publish.to")

    async def _await_quorum(self, entry: Entry, started: float) -> None:
        try:
            async with asyncio.timeout(self._context.config.publish_timeout_s):
                while len(entry.receipts) < entry.quorum:
                    entry.progress.clear()
                    await entry.progress.wait()
        except TimeoutError:
            entry.replica.forget_initiators()
            seconds = round(self._context.config.publish_timeout_s)
            await self._fail(entry, PeerNodeError("NO_QUORUM", seconds=seconds), started)
            return
        self._context.collector.record("publish", entry.message.digest.hex(), "ok", started)

    async def _fail(self, entry: Entry, error: PeerNodeError, started: float) -> None:
        self._context.collector.record("publish", entry.message.digest.hex(), error.code, started)
        if entry.state != "pending" or entry.discarded:
            return
        entry.state, entry.error = "failed", entry.error or info_of(error)
        self.outbox.tell(entry)
        await self.outbox.settle(entry)

    async def _publish_to(self, entry: Entry, contact: Contact) -> None:
        try:
            for _ in range(ATTEMPTS_PER_INITIATOR):
                started = self._context.now()
                outcome, wait_s = await self._publish_once(entry, contact)
                self._context.collector.attempt(
                    entry.message.digest.hex(), contact.id.hex(), "publish", outcome, started
                )
                if wait_s is None:
                    return
                await asyncio.sleep(self._context.jittered(wait_s))
        finally:
            if contact.public_key not in entry.receipts:
                entry.targets.pop(contact.public_key, None)  # the next attempt asks it again

    async def _publish_once(self, entry: Entry, contact: Contact) -> tuple[str, float | None]:
        """Outcome of one request, and how long to wait before the next (None: no next one)."""
        try:
            answer = await self._context.rpc.request(contact, Op.PUBLISH, [entry.message.raw], prove=True)
            self._read_answer(entry, contact, Fields(answer))
        except RpcTimeout:
            return "timeout", None
        except Backpressure:
            return "backpressure", self._context.rpc.rto_s(contact.public_key)
        except RemoteProtocolError:
            return "malformed", None
        except Refused as refusal:
            return self._refused(entry, refusal)
        return "ok", None

    def _refused(self, entry: Entry, refusal: Refused) -> tuple[str, float | None]:
        outcome = Status(refusal.status).name if refusal.status in list(Status) else "refused"
        body = Fields(refusal.body)
        try:
            if refusal.status == Status.RATE_LIMITED:
                return outcome, min(body.take_int(0, 3_600_000) / 1000, RATE_WAIT_MAX_S)
            if refusal.status == Status.BUSY:
                return outcome, self._context.config.rto_initial_s
            if refusal.status == Status.NOT_YET:
                entry.error = error_info("CLOCK_SKEW", seconds=body.take_int(0, 1 << 48) // 1000)
            elif refusal.status == Status.STORE_FULL:
                entry.error = error_info("STORE_FULL")
            elif refusal.status == Status.INVALID:
                entry.error = error_info("SIGNATURE_INVALID")
            elif refusal.status == Status.NOT_INITIATOR:
                entry.replica.forget_initiators()
                for contact in decode_contacts(body.take(), TARGETS_MAX):
                    if contact.public_key != self._context.identity.public_key:
                        self._aim(entry, contact)
        except RemoteProtocolError:
            return "malformed", None
        return outcome, None

    # -- receipts and acks -------------------------------------------------------------------

    def _read_answer(self, entry: Entry, contact: Contact, body: Fields) -> None:
        receipt = decode_receipt(body.take_bytes_upto(512))
        if receipt.initiator != contact.public_key or receipt.message_digest != entry.message.digest:
            raise RemoteProtocolError("a receipt for something else")
        set_hash = body.take_bytes(16)
        listed = body.take_list_or_none(self._context.config.small_channel_max)
        body.take_int(0, 1 << 32)
        digest = body.take_bytes(16)
        if entry.replica.initiators and set_hash != entry.replica.initiators.hash:
            self._context.collector.count("publish.set_differs")
        ids = [item for item in listed or [] if isinstance(item, bytes) and len(item) == 20]
        if listed is None:
            ids = list(entry.replica.subscribers)
        self._audience.seen(entry.replica, contact, digest)
        self._receipt(entry, receipt, ids)

    def _receipt(self, entry: Entry, receipt: Receipt, subscribers: list[bytes]) -> None:
        if receipt.initiator in entry.receipts:
            return
        entry.receipts[receipt.initiator] = receipt.machine_id
        entry.of = max(entry.of, len(entry.receipts))
        if not entry.frozen:
            mine = self._context.identity.node_id
            entry.audience.update((subscriber, None) for subscriber in subscribers if subscriber != mine)
        if len(entry.receipts) >= entry.quorum:
            entry.frozen = True
            if entry.state in ("pending", "failed"):
                entry.state, entry.error = "sent", None
            self._grow(entry)
            self.outbox.tell(entry)
            self._context.tasks.spawn(self.outbox.settle(entry), "outbox.settle")
        entry.progress.set()

    def acked(self, digest: bytes, subscriber: bytes, signature: bytes) -> None:
        """A verified ack for one of our messages."""
        entry = self.outbox.by_digest.get(digest)
        if entry is None or subscriber in entry.acks or len(entry.acks) >= self._acks_max():
            return
        entry.acks[subscriber] = signature
        if self._grow(entry):
            self.outbox.tell(entry)

    def _acks_max(self) -> int:
        return self._context.config.subscribers_per_channel_max

    def _grow(self, entry: Entry) -> bool:
        """Delivered as far as the acks say, once the message is sent; whether something changed."""
        if entry.state not in ("sent", "delivered") or not entry.delivered:
            return False
        entry.state = "delivered"
        return True


def _skip_id(message_id: bytes) -> bytes:
    """The id of the skip for a message: the same with its last bit turned, still a UUIDv7."""
    return message_id[:-1] + bytes((message_id[-1] ^ 1,))

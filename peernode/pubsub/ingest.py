"""``Ingest``: the one way by which messages come into a log: check, commit, then believe.

Invariants: a message enters a log only after its signature was verified, its time has come, its parts
are here, and the store has made it durable; two copies that arrive at the same moment are committed
once and both callers wait for that commit; nobody waits for parts for longer than twice ``PARTS_WITHIN_S``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum

from peernode.channel.hlc import ahead_ms
from peernode.channel.log import Added
from peernode.channel.message import Kind, Message, decode_message
from peernode.channel.parts import part_digest
from peernode.channel.quota import Lack, cost_of
from peernode.environment import prefix_of
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.arrival import Arrival
from peernode.pubsub.context import Context
from peernode.pubsub.earlyparts import EarlyParts
from peernode.pubsub.replica import Replica
from peernode.span import DISK, NETWORK, spent
from peernode.store.base import PutMessage, PutPart, Write
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

VERIFY_SLICE = 32
"""Signatures checked in one go before other work gets the loop (about 2 ms)."""

PARTS_WITHIN_S = 8.0
"""So long the parts of one message are fetched or waited for: the four sendings of one request, on the
slowest path. Over it they count as missing: who brings the message decides how slowly they come, and holds
one of the places of those whom we serve meanwhile."""


class Source(Enum):
    """How messages came here; decides whether they are news or history, and who pushes them on."""

    OWN = "own"
    PUBLISH = "publish"
    PUSH = "push"
    SYNC = "sync"


class Ingest:
    """Takes messages into replicas."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._early = EarlyParts()
        self.on_stored: list[Callable[[Replica, Message, Source], None]] = []
        """Told of each message that has become durable and new, in log order per call."""
        self.beside: Callable[[Replica, Message, Source], list[Write]] = lambda *_: []
        """Asked what has to become durable together with a message."""
        self.on_gap: Callable[[Replica], None] = lambda _: None
        """Told when a pushed message skips ahead of its author's earlier ones."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table of parts without their message is, with its bound."""
        return self._early.sizes()

    def decode(self, replica: Replica, raw: bytes) -> Message:
        """The verified message in ``raw``; ``RemoteProtocolError`` when it is not this channel's."""
        message = decode_message(raw)
        if message.channel_id != replica.channel_id:
            raise RemoteProtocolError("a message of another channel")
        return message

    def ahead_ms(self, message: Message) -> int:
        """How far over the allowed lead the message's time lies; 0 when it may enter."""
        lead = ahead_ms(message.hlc, self._context.wall_ms())
        return lead if lead > self._context.config.ahead_max_s * 1000 else 0

    async def take(self, replica: Replica, message: Message, source: Source, via: Contact | None) -> None:
        """Make one verified message durable and part of the log; returns when it is (or was) so.

        Raises ``Refused`` with the status for the sender, ``PeerNodeError(STORE_FULL)``.
        """
        if replica.log.has(message):
            return
        until = asyncio.get_running_loop().time() + PARTS_WITHIN_S
        while (waiting := replica.pending.get(message.digest)) is not None:
            # The same message, brought by somebody else just before.
            with spent(NETWORK):
                await self._fetched(waiting, until)
            with spent(DISK):
                await asyncio.shield(waiting.stored)
            if replica.log.has(message):
                return  # else a catch-up left it out, whose peer lacked its parts
        self._admit(replica, message, source)
        await self._commit(replica, [message], source, via)

    async def _fetched(self, waiting: Arrival, until: float) -> None:
        """Wait for the parts that another fetches; many who bring the same message don't wait in turn."""
        try:
            async with asyncio.timeout_at(until):
                await waiting.fetched.wait()
        except TimeoutError:
            self._context.collector.count("parts.overdue")
            raise Refused(Status.PARTS_MISSING) from None

    def _admit(self, replica: Replica, message: Message, source: Source, outside: bool = False) -> None:
        """Take room for a message that may enter, else ``Refused``; ``_commit`` gives back what stays out."""
        if lead := self.ahead_ms(message):
            raise Refused(Status.NOT_YET, [lead])
        if source is Source.SYNC and message.hlc >> 16 < replica.too_old_ms():
            replica.log.pass_over(message.author, message.instance, message.seq)
            raise Refused(Status.INVALID)
        verdict = replica.log.would_add(message)
        if verdict is Added.IGNORED:
            raise Refused(Status.INVALID)
        if verdict is Added.TOO_FAR:
            raise Refused(Status.BUSY)
        if verdict is Added.FULL:
            replica.growth.finds_no_room(self._context.now())
            raise Refused(Status.STORE_FULL)
        # What initiators hold was let in there: refused here the logs would never be equal again.
        lack = replica.room.lack(message, author_counts=outside or source is not Source.SYNC)
        if lack is not None:
            self._context.collector.count(f"quota.{lack.name.lower()}")
            if lack is not Lack.AUTHOR:
                replica.growth.finds_no_room(self._context.now())
            raise Refused(Status.OVER_QUOTA if lack is Lack.AUTHOR else Status.STORE_FULL)
        replica.room.take(message)

    async def take_all(self, replica: Replica, raws: list[bytes], via: Contact, outside: bool = False) -> int:
        """A batch from a catch-up, in the final order; returns how many were new.

        What breaks a rule is counted and left out; it costs the batch nothing. ``outside``: nobody who may
        hand the channel over brings it, so an author's quota counts.
        """
        messages: dict[bytes, Message] = {}
        for count, raw in enumerate(raws, 1):
            try:
                message = self.decode(replica, raw)
            except RemoteProtocolError:
                self._context.collector.count("ingest.invalid")
                continue
            if not replica.log.has(message) and message.digest not in replica.pending:
                messages[message.digest] = message
            if count % VERIFY_SLICE == 0:
                await asyncio.sleep(0)
        admitted: list[Message] = []
        for message in sorted(messages.values(), key=lambda item: item.order_key):
            if replica.log.has(message) or message.digest in replica.pending:
                continue
            try:
                self._admit(replica, message, Source.SYNC, outside)
            except Refused as refusal:
                self._context.collector.count(f"ingest.refused.{Status(refusal.status).name}")
                continue
            admitted.append(message)
        return await self._commit(replica, admitted, Source.SYNC, via) if admitted else 0

    async def _commit(
        self, replica: Replica, messages: list[Message], source: Source, via: Contact | None
    ) -> int:
        """Make admitted messages durable and believe them; how many were not left out for want of parts."""
        arrival = Arrival(asyncio.get_running_loop().create_future())
        left_out = {message.digest: message for message in messages}
        for message in messages:
            replica.pending[message.digest] = arrival
        try:
            messages, parts = await self._with_parts(replica, messages, source, via)
            arrival.fetched.set()
            if messages:
                beside = [write for message in messages for write in self.beside(replica, message, source)]
                puts = [PutMessage(message) for message in messages]
                await self._context.store.commit(*parts, *beside, *puts)
                self._early.drop(digest for message in messages for digest in message.parts)
            for message in messages:
                del left_out[message.digest]
            self.believe(replica, messages, source)
        except BaseException as error:
            if isinstance(error, PeerNodeError) and error.code == "STORE_FULL":
                replica.growth.finds_no_room(self._context.now())
            if isinstance(error, PeerNodeError | Backpressure):
                arrival.stored.set_exception(error)  # who waits for the same message hears the store's reason
                arrival.stored.exception()  # nobody need be waiting
            else:
                arrival.stored.set_result(None)  # it tries by itself
            raise
        finally:
            arrival.fetched.set()
            for digest in [key for key, each in replica.pending.items() if each is arrival]:
                del replica.pending[digest]
            for message in left_out.values():
                replica.room.give_back(message.author, cost_of(message))
        arrival.stored.set_result(None)
        return len(messages)

    def believe(self, replica: Replica, messages: list[Message], source: Source) -> None:
        """These messages are durable: into the log, onto the screen, on to the subscribers."""
        for message in messages:
            if message.kind is Kind.SKIP:
                replica.log.note_skip(message)  # before what it takes back is told
        for message in messages:
            added = replica.log.add(message)
            if source is Source.OWN:
                replica.room.take(message)
            if added not in (Added.NEW, Added.FORK):
                replica.room.give_back(message.author, cost_of(message))
                continue
            replica.passed()
            if source is Source.OWN:
                replica.timeline.wrote(message)
            else:
                self._context.hlc.merge(message.hlc)
                if replica.timeline.arrived(message, source is Source.SYNC) and source is Source.PUSH:
                    self.on_gap(replica)
            for stored in self.on_stored:
                stored(replica, message, source)

    async def _with_parts(
        self, replica: Replica, messages: list[Message], source: Source, via: Contact | None
    ) -> tuple[list[Message], list[Write]]:
        """The messages whose parts are all here or were fetched from ``via``, and those parts.

        Of a batch from a catch-up the others stay out; for any other it is ``Refused``. Parts that are here
        are written again with their message: a deleted file may give them back this moment.
        """
        complete: list[Message] = []
        writes: list[Write] = []
        for message in messages:
            if not message.parts:
                complete.append(message)
                continue
            here = {digest: self._here(digest) for digest in message.parts}
            missing = [digest for digest, block in here.items() if block is None]
            fetched = await self._fetch_all(replica, missing, via)
            here |= zip(missing, fetched, strict=True)
            if any(block is None for block in here.values()):
                if source is not Source.SYNC:
                    raise Refused(Status.PARTS_MISSING)
                self._context.collector.count("ingest.parts_missing")
                continue
            writes.extend(PutPart(digest, block) for digest, block in here.items() if block is not None)
            complete.append(message)
        return complete, writes

    def _here(self, digest: bytes) -> bytes | None:
        block = self._context.store.part(digest)
        return self._early.get(digest) if block is None else block

    async def _fetch_all(
        self, replica: Replica, digests: list[bytes], via: Contact | None
    ) -> list[bytes | None]:
        """The blocks of one message from a peer; None for those that are late, and the others are kept."""
        found: dict[bytes, bytes] = {}

        async def fetch(digest: bytes) -> None:
            block = await self.fetch_part(replica, digest, via)
            if block is not None:
                found[digest] = block

        try:
            async with asyncio.timeout(PARTS_WITHIN_S):
                await asyncio.gather(*(fetch(digest) for digest in digests))
        except TimeoutError:
            self._context.collector.count("parts.overdue")
        finally:  # who waited for them may have gone, and their message is not here yet
            if via is not None and found:
                self._early.keep(found, prefix_of(via.address))
        if found and len(found) < len(digests):
            self._context.collector.count("parts.early", len(found))
        return [found.get(digest) for digest in digests]

    async def fetch_part(self, replica: Replica, digest: bytes, via: Contact | None) -> bytes | None:
        """The block that a digest names, from a peer; None when it has none."""
        if via is None:
            return None
        try:
            answer = await self._context.rpc.request(
                via, Op.GET_PART, [replica.channel_id, digest], prove=True
            )
            block = Fields(answer).take_bytes_upto(self._context.config.part_max_bytes)
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"parts.{type(error).__name__}")
            return None
        if part_digest(block) != digest:
            self._context.collector.count("parts.forged")
            return None
        return block


def refusal_of(error: PeerNodeError | Backpressure) -> Refused:
    """What a peer hears when our own store can't take its message."""
    full = isinstance(error, PeerNodeError) and error.code == "STORE_FULL"
    return Refused(Status.STORE_FULL if full else Status.BUSY)

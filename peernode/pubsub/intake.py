"""What a node does with messages that others bring: PUBLISH, PUSH, ACKED, GET_PART.

Invariants: a receipt or an ack is signed only after the message is durable; a repeated message is
answered again and stored once; an author is limited to ``author_burst`` messages, then
``author_rate_per_s``, and an address prefix to ``new_streams_burst`` streams that nobody knew, then
``new_streams_per_s``. An author who has written in the channel before begins ``RESTARTS_BURST`` more by
itself, however many share its address. A part is given to who may read the channel, and to whom a message
with parts was brought. Messages are taken from proven addresses alone, so that what is counted is where the
sender is. The limits' tables are bounded: the longest unheard is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from peernode.channel.message import Message, check_signature
from peernode.channel.receipt import sign_ack, sign_receipt
from peernode.environment import prefix_of
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError
from peernode.identity import PUBLIC_KEY_BYTES, node_id_of
from peernode.pubsub.ackanswers import AckAnswers
from peernode.pubsub.ackpages import ACKS_PER_MESSAGE, ID_PREFIX_BYTES, MESSAGES, NAMES_PER_MESSAGE
from peernode.pubsub.context import Context
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.ingest import Ingest, Source, refusal_of
from peernode.pubsub.replica import Replica
from peernode.pubsub.served import served_us
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.ratelimit import BucketTable, TokenBucket
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

AUTHORS_MAX = 8192
"""Authors whose rate is remembered."""

PREFIXES_MAX = 8192
"""Address prefixes whose new streams are counted."""

RESTARTS_BURST = 8.0
RESTARTS_PER_S = 1 / 3600
"""Streams that a known author may begin (each start of its node makes one): then its address counts."""

PUSHED_FACTOR = 2
"""Pushed messages may come this much faster: an initiator has limited them already."""


class Intake:
    """Serves the operations by which messages and acks arrive."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        ingest: Ingest,
        delivery: MessageDelivery,
    ) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._delivery = delivery
        self._authors: OrderedDict[tuple[bytes, int], TokenBucket] = OrderedDict()
        config = context.config
        self._newcomers = BucketTable(config.new_streams_per_s, config.new_streams_burst, PREFIXES_MAX)
        self._restarts = BucketTable(RESTARTS_PER_S, RESTARTS_BURST, AUTHORS_MAX)
        self._answers = AckAnswers(context, delivery)
        self.asked: Callable[[bytes, bytes], bool] = lambda digest, key: False
        """Whether we asked a node, by its key, to store our message of this digest."""
        context.rpc.serve(Op.PUBLISH, self._publish)
        context.rpc.serve(Op.PUSH, self.push)
        context.rpc.serve(Op.ACKED, self._acked)
        context.rpc.serve(Op.GET_PART, self._get_part)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "authors": (len(self._authors), AUTHORS_MAX),
            "stream_prefixes": self._newcomers.sizes()["buckets"],
            "stream_restarts": self._restarts.sizes()["buckets"],
            **self._answers.sizes(),
        }

    async def _publish(self, caller: Caller, body: Fields) -> list[Any]:
        if not caller.proven:
            raise Refused(Status.UNPROVEN)  # else the limits would count addresses that anybody may write
        message = Message.claimed(body.take_bytes_upto(1200))
        replica = self._storage.replicas.get(message.channel_id)
        if replica is None:
            closer = self._context.overlay.closest(message.channel_id, self._context.config.replicas)
        else:
            closer = await self._storage.closer(message.channel_id)
            replica = self._storage.replicas.get(message.channel_id)  # it may have given way meanwhile
        if replica is None or closer:
            raise Refused(Status.NOT_INITIATOR, [[contact.encode() for contact in closer]])
        self._storage.local_view(replica)
        if not replica.log.has(message):
            check_signature(message)
            self._limit(message.author, 1)
            self._limit_streams(replica, message, caller)
        try:
            with (served := self._context.collector.span()):
                await self._ingest.take(replica, message, Source.PUBLISH, caller.contact)
        except (PeerNodeError, Backpressure) as error:
            raise refusal_of(error) from error
        self._delivery.published(replica, message)
        receipt = sign_receipt(self._context.identity, message, self._context.config.machine_id)
        now = self._context.now()
        count = replica.leases.count_sure(now)
        small = count <= self._context.config.small_channel_max
        view = replica.initiators
        return [
            receipt.raw,
            view.hash if view else bytes(16),
            [lease.subscriber_id for lease in replica.leases.sure(now)] if small else None,
            count,
            replica.leases.digest(),
            replica.leases.contact(node_id_of(message.author)) is not None,
            served_us(served),
        ]

    def _limit(self, author: bytes, factor: int) -> None:
        """Count one new message of an author; ``RATE_LIMITED`` over the bound."""
        bucket = self._authors.get((author, factor))
        now = self._context.now()
        if bucket is None:
            config = self._context.config
            rate, burst = config.author_rate_per_s * factor, config.author_burst * factor
            bucket = self._authors[author, factor] = TokenBucket(rate, burst, now)
            if len(self._authors) > AUTHORS_MAX:
                self._authors.popitem(last=False)
        self._authors.move_to_end((author, factor))
        if not bucket.take(now):
            retry_after_ms = int(1000 / self._context.config.author_rate_per_s) + 1
            raise Refused(Status.RATE_LIMITED, [retry_after_ms])

    def _limit_streams(self, replica: Replica, message: Message, caller: Caller) -> None:
        """Keys are free, addresses are not: count a new stream against where it comes from."""
        prefix = prefix_of(caller.contact.address)
        if prefix is None or replica.log.knows(message.author, message.instance):
            return
        now = self._context.now()
        known = replica.room.of_author(message.author) > 0
        if known and self._restarts.take(message.author.hex() + replica.channel_id.hex(), now):
            return
        if not self._newcomers.take(prefix, now):
            self._context.collector.count("quota.streams")
            raise Refused(Status.RATE_LIMITED, [int(1000 / self._context.config.new_streams_per_s)])

    async def push(self, caller: Caller, body: Fields) -> list[Any]:
        """A message comes, from an initiator, its author or a relay; acked when it is durable."""
        their_hash = body.take_bytes(16)
        message = Message.claimed(body.take_bytes_upto(1200))
        replica = self._storage.replicas.get(message.channel_id)
        if replica is None or not replica.subscribed:
            raise Refused(Status.NOT_SUBSCRIBED)
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        if not replica.log.has(message):
            check_signature(message)  # what is in the log was checked, byte for byte, when it came
            self._limit(message.author, PUSHED_FACTOR)
            view = replica.initiators
            if view is None or not view.holds(caller.contact.public_key):
                self._limit_streams(replica, message, caller)
        try:
            with (served := self._context.collector.span()):
                await self._ingest.take(replica, message, Source.PUSH, caller.contact)
        except (PeerNodeError, Backpressure) as error:
            raise refusal_of(error) from error
        view = replica.initiators
        if view is not None and their_hash not in (view.hash, bytes(16)):
            self._storage.coordination.hinted(replica, caller.contact.public_key, their_hash)
        return [sign_ack(self._context.identity, message), served_us(served)]

    async def _acked(self, caller: Caller, body: Fields) -> list[Any]:
        replica = self._storage.replicas.get(body.take_bytes(20))
        if replica is None:
            raise Refused(Status.MISSING)
        teller, trusted = caller.contact.public_key, self._stores(replica, caller.contact)
        followed = False
        for item in body.take_list(MESSAGES):
            per_message = Fields(item)
            digest = per_message.take_bytes(16)
            followed = followed or self._delivery.find(digest) is not None
            asked = trusted or self.asked(digest, teller)
            for pair in per_message.take_list(ACKS_PER_MESSAGE):
                fields = Fields(pair)
                name, signature = fields.take_bytes_upto(32), fields.take_bytes(64)
                key = self._acker(replica, name)
                if key is not None and not asked and not replica.lists(node_id_of(key)):
                    self._context.collector.count("delivery.ack_of_a_stranger")
                elif key is not None:
                    self._delivery.reported(replica, digest, key, signature, teller)
        if body.more:
            followed = self._named(replica, body.take_list(MESSAGES), teller) or followed
        if body.more and (questions := body.take_list(MESSAGES)):
            return self._answers.answer(replica, caller, questions)
        if not followed:
            raise Refused(Status.MISSING)  # we have restarted since: let another initiator pass them on
        return []

    def _named(self, replica: Replica, items: list[Any], teller: bytes) -> bool:
        """Names of who has acked, without signatures; whether a message of these is followed."""
        followed = False
        for item in items:
            fields = Fields(item)
            digest = fields.take_bytes(16)
            names = fields.take_bytes_upto(NAMES_PER_MESSAGE * ID_PREFIX_BYTES)
            if len(names) % ID_PREFIX_BYTES:
                raise RemoteProtocolError("names of whole length were expected")
            followed = followed or self._delivery.find(digest) is not None
            for start in range(0, len(names), ID_PREFIX_BYTES):
                self._delivery.named(replica, digest, names[start : start + ID_PREFIX_BYTES], teller)
        return followed

    def _stores(self, replica: Replica, contact: Contact) -> bool:
        """Whether a peer stores the channel, for all we know: such a one knows subscribers that we do not."""
        view = replica.initiators
        contacts = (*(view.contacts if view else ()), *replica.remembered, *replica.rumoured)
        return any(known.public_key == contact.public_key for known in contacts)

    def _acker(self, replica: Replica, name: bytes) -> bytes | None:
        """The public key of the subscriber that an ack names by its key or the beginning of its id."""
        if len(name) == PUBLIC_KEY_BYTES:
            return name
        if len(name) != ID_PREFIX_BYTES:
            raise RemoteProtocolError("an ack names its subscriber by 32 or 8 bytes")
        contact = replica.leases.named(name)
        if contact is None:
            self._context.collector.count("delivery.ack_of_a_stranger")
            return None
        return contact.public_key

    async def _get_part(self, caller: Caller, body: Fields) -> list[Any]:
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(body.take_bytes(20))
        digest = body.take_bytes(32)
        if replica is None:
            raise Refused(Status.MISSING)
        lent = replica.lent_to(caller.contact.public_key)
        if not lent and not self._storage.may_read(replica, caller.contact):
            raise Refused(Status.NOT_SUBSCRIBED)
        block = self._context.store.part(digest)
        if block is None:
            raise Refused(Status.MISSING)
        if len(block) > self._context.config.part_max_bytes:
            raise RemoteProtocolError("a stored part over the bound")
        return [block]

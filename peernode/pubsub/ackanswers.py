"""``AckAnswers``: an author asks what it has missed, and hears the acks of its messages that are known here.

An author may have been away when acks were reported to it. It names its messages and whose acks it lacks;
whoever is asked answers with those that it holds: of the deliveries that it follows, as an initiator or
because it pushed, and its own, signed anew if need be, of any message that it has. So neither initiators that
have started anew nor an ack that nobody ever passed on leave an author in the dark for good.

Invariants: only the author of a message hears its acks, at a proven address; an own ack is signed only for
what is in the log, as whole as when a PUSH of it were answered; an answer has ``ANSWERED_MAX`` acks at most,
and one author asks about a channel so often only; the table of who asks is bounded, who has not asked for
longest is forgotten. Keys are free: who has written nothing that is held here costs no look into the store,
and no place in the table.
"""

from __future__ import annotations

from typing import Any

from peernode.channel.message import Message
from peernode.channel.receipt import sign_ack
from peernode.errors import Refused, RemoteProtocolError
from peernode.pubsub.ackpages import ID_PREFIX_BYTES, MESSAGES, NAMES_PER_MESSAGE
from peernode.pubsub.context import Context
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.replica import Replica
from peernode.rpc.ratelimit import BucketTable
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.ops import Status

ANSWERED_MAX = 8
"""Acks in one answer: so many fit. Who gets as many asks again for the rest."""

ASKS_PER_S = 8.0
ASKS_BURST = 128.0
"""Questions of one author about one channel, each a datagram at most; over it it hears ``RATE_LIMITED``."""

ASKERS_MAX = 4096
"""Authors, by channel, whose questions are counted."""


class AckAnswers:
    """See the module."""

    def __init__(self, context: Context, delivery: MessageDelivery) -> None:
        self._context = context
        self._delivery = delivery
        self._askers = BucketTable(ASKS_PER_S, ASKS_BURST, ASKERS_MAX)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"ack_askers": self._askers.sizes()["buckets"]}

    def answer(self, replica: Replica, caller: Caller, items: list[Any]) -> list[Any]:
        """The acks that ``caller`` lacks of messages of its own; raises ``Refused``."""
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        if not replica.room.of_author(caller.contact.public_key):
            return [[]]
        if not self._askers.take((caller.contact.id + replica.channel_id).hex(), self._context.now()):
            self._context.collector.count("acks.asked_too_often")
            raise Refused(Status.RATE_LIMITED, [int(1000 / ASKS_PER_S) + 1])
        found: list[list[bytes]] = []
        for item in items[:MESSAGES]:
            fields = Fields(item)
            message_id, digest = fields.take_bytes(16), fields.take_bytes(16)
            names = fields.take_bytes_upto(NAMES_PER_MESSAGE * ID_PREFIX_BYTES)
            if len(names) % ID_PREFIX_BYTES:
                raise RemoteProtocolError("names of whole length were expected")
            wanted = {names[at : at + ID_PREFIX_BYTES] for at in range(0, len(names), ID_PREFIX_BYTES)}
            known = self._known(replica, caller.contact.public_key, message_id, digest, wanted)
            found += [[digest, key, signature] for key, signature in known.items()]
            if len(found) >= ANSWERED_MAX:
                break
        return [found[:ANSWERED_MAX]]

    def _known(
        self, replica: Replica, author: bytes, message_id: bytes, digest: bytes, wanted: set[bytes]
    ) -> dict[bytes, bytes]:
        """Key -> signature of those among the wanted whose acks of that message are at hand."""
        found: dict[bytes, bytes] = {}
        spread = self._delivery.find(digest)
        if spread is not None and spread.replica is replica and spread.message.author == author:
            for subscriber, (key, signature) in spread.acked.items():
                if subscriber[:ID_PREFIX_BYTES] in wanted:
                    found[key] = signature
        mine = self._context.identity
        if mine.public_key not in found and mine.node_id[:ID_PREFIX_BYTES] in wanted and replica.subscribed:
            message = self._held(replica, author, message_id, digest)
            if message is not None:
                found[mine.public_key] = sign_ack(mine, message)
        return found

    def _held(self, replica: Replica, author: bytes, message_id: bytes, digest: bytes) -> Message | None:
        """The message, if it is durable here with all its parts, so far as anybody has noticed."""
        for raw in self._context.store.by_id(replica.channel_id, message_id):
            message = Message.trusted(raw)
            if (message.digest, message.author) == (digest, author) and replica.log.has(message):
                return None if any(part in replica.missing_parts for part in message.parts) else message
        return None

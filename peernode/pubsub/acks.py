"""``AckReports``: acks on their way to the channel's other initiators and to the message's author.

Who pushed a message has the subscriber's ack and passes it on, batched for about ``acked_batch_s`` and
several to a datagram. An author goes first: in a small channel it has pushed to everybody itself, and
what it reports in time the initiators need not. Who got a message by catching up has acked to nobody
yet: it tells the initiator that should have pushed, which passes it on like an ack of its own.

Invariants: an ack is reported once to each; a report that is lost costs a superfluous push, never a
message; what waits is bounded by ``REPORTS_MAX`` acks, over which the oldest batch is sent at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from peernode.channel.assignment import rank
from peernode.channel.message import Message
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.identity import node_id_of
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from peernode.wire.payload import REQUEST_BODY_MAX

ID_PREFIX_BYTES = 8
"""An initiator knows its subscribers: among them so much of an id names one."""

REPORTS_MAX = 2048
"""Acks waiting at most."""

AUTHOR_HASTE = 0.5
"""An author waits so much shorter than the initiators for its batch."""

INITIATOR_PATIENCE = 2.0
"""An initiator waits so much longer: in a small channel the author's report mostly comes first, in a large
one a batch then fills its datagrams."""

_FIRST_HAND_TRIES = 2
"""Initiators that a subscriber tells of its own ack, until one has it."""

_ACKS_PER_MESSAGE = 16
_MESSAGES = 16
_CHANNEL_BYTES = 30
_MESSAGE_BYTES = 22
_ACK_BYTES = 69


@dataclass(frozen=True, slots=True)
class Report:
    """One ack to be passed on; ``shared`` comes to hold the subscribers whom others have reported."""

    replica: Replica
    message: Message
    key: bytes
    signature: bytes
    subscriber: bytes
    shared: dict[bytes, None]


class AckReports:
    """Collects acks and sends them off in batches."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: list[Report] = []
        self._timer: asyncio.TimerHandle | None = None

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"reports": (len(self._waiting), REPORTS_MAX)}

    def close(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def add(self, report: Report) -> None:
        """An ack that this node has at first hand."""
        self._waiting.append(report)
        if len(self._waiting) >= REPORTS_MAX:
            self._flush()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            delay_s = self._context.config.acked_batch_s * (0.75 + 0.5 * self._context.env.random.random())
            if report.message.author == self._context.identity.public_key:
                delay_s *= AUTHOR_HASTE
            else:
                delay_s *= INITIATOR_PATIENCE
            self._timer = loop.call_later(delay_s, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batches: dict[tuple[bytes, bytes], tuple[Contact, list[Report]]] = {}
        for report in self._waiting:
            if report.subscriber in report.shared:
                continue
            if self._first_hand(report):
                self._context.tasks.spawn(self._tell_initiator(report), "acks.first_hand")
                continue
            for contact in self._audience(report.replica, report.message, report.key):
                slot = batches.setdefault((contact.public_key, report.replica.channel_id), (contact, []))
                slot[1].append(report)
        self._waiting = []
        for contact, reports in batches.values():
            for body in _bodies(reports, contact):
                self._context.tasks.spawn(self._send(contact, body), "acks.report")

    def _first_hand(self, report: Report) -> bool:
        """Whether it is our own ack and we are no initiator, who would report it to all."""
        return report.key == self._context.identity.public_key and not report.replica.serves

    async def _tell_initiator(self, report: Report) -> None:
        view = report.replica.initiators
        contacts = {contact.public_key: contact for contact in (view.contacts if view else ())}
        order = rank(report.subscriber, report.replica.channel_id, list(contacts))
        for key in order[:_FIRST_HAND_TRIES]:
            if await self._send(contacts[key], _body([report], whole=True)):
                return

    def _audience(self, replica: Replica, message: Message, acker: bytes) -> list[Contact]:
        """The other initiators and the author; not the one that acked, it knows."""
        mine = self._context.identity.public_key
        skip = (mine, acker)
        view = replica.initiators
        found = {c.public_key: c for c in (view.contacts if view else ()) if c.public_key not in skip}
        if message.author not in skip and message.author not in found:
            author = replica.leases.contact(node_id_of(message.author))
            if author is None and (address := self._context.rpc.address_of(message.author)) is not None:
                author = Contact(message.author, *address)
            if author is not None:
                found[message.author] = author
        return list(found.values())

    async def _send(self, contact: Contact, body: list[Any]) -> bool:
        try:
            await self._context.rpc.request(contact, Op.ACKED, body, prove=True)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"acks.{type(error).__name__}")
            return False
        return True


def _bodies(reports: list[Report], contact: Contact) -> list[list[Any]]:
    """The reports for one peer, as many to a datagram as fit; authors are told whole keys."""
    bodies: list[list[Any]] = []
    for whole in (False, True):
        batch: list[Report] = []
        counts: dict[bytes, int] = {}
        size = _CHANNEL_BYTES
        for report in reports:
            if (report.message.author == contact.public_key) is not whole:
                continue
            digest = report.message.digest
            cost = _ACK_BYTES + (32 + 2 if whole else ID_PREFIX_BYTES + 2)
            cost += 0 if digest in counts else _MESSAGE_BYTES
            crowded = counts.get(digest, 0) == _ACKS_PER_MESSAGE or (
                digest not in counts and len(counts) == _MESSAGES
            )
            if batch and (crowded or size + cost > REQUEST_BODY_MAX):
                bodies.append(_body(batch, whole))
                batch, counts, size = [], {}, _CHANNEL_BYTES
                cost = _ACK_BYTES + _MESSAGE_BYTES + (32 + 2 if whole else ID_PREFIX_BYTES + 2)
            batch.append(report)
            counts[digest] = counts.get(digest, 0) + 1
            size += cost
        if batch:
            bodies.append(_body(batch, whole))
    return bodies


def _body(reports: list[Report], whole: bool) -> list[Any]:
    by_message: dict[bytes, list[list[bytes]]] = {}
    for report in reports:
        name = report.key if whole else report.subscriber[:ID_PREFIX_BYTES]
        by_message.setdefault(report.message.digest, []).append([name, report.signature])
    channel_id = reports[0].replica.channel_id
    return [channel_id, [[digest, pairs] for digest, pairs in by_message.items()]]

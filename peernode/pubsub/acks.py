"""``AckReports``: acks on their way to the channel's other initiators and to the message's author.

Who pushed a message has the subscriber's ack and passes it on, batched for about ``acked_batch_s`` and
several to a datagram. An author goes first: in a small channel it has pushed to everybody itself, and
what it reports in time the initiators need not. Who got a message by catching up has acked to nobody
yet: it tells the initiator that should have pushed, which passes it on like an ack of its own.

In a very large channel the ack itself, which is mostly its signature, goes to those alone whom it spares a
push now: the initiators ranked before us, who may be trying still, and the next one behind. It tells those
behind it of the ack as we do, by name; who has that from two of them does not push.

Invariants: an ack is reported once to each; a report that is lost costs a superfluous push, never a
message; no single initiator's word without the signature keeps another from pushing; what waits is bounded
by ``REPORTS_MAX`` acks, over which the oldest batch is sent at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from peernode.channel.assignment import rank
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.identity import node_id_of
from peernode.pubsub.ackpages import Report, pages
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

REPORTS_MAX = 2048
"""Acks waiting at most, own ones and heard ones."""

AUTHOR_HASTE = 0.5
"""An author waits so much shorter than the initiators for its batch."""

INITIATOR_PATIENCE = 2.0
"""An initiator waits so much longer: in a small channel the author's report mostly comes first, in a large
one a batch then fills its datagrams."""

NAMES_FACTOR = 4
"""Names are used in channels of more than so many times ``small_channel_max``: in smaller ones the acks that
one initiator has for another fit a datagram or two, and names would only add some."""

HEARD_PATIENCE = 3.5
"""What is only passed on by name waits so much longer: it is for those whose turn is not the next one."""

_FIRST_HAND_TRIES = 2
"""Initiators that a subscriber tells of its own ack, until one has it."""


@dataclass(slots=True)
class _Queue:
    """Reports that wait for company."""

    reports: list[Report] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class AckReports:
    """Collects acks and sends them off in batches."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._own = _Queue()
        self._heard = _Queue()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "reports": (len(self._own.reports), REPORTS_MAX),
            "reports_heard": (len(self._heard.reports), REPORTS_MAX),
        }

    def close(self) -> None:
        """Send nothing more."""
        for queue in (self._own, self._heard):
            queue.stop()

    def add(self, report: Report) -> None:
        """An ack that this node has at first hand, or has heard with its signature."""
        if report.heard and not self._names(report.replica):
            return  # everybody has it with its signature
        queue = self._heard if report.heard else self._own
        queue.reports.append(report)
        if len(queue.reports) >= REPORTS_MAX:
            self._flush(queue)
        elif queue.timer is None:
            delay_s = self._context.config.acked_batch_s * (0.75 + 0.5 * self._context.env.random.random())
            if report.heard:
                delay_s *= HEARD_PATIENCE
            elif report.message.author == self._context.identity.public_key:
                delay_s *= AUTHOR_HASTE
            else:
                delay_s *= INITIATOR_PATIENCE
            queue.timer = asyncio.get_running_loop().call_later(delay_s, self._flush, queue)

    def all_answered(self) -> None:
        """No push is under way: in a large channel nothing is gained by waiting for more acks."""
        small = self._context.config.small_channel_max
        if self._own.reports and self._subscribers(self._own.reports[0].replica) > small:
            self._flush(self._own)

    def _names(self, replica: Replica) -> bool:
        """Whether some are told names alone."""
        return self._subscribers(replica) > NAMES_FACTOR * self._context.config.small_channel_max

    def _subscribers(self, replica: Replica) -> int:
        return replica.leases.count_sure(self._context.now())

    def _flush(self, queue: _Queue) -> None:
        queue.stop()
        waiting, queue.reports = queue.reports, []
        batches: dict[tuple[bytes, bytes], tuple[Contact, list[tuple[Report, bool]]]] = {}
        for report in waiting:
            if self._first_hand(report):
                if report.subscriber not in report.shared:
                    self._context.tasks.spawn(self._tell_initiator(report), "acks.first_hand")
                continue
            for contact, signed in self._audience(report):
                slot = batches.setdefault((contact.public_key, report.replica.channel_id), (contact, []))
                slot[1].append((report, signed))
        for contact, items in batches.values():
            for body in pages(items, contact.public_key):
                self._context.tasks.spawn(self._send(contact, body), "acks.report")

    def _first_hand(self, report: Report) -> bool:
        """Whether it is our own ack and we are no initiator, who would report it to all."""
        return report.key == self._context.identity.public_key and not report.replica.serves

    async def _tell_initiator(self, report: Report) -> None:
        view = report.replica.initiators
        contacts = {contact.public_key: contact for contact in (view.contacts if view else ())}
        order = rank(report.subscriber, report.replica.channel_id, list(contacts))
        for key in order[:_FIRST_HAND_TRIES]:
            if await self._send(contacts[key], pages([(report, True)], key, whole=True)[0]):
                return

    def _audience(self, report: Report) -> list[tuple[Contact, bool]]:
        """Whom to tell of an ack, and whether with its signature; not the one that acked, it knows."""
        author = report.message.author
        before, behind = self._line(report)
        if report.heard or report.subscriber in report.shared:
            return [(contact, False) for contact in behind if contact.public_key != author]
        found = {contact.public_key: (contact, True) for contact in (*before, *behind[:1])}
        for contact in behind[1:]:
            found[contact.public_key] = (contact, contact.public_key == author)
        mine = self._context.identity.public_key
        if author not in (mine, report.key, *found):
            writer = self._author(report.replica, author)
            if writer is not None:
                found[author] = (writer, True)
        return list(found.values())

    def _line(self, report: Report) -> tuple[list[Contact], list[Contact]]:
        """The other initiators, ranked for this subscriber: those before us, and those behind.

        Nobody is behind where no names are used, nor of our own ack.
        """
        replica, mine = report.replica, self._context.identity.public_key
        view = replica.initiators
        contacts = {contact.public_key: contact for contact in (view.contacts if view else ())}
        if view is None or mine not in contacts or report.key == mine or not self._names(replica):
            return [contact for key, contact in contacts.items() if key not in (mine, report.key)], []
        order = replica.ranking(report.subscriber, view)
        place = order.index(mine)
        before = [contacts[key] for key in order[:place] if key != report.key]
        return before, [contacts[key] for key in order[place + 1 :] if key != report.key]

    def _author(self, replica: Replica, key: bytes) -> Contact | None:
        contact = replica.leases.contact(node_id_of(key))
        if contact is None and (address := self._context.rpc.address_of(key)) is not None:
            contact = Contact(key, *address)
        return contact

    async def _send(self, contact: Contact, body: list[Any]) -> bool:
        try:
            await self._context.rpc.request(contact, Op.ACKED, body, prove=True)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"acks.{type(error).__name__}")
            return False
        return True

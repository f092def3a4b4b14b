"""``AckReports``: acks on their way to the channel's other initiators and to the message's author.

Batched for about ``acked_batch_s`` (jittered: who is first spares the others the same report),
several to a datagram. Invariants: an ack is reported once to each; a
report that is lost costs a superfluous push, never a message; what waits is bounded by
``REPORTS_MAX`` acks, over which the oldest batch is sent at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from peernode.channel.message import Message
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.identity import node_id_of
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

ACKS_PER_DATAGRAM = 8
"""An ack takes 102 bytes in a body and its message 20: eight fit 1,200 bytes with the sealing."""

REPORTS_MAX = 2048
"""Acks waiting at most."""


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
        """An ack that this node has got itself."""
        self._waiting.append(report)
        if len(self._waiting) >= REPORTS_MAX:
            self._flush()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            delay_s = self._context.config.acked_batch_s * (0.5 + self._context.env.random.random())
            self._timer = loop.call_later(delay_s, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batches: dict[tuple[bytes, bytes], tuple[Contact, list[tuple[Message, bytes, bytes]]]] = {}
        for report in self._waiting:
            if report.subscriber in report.shared:
                continue
            for contact in self._audience(report.replica, report.message, report.key):
                slot = batches.setdefault((contact.public_key, report.replica.channel_id), (contact, []))
                slot[1].append((report.message, report.key, report.signature))
        self._waiting = []
        for (_, channel_id), (contact, acks) in batches.items():
            for start in range(0, len(acks), ACKS_PER_DATAGRAM):
                body = _body(channel_id, acks[start : start + ACKS_PER_DATAGRAM])
                self._context.tasks.spawn(self._send(contact, body), "acks.report")

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

    async def _send(self, contact: Contact, body: list[Any]) -> None:
        try:
            await self._context.rpc.request(contact, Op.ACKED, body, prove=True)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"acks.{type(error).__name__}")


def _body(channel_id: bytes, acks: list[tuple[Message, bytes, bytes]]) -> list[Any]:
    by_message: dict[bytes, list[list[bytes]]] = {}
    for message, key, signature in acks:
        by_message.setdefault(message.digest, []).append([key, signature])
    return [channel_id, [[digest, pairs] for digest, pairs in by_message.items()]]

"""Section 7, what is signed: words about a message count for who has given them, and for nobody else."""

from __future__ import annotations

from typing import Any

from peernode.channel.receipt import Receipt
from peernode.pubsub import delivery
from peernode.pubsub.entry import Entry
from peernode.pubsub.quorum import QuorumPublish
from peernode.wire.codec import Fields, unpack
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch


def _receipt_in_any_name(self: QuorumPublish, entry: Entry, contact: Contact, body: Fields) -> str:
    raw = body.take_bytes_upto(512)
    _, channel_id, digest, initiator, machine_id, _ = unpack(raw)
    listed: list[Any] = [body.take_bytes(16), body.take()][1] or []
    self._receipt(entry, Receipt(channel_id, digest, initiator, machine_id, raw), listed, None)
    return "ok"


def _any_signature(subscriber: bytes, message: Any, signature: bytes) -> bool:
    return True


BELIEVING = (
    Mutant(
        "receipts-in-any-name",
        7,
        "`sent(k of R)` at W = R//2 + 1 receipts.",
        "A receipt counts for whom it names, whoever has signed it",
        "perjurer",
        ("honest_receipt", "durable"),
        (Patch(QuorumPublish, "_read_answer", _receipt_in_any_name),),
    ),
    Mutant(
        "acks-in-any-name",
        7,
        "`delivered(n of m)` grows with subscribers' signed acks",
        "An ack counts for whom it names, whoever has signed it",
        "perjurer",
        ("honest_receipt", "never_backwards", "delivered"),
        (Patch(delivery, "verify_ack", _any_signature),),
    ),
)

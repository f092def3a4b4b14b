"""Receipts and acks: signed words about one message.

A receipt is an initiator's word that the message, with all its parts, is durably stored on its
machine; an ack is a subscriber's that it has it. Invariants: both name the message by its digest;
neither can be moved to another channel, message or signer.
"""

from __future__ import annotations

from dataclasses import dataclass

from peernode.channel.message import Message
from peernode.errors import RemoteProtocolError
from peernode.identity import Identity, verify
from peernode.wire.codec import Fields, pack, unpack

VERSION = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """An initiator's receipt; ``machine_id``: copies with one machine id share one disk."""

    channel_id: bytes
    message_digest: bytes
    initiator: bytes
    machine_id: bytes
    raw: bytes


def sign_receipt(identity: Identity, message: Message, machine_id: bytes) -> Receipt:
    """Our receipt; only ever made after the message's commit."""
    items = [VERSION, message.channel_id, message.digest, identity.public_key, machine_id]
    raw = pack([*items, identity.sign("receipt", pack(items))])
    return Receipt(message.channel_id, message.digest, identity.public_key, machine_id, raw)


def decode_receipt(raw: bytes) -> Receipt:
    """The verified receipt in ``raw``; ``RemoteProtocolError`` for anything else."""
    fields = Fields(unpack(raw))
    if fields.take_int(0, 255) != VERSION or len(fields) != 6:
        raise RemoteProtocolError("a receipt of another version")
    channel_id, digest, initiator = fields.take_bytes(20), fields.take_bytes(16), fields.take_bytes(32)
    machine_id, signature = fields.take_bytes(8), fields.take_bytes(64)
    items = [VERSION, channel_id, digest, initiator, machine_id]
    if pack([*items, signature]) != raw or not verify(initiator, "receipt", pack(items), signature):
        raise RemoteProtocolError("a forged receipt")
    return Receipt(channel_id, digest, initiator, machine_id, raw)


def sign_ack(identity: Identity, message: Message) -> bytes:
    """Our ack of a message, a bare signature of 64 bytes."""
    return identity.sign("ack", message.channel_id + message.digest + identity.public_key)


def verify_ack(subscriber: bytes, message: Message, signature: bytes) -> bool:
    """Whether ``signature`` is that subscriber's ack of the message."""
    return verify(subscriber, "ack", message.channel_id + message.digest + subscriber, signature)

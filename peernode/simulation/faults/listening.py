"""What a hostile node reads in the datagrams for the node beside it, whose key it has.

Invariant: what is not for this node, or is no datagram at all, reads as nothing.
"""

from __future__ import annotations

from peernode.channel.message import Message
from peernode.errors import RemoteProtocolError
from peernode.wire.frames import Sealed, decode_frame
from peernode.wire.ops import Op
from peernode.wire.payload import KIND_REQUEST, WireMessage, decode_messages
from peernode.wire.sealing import Sealer

SEALERS_KEYS_MAX = 1_024
"""Keys that the sealer of a hostile node remembers."""

_MESSAGE_BYTES = 1_200


def opened(sealer: Sealer, datagram: bytes) -> tuple[bytes, list[WireMessage]]:
    """Who sent a datagram, by public key, and what is in it."""
    try:
        frame = decode_frame(datagram)
        return (frame.sender, decode_messages(sealer.open(frame))) if isinstance(frame, Sealed) else (b"", [])
    except RemoteProtocolError:
        return b"", []


def brought(said: WireMessage) -> Message | None:
    """The message that a PUBLISH or PUSH brings; None for anything else."""
    if said.kind != KIND_REQUEST or said.code not in (Op.PUBLISH, Op.PUSH):
        return None
    try:
        if said.code == Op.PUSH:
            said.body.take_bytes(16)
        return Message.claimed(said.body.take_bytes_upto(_MESSAGE_BYTES))
    except RemoteProtocolError:
        return None

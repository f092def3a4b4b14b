"""Signing own messages: each takes the next place of this node's stream in its channel.

Invariant: a place is given once; who can't commit what was signed begins a new stream.
"""

from __future__ import annotations

from peernode.channel.message import Kind, Message, sign_message
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.codec import pack


def sign_next(
    context: Context,
    replica: Replica,
    message_id: bytes,
    kind: int,
    body: bytes,
    parts: tuple[bytes, ...] = (),
) -> Message:
    """The next message of our stream in a channel."""
    own = replica.next_own()
    message = sign_message(
        context.identity,
        channel_id=replica.channel_id,
        instance=own.instance,
        seq=own.seq,
        prev=own.prev,
        id=message_id,
        hlc=context.hlc.now(),
        kind=kind,
        body=body,
        parts=parts,
    )
    replica.advance_own(message)
    return message


def sign_skip(context: Context, replica: Replica, skip_id: bytes, named: Message) -> Message:
    """The word that ``named``, an own message, is not to be shown, wherever it turns up."""
    body = pack([named.instance, named.seq, named.digest])
    return sign_next(context, replica, skip_id, Kind.SKIP, body)

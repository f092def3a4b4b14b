"""An initiator's leases across its own restart.

Without them an initiator that was killed would name no subscribers in its receipts for up to a renewal,
and a message published just then would be counted as delivered to nobody. Invariants: a lease read
back is checked like one from the network and lives no longer than it was signed for; at most
``LEASES_KEPT_MAX`` per channel are kept, no copy whose subscriber never answered; the others come back with
their next renewal.
"""

from __future__ import annotations

from peernode.channel.lease import decode_lease
from peernode.errors import RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.notes import LEASES, note_key
from peernode.pubsub.replica import Replica
from peernode.store.base import PutMeta
from peernode.wire.codec import Fields, pack, unpack
from peernode.wire.contact import Contact

LEASES_KEPT_MAX = 128
"""About 40 KB of a channel's leases."""

GONE_KEPT_MAX = 64
"""Of those who have left, and of leases that have ended, the latest: replayed, they bring nobody back."""


async def keep_leases(context: Context, replica: Replica) -> None:
    """Write down the live leases of a channel; without effect on a full disk."""
    if replica.forgotten:
        return  # a round that began before
    now = context.now()
    live = [[held.raw, held.contact.encode()] for held in replica.leases.sure(now)[:LEASES_KEPT_MAX]]
    gone = [[held.raw, held.contact.encode(), True] for held in replica.leases.departed(now)[-GONE_KEPT_MAX:]]
    kept = pack([*live, *gone])
    await context.save(PutMeta(note_key(LEASES, replica.channel_id), kept))


def load_leases(context: Context, replica: Replica) -> None:
    """Take back what was kept, by the wall clock of its serial; what has run out since is only remembered."""
    kept = context.store.meta(note_key(LEASES, replica.channel_id))
    if kept is None:
        return
    wall_ms = context.wall_ms()
    try:
        for item in Fields(unpack(kept)):
            fields = Fields(item)
            lease = decode_lease(fields.take_bytes_upto(512), context.network_id)
            contact = Contact.decode(fields.take())
            gone = fields.take_bool() if fields.more else False
            remaining_s = 0.0 if gone else lease.ttl_s - (wall_ms - lease.serial_ms) / 1000
            if lease.channel_id == replica.channel_id:
                replica.leases.put(lease, contact, context.now(), wall_ms, remaining_s=max(0.0, remaining_s))
    except RemoteProtocolError:
        context.collector.count("leases.unreadable")
    replica.leases.expire(context.now())

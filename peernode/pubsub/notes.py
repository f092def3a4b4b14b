"""What this node notes of a channel beside its rows, each under a key of its own; it goes with the channel.

Invariants: whatever is noted of a channel for its own sake has its kind here, so a channel that is forgotten
leaves nothing behind. How far a person has read is not among these: it counts again when he comes back.
"""

from __future__ import annotations

from collections.abc import Container

from peernode.pubsub.context import Context
from peernode.store.base import DropMeta

LEASES, LATE, RETAINED, TORN = "leases/", "late/", "retained/", "torn/"
KINDS = (LEASES, LATE, RETAINED, TORN)

PAGE = 64
"""Notes that are read at a time; those of leases have up to 40 KB each."""


def note_key(kind: str, channel_id: bytes) -> str:
    """Where one kind of note about a channel is kept."""
    return f"{kind}{channel_id.hex()}"


def drop_notes(channel_id: bytes) -> list[DropMeta]:
    """The writes that forget all that is noted of a channel."""
    return [DropMeta(note_key(kind, channel_id)) for kind in KINDS]


async def drop_orphans(context: Context, held: Container[bytes]) -> None:
    """Forget what earlier versions left behind of channels that they forgot."""
    for kind in KINDS:
        after = kind
        while page := context.store.metas(kind, after, PAGE):
            gone = [key for key, _ in page if _channel_in(key.removeprefix(kind)) not in held]
            if gone and not await context.save(*(DropMeta(key) for key in gone)):
                return  # a full disk: at the next start
            context.collector.count("notes.orphans", len(gone))
            after = page[-1][0]


def _channel_in(name: str) -> bytes:
    """The channel that a note's key names; nobody's when the disk has damaged the key."""
    try:
        return bytes.fromhex(name)
    except ValueError:
        return b""

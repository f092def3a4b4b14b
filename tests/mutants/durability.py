"""Section 13: what is said to be on the disk is on the disk."""

from __future__ import annotations

import asyncio

from peernode.errors import PeerNodeError
from peernode.pubsub.publish import Publisher
from peernode.pubsub.repair import Repair
from peernode.store.base import Write
from peernode.store.inspection import Inspector
from peernode.store.memory import MemoryStore
from tests.mutants.mutant import Mutant, Patch

_commit = MemoryStore.commit


async def _commit_in_the_background(self: MemoryStore, *writes: Write) -> None:
    asyncio.get_running_loop().create_task(_commit(self, *writes))


async def _commit_whatever_the_disk_says(self: MemoryStore, *writes: Write) -> None:
    try:
        await _commit(self, *writes)
    except PeerNodeError:
        return


def _sound_whatever_it_is(self: Inspector, *row: object) -> bool:
    return True


def _load_nothing(self: Publisher) -> None:
    return


async def _repair_nothing(self: Repair) -> None:
    await asyncio.Event().wait()


DURABILITY = (
    Mutant(
        "no-fsync",
        13,
        "A receipt is sent only after the commit.",
        "The store's commit returns before anything is on the disk",
        "slow-disks",
        ("honest_receipt",),
        (Patch(MemoryStore, "commit", _commit_in_the_background),),
    ),
    Mutant(
        "full-disk-unheard",
        13,
        "A full disk refuses new messages with a code and keeps serving.",
        "The error of a full disk is caught and dropped",
        "full-disks",
        ("honest_receipt",),
        (Patch(MemoryStore, "commit", _commit_whatever_the_disk_says),),
    ),
    Mutant(
        "rows-not-verified",
        13,
        "A row is verified when read:",
        "What the disk returns is believed",
        "rotten-disk",
        ("no_phantom", "no_crash"),
        (Patch(Inspector, "message_is_sound", _sound_whatever_it_is),),
    ),
    Mutant(
        "outbox-forgotten",
        13,
        "The author's outbox holds the message until W receipts of the full R.",
        "After a restart nobody looks into the outbox",
        "waiting-messages",
        ("kept",),
        (Patch(Publisher, "load", _load_nothing),),
    ),
    Mutant(
        "damage-not-repaired",
        13,
        "a bad row is *missing, repair it*, never silently gone.",
        "A damaged row is passed over when it is read, and that is all",
        "rotten-disk",
        ("durable", "replicated"),
        (Patch(Repair, "run", _repair_nothing),),
    ),
)

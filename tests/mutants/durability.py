"""Section 13: what is said to be on the disk is on the disk."""

from __future__ import annotations

import asyncio

from peernode.errors import PeerNodeError
from peernode.store.base import Write
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
)

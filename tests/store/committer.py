"""A program that commits messages until it is killed, and prints each one's number once it is durable."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from peernode.store.base import PutMessage, PutOutbox
from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import NODE, message, outbox_row

AUTHORS_AT_ONCE = 8


async def main(path: Path) -> None:
    store = SqliteDatabase(path).for_node(NODE)

    async def commit_every_eighth(seq: int) -> None:
        while True:
            await store.commit(PutMessage(message(seq)), PutOutbox(outbox_row(seq)))
            print(seq, flush=True)
            seq += AUTHORS_AT_ONCE

    await asyncio.gather(*(commit_every_eighth(first + 1) for first in range(AUTHORS_AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

"""``FileScrub``: reads the files on the own disk round and round: rot is found while others hold a copy.

Nobody may look at a file for months; the messages' own rows and parts are read by ``Repair``.

Invariants: one file per ``EVERY_S``, in slices between which everything else goes on; a file with a lost
block counts as whole no more, so nobody is told that it is here, and an initiator wants it anew; a disk that
can't be read for a while costs that file its turn, never the loop.
"""

from __future__ import annotations

import asyncio

from peernode.channel.filetree import file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.fileshelf import FileShelf
from peernode.pubsub.ingest import Source
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.turns import in_turns
from peernode.pubsub.wantedfiles import WantedFiles

EVERY_S = 60.0
"""A file of 25 MB takes about a second to read: two per cent of one core, and only with such files."""


class FileScrub:
    """See the module."""

    def __init__(
        self, context: Context, storage: PubSubStorage, shelf: FileShelf, wanted: WantedFiles
    ) -> None:
        self._context = context
        self._storage = storage
        self._shelf = shelf
        self._wanted = wanted

    async def run(self) -> None:
        """Round and round; ends with the node."""
        while True:
            await asyncio.sleep(EVERY_S)  # no jitter: nobody else notices it
            async for replica in in_turns(self._storage.replicas.values()):
                await self._look_through(replica)

    async def _look_through(self, replica: Replica) -> None:
        try:
            raws = self._context.store.of_kind(replica.channel_id, int(Kind.FILE))
        except PeerNodeError as error:
            self._context.collector.count(f"files.{error.code}")
            return
        for raw in raws:
            message = Message.trusted(raw)
            if message.kind is Kind.FILE:
                await self._check(replica, message)

    async def _check(self, replica: Replica, message: Message) -> None:
        file = file_in(message.body)
        try:
            if not self._shelf.whole(file):
                return
            if not await self._shelf.sound(file):
                self._wanted.stored(replica, message, Source.SYNC)
        except PeerNodeError as error:
            self._context.collector.count(f"files.{error.code}")
        await asyncio.sleep(EVERY_S)

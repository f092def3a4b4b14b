"""``WantedFiles``: the files that this node should have as an initiator and does not have yet.

Invariants: each is tried as soon as its message is stored; after a try in vain it waits, twice as long each
time up to ``AGAIN_MAX_S``, and no other file waits for that; over ``WANTED_MAX`` the one that was named
longest ago gives way until the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import dataclass

from peernode.channel.filetree import FileRef, file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.pubsub.context import Context
from peernode.pubsub.files import Files
from peernode.pubsub.ingest import Source
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage

WANTED_MAX = 1024
AGAIN_S = 10.0
AGAIN_MAX_S = 600.0


@dataclass(slots=True)
class _Wanted:
    """One file, and when it is tried next (monotonic s)."""

    replica: Replica
    author: bytes
    file: FileRef
    due_s: float = 0.0
    pause_s: float = AGAIN_S


class WantedFiles:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, files: Files) -> None:
        self._context = context
        self._storage = storage
        self._files = files
        self._wanted: OrderedDict[str, _Wanted] = OrderedDict()
        """By the files' keys."""
        self._worker: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"files_wanted": (len(self._wanted), WANTED_MAX)}

    def load(self) -> None:
        """Take up what the last run had not fetched yet, of the channels that are stored here."""
        for replica in self._storage.replicas.values():
            for raw in self._context.store.of_kind(replica.channel_id, int(Kind.FILE)):
                self.stored(replica, Message.trusted(raw), Source.SYNC)

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message is in the log: if it names a file, an initiator wants it."""
        if message.kind is not Kind.FILE or source is Source.OWN:
            return
        file = file_in(message.body)
        if self._files.shelf.whole(file) or file.key in self._wanted:
            return
        self._wanted[file.key] = _Wanted(replica, message.author, file)
        if len(self._wanted) > WANTED_MAX:
            self._wanted.popitem(last=False)
            self._context.collector.count("files.wanted_full")
        self._news.set()
        if self._worker is None or self._worker.done():
            self._worker = self._context.tasks.spawn(self._fetch(), "files")

    async def _fetch(self) -> None:
        """Each when it is due, until all of them are here."""
        while self._wanted:
            self._news.clear()
            key, wanted = min(self._wanted.items(), key=lambda item: item[1].due_s)
            wait_s = wanted.due_s - self._context.now()
            if wait_s > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._news.wait()
            elif await self._try(wanted):
                self._wanted.pop(key, None)
            else:
                wanted.due_s = self._context.now() + wanted.pause_s
                wanted.pause_s = min(AGAIN_MAX_S, wanted.pause_s * 2)

    async def _try(self, wanted: _Wanted) -> bool:
        """Whether it is here now, or of no concern any more."""
        replica = wanted.replica
        if self._storage.replicas.get(replica.channel_id) is not replica:
            return True
        return replica.serves and await self._files.fetch(replica, wanted.author, wanted.file)

"""``Freeing``: gives back the room of files that no message here names any more, or deleted ones alone.

That is so when the messages were deleted, or expired, or the channel was left, or a file was never said.

A block is named by what is in it, so one block may belong to two files, or to a file and a long text. What
may go is therefore found out by looking at everything that this node stores, after ``GRACE_S`` in which a
deletion may have been taken back.

Invariants: no block goes that a message names which is not deleted, nor one that such a message may be about
to name: a slice is dropped when no message is on its way to the disk, less what was named since the look, and
who commits a message commits its parts with it. While a slice goes no file is fetched or shared. A file of
which blocks may be gone is not whole before the first of them goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from peernode.channel.filetree import FANOUT, FileRef, digests_in, file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message, parts_named
from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.files import Files
from peernode.pubsub.fileshelf import MARK, SLICE
from peernode.pubsub.ingest import Source
from peernode.pubsub.publish import Publisher
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import DropParts

LOOK_S = 300.0
"""Between two looks, as long as there is a deleted file whose blocks are here."""

GRACE_S = 900.0
"""So long, and over two looks at least, a file must have been deleted: an own deletion may be taken back."""

DELETED_MAX = 1024
"""Deleted files that wait for their grace to end; others have their turn when these are gone."""

SPARE_MAX = 30_000
"""Blocks that are given back after one look: about those of one file of the largest size."""

ROWS = 256
"""Messages read before other work gets the loop."""

BLOCKS = 64
"""Blocks of a tree read before other work gets the loop."""

QUIET_TRIES = 200
QUIET_S = 0.05
"""So often, and that far apart, a moment without a message on its way to the disk is waited for."""


class Freeing:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, files: Files, publisher: Publisher) -> None:
        self._context = context
        self._storage = storage
        self._files = files
        self._publisher = publisher
        self._deleted: dict[str, float] = {}
        """The keys of deleted files, and when they were first seen to be so (monotonic s)."""
        self._named: dict[bytes, None] | None = None
        """Parts of the messages that came since a look began; None when nobody looks."""
        self._disturbed = False
        """Whether a file was named since then."""
        self._fetches = 0
        """As ``Files.fetches`` was then."""
        self._looking = False

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"files_deleted": (len(self._deleted), DELETED_MAX)}

    def load(self) -> None:
        """Go on with what the last run had not given back, or begin where a channel was forgotten."""
        if self._context.store.metas(MARK, "", 1):
            self.soon()

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message is in the log: it may delete a file, or name what was to be given back."""
        if self._named is not None:
            self._named.update(dict.fromkeys(message.parts))
        if message.kind is Kind.FILE:
            self._disturbed = True
        if message.kind in (Kind.FILE, Kind.DELETE, Kind.SKIP):
            self.soon()

    def soon(self) -> None:
        """Messages of files may be gone: look whether blocks may go."""
        if not self._looking:
            self._looking = True
            self._context.tasks.spawn(self._run(), "files.freeing")

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    if not await self._look():
                        return
                except PeerNodeError as error:  # the disk gives nothing now: the next look comes
                    self._context.collector.count(f"freeing.{error.code}")
        finally:
            self._looking = False

    async def _look(self) -> bool:
        """Give back what may go; whether there is more that may go later."""
        self._named, self._disturbed, self._fetches = {}, False, self._files.fetches
        try:
            gone, live = await self._files_here()
            now = self._context.now()
            since = {key: self._deleted.get(key, now) for key in gone}
            self._deleted = dict(list(since.items())[:DELETED_MAX])
            due = [file for key, file in gone.items() if now - self._deleted.get(key, now) >= GRACE_S]
            if due:
                await self._free(due, live)
            return bool(gone)
        finally:
            self._named = None

    async def _files_here(self) -> tuple[dict[str, FileRef], list[FileRef]]:
        """The files of no message, or of deleted ones alone, of which blocks may be here; and all others."""
        gone: dict[str, FileRef] = {}
        live: dict[str, FileRef] = {}
        for row in self._context.store.channels():
            replica = self._storage.replicas.get(row.channel_id)
            for count, raw in enumerate(self._context.store.of_kind(row.channel_id, int(Kind.FILE)), 1):
                message = Message.trusted(raw)
                if message.kind is not Kind.FILE:
                    continue  # it does not fit its kind, so it names no file
                file = file_in(message.body)
                if replica is not None and self._is_gone(replica, message):
                    gone[file.key] = file
                else:
                    live[file.key] = file
                if count % BLOCKS == 0:
                    await asyncio.sleep(0)
        async for file in self._files.shelf.kept():
            gone.setdefault(file.key, file)
        waiting = {key: file for key, file in gone.items() if key not in live}
        return {k: file for k, file in waiting.items() if not self._files.shelf.freed(file)}, [*live.values()]

    def _is_gone(self, replica: Replica, message: Message) -> bool:
        """Whether nobody sees it any more, and that can't be taken back."""
        if not replica.timeline.appearance.gone(message):
            return False
        entries = self._publisher.outbox.waiting.values()
        targets = (each.message.target for each in entries if each.message.kind is Kind.DELETE)
        return all(target is None or target.id != message.id for target in targets)

    async def _free(self, files: list[FileRef], live: list[FileRef]) -> None:
        spare: dict[bytes, None] = {}
        freed: list[FileRef] = []
        for file in files:
            if spare and len(spare) + file.blocks > SPARE_MAX:
                break
            async for digest in self._tree(file):
                spare[digest] = None
            freed.append(file)
        if any(self._context.store.part(file.root) is not None for file in freed):
            for file in live:
                async for digest in self._tree(file):
                    spare.pop(digest, None)
            async for digest in self._parts():
                spare.pop(digest, None)
        else:
            spare = {}  # nothing of them was ever here
        async with self._files.still():
            if await self._drop(freed, [*spare]):
                await self._context.save(*(self._files.shelf.mark_freed(file) for file in freed))
                for file in freed:
                    self._deleted.pop(file.key, None)

    async def _drop(self, files: list[FileRef], spare: list[bytes]) -> bool:
        """Drop these blocks, slice by slice; whether all of them may be and are gone."""
        if self._disturbed or self._files.fetches != self._fetches:
            return False  # a file was named or fetched since: the next look knows its blocks
        if not await self._context.save(*(self._files.shelf.mark(file, whole=False) for file in files)):
            return False
        for start in range(0, len(spare), SLICE):
            if not await self._quiet():
                return False
            named = self._named or {}
            digests = tuple(each for each in spare[start : start + SLICE] if each not in named)
            if not await self._context.save(DropParts(digests)):
                return False
            self._context.collector.count("freeing.blocks", len(digests))
        return True

    async def _quiet(self) -> bool:
        """Wait until no message is on its way to the disk; False when that does not come, or a file has."""
        for _ in range(QUIET_TRIES):
            pending = any(replica.pending for replica in self._storage.replicas.values())
            if not pending and not self._publisher.accepting:
                return not self._disturbed
            await asyncio.sleep(QUIET_S)
        self._context.collector.count("freeing.never_quiet")
        return False

    async def _tree(self, file: FileRef) -> AsyncIterator[bytes]:
        """The digests of a file's blocks, as far down as its tree is here; its leaves are not read."""
        level = [(0, file.root)]
        for depth in range(len(file.widths)):
            below: list[tuple[int, bytes]] = []
            for count, (index, digest) in enumerate(level, 1):
                yield digest
                if depth == len(file.widths) - 1:
                    continue
                block = self._files.shelf.block(file, depth, digest, index) or b""
                below += [(index * FANOUT + at, each) for at, each in enumerate(digests_in(block))]
                if count % BLOCKS == 0:
                    await asyncio.sleep(0)
            level = below

    async def _parts(self) -> AsyncIterator[bytes]:
        """The parts that any message here names, deleted or not."""
        for row in self._context.store.channels():
            before: bytes | None = None
            while raws := self._context.store.newest(row.channel_id, before, ROWS):
                for raw in raws:
                    for digest in parts_named(raw):
                        yield digest
                before = Message.trusted(raws[-1]).order_key
                await asyncio.sleep(0)

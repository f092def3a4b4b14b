"""``FileShelf``: the contents of files on the own disk, written and read block by block.

Invariants: a file counts as whole only when all its blocks were committed before the mark that says so; with
its first blocks comes a mark that some are here, so that those of one that is never whole are given back
(``Freeing``); a block that is lost takes the mark away as soon as this node reads it (others that ask for it
are told that it is missing, and ask elsewhere), and all are read now and then (``FileScrub``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import chain, islice

from peernode.channel.filetree import FANOUT, LEAF_BYTES, FileRef, blocks_of, digests_in
from peernode.pubsub.context import Context
from peernode.store.base import PutMeta, PutPart, Write

MARK = "file "
"""Before a file's key, in the key of what is noted about it."""

WHOLE, BROKEN, FREED = b"1", b"", b"0"

SLICE = 256
"""Blocks that are fetched and committed, or read, in one go."""


class FileShelf:
    """See the module."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def put(self, content: bytes, file: FileRef) -> None:
        """Make a file's contents durable; ``STORE_FULL``, ``RATE_LIMITED``.

        The tree goes before its leaves: so what is here of a file that is refused halfway can be found.
        """
        leaves = file.widths[-1]
        tree = [*islice(blocks_of(content), leaves, None)][::-1]
        batch: list[Write] = self.begun(file)
        for digest, block in chain(tree, islice(blocks_of(content), leaves)):
            batch.append(PutPart(digest, block))
            if len(batch) >= SLICE:
                await self._context.commit(*batch)
                batch = []
        await self._context.commit(*batch, self.mark(file))

    def whole(self, file: FileRef) -> bool:
        """Whether all of it is here."""
        return self._context.store.meta(f"{MARK}{file.key}") == WHOLE

    async def kept(self) -> AsyncIterator[FileRef]:
        """The files of which blocks may be here, whoever names them; without their names."""
        after = MARK
        while marks := self._context.store.metas(MARK, after, SLICE):
            for key, value in marks:
                root, size = key.removeprefix(MARK).split()
                if value != FREED:
                    yield FileRef(int(size), bytes.fromhex(root), "")
            after = marks[-1][0]
            await asyncio.sleep(0)

    async def read(self, file: FileRef, offset: int, length: int) -> bytes | None:
        """Bytes of a file that is whole here; None when a block of it is lost, and it is whole no more."""
        first, last = offset // LEAF_BYTES, min(offset + length, file.size) - 1
        leaves = range(first, last // LEAF_BYTES + 1)
        blocks: dict[bytes, bytes] = {}
        found: list[bytes] = []
        for index in leaves:
            block = self._leaf(file, index, blocks)
            if block is None:
                await self._lost(file)
                return None
            found.append(block)
            if index % SLICE == SLICE - 1:
                await asyncio.sleep(0)
        begin = offset - first * LEAF_BYTES
        return b"".join(found)[begin : begin + length]

    async def sound(self, file: FileRef) -> bool:
        """Read every block of a file that counts as whole; when one is lost, it is whole no more."""
        level, last = [file.root], len(file.widths) - 1
        for depth in range(len(file.widths)):
            below: list[bytes] = []
            for index, digest in enumerate(level):
                block = self.block(file, depth, digest, index)
                if block is None:
                    await self._lost(file)
                    return False
                if depth < last:
                    below.extend(digests_in(block))
                if index % SLICE == SLICE - 1:
                    await asyncio.sleep(0)
            level = below
        return True

    async def _lost(self, file: FileRef) -> None:
        self._context.collector.count("files.block_lost")
        await self._context.save(self.mark(file, whole=False))

    def _leaf(self, file: FileRef, index: int, seen: dict[bytes, bytes]) -> bytes | None:
        """A leaf, by the way down from the root."""
        levels = len(file.widths)
        digest = file.root
        for level in range(levels - 1):
            block = seen.get(digest) or self.block(
                file, level, digest, index // FANOUT ** (levels - 1 - level)
            )
            if block is None:
                return None
            seen[digest] = block
            digest = digests_in(block)[index // FANOUT ** (levels - 2 - level) % FANOUT]
        return self.block(file, levels - 1, digest, index)

    def block(self, file: FileRef, level: int, digest: bytes, index: int) -> bytes | None:
        """A block of the tree, if it is here and of the length that it must have."""
        block = self._context.store.part(digest)
        return block if block is not None and len(block) == file.block_bytes(level, index) else None

    def freed(self, file: FileRef) -> bool:
        """Whether its blocks were given back since it was whole or fetched."""
        return self._context.store.meta(f"{MARK}{file.key}") == FREED

    def begun(self, file: FileRef) -> list[Write]:
        """What goes with the first blocks of a file: the word that some are here, if there is none yet."""
        noted = self._context.store.meta(f"{MARK}{file.key}")
        return [self.mark(file, whole=False)] if noted in (None, FREED) else []

    def mark_freed(self, file: FileRef) -> PutMeta:
        """The write that says that its blocks were given back."""
        return PutMeta(f"{MARK}{file.key}", FREED)

    def mark(self, file: FileRef, *, whole: bool = True) -> PutMeta:
        """The write that says whether all of it is here."""
        return PutMeta(f"{MARK}{file.key}", WHOLE if whole else BROKEN)

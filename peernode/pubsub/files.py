"""``Files``: brings the contents of files, which messages only name, from node to node.

A message of a file is small and gets its receipts like any other; its contents follow. The author's node has
them on its disk before the message exists; the channel's initiators fetch them as soon as they have the
message, and everybody else when somebody wants to see them. So a file is as safe as the number of nodes that
hold all of it, which ``available`` asks them.

Invariants: a block counts only if its digest and its length are those of the tree that the message names; at
most ``FETCHES_AT_ONCE`` files are fetched at a time, ``AT_ONCE`` blocks of each; an initiator that could not
fetch one tries again after pauses that double up to ``AGAIN_MAX_S``.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from peernode.channel.filetree import (
    FILE_MAX_BYTES,
    LEAF_BYTES,
    FileRef,
    digests_in,
    file_in,
)
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.channel.parts import PART_DIGEST_BYTES, part_digest
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.events import Availability
from peernode.identity import node_id_of
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context
from peernode.pubsub.fileshelf import SLICE, FileShelf
from peernode.pubsub.ingest import Source
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.store.base import PutPart
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

FETCHES_AT_ONCE = 2
AT_ONCE = 12
"""Blocks of one file that are asked for at a time: other requests to the same peer need room, too."""

WANTED_MAX = 1024
"""Files that wait for another try; over it the one that waits longest is looked for at the next start."""

HOLDERS_MAX = 16
"""Nodes that are asked whether they have a file."""

FETCH_MAX_S = 300.0
"""A fetch that takes longer gives way to another file; what it has got is not fetched again."""

AGAIN_S = 10.0
AGAIN_MAX_S = 600.0

_UNHEARD = (RpcTimeout, Refused, Backpressure, RemoteProtocolError)


@dataclass(slots=True)
class _Wanted:
    """A file that this node should have as an initiator and does not have yet."""

    replica: Replica
    author: bytes
    file: FileRef
    pause_s: float = AGAIN_S


class Files:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, audience: Audience) -> None:
        self._context = context
        self._storage = storage
        self._audience = audience
        self.shelf = FileShelf(context)
        self.sharing = asyncio.Lock()
        """One own file at a time is put on the disk and named by a message."""
        self._wanted: OrderedDict[str, _Wanted] = OrderedDict()
        """By the files' keys, as the following."""
        self._fetching: dict[str, asyncio.Future[bool]] = {}
        self._got: dict[str, int] = {}
        """Bytes that are here of a file that is being fetched."""
        self._gate = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._worker: asyncio.Task[None] | None = None
        context.rpc.serve(Op.HOLDS, self._serve_holds)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "files_wanted": (len(self._wanted), WANTED_MAX),
            "files_fetching": (len(self._fetching), WANTED_MAX),
        }

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
        if self.shelf.whole(file) or file.key in self._wanted:
            return
        self._wanted[file.key] = _Wanted(replica, message.author, file)
        if len(self._wanted) > WANTED_MAX:
            self._wanted.popitem(last=False)
            self._context.collector.count("files.wanted_full")
        if self._worker is None or self._worker.done():
            self._worker = self._context.tasks.spawn(self._fetch_wanted(), "files")

    # -- getting -----------------------------------------------------------------------------

    async def fetch(self, replica: Replica, author: bytes, file: FileRef) -> bool:
        """Have all of a file here; whether it is. One fetch per file, however many want it."""
        if self.shelf.whole(file):
            return True
        running = self._fetching.get(file.key)
        if running is not None:
            return await asyncio.shield(running)
        if len(self._fetching) >= WANTED_MAX:
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._fetching[file.key] = done
        self._context.tasks.spawn(self._fetch(replica, author, file, done), "files.fetch")
        return await asyncio.shield(done)

    async def _fetch(
        self, replica: Replica, author: bytes, file: FileRef, done: asyncio.Future[bool]
    ) -> None:
        fetched = False
        try:
            async with self._gate:
                async with asyncio.timeout(FETCH_MAX_S):
                    holders, _ = await self._holders(replica, author, file)
                    fetched = bool(holders) and await self._tree(replica, file, holders)
        except TimeoutError:
            self._context.collector.count("files.slow")
        finally:
            self._fetching.pop(file.key, None)
            self._got.pop(file.key, None)
            if not done.done():
                done.set_result(fetched)
        if fetched:
            self._wanted.pop(file.key, None)
        self._context.collector.count("files.fetched" if fetched else "files.not_fetched")

    async def _tree(self, replica: Replica, file: FileRef, holders: list[Contact]) -> bool:
        """Fetch level by level what is not here; a tree of another form is its author's lie."""
        level, last = [file.root], len(file.widths) - 1
        for depth, width in enumerate(file.widths):
            if len(level) != width:
                self._context.collector.count("files.malformed")
                return False
            below: list[bytes] = []
            for start in range(0, width, SLICE):
                digests = level[start : start + SLICE]
                blocks = await self._slice(replica, file, (depth, start), digests, holders)
                if blocks is None:
                    return False
                if depth < last:
                    below.extend(digest for block in blocks for digest in digests_in(block))
                else:
                    self._got[file.key] = min(file.size, (start + len(digests)) * LEAF_BYTES)
            level = below
        return await self._context.save(self.shelf.mark(file))

    async def _slice(
        self,
        replica: Replica,
        file: FileRef,
        place: tuple[int, int],
        digests: list[bytes],
        holders: list[Contact],
    ) -> list[bytes] | None:
        """The blocks of these digests, durable; None when one could not be had."""
        depth, start = place
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(at: int) -> bytes | None:
            here = self.shelf.block(file, depth, digests[at], start + at)
            if here is not None:
                return here
            async with gate:
                wanted = file.block_bytes(depth, start + at)
                return await self._from_any(replica, digests[at], wanted, holders, start + at)

        blocks = await asyncio.gather(*(one(at) for at in range(len(digests))))
        found = [block for block in blocks if block is not None]
        writes = [PutPart(part_digest(block), block) for block in found]
        if not await self._context.save(*writes) or len(found) < len(blocks):
            return None
        return found

    async def _from_any(
        self, replica: Replica, digest: bytes, size: int, holders: list[Contact], turn: int
    ) -> bytes | None:
        """A block from the holders, beginning with another one each time."""
        for step in range(len(holders)):
            holder = holders[(turn + step) % len(holders)]
            try:
                answer = await self._context.rpc.request(
                    holder, Op.GET_PART, [replica.channel_id, digest], prove=True
                )
                block = Fields(answer).take_bytes_upto(self._context.config.part_max_bytes)
            except _UNHEARD as error:
                self._context.collector.count(f"files.{type(error).__name__}")
                continue
            if part_digest(block) == digest and len(block) == size:
                return block
            self._context.collector.count("files.forged")
        return None

    async def _fetch_wanted(self) -> None:
        """What the channels that this node serves name, one after the other, until all of it is here."""
        while self._wanted:
            key, wanted = next(iter(self._wanted.items()))
            if wanted.replica.serves and await self.fetch(wanted.replica, wanted.author, wanted.file):
                self._wanted.pop(key, None)
                continue
            if self._wanted.get(key) is wanted:
                self._wanted.move_to_end(key)
            await asyncio.sleep(wanted.pause_s / max(1, len(self._wanted)))
            wanted.pause_s = min(AGAIN_MAX_S, wanted.pause_s * 2)

    # -- asking ------------------------------------------------------------------------------

    def progress(self, file: FileRef) -> int:
        """Bytes of it that are here, as far as that is known without looking."""
        return file.size if self.shelf.whole(file) else self._got.get(file.key, 0)

    async def available(self, replica: Replica, author: bytes, file: FileRef) -> Availability:
        """How many nodes have all of it, as they say themselves."""
        holders, asked = await self._holders(replica, author, file)
        here = self.progress(file)
        return Availability(here, len(holders) + (here == file.size), asked + 1)

    async def _holders(self, replica: Replica, author: bytes, file: FileRef) -> tuple[list[Contact], int]:
        """Other nodes that say they have all of it, and how many were heard."""
        answers = await asyncio.gather(
            *(self._holds(replica, contact, file) for contact in self._candidates(replica, author))
        )
        heard = [answer for answer in answers if answer is not None]
        return [contact for contact, has in heard if has], len(heard)

    def _candidates(self, replica: Replica, author: bytes) -> list[Contact]:
        """The author first, then the initiators, then who else reads the channel."""
        me = self._context.identity.public_key
        readers = self._audience.known(replica)
        view = replica.initiators
        likely = [readers.get(node_id_of(author)), *(view.others(me) if view else []), *readers.values()]
        found = {contact.public_key: contact for contact in likely if contact is not None}
        found.pop(me, None)
        return list(found.values())[:HOLDERS_MAX]

    async def _holds(self, replica: Replica, contact: Contact, file: FileRef) -> tuple[Contact, bool] | None:
        try:
            answer = await self._context.rpc.request(
                contact, Op.HOLDS, [replica.channel_id, file.root, file.size], prove=True, sends=2
            )
            return contact, Fields(answer).take_bool()
        except _UNHEARD as error:
            self._context.collector.count(f"files.holds.{type(error).__name__}")
            return None

    async def _serve_holds(self, caller: Caller, body: Fields) -> list[Any]:
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(body.take_bytes(20))
        if replica is None:
            raise Refused(Status.MISSING)
        if not self._storage.may_read(replica, caller.contact):
            raise Refused(Status.NOT_SUBSCRIBED)
        root, size = body.take_bytes(PART_DIGEST_BYTES), body.take_int(1, FILE_MAX_BYTES)
        return [self.shelf.whole(FileRef(size, root, "-"))]

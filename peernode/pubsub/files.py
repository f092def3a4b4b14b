"""``Files``: brings the contents of files, which messages only name, from node to node.

A message of a file is small and gets its receipts like any other; its contents follow. The author's node has
them on its disk before the message exists; the channel's initiators fetch them as soon as they have the
message (``WantedFiles``), and everybody else when somebody wants to see them. So a file is as safe as the
number of nodes that hold all of it, which ``available`` asks them.

Invariants: a block counts only if its digest and its length are those of the tree that the message names; at
most ``FETCHES_AT_ONCE`` files are fetched at a time, ``AT_ONCE`` blocks of each, ``AT_ONE_HOLDER`` from one
holder; who fails to give several blocks of a file one after the other is asked for no other in that fetch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from peernode.channel.filetree import (
    FILE_MAX_BYTES,
    LEAF_BYTES,
    FileRef,
    digests_in,
)
from peernode.channel.parts import PART_DIGEST_BYTES, part_digest
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.identity import node_id_of
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context
from peernode.pubsub.fileinfo import Availability
from peernode.pubsub.fileshelf import SLICE, FileShelf
from peernode.pubsub.replica import Replica
from peernode.pubsub.staged import Turns
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.store.base import PutPart
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

FETCHES_AT_ONCE = 4
"""Twice as many as this node fetches by itself, so that what somebody wants to see has room."""

AT_ONCE = 12
"""Blocks of one file that are asked for at a time."""

AT_ONE_HOLDER = 24
"""Blocks that one holder is asked for at a time: other requests to it need room, too."""

FETCHING_MAX = 1024
"""Files that wait for their turn, or are being fetched; who wants another is told that nobody has it."""

HOLDERS_MAX = 16
"""Nodes that are asked whether they have a file."""

MISSES_MAX = 3

FETCH_MAX_S = 300.0
"""A fetch that takes longer gives way to another file; what it has got is not fetched again."""

GivesWay = Callable[[], bool]

_UNHEARD = (RpcTimeout, Refused, Backpressure, RemoteProtocolError)


class _Holders:
    """Who says it has a file; who fails ``MISSES_MAX`` times in a row is asked no more in this fetch."""

    def __init__(self, contacts: list[Contact]) -> None:
        self._misses = dict.fromkeys(contacts, 0)

    def in_turn(self, turn: int) -> list[Contact]:
        """Those that are asked, another one first at each turn."""
        able = [contact for contact, misses in self._misses.items() if misses < MISSES_MAX]
        first = turn % len(able) if able else 0
        return [*able[first:], *able[:first]]

    def answered(self, holder: Contact, well: bool) -> None:
        """It gave a block, or it did not."""
        self._misses[holder] = 0 if well else self._misses[holder] + 1


class Files:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, audience: Audience) -> None:
        self._context = context
        self._storage = storage
        self._audience = audience
        self.shelf = FileShelf(context)
        self.sharing = asyncio.Lock()
        """One own file at a time is put on the disk and named by a message."""
        self._fetching: dict[str, asyncio.Future[bool]] = {}
        """By the files' keys, as the following."""
        self._gives_way: dict[str, GivesWay] = {}
        self._got: dict[str, int] = {}
        """Bytes that are here of a file that is being fetched."""
        self._gate = asyncio.Semaphore(FETCHES_AT_ONCE)
        self._turns = Turns(AT_ONE_HOLDER, FETCHES_AT_ONCE * AT_ONCE)
        self.fetches = 0
        """How often a fetch has begun or ended."""
        context.rpc.serve(Op.HOLDS, self._serve_holds)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"files_fetching": (len(self._fetching), FETCHING_MAX)}

    # -- getting -----------------------------------------------------------------------------

    async def fetch(
        self, replica: Replica, author: bytes, file: FileRef, gives_way: GivesWay | None = None
    ) -> bool:
        """Have all of a file here; whether it is. One fetch per file, however many want it.

        ``gives_way``: asked before each block whether the fetch is to end for now; what it has got stays. It
        counts as long as nobody else, who would not give way, wants the same file.
        """
        if self.shelf.whole(file):
            return True
        running = self._fetching.get(file.key)
        if gives_way is None:
            self._gives_way.pop(file.key, None)
        if running is not None:
            return await asyncio.shield(running)
        if len(self._fetching) >= FETCHING_MAX:
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._fetching[file.key] = done
        if gives_way is not None:
            self._gives_way[file.key] = gives_way
        fetching = self._context.tasks.spawn(self._fetch(replica, author, file, done), "files.fetch")
        fetching.add_done_callback(lambda _: self._ended(file, done, False))
        return await asyncio.shield(done)

    def _ended(self, file: FileRef, done: asyncio.Future[bool], fetched: bool) -> None:
        """The fetch is over, if it ever began: a node that stops lets nobody wait for it."""
        if done.done():
            return
        self._fetching.pop(file.key, None)
        self._gives_way.pop(file.key, None)
        self._got.pop(file.key, None)
        done.set_result(fetched)

    async def _fetch(
        self, replica: Replica, author: bytes, file: FileRef, done: asyncio.Future[bool]
    ) -> None:
        fetched = False
        try:
            async with self._gate:
                self.fetches += 1
                async with asyncio.timeout(FETCH_MAX_S):
                    holders, _ = await self._holders(replica, author, file)
                    fetched = bool(holders) and await self._tree(replica, file, _Holders(holders))
        except TimeoutError:
            self._context.collector.count("files.slow")
        self.fetches += 1
        self._ended(file, done, fetched)
        self._context.collector.count("files.fetched" if fetched else "files.not_fetched")

    async def _tree(self, replica: Replica, file: FileRef, holders: _Holders) -> bool:
        """Fetch level by level what is not here; lengths that don't fit are the message's author's lie."""
        level, last = [file.root], len(file.widths) - 1
        for depth, width in enumerate(file.widths):
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
        holders: _Holders,
    ) -> list[bytes] | None:
        """The blocks of these digests, durable; None when one could not be had."""
        depth, start = place
        gate = asyncio.Semaphore(AT_ONCE)
        fetched: list[PutPart] = []

        async def one(at: int) -> bytes | None:
            here = self.shelf.block(file, depth, digests[at], start + at)
            if here is not None:
                return here
            async with gate:
                gives_way = self._gives_way.get(file.key)
                if gives_way is not None and gives_way():
                    return None
                wanted = file.block_bytes(depth, start + at)
                block = await self._from_any(replica, digests[at], wanted, holders, start + at)
            if block is not None:
                fetched.append(PutPart(digests[at], block))
            return block

        blocks = await asyncio.gather(*(one(at) for at in range(len(digests))))
        found = [block for block in blocks if block is not None]
        if fetched and not await self._context.save(*self.shelf.begun(file), *fetched):
            return None
        if len(found) < len(blocks):
            return None
        return found

    async def _from_any(
        self, replica: Replica, digest: bytes, size: int, holders: _Holders, turn: int
    ) -> bytes | None:
        """A block from the holders, beginning with another one each time."""
        for holder in holders.in_turn(turn):
            try:
                async with self._turns.of(holder.public_key):
                    answer = await self._context.rpc.request(
                        holder, Op.GET_PART, [replica.channel_id, digest], prove=True
                    )
                block = Fields(answer).take_bytes_upto(self._context.config.part_max_bytes)
            except _UNHEARD as error:
                self._context.collector.count(f"files.{type(error).__name__}")
                if not isinstance(error, Backpressure):  # our own queue says nothing of the holder
                    holders.answered(holder, well=False)
                continue
            sound = part_digest(block) == digest and len(block) == size
            holders.answered(holder, sound)
            if sound:
                return block
            self._context.collector.count("files.forged")
        return None

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Meanwhile no file is fetched, and none shared."""
        async with AsyncExitStack() as held:
            for _ in range(FETCHES_AT_ONCE):
                await held.enter_async_context(self._gate)
            await held.enter_async_context(self.sharing)
            yield

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

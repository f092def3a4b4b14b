"""``WantedFiles``: the files that this node should have as an initiator and does not have yet.

What is stored while the channel is ours is wanted at once; what was stored before is found when the channel
becomes ours, also after a restart.

Invariants: only files of channels of which this node is an initiator are fetched, each by the nodes of its
own channel; ``TRIED_AT_ONCE`` at a time, so that one that drips holds up no other, and when all of these drip
and another one is due, one of them gives way after ``TURN_S`` and has its next turn after those that wait,
beginning where it was; after a try in vain, or
one that the own disk spoils, it waits, twice as long each time up to ``AGAIN_MAX_S``; over ``WANTED_MAX``
the most hopeless one gives way until all channels are looked through again.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from peernode.channel.filetree import FileRef, file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.files import Files, GivesWay
from peernode.pubsub.ingest import Source
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.turns import in_turns

WANTED_MAX = 1024
TRIED_AT_ONCE = 2
TURN_S = 20.0
"""So long a file is fetched at least before it gives way to another."""

AGAIN_S = 10.0
AGAIN_MAX_S = 600.0

LOOK_S = 5.0
"""How often it is looked which channels have become ours."""

LOOK_ANEW_S = 600.0
"""All of them are looked through again so often at most, when the table was too small."""

Key = tuple[bytes, str]
"""Channel id and the file's key: a file that two channels name is wanted for each."""


@dataclass(slots=True)
class _Wanted:
    """One file, and when it is tried next (monotonic s)."""

    replica: Replica
    author: bytes
    message_id: bytes
    file: FileRef
    due_s: float = 0.0
    pause_s: float = AGAIN_S


class WantedFiles:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, files: Files) -> None:
        self._context = context
        self._storage = storage
        self._files = files
        self._wanted: dict[Key, _Wanted] = {}
        self._trying: set[Key] = set()
        self._looked: dict[bytes, Replica] = {}
        """The channels of ours that were looked through, by id."""
        self._news = asyncio.Event()
        self._full_s: float | None = None
        """Since when the table has been too small."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "files_wanted": (len(self._wanted), WANTED_MAX),
            "files_tried": (len(self._trying), TRIED_AT_ONCE),
        }

    def stored(self, replica: Replica, message: Message, source: Source) -> None:
        """A message is in the log: if it names a file, an initiator wants it. Reads nothing."""
        if message.kind is Kind.FILE and source is not Source.OWN and replica.serves:
            self._want(replica, message)
            self._news.set()

    def _want(self, replica: Replica, message: Message) -> None:
        file = file_in(message.body)
        key = (replica.channel_id, file.key)
        if key in self._wanted:
            return
        self._wanted[key] = _Wanted(replica, message.author, message.id, file)
        if len(self._wanted) > WANTED_MAX:
            able = (each for each in self._wanted if each not in self._trying)
            del self._wanted[max(able, key=lambda each: self._wanted[each].pause_s)]
            self._full_s = self._full_s or self._context.now()
            self._context.collector.count("files.wanted_full")

    async def run(self) -> None:
        """Find what is wanted and try it when it is due; ends with the node."""
        while True:
            await self._look()
            self._news.clear()
            wait_s = LOOK_S
            waiting = [key for key in self._wanted if key not in self._trying]
            for key in sorted(waiting, key=lambda key: self._wanted[key].due_s):
                if len(self._trying) >= TRIED_AT_ONCE:
                    break
                due_s = self._wanted[key].due_s - self._context.now()
                if due_s > 0:
                    wait_s = min(wait_s, due_s)
                    break
                self._trying.add(key)
                self._context.tasks.spawn(self._try(key, self._wanted[key]), "files.wanted")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def _look(self) -> None:
        """Take up what channels that have become ours name already."""
        if self._full_s is not None and self._context.now() - self._full_s >= LOOK_ANEW_S:
            self._full_s = None
            self._looked.clear()
        self._looked = {
            channel_id: replica
            for channel_id, replica in self._looked.items()
            if self._storage.replicas.get(channel_id) is replica and replica.serves
        }
        async for replica in in_turns(self._storage.replicas.values()):
            if replica.serves and replica.channel_id not in self._looked:
                self._looked[replica.channel_id] = replica
                await self._look_through(replica)

    async def _look_through(self, replica: Replica) -> None:
        try:
            raws = self._context.store.of_kind(replica.channel_id, int(Kind.FILE))
        except PeerNodeError as error:
            self._context.collector.count(f"files.{error.code}")
            del self._looked[replica.channel_id]  # once more at the next look
            return
        async for raw in in_turns(raws):
            message = Message.trusted(raw)
            if message.kind is Kind.FILE and not replica.timeline.appearance.gone(message):
                self._want(replica, message)

    async def _try(self, key: Key, wanted: _Wanted) -> None:
        """Fetch one; it is wanted no more when it is here, or of no concern."""
        until_s = self._context.now() + TURN_S
        gave_way = False

        def gives_way() -> bool:
            nonlocal gave_way
            gave_way = gave_way or (self._context.now() >= until_s and self._others_wait())
            return gave_way

        try:
            settled = await self._settled(wanted, gives_way)
        except PeerNodeError as error:
            self._context.collector.count(f"files.{error.code}")
            settled = False
        finally:
            self._trying.discard(key)
        if settled:
            self._wanted.pop(key, None)
        elif gave_way:
            self._context.collector.count("files.gave_way")
            wanted.due_s = self._context.now()
        else:
            wanted.due_s = self._context.now() + wanted.pause_s
            wanted.pause_s = min(AGAIN_MAX_S, wanted.pause_s * 2)
        self._news.set()

    def _others_wait(self) -> bool:
        """Whether another one is due and has no room."""
        if len(self._trying) < TRIED_AT_ONCE:
            return False
        now = self._context.now()
        return any(each.due_s <= now and key not in self._trying for key, each in self._wanted.items())

    async def _settled(self, wanted: _Wanted, gives_way: GivesWay) -> bool:
        replica = wanted.replica
        if self._storage.replicas.get(replica.channel_id) is not replica or not replica.serves:
            return True  # when the channel becomes ours again it is looked through again
        named = map(Message.trusted, self._context.store.by_id(replica.channel_id, wanted.message_id))
        if all(replica.timeline.appearance.gone(message) for message in named):
            self._looked.pop(replica.channel_id, None)  # another message may name the same file
            return True
        return await self._files.fetch(replica, wanted.author, wanted.file, gives_way)

"""``NodeFiles``: files in a node's channels, as its application shares and reads them; part of ``PeerNode``.

Invariants: a file that is shared is on the own disk before anybody hears of it; what is read was checked
against the digest that its message names.
"""

from __future__ import annotations

import uuid

from peernode.channel.draft import Draft
from peernode.channel.filetree import FILE_MAX_BYTES, FILE_NAME_MAX_BYTES, FileRef, file_in, root_of
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.channel.quota import PART_BYTES
from peernode.errors import PeerNodeError
from peernode.events import FileInfo, OutboxState
from peernode.insight import NodeInsight
from peernode.pubsub.fileinfo import Availability
from peernode.pubsub.replica import Replica


class NodeFiles(NodeInsight):
    """See the module."""

    async def share(self, name: str, message_id: str | None, content: bytes, file_name: str) -> OutboxState:
        """As ``publish``: a message that names a file; its contents are durable here when this returns.

        What the message would be refused for is found out before anything is written: contents that no
        message names would be charged to nobody. Raises ``PeerNodeError``: ``FILE_EMPTY``,
        ``FILE_TOO_LARGE``, ``ID_REUSED``, ``OUTBOX_FULL``, ``AUTHOR_QUOTA``, ``CHANNEL_FULL`` …
        """
        replica = self._pubsub.storage.member(name)
        if not content:
            raise PeerNodeError("FILE_EMPTY")
        if len(content) > FILE_MAX_BYTES:
            raise PeerNodeError("FILE_TOO_LARGE", limit=FILE_MAX_BYTES >> 20)
        raw_id = uuid.UUID(message_id).bytes if message_id else self._context.new_id()
        file = FileRef(len(content), root_of(content), _fitting(file_name))
        draft = Draft(Kind.FILE, file=file)
        async with self._pubsub.files.sharing:
            if self._pubsub.publisher.is_new(replica, raw_id, draft):
                self._pubsub.publisher.check_room(replica, file.blocks * PART_BYTES + len(file.body))
                await self._put(content, file)
            return await self._pubsub.publish(name, raw_id, draft)

    async def _put(self, content: bytes, file: FileRef) -> None:
        try:
            await self._pubsub.files.shelf.put(content, file)
        except BaseException:
            self._pubsub.freeing.soon()  # what is here of it already
            raise

    async def file(self, name: str, message_id: str) -> FileInfo:
        """The file that a message names; ``MESSAGE_UNKNOWN`` when it names none, or is deleted."""
        return self._shown(name, message_id)[1]

    async def fetch_file(self, name: str, message_id: str) -> bool:
        """Have all of a file here, from whoever has it; whether it is."""
        return await self._pubsub.files.fetch(*self._file(name, message_id))

    async def read_file(self, name: str, message_id: str, offset: int, length: int) -> bytes | None:
        """Some bytes of a file; None when it is not whole here."""
        _, _, file = self._file(name, message_id)
        if not self._pubsub.files.shelf.whole(file):
            return None
        return await self._pubsub.files.shelf.read(file, offset, length)

    async def file_available(self, name: str, message_id: str) -> Availability:
        """How many nodes have all of it, as they say themselves."""
        return await self._pubsub.files.available(*self._file(name, message_id))

    def _file(self, name: str, message_id: str) -> tuple[Replica, bytes, FileRef]:
        found, _ = self._shown(name, message_id)
        return self._pubsub.storage.member(name), found.author, file_in(found.body)

    def _shown(self, name: str, message_id: str) -> tuple[Message, FileInfo]:
        replica = self._pubsub.storage.member(name)
        try:
            found = replica.timeline.appearance.find(uuid.UUID(message_id).bytes)
        except ValueError:
            found = None
        shown = replica.timeline.visible(found) if found is not None else None
        if found is None or shown is None or shown.file is None:
            raise PeerNodeError("MESSAGE_UNKNOWN")
        return found, shown.file


def _fitting(name: str) -> str:
    """The end of a path, short enough for a message; the ending of the name stays."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "file"
    stem, dot, ending = last.rpartition(".")
    if not dot or not stem or len(ending.encode(errors="replace")) > 16:
        stem, dot, ending = last, "", ""
    room = FILE_NAME_MAX_BYTES - len((dot + ending).encode(errors="replace"))
    cut = stem.encode(errors="replace")[:room].decode(errors="ignore")
    return cut + dot + ending.encode(errors="replace").decode()

"""A file's message in the words of the application."""

from __future__ import annotations

from peernode.channel.filetree import file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.events import FileInfo
from peernode.pubsub.people import shown


def file_info(message: Message) -> FileInfo | None:
    """The file that a message names, its name fit to stand in a line."""
    if message.kind is not Kind.FILE:
        return None
    file = file_in(message.body)
    return FileInfo(file.root.hex(), shown(file.name) or file.root.hex()[:8], file.size)

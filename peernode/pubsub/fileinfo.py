"""What the application is told of a file: what a message says of it, and who has it."""

from __future__ import annotations

from dataclasses import dataclass

from peernode.channel.filetree import file_in
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.events import FileInfo
from peernode.pubsub.people import shown


@dataclass(frozen=True, slots=True)
class Availability:
    """Who has the whole of a file, as far as this node could ask."""

    here: int
    """Bytes of it that this node has."""
    nodes: int
    """Nodes that have all of it, this one included."""
    asked: int
    """Nodes that answered, this one included."""


def file_info(message: Message) -> FileInfo | None:
    """The file that a message names, its name fit to stand in a line."""
    if message.kind is not Kind.FILE:
        return None
    file = file_in(message.body)
    return FileInfo(file.root.hex(), shown(file.name) or file.root.hex()[:8], file.size)

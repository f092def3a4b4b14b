"""A file as a tree of blocks, and what a message says of a file.

The file is cut into leaves of ``LEAF_BYTES``, the last one shorter; the digests of up to ``FANOUT`` blocks,
one after the other, are the block above them, until one is left: the root. So one digest stands for the
whole, and every block can come from anybody (``peernode.channel.parts``).

Invariants: size and leaves determine the tree, so one content has one root; the declared size decides how
many blocks there are and how long each is, whatever a hostile author put into them; nothing larger than
``FILE_MAX_BYTES`` has a tree.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from peernode.channel.parts import PART_DIGEST_BYTES, part_digest
from peernode.errors import RemoteProtocolError
from peernode.wire.codec import Fields, pack, unpack

LEAF_BYTES = 1024
FANOUT = LEAF_BYTES // PART_DIGEST_BYTES
FILE_MAX_BYTES = 25 * 1024 * 1024
FILE_NAME_MAX_BYTES = 160


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file as a message names it."""

    size: int
    root: bytes
    name: str

    @property
    def key(self) -> str:
        """What tells its contents from others': of another size the same root would be another tree."""
        return f"{self.root.hex()} {self.size}"

    @property
    def body(self) -> bytes:
        """The body of the message."""
        return pack([self.size, self.root, self.name.encode()])

    @property
    def widths(self) -> list[int]:
        """How many blocks each level has, the root's first, the leaves' last."""
        widths = [-(-self.size // LEAF_BYTES)]
        while widths[0] > 1:
            widths.insert(0, -(-widths[0] // FANOUT))
        return widths

    @property
    def blocks(self) -> int:
        """All blocks of the tree."""
        return sum(self.widths)

    def block_bytes(self, level: int, index: int) -> int:
        """How long a block must be; level 0 is the root's."""
        widths = self.widths
        if level == len(widths) - 1:
            return min(LEAF_BYTES, self.size - index * LEAF_BYTES)
        return PART_DIGEST_BYTES * min(FANOUT, widths[level + 1] - index * FANOUT)


def root_of(content: bytes) -> bytes:
    """The digest that names a file's contents, which are not empty."""
    return deque(blocks_of(content), maxlen=1)[0][0]


def file_in(body: bytes) -> FileRef:
    """What a file's message says of it; ``RemoteProtocolError`` for anything else."""
    fields = Fields(unpack(body))
    size, root = fields.take_int(1, FILE_MAX_BYTES), fields.take_bytes(PART_DIGEST_BYTES)
    raw = fields.take_bytes_upto(FILE_NAME_MAX_BYTES)
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise RemoteProtocolError("a file's name is UTF-8") from None
    if not name:
        raise RemoteProtocolError("a file has a name")
    return FileRef(size, root, name)


def digests_in(block: bytes) -> list[bytes]:
    """The digests in a block that is no leaf."""
    return [block[at : at + PART_DIGEST_BYTES] for at in range(0, len(block), PART_DIGEST_BYTES)]


def blocks_of(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(digest, block) of the tree of a file that is not empty, the root last."""
    level: list[bytes] = []
    for at in range(0, len(content), LEAF_BYTES):
        leaf = content[at : at + LEAF_BYTES]
        level.append(part_digest(leaf))
        yield level[-1], leaf
    while len(level) > 1:
        above: list[bytes] = []
        for at in range(0, len(level), FANOUT):
            block = b"".join(level[at : at + FANOUT])
            above.append(part_digest(block))
            yield above[-1], block
        level = above

"""Files as trees of blocks: one content has one root, and the size says what each block must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.channel.filetree import (
    FANOUT,
    FILE_MAX_BYTES,
    FILE_NAME_MAX_BYTES,
    LEAF_BYTES,
    FileRef,
    blocks_of,
    digests_in,
    file_in,
)
from peernode.channel.message import MESSAGE_MAX_BYTES
from peernode.channel.parts import part_digest
from peernode.errors import RemoteProtocolError
from peernode.wire.codec import pack

ROOT = bytes(range(32))
SIZES = (1, LEAF_BYTES, LEAF_BYTES + 1, LEAF_BYTES * FANOUT, LEAF_BYTES * FANOUT + 1, 1_100_000)


def content_of(size: int) -> bytes:
    return (b"0123456789abcdefg" * (size // 17 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_put_together_again_from_its_root(size: int) -> None:
    content = content_of(size)
    blocks = dict(blocks_of(content))
    root = [*blocks_of(content)][-1][0]
    file = FileRef(size, root, "x")
    level = [root]
    for depth, width in enumerate(file.widths):
        assert len(level) == width
        for index, digest in enumerate(level):
            assert len(blocks[digest]) == file.block_bytes(depth, index)
            assert part_digest(blocks[digest]) == digest
        if depth < len(file.widths) - 1:
            level = [below for digest in level for below in digests_in(blocks[digest])]
    assert b"".join(blocks[digest] for digest in level) == content
    assert len([*blocks_of(content)]) == file.blocks


def test_the_largest_file_has_four_levels_and_its_message_is_short() -> None:
    file = FileRef(FILE_MAX_BYTES, ROOT, "ü" * (FILE_NAME_MAX_BYTES // 2))
    assert file.widths == [1, 25, 800, 25_600]
    assert len(file.body) + 300 < MESSAGE_MAX_BYTES
    assert file_in(file.body) == file


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        pack([]),
        pack([0, ROOT, b"x"]),
        pack([FILE_MAX_BYTES + 1, ROOT, b"x"]),
        pack([1, ROOT[1:], b"x"]),
        pack([1, ROOT, b""]),
        pack([1, ROOT, b"\xff"]),
        pack([1, ROOT, "x"]),
        pack([1, ROOT, b"x" * (FILE_NAME_MAX_BYTES + 1)]),
    ],
)
def test_what_names_no_file_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        file_in(body)


@given(st.binary(max_size=300))
def test_any_body_names_a_file_or_is_refused(body: bytes) -> None:
    try:
        assert file_in(body).size >= 1
    except RemoteProtocolError as error:
        assert str(error)

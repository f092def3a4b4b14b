"""Parts: any body comes back from its blocks, each found by its hash."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.message import PARTS_MAX
from peernode.channel.parts import join_parts, part_digest, split_parts
from peernode.config import NodeConfig


@settings(max_examples=60)
@given(st.binary(max_size=5000), st.integers(1, 1024))
def test_a_body_comes_back_from_its_parts(body: bytes, size: int) -> None:
    blocks = split_parts(body, size)
    assert join_parts(blocks) == body
    assert all(1 <= len(block) <= size for block in blocks)
    assert all(len(block) == size for block in blocks[:-1])


def test_a_part_is_named_by_its_hash() -> None:
    assert part_digest(b"block") == hashlib.blake2b(b"block", digest_size=32).digest()
    assert part_digest(b"block") != part_digest(b"other")


def test_the_longest_text_has_as_many_parts_as_a_message_may_name() -> None:
    config = NodeConfig()
    assert len(split_parts(bytes(config.text_max_bytes), config.part_max_bytes)) <= PARTS_MAX

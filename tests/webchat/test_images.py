"""What bytes are, by themselves: images are known, and everything else is none."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pictures import gif_head, jpeg_head, png, webp_heads
from webchat.chat.commands import CommandError
from webchat.images import PORTRAIT_MAX_PX, Image, image_of, portrait_of

SIZE = (160, 90)
KINDS = {
    "image/png": [png(*SIZE)],
    "image/jpeg": [jpeg_head(*SIZE)],
    "image/gif": [gif_head(*SIZE)],
    "image/webp": [*webp_heads(*SIZE)],
}
HEAD_BYTES = {"image/png": [24], "image/jpeg": [37], "image/gif": [10], "image/webp": [30, 25, 30]}
"""So many bytes of each hold the kind and the size."""
ALL = [(kind, content) for kind, contents in KINDS.items() for content in contents]


@pytest.mark.parametrize(("kind", "content"), ALL)
def test_an_image_is_known_by_its_bytes(kind: str, content: bytes) -> None:
    assert image_of(content) == Image(kind, *SIZE)


@pytest.mark.parametrize(
    ("kind", "content", "head"),
    [(*each, head) for each, head in zip(ALL, chain(*HEAD_BYTES.values()), strict=True)],
)
def test_what_ends_in_its_head_is_no_image(kind: str, content: bytes, head: int) -> None:
    assert [end for end in range(head) if image_of(content[:end])] == []
    assert image_of(content[:head]) == Image(kind, *SIZE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><img>",
        b"BM" + bytes(60),
        png(1, 1).replace(b"IHDR\0\0\0\x01", b"IHDR\0\0\0\0"),
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 5000,
        b"\xff\xd8\xff\xe0\x00\x00",
        b"\xff\xd8\xff\xc4\x00\x04\0\0",
        b"\xff\xd8\xff" + b"\xff" * 100_000,
    ],
)
def test_everything_else_is_none(content: bytes) -> None:
    assert image_of(content) is None


@given(st.sampled_from([content for _, content in ALL]), st.binary(max_size=64), st.integers(0, 64))
def test_any_bytes_are_an_image_or_none(content: bytes, noise: bytes, at: int) -> None:
    for changed in (noise, content[:at] + noise + content[at:], content[:at] + noise):
        found = image_of(changed)
        assert found is None or found.media_type in KINDS


def test_a_portrait_is_small_and_keeps_still() -> None:
    assert portrait_of(b"") is None
    assert portrait_of(png(8, 8)) == Image("image/png", 8, 8)
    for content in (png(1, PORTRAIT_MAX_PX + 1), gif_head(8, 8), b"hello"):
        with pytest.raises(CommandError) as refused:
            portrait_of(content)
        assert refused.value.code == "PICTURE_UNSUITABLE"

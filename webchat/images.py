"""What kind of image some bytes are, and how large it is, read from the bytes and from nothing else.

Only the head of a file is looked at, by a few rules for four formats; nothing is decoded here, so nothing of
a hostile file runs here. Invariants: any bytes give an ``Image`` or None, never another exception; what is
not plainly one of the four is None; the names of files and what a browser says of them are not asked for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from webchat.chat.commands import CommandError

PORTRAIT_MAX_PX = 512
PORTRAIT_TYPES = ("image/jpeg", "image/png", "image/webp")
"""GIF is left out: a face should keep still."""

IMAGE_TYPES = ("image/gif", *PORTRAIT_TYPES)
SIDE_MAX_PX = 16_384
AREA_MAX_PX = 50_000_000
"""More pixels are refused: a browser needs four bytes for each, whatever the file's size."""

_SEGMENTS_MAX = 256
"""Segments of a JPEG that are passed over before its size."""

_NO_SIZE = (0xC4, 0xC8, 0xCC)
"""Markers between those of frames that are none: tables, reserved, arithmetic conditions."""


@dataclass(frozen=True, slots=True)
class Image:
    """A media type, and the size in pixels."""

    media_type: str
    width: int
    height: int


def image_of(content: bytes) -> Image | None:
    """What the bytes are; None when they are none of the four kinds of image."""
    for read in (_png, _jpeg, _gif, _webp):
        try:
            found = read(content)
        except (struct.error, IndexError):
            continue  # it ends in the middle of its head
        if found is not None and found.width > 0 and found.height > 0:
            return found
    return None


def portrait_of(content: bytes) -> Image | None:
    """The picture of a profile, None for no bytes; ``PICTURE_UNSUITABLE`` for what can't be one."""
    if not content:
        return None
    image = image_of(content)
    if image is None or image.media_type not in PORTRAIT_TYPES:
        raise CommandError("PICTURE_UNSUITABLE", reason="it is no PNG, JPEG or WebP")
    if max(image.width, image.height) > PORTRAIT_MAX_PX:
        reason = f"it has {image.width} x {image.height} pixels, at most {PORTRAIT_MAX_PX} each way"
        raise CommandError("PICTURE_UNSUITABLE", reason=reason)
    return image


def is_sensible(image: Image) -> bool:
    """Whether a browser can be asked to show it."""
    return max(image.width, image.height) <= SIDE_MAX_PX and image.width * image.height <= AREA_MAX_PX


def check_size(content: bytes) -> None:
    """``FILE_UNSUITABLE`` for an image of so many pixels that it would harm those who look at it."""
    image = image_of(content)
    if image is not None and not is_sensible(image):
        raise CommandError("FILE_UNSUITABLE", width=image.width, height=image.height)


def _png(content: bytes) -> Image | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        return None
    return Image("image/png", *struct.unpack_from(">II", content, 16))


def _gif(content: bytes) -> Image | None:
    if not content.startswith((b"GIF87a", b"GIF89a")):
        return None
    return Image("image/gif", *struct.unpack_from("<HH", content, 6))


def _jpeg(content: bytes) -> Image | None:
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    for _ in range(_SEGMENTS_MAX):
        while content[at] == 0xFF and content[at + 1] == 0xFF:
            at += 1  # fill bytes
        lead, marker, length = struct.unpack_from(">BBH", content, at)
        if lead != 0xFF or length < 2:
            return None
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return Image("image/jpeg", width, height)
        at += 2 + length
    return None


def _webp(content: bytes) -> Image | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    chunk = content[12:16]
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return Image("image/webp", width & 0x3FFF, height & 0x3FFF)
    if chunk == b"VP8L" and content[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 21)
        return Image("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return Image("image/webp", width, height) if len(content) >= 30 else None
    return None

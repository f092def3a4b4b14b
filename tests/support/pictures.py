"""Images for tests, made of nothing: whole PNGs, and the heads of the other kinds."""

from __future__ import annotations

import struct
import zlib


def png(width: int, height: int, colour: tuple[int, int, int] = (91, 56, 181)) -> bytes:
    """A PNG that any program shows, in one colour fading to white downwards."""
    rows = b"".join(
        b"\0" + bytes(min(255, channel + row * 255 // (2 * height)) for channel in colour) * width
        for row in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def jpeg_head(width: int, height: int) -> bytes:
    """A JPEG as far as its size, with a comment and fill bytes before it."""
    comment = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + b"\xff\xff\xff\xfe\x00\x04hi"
    return b"\xff\xd8" + comment + b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03"


def gif_head(width: int, height: int) -> bytes:
    """A GIF as far as its size."""
    return b"GIF89a" + struct.pack("<HH", width, height)


def webp_heads(width: int, height: int) -> tuple[bytes, ...]:
    """The three kinds of WebP as far as their size."""
    riff = b"RIFF\x64\0\0\0WEBP"
    lossy = b"VP8 \x10\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    lossless = b"VP8L\x10\0\0\0\x2f" + struct.pack("<I", width - 1 | height - 1 << 14)
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff + lossy, riff + lossless, riff + b"VP8X\x0a\0\0\0\0\0\0\0" + sizes

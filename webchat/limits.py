"""``LIMITS``: the numbers that a page needs to say no before the server has to.

They go into the chat page; the page's modules and templates say none of them themselves (``limits.js``).
"""

from __future__ import annotations

from webchat.bridge import FILE_MAX_BYTES, UNREAD_MAX
from webchat.chat.frames import (
    ABOUT_MAX_BYTES,
    CHANNEL_MAX_CHARS,
    NAME_MAX_BYTES,
    PICTURE_MAX_BYTES,
    TEXT_MAX_BYTES,
)

LIMITS = {
    "text_bytes": TEXT_MAX_BYTES,
    "name_bytes": NAME_MAX_BYTES,
    "about_bytes": ABOUT_MAX_BYTES,
    "picture_bytes": PICTURE_MAX_BYTES,
    "file_bytes": FILE_MAX_BYTES,
    "channel_chars": CHANNEL_MAX_CHARS,
    "unread": UNREAD_MAX,
}
"""Bytes are those of UTF-8; of unread messages so many are counted, which stands for "or more"."""

"""Files on their way from a browser to the user's node, in the worker's memory.

A web process passes a file on piece by piece, in order; when it is whole it becomes a message. Invariants: a
user has at most ``PER_USER_MAX`` uploads, the worker ``UPLOADS_MAX``, each of at most ``FILE_MAX_BYTES``;
one that has not grown for ``IDLE_S`` is dropped when room is needed or when it goes on; a piece that does not
fit the end of what is there ends the upload with ``UPLOAD_INTERRUPTED``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from webchat.bridge import FILE_MAX_BYTES
from webchat.chat.commands import CommandError
from webchat.images import check_size

PER_USER_MAX = 2
UPLOADS_MAX = 8
IDLE_S = 60.0


@dataclass(slots=True)
class _Upload:
    user: int
    content: bytearray = field(default_factory=bytearray)
    grown_s: float = field(default_factory=time.monotonic)


class Uploads:
    """See the module."""

    def __init__(self) -> None:
        self._uploads: dict[tuple[int, str], _Upload] = {}

    def __len__(self) -> int:
        return len(self._uploads)

    def add(self, user: int, upload: str, offset: int, piece: bytes) -> None:
        """The next piece of a user's upload; the first one, at 0, begins it or begins it anew."""
        key = (user, upload)
        if offset == 0:
            self._uploads.pop(key, None)
            self._make_room(user)
            self._uploads[key] = _Upload(user)
        found = self._uploads.get(key)
        if found is None or len(found.content) != offset or self._is_idle(found):
            self._uploads.pop(key, None)
            raise CommandError("UPLOAD_INTERRUPTED")
        if offset + len(piece) > FILE_MAX_BYTES:
            del self._uploads[key]
            raise CommandError("FILE_TOO_LARGE", limit=FILE_MAX_BYTES >> 20)
        found.content += piece
        found.grown_s = time.monotonic()

    def take(self, user: int, upload: str, size: int) -> bytes:
        """The whole file, which is no upload any more; ``UPLOAD_INTERRUPTED``, ``FILE_UNSUITABLE``."""
        found = self._uploads.pop((user, upload), None)
        if found is None or len(found.content) != size:
            raise CommandError("UPLOAD_INTERRUPTED")
        content = bytes(found.content)
        check_size(content)
        return content

    def _make_room(self, user: int) -> None:
        for key, each in list(self._uploads.items()):
            if self._is_idle(each):
                del self._uploads[key]
        own = sum(1 for each in self._uploads.values() if each.user == user)
        if own >= PER_USER_MAX or len(self._uploads) >= UPLOADS_MAX:
            raise CommandError("RATE_LIMITED", "too many uploads at once", retry_after=5)

    def _is_idle(self, upload: _Upload) -> bool:
        return time.monotonic() - upload.grown_s > IDLE_S

"""``PictureWaits``: how many pictures of one person wait for their file at a time.

A picture of a page that waits holds one of the few connections that a browser opens to a host (six, over
HTTP/1.1, for all its tabs). Invariant: so many of them wait, and no more; whoever does not wait is answered
at once with how it stands (the node begins to get the file all the same), and the page tries again when more
of the file is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

PER_PERSON_MAX = 3


class PictureWaits:
    """See the module; for one event loop."""

    def __init__(self, per_person_max: int = PER_PERSON_MAX) -> None:
        self._per_person_max = per_person_max
        self._waiting: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(self._waiting.values())

    @contextmanager
    def one(self, user_id: int) -> Iterator[bool]:
        """One more picture; whether it may wait, as long as this lasts."""
        if self._waiting.get(user_id, 0) >= self._per_person_max:
            yield False
            return
        self._waiting[user_id] = self._waiting.get(user_id, 0) + 1
        try:
            yield True
        finally:
            self._waiting[user_id] -= 1
            if not self._waiting[user_id]:
                del self._waiting[user_id]

"""``TextCache``: texts that are remembered with what was made of them, within a number and a room of bytes.

A function of one text, called from any thread. Invariants: what is remembered takes at most ``bytes_max``
(texts and results, in UTF-8) and is at most ``texts_max``; beyond it whatever was not asked for the longest
goes; a pair that is larger than a quarter of the room is made anew each time, and drives out no others.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

SHARE = 4


class TextCache:
    """See the module."""

    def __init__(self, make: Callable[[str], str], texts_max: int, bytes_max: int) -> None:
        self._make = make
        self._texts_max = texts_max
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._made: OrderedDict[str, str] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._made)

    def __call__(self, text: str) -> str:
        """What is made of the text."""
        with self._lock:
            if (made := self._made.get(text)) is not None:
                self._made.move_to_end(text)
                return made
        made = self._make(text)
        weight = _weight(text, made)
        if weight * SHARE <= self._bytes_max:
            with self._lock:
                self._keep(text, made, weight)
        return made

    def _keep(self, text: str, made: str, weight: int) -> None:
        if text in self._made:
            return  # another thread was quicker
        self._made[text] = made
        self.bytes += weight
        while len(self._made) > self._texts_max or self.bytes > self._bytes_max:
            self.bytes -= _weight(*self._made.popitem(last=False))


def _weight(text: str, made: str) -> int:
    return len(text.encode()) + len(made.encode())

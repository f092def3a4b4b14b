"""Ctrl-C and SIGTERM as a chance to say how far it got.

Invariants: the first signal is only noted, and raises where somebody asks (``check``), so that no row is
left half counted; the second raises at once, for those who don't want to wait.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody asked for an end."""

    def __init__(self) -> None:
        self._asked = False

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if so: called where everything is in order."""
        if self._asked:
            raise KeyboardInterrupt

    def ask(self, number: int, frame: object) -> None:
        """The signal handler."""
        self.check()
        self._asked = True


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Note SIGINT and SIGTERM inside of this."""
    interruption = Interruption()
    before = [signal.signal(number, interruption.ask) for number in _SIGNALS]
    try:
        yield interruption
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)

"""How far one long run is: its virtual time, told now and then on stderr.

A thread of its own reads the virtual clock, so that a run goes the same whether somebody looks or not.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType

from peernode.simulation.commands.progress import PLAIN_EVERY_S, duration
from peernode.simulation.commands.wall import now_s


class Hourglass:
    """Tells every ``PLAIN_EVERY_S`` real seconds how much of ``whole_s`` virtual ones is over."""

    def __init__(self, whole_s: float, every_s: float = PLAIN_EVERY_S) -> None:
        self._whole_s = whole_s
        self._every_s = every_s
        self._began_s = now_s()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, virtual_s: Callable[[], float]) -> None:
        """The run begins; ``virtual_s`` is its clock."""
        self._thread = threading.Thread(target=self._tell, args=(virtual_s,), name="hourglass", daemon=True)
        self._thread.start()

    def __enter__(self) -> Hourglass:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _tell(self, virtual_s: Callable[[], float]) -> None:
        while not self._over.wait(self._every_s):
            print(
                f"{virtual_s():.1f} of {self._whole_s:g} virtual s after {duration(now_s() - self._began_s)}",
                file=sys.stderr,
                flush=True,
            )

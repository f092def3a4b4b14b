"""How far a long command is: a bar on a terminal, a line now and then anywhere else. Goes to stderr."""

from __future__ import annotations

import shutil
import sys

from peernode.simulation.commands.wall import now_s

PLAIN_EVERY_S = 15.0
BAR_EVERY_S = 0.5
BAR_MAX = 30


class Progress:
    """``total`` runs to do, some of which may fail."""

    def __init__(self, total: int, what: str = "seeds") -> None:
        self._total = total
        self._what = what
        self._terminal = sys.stderr.isatty()
        self._began_s = self._shown_s = now_s()
        self.done = 0
        self.failing = 0

    def count(self, ok: bool) -> None:
        """One more is done."""
        self.done += 1
        self.failing += not ok
        self.tick()

    def tick(self) -> None:
        """Show it if it is time to."""
        if now_s() - self._shown_s >= (BAR_EVERY_S if self._terminal else PLAIN_EVERY_S):
            self._shown_s = now_s()
            self._show()

    def say(self, line: str) -> None:
        """A line of its own on stdout, not torn by the bar."""
        self.wipe()
        print(line, flush=True)

    def wipe(self) -> None:
        """Take the bar away."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _show(self) -> None:
        words = progress_words(self.done, self._total, self.failing, now_s() - self._began_s, self._what)
        if not self._terminal:
            print(words, file=sys.stderr, flush=True)
            return
        columns = shutil.get_terminal_size().columns
        width = min(BAR_MAX, columns - len(words) - 4)
        drawn = f"[{bar(self.done, self._total, width)}] " if width >= 5 else ""
        sys.stderr.write(f"\r\x1b[K{(drawn + words)[: columns - 1]}")
        sys.stderr.flush()


def bar(done: int, total: int, width: int) -> str:
    """``#####.....``"""
    filled = width * done // total if total else width
    return "#" * filled + "." * (width - filled)


def progress_words(done: int, total: int, failing: int, passed_s: float, what: str) -> str:
    """``120 of 1000 seeds, 2 failing, 1.4 seeds/s, 10 min 29 s left``."""
    words = f"{done} of {total} {what}, {failing} failing"
    if done and passed_s > 0:
        words += f", {done / passed_s:.2g} {what}/s, {duration((total - done) * passed_s / done)} left"
    return words


def duration(seconds: float) -> str:
    """``45 s``, ``10 min 29 s``, ``2 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min"

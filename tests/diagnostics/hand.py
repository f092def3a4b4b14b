"""A clock that is moved by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Hand:
    """Both clocks of a node, in step."""

    now: float = 100.0

    def monotonic(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return int(self.now * 1000)

"""What the last load of a coordinator and the last join of a channel did, as data for a diagnosis.

Invariants: a channel keeps one of each; a join's trace keeps its newest ``STEPS_MAX`` steps, so that one
which goes on for hours stays small; everything here becomes JSON without texts or addresses.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

STEPS_MAX = 64
"""Steps kept of a join: ten attempts of six."""


@dataclass(frozen=True, slots=True)
class LoadStep:
    """One step of the chain that finds a channel's initiators."""

    step: str
    """``cache``, ``local``, ``known``, ``lookup`` or ``participants``."""
    outcome: str
    """``ok``; ``none`` and ``stale``: nothing at hand; ``not_found``: those asked don't hold the channel;
    ``could_not_ask``: nobody answered; else why the answers did not decide."""
    elapsed_ms: float
    answered: tuple[str, ...]
    """Node ids of those who answered."""


@dataclass(slots=True)
class JoinStep:
    """One step of one attempt; times in ms since the join was asked for."""

    attempt: int
    step: str
    began_ms: float
    elapsed_ms: float | None = None
    outcome: str = "running"
    """``running``, ``ok``, the code it failed with, or ``cancelled``, because another step failed."""
    asked: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    """Node ids: what was tried, and who answered."""


@dataclass(slots=True)
class JoinTrace:
    """A join from its first attempt to its end."""

    outcome: str = "running"
    """``running``, ``ok`` or ``left``; ``delayed`` once the budget is used up and it goes on."""
    code: str = ""
    """Of the last failed attempt."""
    attempts: int = 0
    elapsed_ms: float = 0.0
    steps: deque[JoinStep] = field(default_factory=lambda: deque(maxlen=STEPS_MAX))

    def begin(self, step: str, at_ms: float) -> None:
        """A step of the present attempt begins."""
        self.steps.append(JoinStep(self.attempts, step, at_ms))

    def end(self, step: str, at_ms: float, outcome: str, asked: list[str], answered: list[str]) -> None:
        """It has ended."""
        for item in reversed(self.steps):
            if item.step == step and item.attempt == self.attempts:
                item.elapsed_ms, item.outcome = at_ms - item.began_ms, outcome
                item.asked, item.answered = tuple(asked), tuple(answered)
                return

    def fail(self, step: str, at_ms: float, code: str) -> None:
        """The attempt failed in ``step``; what ran beside it is cancelled."""
        self.code = code
        for item in self.steps:
            if item.attempt == self.attempts and item.outcome == "running":
                item.elapsed_ms = at_ms - item.began_ms
                item.outcome = code if item.step == step else "cancelled"

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "outcome": self.outcome,
            "code": self.code,
            "attempts": self.attempts,
            "elapsed_ms": self.elapsed_ms,
            "steps": [asdict(item) for item in self.steps],
        }

"""What the last load of a coordinator and the last join of a channel did, as data for a diagnosis.

Invariants: a channel keeps one of each; a join's trace keeps its newest ``STEPS_MAX`` steps, so that one
which goes on for hours stays small; everything here becomes JSON without texts or addresses.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from peernode.span import PARTS

_REST = PARTS[-1]

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
    parts: dict[str, float] = field(default_factory=dict)
    """Where the join's time went while this step went on, in ms; see ``peernode.span``."""

    def close(self, at_ms: float, outcome: str, parts: dict[str, float]) -> None:
        """It has ended; ``parts``: of the join up to now."""
        self.elapsed_ms, self.outcome = at_ms - self.began_ms, outcome
        spent = {name: ms - self.parts.get(name, 0.0) for name, ms in parts.items()}
        self.parts = _added_up(spent, self.elapsed_ms)


def _added_up(spent: dict[str, float], whole_ms: float) -> dict[str, float]:
    """What took any time, made to add up: what proves to be in vain only now may lie before it began."""
    found: dict[str, float] = {}
    left_ms = whole_ms
    for name, ms in spent.items():
        found[name] = min(max(ms, 0.0), left_ms)
        left_ms -= found[name]
    found[_REST] = found.get(_REST, 0.0) + left_ms
    return {name: ms for name, ms in found.items() if ms > 0}


@dataclass(slots=True)
class JoinTrace:
    """A join from its first attempt to its end."""

    id: str = ""
    """Under which its records are found."""
    outcome: str = "running"
    """``running``, ``ok`` or ``left``; ``delayed`` once the budget is used up and it goes on."""
    code: str = ""
    """Of the last failed attempt."""
    attempts: int = 0
    elapsed_ms: float = 0.0
    steps: deque[JoinStep] = field(default_factory=lambda: deque(maxlen=STEPS_MAX))

    def begin(self, step: str, at_ms: float, parts: dict[str, float]) -> None:
        """A step of the present attempt begins; ``parts``: where the join's time went up to now."""
        self.steps.append(JoinStep(self.attempts, step, at_ms, parts=parts))

    def end(
        self,
        step: str,
        at_ms: float,
        outcome: str,
        asked: list[str],
        answered: list[str],
        parts: dict[str, float],
    ) -> JoinStep | None:
        """It has ended; the step."""
        for item in reversed(self.steps):
            if item.step == step and item.attempt == self.attempts:
                item.close(at_ms, outcome, parts)
                item.asked, item.answered = tuple(asked), tuple(answered)
                return item
        return None

    def fail(self, step: str, at_ms: float, code: str, parts: dict[str, float]) -> list[JoinStep]:
        """The attempt failed in ``step``; what ran beside it is cancelled: the steps that end now."""
        self.code = code
        ended = []
        for item in self.steps:
            if item.attempt == self.attempts and item.outcome == "running":
                item.close(at_ms, code if item.step == step else "cancelled", parts)
                ended.append(item)
        return ended

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "trace": self.id,
            "outcome": self.outcome,
            "code": self.code,
            "attempts": self.attempts,
            "elapsed_ms": self.elapsed_ms,
            "steps": [asdict(item) for item in self.steps],
        }

"""What worker processes do: one run of a scenario, down to its row."""

from __future__ import annotations

from peernode.simulation.commands.pool import Broken
from peernode.simulation.commands.running import measured
from peernode.simulation.scenario import Scenario
from peernode.simulation.sweep import Row, no_result, row

RUN_MAX_S = 600
"""Real seconds that one run may take."""

Trial = tuple[Scenario, int]
"""A scenario and a seed."""


def trial(task: Trial) -> Row:
    """Run it."""
    return row(*measured(*task))


def as_row(seed: int, answer: Row | Broken) -> Row:
    """The row of a run, whatever became of it."""
    return no_result(seed, answer.why) if isinstance(answer, Broken) else answer

"""The short form of ``python -m benchmarks.kills``: processes die every second, what was sent stays."""

from __future__ import annotations

from pathlib import Path

from benchmarks.kills import run


def test_kill_nine_every_second_loses_nothing_acknowledged(tmp_path: Path) -> None:
    outcome = run(tmp_path, nodes=6, seconds=12, seed=1)
    assert outcome.kills >= 8, outcome
    assert outcome.acknowledged >= 40, outcome
    assert (outcome.lost, outcome.not_everywhere, outcome.accepted_missing) == (0, 0, 0), outcome
    assert outcome.tracebacks == 0, outcome

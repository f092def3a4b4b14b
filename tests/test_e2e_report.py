"""The report of a browser run says what it takes to have the run again."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.report import Echo, Outcome, Report


def test_the_report_names_the_seed_of_the_run(tmp_path: Path) -> None:
    report = Report(seed=1234, outcomes=[Outcome("test_killed", "failed", 9.0)])
    report.write(tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["seed"] == 1234
    line = "the same moments again: --randomly-seed=1234"
    assert line in told["summary"]
    assert line in (tmp_path / "report.html").read_text()


def test_a_run_without_a_seed_names_none(tmp_path: Path) -> None:
    Report().write(tmp_path)
    assert "seed" not in (tmp_path / "report.html").read_text()


def test_the_report_tells_how_soon_people_saw_what_they_wrote() -> None:
    report = Report(echoes=[Echo("t", "ann", 12.0, 1, 0), Echo("t", "ann", 40.0, 3, 2)])
    assert "own rows after the key: 2 measured, p50 26 ms, p95 40 ms, max 40 ms" in report.summary()
    assert "own rows with the next frame: 1 of 2" in report.summary()
    assert "own rows with the next frame after they were on the disk: 1 of 2" in report.summary()

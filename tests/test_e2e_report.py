"""The report of a browser run says what it takes to have the run again."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.report import Outcome, Report


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

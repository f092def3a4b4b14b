"""``manage.py simulate`` is the simulator for those who only know the app."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError

from tests.simulation.tiny import TINY
from webchat.management.commands.simulate import simulator_arguments

ROOT = Path(__file__).parents[2]


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "simulate", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_a_scenario_it_lists_them() -> None:
    done = simulate()
    assert done.returncode == 0
    assert "three-nodes" in done.stdout


def test_a_run_leaves_its_report_and_passes_its_status_through(tmp_path: Path) -> None:
    good, bad, page = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "out.html"
    good.write_text(TINY)
    bad.write_text(TINY + "\n[expect]\nlatency_p50_ms_max = 1\n")
    held = simulate(str(good), "--seed", "3", "--html", str(page))
    assert held.returncode == 0, held.stderr
    assert "tiny, seed 3" in held.stdout
    assert "<html" in page.read_text()
    assert simulate(str(bad)).returncode == 1
    assert simulate(str(tmp_path / "none.toml")).returncode == 2


def test_a_sweep_is_a_sweep(tmp_path: Path) -> None:
    scenario, out = tmp_path / "tiny.toml", tmp_path / "out.json"
    scenario.write_text(TINY)
    done = simulate(str(scenario), "--sweep", "1:2", "--json", str(out))
    assert done.returncode == 0, done.stderr
    assert [row["seed"] for row in json.loads(out.read_text())["rows"]] == [1, 2]


def test_one_seed_and_many_at_once_are_refused() -> None:
    with pytest.raises(CommandError, match="either --seed"):
        simulator_arguments({"scenario": "a", "seed": "1", "sweep": "1:2", "json": None, "html": None})

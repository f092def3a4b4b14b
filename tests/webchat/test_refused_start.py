"""A server that can't run tells the operator why, with a code of the catalogue and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from peernode.diagnostics.codes import CATALOGUE
from tools.tracked import ROOT


@pytest.mark.parametrize(
    ("setting", "code", "named"),
    [
        ({"STARLING_PORT": "many"}, "SETTING_INVALID", "STARLING_PORT"),
        ({}, "KEY_UNREADABLE", "5 bytes"),
    ],
)
def test_what_keeps_a_server_from_running_has_a_code(
    tmp_path: Path, setting: dict[str, str], code: str, named: str
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "django.key").write_bytes(b"short")
    environment = {"DJANGO_SETTINGS_MODULE": "webchat.settings", "STARLING_DATA": str(tmp_path), **setting}
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    first, second = ended.stderr.strip().splitlines()
    assert first.startswith("Starling can't run: ")
    assert named in first
    assert second == f"{code}: {CATALOGUE[code].remedy}"

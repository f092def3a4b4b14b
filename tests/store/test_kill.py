"""A real process is killed in the middle of committing: nothing that it reported is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import CHANNEL, NODE, message

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("reports", [1, 23, 200])
def test_what_a_killed_process_reported_is_there(tmp_path: Path, reports: int) -> None:
    path = tmp_path / "nodes.sqlite3"
    command = [sys.executable, "-m", "tests.store.committer", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(reports)]
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines(keepends=True)
    assert process.returncode == -signal.SIGKILL
    reported = {int(line) for line in lines + rest if line.endswith("\n")}
    assert len(reported) >= reports
    with SqliteDatabase(path) as database:
        store = database.for_node(NODE)
        seqs = {seq for _, _, seq, _ in store.heads(CHANNEL)}
        raws = store.newest(CHANNEL, None, len(seqs))
        waiting = {int.from_bytes(row.id[-4:], "big") for row in store.outbox()}
        assert reported <= seqs
        assert waiting == seqs  # a commit is there as a whole
        assert raws == [message(seq).raw for seq in sorted(seqs, reverse=True)]
        assert store.bad_rows == 0

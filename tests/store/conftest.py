"""The disks that the tests of the store run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.disks import Disk, FileDisk, SimulatedDisk


@pytest.fixture
def file_disk(tmp_path: Path) -> Iterator[FileDisk]:
    with closing(FileDisk(tmp_path / "nodes.sqlite3")) as disk:
        yield disk


@pytest.fixture(params=["sqlite", "memory"])
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    if request.param == "sqlite":
        yield request.getfixturevalue("file_disk")
        return
    with closing(SimulatedDisk()) as simulated:
        yield simulated

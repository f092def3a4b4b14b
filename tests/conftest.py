"""What holds for all tests: Hypothesis judges by results, never by the clock of a busy machine.

Most tests collect garbage at the end of a simulated world; what the imports have left is taken out of that.
Property tests take longest, so that every worker begins with its share of them: otherwise one worker has
nothing left to do for as long as the other's last one takes.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from peernode.diagnostics import codes

settings.register_profile("repository", deadline=None, print_blob=True)
settings.load_profile("repository")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each of the parts that pytest-xdist cuts the tests into begin with as many property tests."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    long = [item for item in items if "propert" in item.nodeid]
    short = [item for item in items if "propert" not in item.nodeid]
    dealt: list[pytest.Item] = []
    for worker in range(workers):
        size = (len(items) - len(dealt)) // (workers - worker)
        mine = long[worker::workers]
        room = max(0, size - len(mine))
        dealt += mine + short[:room]
        short = short[room:]
    items[:] = dealt + short


@pytest.fixture(autouse=True)
def every_code_is_known() -> Iterator[None]:
    """Whatever told somebody of an error in a test did so by a code of the catalogue."""
    codes.unknown.clear()
    yield
    assert dict(codes.unknown) == {}, "error codes that the catalogue lacks"


def pytest_collection_finish() -> None:
    """Modules and their like live to the end; walking them each time was half of a small story's cost."""
    gc.collect()
    gc.freeze()

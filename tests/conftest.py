"""What holds for all tests: Hypothesis judges by results, never by the clock of a busy machine.

Most tests collect garbage at the end of a simulated world; what the imports have left is taken out of that.
"""

from __future__ import annotations

import gc

from hypothesis import settings

settings.register_profile("repository", deadline=None, print_blob=True)
settings.load_profile("repository")


def pytest_collection_finish() -> None:
    """Modules and their like live to the end; walking them each time was half of a small story's cost."""
    gc.collect()
    gc.freeze()

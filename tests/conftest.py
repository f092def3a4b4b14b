"""What holds for all tests: Hypothesis judges by results, never by the clock of a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repository", deadline=None, print_blob=True)
settings.load_profile("repository")

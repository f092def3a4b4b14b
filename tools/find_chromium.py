"""Where the Chromium of the browser tests is: `python -m tools.find_chromium` prints its path.

The order: ``CHROMIUM``, the system's, Playwright's own. Exit status 1 when there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")


def system_chromium() -> str | None:
    """The path in ``CHROMIUM``, or of a system's browser on ``PATH``."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    return next((path for path in map(shutil.which, NAMES) if path), None)


def playwright_chromium() -> str | None:
    """The browser that ``playwright install chromium`` put there, if it did."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    found = system_chromium() or playwright_chromium()
    if found is None:
        sys.exit(1)
    sys.stdout.write(found + "\n")

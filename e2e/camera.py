"""Pictures of a page for people to look at: light, dark, and on a small screen."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

NARROW_PX = (360, 740)


def shoot(page: Page, folder: Path, name: str) -> None:
    """Three files, ``name-light.png`` and so on; the page is left as it was."""
    size = page.viewport_size
    page.emulate_media(color_scheme="dark")
    _keep(page, folder / f"{name}-dark.png")
    page.emulate_media(color_scheme="light")
    _keep(page, folder / f"{name}-light.png")
    page.set_viewport_size({"width": NARROW_PX[0], "height": NARROW_PX[1]})
    _keep(page, folder / f"{name}-narrow.png")
    if size is not None:
        page.set_viewport_size(size)


def _keep(page: Page, path: Path) -> None:
    page.screenshot(path=path, animations="disabled")

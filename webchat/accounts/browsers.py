"""A browser in words: enough for a person to recognise an own one, from what it says of itself."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

UNKNOWN = "Unknown browser"

_BROWSERS = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|Chromium/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
    (r"curl/", "curl"),
)
_SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)
"""The first that fits counts: many browsers name those that came before them as well."""


def browser_words(agent: str) -> str:
    """``Firefox on Linux`` and the like."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else UNKNOWN)


def shown(words: str) -> str:
    """What ``browser_words`` gave, in the reader's language."""
    browser, on, system = words.partition(" on ")
    named = {"A browser": _("A browser"), UNKNOWN: _("Unknown browser")}.get(browser, browser)
    return _("%(browser)s on %(system)s") % {"browser": named, "system": system} if on else named


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((words for pattern, words in table if re.search(pattern, agent)), "")

"""What the chat page says, for who looks for it there: from its own words, so that a text is written once.

A benchmark runs rarely. One that waits for a text which the page no longer says is noticed weeks later, after
minutes of waiting; one that asks for a key which is gone fails at once, and in a unit test.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ENGLISH = Path(__file__).parent.parent / "static" / "webchat" / "js" / "words" / "en.js"
ENTRY = re.compile(r'^  "(?P<key>[\w.]+)":\s+(?P<words>"(?:[^"\\]|\\.)*"),$', re.MULTILINE)


def said(key: str, **values: str) -> str:
    """The page's words for a key with values filled in; ``KeyError`` for a key or value that is unknown."""
    words = {found["key"]: found["words"] for found in ENTRY.finditer(ENGLISH.read_text(encoding="utf-8"))}
    return str(json.loads(words[key])).format(**values)


def timeline_label(channel: str) -> str:
    """What the timeline of a channel is called."""
    return said("timeline.label", channel=channel)


def timeline_start(channel: str) -> str:
    """What stands above the oldest message that the node has."""
    return said("timeline.start", channel=channel)

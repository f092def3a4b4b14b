"""The sentences of the connection doctor in the reader's language.

A step says what it found in one or several English sentences with values in them. They are told again by a
table of their patterns; invariant: all of a step's sentences are in one language, so what a table does not
know leaves the whole step English, and ``lang`` says which it is (for whoever reads it aloud).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

BLANKS = {
    "number": r"\d+(?:\.\d+)?",
    "place": r"\S+:\d+",
    "nodes": r"\d+ nodes?",
    "versions": r"versions? \d+(?: to \d+)?(?:, versions? \d+(?: to \d+)?)*",
    "detail": r"\S{1,300}(?: \S{1,300}){0,20}?",
    "reason": r".{1,600}?",
}
"""What a blank of a pattern may hold."""

SENTENCES_MAX = 4

GERMAN = (
    (re.compile(r"(\d) nodes?"), r"\1 Knoten"),
    (re.compile(r"versions (\d+) to (\d+)"), r"Versionen \1 bis \2"),
    (re.compile(r"version (\d+)"), r"Version \1"),
    (re.compile(r"^(\d+)\.(\d+)$"), r"\1,\2"),
)
"""Values that have words or a point in them."""

VALUES = {"de": GERMAN}


def told_again(text: str, table: Mapping[str, str], language: str) -> str | None:
    """The same by ``table`` (English pattern -> the other language's); None when a sentence is not in it."""
    found = _sentences(text, tuple(table.items()), SENTENCES_MAX)
    if found is None:
        return None
    return " ".join(own.format_map(_values(values, language)) for own, values in found)


def _sentences(
    text: str, table: tuple[tuple[str, str], ...], left: int
) -> list[tuple[str, dict[str, str]]] | None:
    if not text:
        return []
    for english, own in table if left else ():
        # A value may hold sentences itself: then this one is all of the text.
        for found in (_pattern(english).match(text), _pattern(english).fullmatch(text)):
            rest = _sentences(text[found.end() :], table, left - 1) if found else None
            if found and rest is not None:
                return [(own, found.groupdict()), *rest]
    return None


@lru_cache(maxsize=256)
def _pattern(english: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", english)
    shape = "".join(
        f"(?P<{part}>{BLANKS[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )
    return re.compile(f"{shape}(?: |$)", re.DOTALL)


def _values(values: dict[str, str], language: str) -> dict[str, str]:
    told = dict(values)
    for name in told.keys() & {"number", "nodes", "versions"}:
        for pattern, own in VALUES.get(language, ()):
            told[name] = pattern.sub(own, told[name])
    return told

"""The sentences of the connection doctor in the reader's language.

A step says what it found by the keys of its sentences (``says``) and the values in them, which are put into
the sentences of a table. Invariant: all of a step is in one language, so a key that a table does not know
leaves the step English, and ``lang`` says which it is, for whoever reads it aloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any


class German(Formatter):
    """``node``: how many there are; ``versions``: ranges of them; numbers with a comma."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value in words."""
        if format_spec == "node":
            return f"{value} Knoten"
        if format_spec == "versions":
            return ", ".join(_versions(*each) for each in value)
        return str(value).replace(".", ",") if isinstance(value, float) else str(value)


FORMATTERS = {"de": German()}


def told_again(
    keys: Sequence[str], values: dict[str, Any], table: Mapping[str, str], language: str
) -> str | None:
    """The sentences of ``keys`` by ``table``; None when it lacks one, or a value does."""
    try:
        return " ".join(FORMATTERS[language].vformat(table[key], (), values) for key in keys)
    except (KeyError, TypeError, ValueError):  # of another version's worker; the English is there
        return None


def _versions(first: int, last: int) -> str:
    return f"Version {first}" if first == last else f"Versionen {first} bis {last}"

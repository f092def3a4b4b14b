"""Reading a TOML file so that a mistake is named by its line, its key and what was expected.

Idea: ``tomllib`` reads the values, ``positions`` finds their lines, and a ``Table`` hands out one
checked value per key. Whoever reads a table ends with ``done``, so a key that nobody asked for is an
error and never silently ignored.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any, NoReturn

from peernode.simulation.positions import lines_of_keys

TEXT_CHARS_MAX = 1 << 20
_DECODE_LINE = re.compile(r"\(at line (\d+), column \d+\)")

_MISSING: Any = object()


class ScenarioError(Exception):
    """A scenario that can't be read; says where and why."""

    def __init__(self, source: str, line: int, key: str, problem: str) -> None:
        self.line = line
        self.key = key
        super().__init__(f"{source}:{line}: {key}: {problem}" if key else f"{source}:{line}: {problem}")


class Table:
    """One table of the file; every method takes a key and returns its checked value."""

    def __init__(self, values: dict[str, Any], name: str, document: Document) -> None:
        self._values = values
        self._name = name
        self._document = document
        self._asked: dict[str, None] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def refuse(self, key: str, problem: str) -> NoReturn:
        """Raise the error for ``key`` of this table."""
        raise self._document.error(self._name, key, problem)

    def _take(self, key: str, default: Any) -> Any:
        self._asked[key] = None
        value = self._values.get(key, default)
        if value is _MISSING:
            others = [other for other in self._values if other not in self._asked]
            for close in difflib.get_close_matches(key, others, n=1, cutoff=0.75):
                self.refuse(close, f"is not a known key (did you mean {key}?)")
            self.refuse(key, "is missing")
        return value

    def text(self, key: str, default: str = _MISSING) -> str:
        """A string that is not empty."""
        value = self._take(key, default)
        if not isinstance(value, str) or not (value or default == ""):
            self.refuse(key, f"{value!r} is not a text")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str = _MISSING) -> str:
        """One of ``allowed``."""
        value = self.text(key, default)
        if value not in allowed:
            self.refuse(key, f"{value!r} is none of {', '.join(allowed)}{_perhaps(value, allowed)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            self.refuse(key, f"{value!r} is neither true nor false")
        return value

    def number(self, key: str, default: float = _MISSING, low: float = 0.0, high: float = 1e9) -> float:
        """A number from ``low`` to ``high``, both included."""
        value = self._take(key, default)
        if not _is_number(value) or not low <= value <= high:
            self.refuse(key, f"{value!r} is not a number from {low:g} to {high:g}")
        return float(value)

    def optional_number(self, key: str, low: float = 0.0, high: float = 1e9) -> float | None:
        """A number, or None when the key is absent."""
        self._asked[key] = None
        return self.number(key, low=low, high=high) if key in self._values else None

    def optional_integer(self, key: str, low: int = 0, high: int = 10**9) -> int | None:
        """A whole number, or None when the key is absent."""
        self._asked[key] = None
        return self.integer(key, low=low, high=high) if key in self._values else None

    def integer(self, key: str, default: int = _MISSING, low: int = 0, high: int = 10**9) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.refuse(key, f"{value!r} is not a whole number from {low} to {high}")
        return value

    def integers(self, key: str, below: int) -> tuple[int, ...]:
        """A list of different whole numbers from 0 to ``below`` - 1, not empty."""
        value = self._take(key, _MISSING)
        good = isinstance(value, list) and value and all(_is_index(item, below) for item in value)
        if not good or len(set(value)) != len(value):
            self.refuse(key, f"{value!r} is not a list of different whole numbers from 0 to {below - 1}")
        return tuple(value)

    def span(
        self, key: str, default: tuple[float, float] = _MISSING, low: float = 0.0, high: float = 60_000.0
    ) -> tuple[float, float]:
        """Two numbers from ``low`` to ``high``, the smaller first."""
        value = self._take(key, default if default is _MISSING else list(default))
        if not isinstance(value, list) or len(value) != 2 or not all(_is_number(item) for item in value):
            self.refuse(key, f"{value!r} is not [from, to]")
        if not low <= value[0] <= value[1] <= high:
            self.refuse(key, f"{value!r}: {low:g} <= from <= to <= {high:g} is expected")
        return float(value[0]), float(value[1])

    def raw(self, key: str, default: Any = _MISSING) -> Any:
        """The value as the file has it; the caller checks it and uses ``refuse``."""
        return self._take(key, default)

    def table(self, key: str) -> Table:
        """A table inside; an absent one is empty."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            self.refuse(key, f"{value!r} is not a table")
        return Table(value, f"{self._name}.{key}" if self._name else key, self._document)

    def tables(self, key: str, write: str = "") -> list[Table]:
        """A list of tables; an absent one is empty. ``write`` says how else than as ``[[key]]``."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.refuse(key, f"is not a list of tables: {write or f'write [[{key}]]'}")
        path = f"{self._name}.{key}" if self._name else key
        return [Table(item, f"{path}[{number}]", self._document) for number, item in enumerate(value)]

    def only(self, *known: str) -> None:
        """Refuse keys that are none of these, before anything is read."""
        self._asked.update(dict.fromkeys(known))
        self.done()

    def done(self, *known_elsewhere: str) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._values:
            if key not in self._asked and key not in known_elsewhere:
                known = tuple(dict.fromkeys([*self._asked, *known_elsewhere]))
                what = f"is not a known key{_perhaps(key, known)}"
                self.refuse(key, f"{what}; expected one of {', '.join(known)}")


class Document:
    """A parsed file and where its keys stand."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        if len(text) > TEXT_CHARS_MAX:
            raise ScenarioError(source, 1, "", f"longer than {TEXT_CHARS_MAX} characters")
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _DECODE_LINE.search(str(error))
            line = int(found.group(1)) if found else text.count("\n") + 1
            raise ScenarioError(source, line, "", f"not TOML: {error}") from error
        self._lines = lines_of_keys(text)
        self.root = Table(values, "", self)

    def error(self, table: str, key: str, problem: str) -> ScenarioError:
        """The error for ``key`` of ``table``, at the closest line that the text has for it."""
        path = f"{table}.{key}" if table else key
        shown = path
        while path not in self._lines and path:
            path = path.rpartition(".")[0]
        return ScenarioError(self.source, self._lines.get(path, 1), shown, problem)


def _perhaps(written: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(written, known, n=1, cutoff=0.5)
    return f" (did you mean {close[0]}?)" if close else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_index(value: object, below: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below

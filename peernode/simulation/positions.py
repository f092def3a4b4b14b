"""Where the keys of a TOML text stand, by the path that errors name them with.

Idea: ``tomllib`` has read the text already, so it is well-formed, and a scan that only tells keys,
brackets, strings and comments apart is enough. A path is ``nodes.count``, ``faults[1].kind`` or
``network.clusters[0].share``; the line is where the key is first written, counted from 1.
"""

from __future__ import annotations

import re

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_\-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+|' + r"'''.*?'''+|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)
_BARE = re.compile(r"[^,\]}#\n]*")


def lines_of_keys(text: str) -> dict[str, int]:
    """Path -> line of every table, array element and key in a well-formed text."""
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted_to = 0
        self._line = 1
        self._lines: dict[str, int] = {}
        self._elements: dict[str, int] = {}
        """Path of an array of tables -> index of its last one."""

    def run(self) -> dict[str, int]:
        table = ""
        while self._skip(_BLANK) < len(self._text):
            if self._takes("[["):
                table = self._header(element=True)
            elif self._takes("["):
                table = self._header(element=False)
            else:
                self._entry(table)
        return self._lines

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _takes(self, sign: str) -> bool:
        taken = self._text.startswith(sign, self._at)
        self._at += len(sign) if taken else 0
        return taken

    def _note(self, path: str) -> None:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        self._lines.setdefault(path, self._line)

    def _dotted(self) -> list[str]:
        """The parts of a key, up to what follows it."""
        parts = []
        while True:
            self._skip(_SPACE)
            start = self._at
            end = self._skip(_KEY)
            parts.append(self._text[start:end].strip("\"'"))
            self._skip(_SPACE)
            if not self._takes("."):
                return parts

    def _header(self, *, element: bool) -> str:
        """``[table]`` or, for an ``element``, ``[[array]]``; the path of what it opens."""
        path = ""
        parts = self._dotted()
        self._at = self._text.index("]", self._at) + (2 if element else 1)
        for number, part in enumerate(parts, start=1):
            path = f"{path}.{part}" if path else part
            self._note(path)
            if element and number == len(parts):
                self._elements[path] = self._elements.get(path, -1) + 1
            if path in self._elements:
                path = f"{path}[{self._elements[path]}]"
                self._note(path)
        return path

    def _entry(self, table: str) -> None:
        path = table
        for part in self._dotted():
            path = f"{path}.{part}" if path else part
            self._note(path)
        self._takes("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: str) -> None:
        if self._takes("["):
            count = 0
            while self._skip(_BLANK) and not self._takes("]"):
                self._note(f"{path}[{count}]")
                self._value(f"{path}[{count}]")
                count += 1
                self._skip(_BLANK)
                self._takes(",")
        elif self._takes("{"):
            while self._skip(_BLANK) and not self._takes("}"):
                self._entry(path)
                self._skip(_BLANK)
                self._takes(",")
        elif self._text[self._at : self._at + 1] in ('"', "'"):
            self._skip(_STRING)
        else:
            self._skip(_BARE)

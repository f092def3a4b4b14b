"""HTML and SVG as text that can't be broken by what it shows.

Idea: ``Markup`` is text that is markup already; every other string is escaped at the moment it becomes
a child or an attribute. So there is no place where a channel's name could open an element.

Invariant: what comes out is well-formed as XML too (every element is closed, every attribute quoted),
except for the void elements of HTML.
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence

VOID = ("meta", "link", "br", "hr")
TEXT_CHARS_MAX = 2_000
"""More than this of one text is cut: a page is for reading."""


class Markup(str):
    """Text that is markup."""

    __slots__ = ()


def escaped(words: str) -> Markup:
    """``words`` as they read; what has no visible form, or would turn the text around, is spelled out."""
    if isinstance(words, Markup):
        return words
    if len(words) > TEXT_CHARS_MAX:
        words = words[:TEXT_CHARS_MAX] + " …"
    shown = "".join(char if _is_plain(char) else f"\\u{ord(char):04x}" for char in words)
    return Markup(html.escape(shown, quote=True))


def _is_plain(char: str) -> bool:
    return char == "\n" or not unicodedata.category(char).startswith("C")


def element(name: str, /, *children: str | None, **attributes: str | float | None) -> Markup:
    """``<name …>children</name>``; None is left out, ``class_`` is ``class``, ``_`` is ``-``."""
    opened = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(_attribute(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{joined(children)}</{name}>")


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else f"{round(value, 2):g}" if abs(value) < 1e5 else f"{value:.0f}"


def joined(parts: Iterable[str | None], between: str = "") -> Markup:
    """All parts in a row, escaped where they aren't markup."""
    return Markup(escaped(between).join(escaped(part) for part in parts if part is not None))


def paragraph(*children: str | None, class_: str | None = None) -> Markup:
    """A ``<p>``."""
    return element("p", *children, class_=class_)


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    numeric: Sequence[int] = (),
    class_: str | None = None,
) -> Markup:
    """A table that says what it is; columns in ``numeric`` are set as numbers; first cells are headers."""
    classes = ["number" if column in numeric else None for column in range(len(head))]
    heads = joined(
        element("th", words, scope="col", class_=kind) for words, kind in zip(head, classes, strict=True)
    )
    body = joined(
        element(
            "tr",
            *(
                element("th" if column == 0 else "td", cell, class_=kind, scope=None if column else "row")
                for column, (cell, kind) in enumerate(zip(row, classes, strict=True))
            ),
        )
        for row in rows
    )
    return element(
        "div",
        element(
            "table",
            element("caption", caption),
            element("thead", element("tr", heads)),
            element("tbody", body),
            class_=class_,
        ),
        class_="scroll short" if len(head) == 2 else "scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def details(summary: str, *children: str | None, open_: bool = False, class_: str | None = None) -> Markup:
    """Something to unfold."""
    return element(
        "details", element("summary", summary), *children, class_=class_, open="" if open_ else None
    )


def section(ident: str, heading: str, lead: str, *children: str | None) -> Markup:
    """A part of the page with its heading and the one sentence that says how to read it."""
    return element(
        "section",
        element("h2", heading, id=ident),
        paragraph(lead, class_="lead") if lead else None,
        *children,
        aria_labelledby=ident,
    )

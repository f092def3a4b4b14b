"""Numbers as people read them. Pure functions; None, what was not measured, is a dash."""

from __future__ import annotations

from peernode.simulation.report.markup import Markup, element

NOT_MEASURED = "–"


def count(value: float | None) -> str:
    """A whole number with groups of three: ``26,453``."""
    return NOT_MEASURED if value is None else f"{value:,.0f}"


def compact(value: float) -> str:
    """A round number in the room of an axis: ``500``, ``4k``, ``1.5M``."""
    for unit, size_ in (("M", 1e6), ("k", 1e3)):
        if value >= size_:
            return f"{value / size_:g}{unit}"
    return f"{value:g}"


def number(value: float | None) -> str:
    """As many digits as say something: three, or all before the point."""
    if value is None:
        return NOT_MEASURED
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def milliseconds(value: float | None) -> str:
    """A duration given in ms: ``44.5 ms``, ``1.24 s``, ``2 min 5 s``."""
    if value is None:
        return NOT_MEASURED
    if value < 1000:
        return f"{value:.3g} ms"
    if value < 60_000:
        return f"{value / 1000:.3g} s"
    return f"{value // 60_000:.0f} min {value % 60_000 / 1000:.0f} s"


def seconds(value: float | None) -> str:
    """A duration given in s."""
    return NOT_MEASURED if value is None else milliseconds(value * 1000)


def moment(at_s: float) -> str:
    """A moment of virtual time, ``61.25 s``."""
    return f"{at_s:.2f}".rstrip("0").rstrip(".") + " s"


def share(part: float, whole: float) -> str:
    """``99.9 %``; never 100 % when something is missing, and never 0 % when something is there."""
    if not whole:
        return NOT_MEASURED
    percent = 100 * part / whole
    if part < whole and percent > 99.9:
        return "99.9 %"
    if part > 0 and percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.3g} %" if percent < 100 else "100 %"


def size(value: float | None) -> str:
    """Bytes in binary units."""
    if value is None:
        return NOT_MEASURED
    for unit in ("B", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.3g} {unit}" if unit != "B" else f"{value:.0f} B"
        value /= 1024
    return f"{value:.3g} GiB"


def plural(number_of: float, thing: str, things: str | None = None) -> str:
    """``1 node``, ``12 nodes``."""
    return f"{count(number_of)} {thing if number_of == 1 else things or thing + 's'}"


def exact(value: float | None, words: str) -> Markup:
    """``words`` for the eye, the exact value for whoever looks closer."""
    if value is None:
        return element("span", words)
    return element("data", words, value=repr(value), title=repr(value))

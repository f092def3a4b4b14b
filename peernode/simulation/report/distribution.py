"""How long things took: a histogram on a scale of factors, with its percentiles as flags.

Invariant: every value is in exactly one bar, the longest too; nothing is cut off.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

from peernode.simulation.report.figures import compact, count, milliseconds, number, share
from peernode.simulation.report.markup import Markup, table
from peernode.simulation.report.svg import WIDE, Drawing, Linear, Log, figure

BARS = (12, 44)
"""At least and at most; few values make few bars."""
STEPS_MS = (1, 2, 5, 10, 20, 50, 100, 150, 200, 300, 400, 600, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
"""Upper ends of the table's rows."""
FLAG_HEIGHT = 17


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values in ms and what to call them."""

    ident: str
    values: list[float]
    percentiles: dict[str, float | None]
    things: str
    """What is counted: ``deliveries``."""
    one_way_ms: float | None = None
    """Length of a one-way delay, for a second axis."""


def distribution(shown: Distribution, caption: str) -> Markup:
    """The plot and its numbers."""
    return figure(lambda width: _draw(shown, width), caption, numbers=_numbers(shown))


def _merged(percentiles: dict[str, float | None]) -> list[tuple[str, float]]:
    """Percentiles with their values, those of one value under one name."""
    names: dict[float, list[str]] = {}
    for name, value in percentiles.items():
        if value is not None:
            names.setdefault(value, []).append(name)
    return [(", ".join(which), value) for value, which in names.items()]


def _range(values: list[float]) -> tuple[float, float]:
    """Both ends of the scale, at least a factor of 8 apart, so that a narrow peak looks narrow."""
    low, high = max(0.1, min(values)) * 0.97, max(0.1, max(values)) * 1.03
    if high < 8 * low:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(8), middle * math.sqrt(8)
    return low, high


def _draw(shown: Distribution, width: float) -> Drawing:
    wide = width >= WIDE
    flags = _merged(shown.percentiles)
    left, right = 44.0, width - 12
    top = FLAG_HEIGHT * len(flags) + 12
    bottom = top + (190 if wide else 150)
    height = bottom + (56 if shown.one_way_ms else 26)
    words = ", ".join(f"{name} {milliseconds(value)}" for name, value in flags)
    drawing = Drawing(
        f"{shown.ident}-{width:g}",
        width,
        height,
        f"Distribution of {count(len(shown.values))} {shown.things}",
        f"Histogram with a logarithmic scale of time. {words}.",
    )
    low, high = _range(shown.values)
    x = Log(low, high, left, right)
    count_of_bars = min(BARS[1], max(BARS[0], len(shown.values) // 4))
    edges = [low * (high / low) ** (bar / count_of_bars) for bar in range(count_of_bars + 1)]
    bars = [0] * count_of_bars
    for value in shown.values:
        bars[min(count_of_bars - 1, max(0, bisect.bisect_right(edges, value) - 1))] += 1
    y = Linear(0, max(bars) * 1.04, bottom, top)
    drawing.grid_y(y, left, right, 4, compact)
    for index, bar in enumerate(bars):
        if bar:
            bar_height = max(1.5, bottom - y(bar))
            begin, end = x(edges[index]), x(edges[index + 1])
            tip = (
                f"{milliseconds(edges[index])} to {milliseconds(edges[index + 1])}: "
                f"{count(bar)} {shown.things}, {share(bar, len(shown.values))}"
            )
            drawing.rect(begin + 0.5, bottom - bar_height, end - begin - 1, bar_height, "bar", tip)
    _flags(drawing, x, flags, top, bottom)
    drawing.axis_x(x, bottom, 14 if wide else 5, milliseconds)
    if shown.one_way_ms:
        _in_one_way_delays(drawing, x, bottom + 30, shown.one_way_ms, wide)
    return drawing


def _flags(drawing: Drawing, x: Log, flags: list[tuple[str, float]], top: float, bottom: float) -> None:
    poles: list[float] = []
    for row, (name, value) in enumerate(flags):
        at = x(value)
        y = top - 6 - FLAG_HEIGHT * (len(flags) - 1 - row)
        words = f"{name}  {milliseconds(value)}"
        length = 7 * len(words)
        drawing.line(at, y - 11, at, bottom, "flag")
        if at + 8 + length <= drawing.width:
            drawing.text(at + 6, y, words, "flag-words")
        else:  # to the left, and of the poles in its way too
            begin = min([at, *(pole for pole in poles if pole > at - 6 - length)])
            drawing.text(begin - 6, y, words, "flag-words", "end")
        poles.append(at)


def _in_one_way_delays(drawing: Drawing, x: Log, y: float, one_way_ms: float, wide: bool) -> None:
    """The same scale in units of the mean one-way delay."""
    units = Log(x.low / one_way_ms, x.high / one_way_ms, x.start, x.end)
    last = drawing.width if not wide else drawing.width - 150
    for value in units.ticks(14 if wide else 5):
        at = units(value)
        drawing.line(at, y - 4, at, y, "axis")
        if at < last:
            drawing.text(at, y + 13, f"{value:g}×", "tick", "middle")
    drawing.line(units.start, y, units.end, y, "axis")
    if wide:
        drawing.text(x.end, y + 13, f"one-way delays of {milliseconds(one_way_ms)}", "tick", "end")


def _numbers(shown: Distribution) -> Markup:
    rows, below = [], 0
    ordered = sorted(shown.values)
    for index, end in enumerate((*STEPS_MS, math.inf)):
        upto = bisect.bisect_left(ordered, end)
        if upto > below:
            begin = STEPS_MS[index - 1] if index else 0
            words = f"{milliseconds(begin)} and more" if end == math.inf else f"below {milliseconds(end)}"
            if index and end != math.inf:
                words = f"{milliseconds(begin)} to {milliseconds(end)}"
            rows.append(
                (words, count(upto - below), share(upto - below, len(ordered)), share(upto, len(ordered)))
            )
        below = upto
    one_way = f"; mean one-way delay {number(shown.one_way_ms)} ms" if shown.one_way_ms else ""
    return table(
        f"{shown.things.capitalize()} by time{one_way}",
        ("Time", shown.things.capitalize(), "Share", "Up to here"),
        rows,
        numeric=(1, 2, 3),
    )

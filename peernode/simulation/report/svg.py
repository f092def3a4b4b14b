"""Small plots as inline SVG: scales, ticks, and a drawing that collects shapes.

Idea: everything is drawn in CSS pixels of a given width, once for a wide and once for a narrow page,
so that text keeps its size; classes name what a shape is, the style sheet knows the colours of both
schemes.

Invariants: no shape refers to anything outside of its drawing; each drawing has a title and a
description; coordinates are rounded, so that the same numbers give the same text everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from peernode.simulation.report.markup import Markup, element, joined

WIDE, NARROW = 960, 340
"""Widths of the two forms of each drawing."""
TIP_CLASS = "tip"


@dataclass(frozen=True, slots=True)
class Linear:
    """Values from ``low`` to ``high`` onto pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value is."""
        extent = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / extent if extent else 0.0)

    def ticks(self, about: int) -> list[float]:
        """Round values in the range, about so many."""
        extent = self.high - self.low
        if extent <= 0:
            return [self.low]
        rough = extent / max(1, about)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(step for step in (1, 2, 5, 10) if step * power >= rough * 0.999) * power
        first = math.ceil(self.low / step - 1e-9)
        return [round(i * step, 9) for i in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Log:
    """Like ``Linear``, equal factors apart instead of equal differences; both ends above 0."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value is."""
        extent = math.log(self.high / self.low)
        part = math.log(max(value, self.low) / self.low) / extent if extent else 0.0
        return self.start + (self.end - self.start) * part

    def ticks(self, about: int) -> list[float]:
        """Round values in the range, as many kinds of them as do not become too many."""
        found: list[float] = []
        for leads in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,)):
            found = [
                lead * 10.0**power
                for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
                for lead in leads
                if self.low * 0.999 <= lead * 10.0**power <= self.high * 1.001
            ]
            if len(found) <= about:
                break
        return found


Scale = Linear | Log


class Drawing:
    """Shapes on a ground of ``width`` by ``height`` pixels."""

    def __init__(
        self,
        ident: str,
        width: float,
        height: float,
        title: str,
        description: str,
        class_: str | None = None,
    ) -> None:
        self.width = width
        self.height = height
        self._ident = ident
        self._title = title
        self._description = description
        self._class = class_ or ("wide" if width > NARROW else "narrow")
        self._shapes: list[Markup] = []

    def rect(
        self, x: float, y: float, width: float, height: float, class_: str, tip: str | None = None
    ) -> None:
        """A rectangle; ``tip`` is told to whoever points at it."""
        self._add("rect", tip, x=x, y=y, width=max(0.0, width), height=max(0.0, height), class_=class_)

    def line(self, x1: float, y1: float, x2: float, y2: float, class_: str, tip: str | None = None) -> None:
        """A straight line."""
        self._add("line", tip, x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)

    def path(self, steps: str, class_: str, tip: str | None = None) -> None:
        """Any line or area."""
        self._add("path", tip, d=Markup(steps), class_=class_)

    def circle(self, x: float, y: float, radius: float, class_: str, tip: str | None = None) -> None:
        """A dot."""
        self._add("circle", tip, cx=x, cy=y, r=radius, class_=class_)

    def text(self, x: float, y: float, words: str, class_: str = "label", anchor: str = "start") -> None:
        """Words; ``y`` is their base line."""
        self._shapes.append(
            element("text", words, x=x, y=y, class_=class_, text_anchor=None if anchor == "start" else anchor)
        )

    def _add(self, name: str, tip: str | None, **attributes: str | float) -> None:
        self._shapes.append(element(name, element("title", tip) if tip else None, **attributes))

    def axis_x(self, scale: Scale, y: float, about: int, words: Callable[[float], str]) -> None:
        """Marks and words under a plot."""
        self.line(scale.start, y, scale.end, y, "axis")
        for value in scale.ticks(about):
            x = scale(value)
            self.line(x, y, x, y + 4, "axis")
            anchor = "middle"
            if x > self.width - 20:
                anchor = "end"
            self.text(min(x, self.width), y + 17, words(value), "tick", anchor)

    def grid_y(
        self, scale: Scale, left: float, right: float, about: int, words: Callable[[float], str]
    ) -> None:
        """Fine lines across a plot, and their values at its left."""
        for value in scale.ticks(about):
            y = scale(value)
            self.line(left, y, right, y, "grid")
            self.text(left - 6, y + 4, words(value), "tick", "end")

    def markup(self) -> Markup:
        """The ``<svg>`` element."""
        return element(
            "svg",
            element("title", self._title, id=f"{self._ident}-title"),
            element("desc", self._description, id=f"{self._ident}-desc"),
            *self._shapes,
            viewBox=f"0 0 {self.width:g} {self.height:g}",
            role="img",
            aria_labelledby=f"{self._ident}-title {self._ident}-desc",
            class_=self._class,
        )


def point(x: float, y: float) -> str:
    """A place within a path."""
    return f"{round(x, 1):g} {round(y, 1):g}"


def steps(xs: Sequence[float], ys: Sequence[float], base: float) -> str:
    """An area of steps: from ``xs[i]`` to ``xs[i + 1]`` at ``ys[i]``, closed along ``base``."""
    parts = [f"M{point(xs[0], base)}"]
    level = base
    for x, y in zip(xs, ys, strict=False):
        if y != level:
            parts.append(f"H{round(x, 1):g}V{round(y, 1):g}")
            level = y
    parts.append(f"H{round(xs[len(ys)], 1):g}V{round(base, 1):g}Z")
    return "".join(parts)


def boxes(rects: Iterable[tuple[float, float, float, float]]) -> str:
    """Many rectangles (x, y, width, height) as one path."""
    return "".join(
        f"M{point(x, y)}h{round(width, 1):g}v{round(height, 1):g}h{-round(width, 1):g}z"
        for x, y, width, height in rects
    )


def figure(
    draw: Callable[[float], Drawing], caption: str, legend: str | None = None, numbers: str | None = None
) -> Markup:
    """A plot for wide and for narrow pages, what it shows, and its numbers to unfold."""
    return element(
        "figure",
        element("figcaption", element("strong", caption)) if caption else None,
        legend,
        draw(WIDE).markup(),
        draw(NARROW).markup(),
        element("details", element("summary", "The numbers"), numbers) if numbers else None,
    )


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """(class, words) of what is in a plot."""
    return element(
        "ul",
        joined(
            element(
                "li",
                element(
                    "svg",
                    element("rect", x=0.5, y=0.5, width=13, height=13, rx=2.5, class_=class_),
                    viewBox="0 0 14 14",
                    aria_hidden="true",
                    class_="key",
                ),
                words,
            )
            for class_, words in entries
        ),
        class_="legend",
    )

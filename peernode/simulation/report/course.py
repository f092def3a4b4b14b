"""The course of a run: its faults, and what was published, acknowledged and delivered meanwhile.

Idea: panels one below the other on one axis of time, crossed by the faults as bands, so that the eye
finds what a fault did to all of them. Every panel has its own scale: a publish is one, its deliveries are
as many as there are subscribers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from peernode.simulation.observation.timeline import FaultSpan
from peernode.simulation.report.figures import compact, count, milliseconds, moment, number, plural
from peernode.simulation.report.markup import Markup, joined, table
from peernode.simulation.report.svg import WIDE, Drawing, Linear, Log, figure, steps
from peernode.simulation.run import Run

SLICES_MAX = {True: 90, False: 45}
"""Of a wide and of a narrow drawing."""
SLICES_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_200, 3_600, 7_200, 36_000)
"""Lengths of a slice. Round, so that what happens every second doesn't beat with it."""
LANE_HEIGHT = {True: 18.0, False: 30.0}
PANEL_HEIGHT = 62.0
PANEL_GAP = {True: 20.0, False: 34.0}
NODES_NAMED_MAX = 8


@dataclass(frozen=True, slots=True)
class Panel:
    """One kind of event: when it happened, and if it took a while, how long."""

    name: str
    unit: str
    class_: str
    times: list[float]
    took_ms: list[float] | None = None


def course(run: Run) -> Markup:
    """The drawing and the table of faults."""
    panels = _panels(run)
    return figure(
        lambda width: _draw(run, panels, width),
        "",
        numbers=joined([_totals(panels), fault_table(run)]),
    )


def _panels(run: Run) -> list[Panel]:
    sendings = list(run.evidence.sendings.values())
    arrivals = [
        (sighting.at_s, (sighting.at_s - sending.asked_at_s) * 1000)
        for (node, message_id), sighting in run.evidence.first_seen().items()
        if (sending := run.evidence.sendings.get(message_id)) is not None and node != sending.author
    ]
    acked = [sending for sending in sendings if sending.acked_at_s is not None]
    return [
        Panel("published", "per second", "published", [sending.asked_at_s for sending in sendings]),
        Panel("acknowledged", "per second", "acked", [sending.acked_at_s or 0.0 for sending in acked]),
        Panel("delivered", "per second", "delivered", [at_s for at_s, _ in arrivals]),
        Panel(
            "slowest delivery",
            "by arrival",
            "slow",
            [at_s for at_s, _ in arrivals],
            [max(0.1, ms) for _, ms in arrivals],
        ),
    ]


def lanes(run: Run) -> dict[str, list[FaultSpan]]:
    """Faults by kind, in the order of their first."""
    found: dict[str, list[FaultSpan]] = {}
    for span in sorted(run.timeline.faults, key=lambda span: span.from_s):
        found.setdefault(span.kind, []).append(span)
    return found


def span_words(run: Run, span: FaultSpan) -> str:
    """A fault in words: what, when, whom."""
    words = f"{span.kind}, {moment(span.from_s)} to {moment(_end_s(run, span))}"
    return f"{words}, {_whom(span)}" if span.hit else words


def _whom(span: FaultSpan) -> str:
    if not span.nodes or len(span.nodes) > NODES_NAMED_MAX:
        return plural(span.hit, "node")
    return ("node " if len(span.nodes) == 1 else "nodes ") + ", ".join(map(str, span.nodes))


def _end_s(run: Run, span: FaultSpan) -> float:
    return run.virtual_s if span.to_s is None else span.to_s


def time_scale(run: Run, width: float) -> Linear:
    """The axis of time that all drawings over time share, so that they can be compared."""
    return Linear(0, max(run.scenario.duration_s, run.virtual_s), 140 if width >= WIDE else 34, width - 14)


def draw_faults(drawing: Drawing, run: Run, x: Linear, top: float, bottom: float, wide: bool) -> None:
    """Bands across a plot from ``top`` to ``bottom``."""
    quiet = run.scenario.quiet_from_s
    drawing.rect(x(quiet), top, x(x.high) - x(quiet), bottom - top, "quiet")
    for from_s, to_s in _united(run):
        drawing.rect(x(from_s), top, max(1.0, x(to_s) - x(from_s)), bottom - top, "fault-band")


def _united(run: Run) -> list[tuple[float, float]]:
    """The times in which any fault lasted."""
    found: list[tuple[float, float]] = []
    for span in sorted(run.timeline.faults, key=lambda span: span.from_s):
        from_s, to_s = span.from_s, _end_s(run, span)
        if found and from_s <= found[-1][1]:
            from_s, to_s = found[-1][0], max(to_s, found.pop()[1])
        found.append((from_s, to_s))
    return found


def draw_lanes(drawing: Drawing, run: Run, x: Linear, top: float, wide: bool) -> float:
    """A lane per kind of fault; returns where they end."""
    y = top
    for kind, spans in lanes(run).items():
        if wide:
            drawing.text(x.start - 12, y + 12, kind, "lane-name", "end")
        else:
            drawing.text(x.start, y + 11, kind, "lane-name")
        bar_y = y + (3 if wide else 16)
        drawing.line(x.start, bar_y + 5, x.end, bar_y + 5, "lane")
        for span in spans:
            begin, end = x(span.from_s), x(_end_s(run, span))
            drawing.rect(begin, bar_y, max(2.5, end - begin), 10, "fault", span_words(run, span))
        y += LANE_HEIGHT[wide]
    return y


def _draw(run: Run, panels: list[Panel], width: float) -> Drawing:
    wide = width >= WIDE
    gap = PANEL_GAP[wide]
    x = time_scale(run, width)
    top = 8.0 + LANE_HEIGHT[wide] * len(lanes(run))
    bottom = top + len(panels) * (PANEL_HEIGHT + gap)
    kinds = ", ".join(span_words(run, span) for spans in lanes(run).values() for span in spans[:3])
    drawing = Drawing(
        f"course-{width:g}",
        width,
        bottom + 28,
        "Messages over time, with the faults",
        f"Published, acknowledged and delivered per second. Faults: {kinds or 'none'}. The quiet time "
        f"begins at {moment(run.scenario.quiet_from_s)}.",
    )
    draw_faults(drawing, run, x, 4, bottom, wide)
    draw_lanes(drawing, run, x, 4, wide)
    quiet_x = x(run.scenario.quiet_from_s) + 5
    if x.end - quiet_x > 30:
        drawing.text(quiet_x, 17, "quiet", "faint")
    slice_s = next((s for s in SLICES_S if x.high / s <= SLICES_MAX[wide]), SLICES_S[-1])
    y, tops = top, []
    for panel in panels:
        tops.append(_slices(panel, x, slice_s))
        _panel(drawing, panel, tops[-1], slice_s, x, y + gap, wide)
        y += PANEL_HEIGHT + gap
    drawing.axis_x(x, bottom, 12 if wide else 6, moment)
    if wide:
        _tips(drawing, panels, tops, slice_s, x, bottom)
    return drawing


def _slices(panel: Panel, x: Linear, slice_s: float) -> list[float]:
    """Rate, or slowest, of each slice; the last one may be cut short."""
    slices = math.ceil(x.high / slice_s - 1e-9)
    values = [0.0] * slices
    for index, at_s in enumerate(panel.times):
        slice_ = min(slices - 1, int(at_s / slice_s + 1e-6))
        if panel.took_ms is None:
            values[slice_] += 1 / slice_s
        else:
            values[slice_] = max(values[slice_], panel.took_ms[index])
    return values


def _panel(
    drawing: Drawing, panel: Panel, values: list[float], slice_s: float, x: Linear, top: float, wide: bool
) -> None:
    bottom = top + PANEL_HEIGHT
    y: Linear | Log
    some = [value for value in values if value > 0]
    words: Callable[[float], str] = compact
    if panel.took_ms is None:
        y = Linear(0, max(some, default=1.0) * 1.06, bottom, top)
        about = 2
    else:
        low, high = min(some, default=10.0), max(some, default=100.0)
        y = Log(low / 1.5, max(high * 1.2, low * 8), bottom, top)
        about, words = 2 if high < 1000 * low else 3, milliseconds
    _name(drawing, panel, x, top, wide)
    for value in y.ticks(about):
        if value or panel.took_ms:
            drawing.line(x.start, y(value), x.end, y(value), "grid")
            drawing.text(
                x.start - 6 if wide else x.end, y(value) + (4 if wide else -3), words(value), "tick", "end"
            )
    drawing.line(x.start, bottom, x.end, bottom, "axis")
    edges = [x(min(x.high, slice_s * index)) for index in range(len(values) + 1)]
    heights = [y(value) if value > 0 else bottom for value in values]
    # The least of a slice stays visible: one delivery among thousands is what one looks for.
    heights = [
        min(height, bottom - 1.5) if value > 0 else bottom
        for height, value in zip(heights, values, strict=True)
    ]
    drawing.path(steps(edges, heights, bottom), f"area {panel.class_}")


def _name(drawing: Drawing, panel: Panel, x: Linear, top: float, wide: bool) -> None:
    if wide:
        drawing.text(0, top + 12, panel.name, "panel-name")
        drawing.text(0, top + 28, panel.unit, "faint")
    else:
        drawing.text(x.start, top - 8, f"{panel.name}, {panel.unit}", "panel-name")


def _tips(
    drawing: Drawing, panels: list[Panel], values: list[list[float]], slice_s: float, x: Linear, bottom: float
) -> None:
    """What the panels say at one time, for whoever points at it."""
    slices = len(values[0])
    for index in range(slices):
        begin, end = slice_s * index, min(x.high, slice_s * (index + 1))
        parts = [
            f"{milliseconds(rows[index])} {panel.name}"
            if panel.took_ms
            else f"{number(rows[index])}/s {panel.name}"
            for panel, rows in zip(panels, values, strict=True)
            if rows[index] > 0
        ]
        if parts:
            words = f"{moment(begin)} to {moment(end)}: {', '.join(parts)}"
            drawing.rect(x(begin), 0, x(end) - x(begin), bottom, "tip", words)


def _totals(panels: list[Panel]) -> Markup:
    rows = []
    for panel in panels[:3]:
        span = f"{moment(min(panel.times))} to {moment(max(panel.times))}" if panel.times else "–"
        rows.append((panel.name, count(len(panel.times)), span))
    return table("Messages and deliveries", ("What", "How many", "From first to last"), rows, numeric=(1,))


def fault_table(run: Run) -> Markup | None:
    """Every fault with its times and whom it hit."""
    spans = [span for spans in lanes(run).values() for span in spans]
    if not spans:
        return None
    return table(
        "Faults as they happened",
        ("Kind", "From", "To", "Whom"),
        [
            (span.kind, moment(span.from_s), moment(_end_s(run, span)), _whom(span) if span.hit else "–")
            for span in spans
        ],
        numeric=(1, 2),
    )

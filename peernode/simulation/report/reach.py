"""Who could reach whom: the share of the datagrams to each node that arrived, over time and by sender.

Idea: a strip per receiver over time, as high as the share of datagrams from others that arrived, in
the colour of what is missing; a line through it while the node had no power. For small networks the
same by pair, as a matrix for each stretch of time between the faults.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from peernode.simulation.observation.timeline import SLICES
from peernode.simulation.report.course import LANE_HEIGHT, draw_lanes, lanes, time_scale
from peernode.simulation.report.figures import count, moment, plural, share
from peernode.simulation.report.markup import Markup, joined, paragraph, table
from peernode.simulation.report.svg import WIDE, Drawing, Linear, boxes, figure, legend
from peernode.simulation.run import Run

LEVELS = ((0.995, "reach-5"), (0.9, "reach-4"), (0.6, "reach-3"), (0.2, "reach-2"), (1e-9, "reach-1"))
"""Least share that arrived -> class; less than all of these is ``reach-0``, nothing."""
HEIGHTS = {"reach-5": 1.0, "reach-4": 0.95, "reach-3": 0.8, "reach-2": 0.5, "reach-1": 0.25, "reach-0": 0.12}
LEGEND = (
    ("reach-5", "all"),
    ("reach-4", "over 90 %"),
    ("reach-3", "over 60 %"),
    ("reach-2", "over 20 %"),
    ("reach-1", "some"),
    ("reach-0", "none"),
)
MATRICES_MAX = 8
MATRIX_COLUMNS = {True: 4, False: 2}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the same faults lasted; in slices, ``last`` excluded."""

    first: int
    last: int
    words: str


def level(arrived: int, lost: int) -> str:
    """The class of a share; empty when there was nothing."""
    if not arrived + lost:
        return ""
    part = arrived / (arrived + lost)
    return next((name for least, name in LEVELS if part >= least), "reach-0")


def ordered_rows(run: Run) -> list[int]:
    """Rows in the order shown: those that a partition keeps together are neighbours."""
    rows = list(range(len(run.timeline.rows)))
    cut = max(run.evidence.cuts, key=lambda cut: len(cut.group_of), default=None)
    if cut is None or len(cut.group_of) < 2:
        return rows
    return sorted(rows, key=lambda row: (cut.group_of.get(run.timeline.rows[row], 0), row))


def reach(run: Run) -> Markup:
    """Strips over time, and matrices when pairs were counted."""
    timeline = run.timeline
    strip = figure(
        lambda width: _draw_strip(run, width),
        "What arrived at each node, over time",
        legend((*LEGEND, ("no-power", "no power"))),
        _numbers(run),
    )
    if timeline.pairs and timeline.nodes > 1:
        stretches = _stretches(run)
        matrices = figure(
            lambda width: _draw_matrices(run, stretches, width),
            "Between the faults: rows send, columns receive",
        )
        return joined([strip, matrices])
    sampled = paragraph(
        f"{plural(timeline.nodes, 'node')}: shown are {len(timeline.rows)} of them as receivers, evenly over "
        "their indices. Pairs are counted in runs of up to 64 nodes.",
        class_="note",
    )
    return joined([strip, sampled])


def _draw_strip(run: Run, width: float) -> Drawing:
    wide = width >= WIDE
    timeline = run.timeline
    rows = ordered_rows(run)
    row_height = min(18.0, max(6.0, 420 / len(rows)))
    x = time_scale(run, width)
    top = 10 + LANE_HEIGHT[wide] * len(lanes(run))
    bottom = top + row_height * len(rows)
    drawing = Drawing(
        f"strip-{width:g}",
        width,
        bottom + 28,
        "Share of the datagrams that arrived, by receiver and time",
        f"{plural(len(rows), 'strip')}, one per node; the table of numbers says the same per node.",
    )
    draw_lanes(drawing, run, x, 4, wide)
    merged = 1 if wide else 2
    cells: dict[str, list[tuple[float, float, float, float]]] = {}
    for place, row in enumerate(rows):
        y = top + place * row_height
        _row_name(drawing, run, row, place, x.start, y, row_height)
        for first, last, name in _runs(run, row, merged):
            begin, end = x(first * timeline.slice_s), x(last * timeline.slice_s)
            height = (row_height - 1.5) * HEIGHTS[name]
            cells.setdefault(name, []).append((begin, y + row_height - 1.5 - height, end - begin, height))
        _no_power(drawing, run, timeline.rows[row], x, y + row_height / 2)
    for name in sorted(cells):
        drawing.path(boxes(cells[name]), name)
    drawing.axis_x(x, bottom + 3, 12 if wide else 6, moment)
    return drawing


def _row_name(
    drawing: Drawing, run: Run, row: int, place: int, x: float, y: float, row_height: float
) -> None:
    every = 1 if row_height >= 11 else 4
    if place % every == 0:
        drawing.text(x - 8, y + row_height / 2 + 3.5, f"{run.timeline.rows[row]}", "tick", "end")


def _runs(run: Run, row: int, merged: int) -> Iterable[tuple[int, int, str]]:
    """(first slice, last excluded, class) of neighbours with the same class; nothing sent: none."""
    first, name = 0, ""
    for slice_ in range(0, SLICES, merged):
        now = level(*run.timeline.arrivals(row, None, slice_, slice_ + merged))
        if now != name:
            if name:
                yield first, slice_, name
            first, name = slice_, now
    if name:
        yield first, SLICES, name


def _no_power(drawing: Drawing, run: Run, node: int, x: Linear, y: float) -> None:
    for from_s, to_s in run.evidence.downs.get(node, ()):
        end_s = min(x.high, run.virtual_s if to_s is None else to_s)
        if end_s > from_s:
            tip = f"node {node} has no power, {moment(from_s)} to {moment(end_s)}"
            drawing.line(x(from_s), y, x(end_s), y, "no-power", tip)


def _stretches(run: Run) -> list[Stretch]:
    """The times between beginnings and ends of faults, at most ``MATRICES_MAX``, the shortest left out."""
    slice_s = run.timeline.slice_s
    marks = {0, SLICES, _slice(run.scenario.quiet_from_s, slice_s)}
    spans = [span for spans in lanes(run).values() for span in spans]
    for span in spans:
        marks |= {_slice(span.from_s, slice_s)}
        marks |= {_slice(span.to_s, slice_s)} if span.to_s is not None else set()
    bounds = sorted(marks)
    found = []
    for first, last in itertools.pairwise(bounds):
        begin, end = first * slice_s, last * slice_s
        kinds = dict.fromkeys(
            span.kind
            for span in spans
            if span.from_s < end - slice_s / 2 and (span.to_s is None or span.to_s > begin + slice_s / 2)
        )
        calm = "quiet" if begin >= run.scenario.quiet_from_s - slice_s else "no fault"
        found.append(Stretch(first, last, ", ".join(kinds) or calm))
    longest = sorted(found, key=lambda stretch: stretch.first - stretch.last)[:MATRICES_MAX]
    return sorted(longest, key=lambda stretch: stretch.first)


def _slice(at_s: float, slice_s: float) -> int:
    return min(SLICES, max(0, round(at_s / slice_s)))


def _draw_matrices(run: Run, stretches: list[Stretch], width: float) -> Drawing:
    wide = width >= WIDE
    columns = min(MATRIX_COLUMNS[wide], max(2, len(stretches)))
    gap = 26.0
    side = min(216.0, (width - 26 - gap * (columns - 1)) / columns)
    lines = -(-len(stretches) // columns)
    head = 44.0
    drawing = Drawing(
        f"matrix-{width:g}",
        width,
        lines * (side + head + 14),
        "Who reached whom",
        "A matrix per stretch of time; a cell is the share of datagrams from its row's node that arrived "
        "at its column's node.",
    )
    for number, stretch in enumerate(stretches):
        x = 26 + (number % columns) * (side + gap)
        y = head + (number // columns) * (side + head + 14)
        begin, end = (edge * run.timeline.slice_s for edge in (stretch.first, stretch.last))
        drawing.text(x, y - 25, f"{moment(begin)} to {moment(end)}", "panel-name")
        drawing.text(x, y - 10, stretch.words if len(stretch.words) < 30 else "several faults", "faint")
        _matrix(drawing, run, stretch, x, y, side)
    return drawing


def _matrix(drawing: Drawing, run: Run, stretch: Stretch, x: float, y: float, side: float) -> None:
    timeline = run.timeline
    order = ordered_rows(run)
    cell = side / len(order)
    gap = 1.0 if cell >= 6 else 0.4
    drawing.rect(x, y, side, side, "ground")
    cells: dict[str, list[tuple[float, float, float, float]]] = {}
    for column, receiver in enumerate(order):
        for line, sender in enumerate(order):
            name = level(*timeline.arrivals(receiver, sender, stretch.first, stretch.last))
            if name:
                inset = (1 - HEIGHTS[name] ** 0.5) * (cell - gap) / 2
                size = cell - gap - 2 * inset
                cells.setdefault(name, []).append(
                    (x + column * cell + gap / 2 + inset, y + line * cell + gap / 2 + inset, size, size)
                )
    for name in sorted(cells):
        drawing.path(boxes(cells[name]), name)
    if cell >= 11:
        for line, sender in enumerate(order):
            drawing.text(x - 5, y + line * cell + cell / 2 + 3.5, str(timeline.rows[sender]), "tick", "end")


def _numbers(run: Run) -> Markup:
    rows = []
    for row in ordered_rows(run):
        arrived, lost = run.timeline.arrivals(row, None, 0, SLICES)
        node = run.timeline.rows[row]
        away = sum(
            min(run.virtual_s, run.virtual_s if to_s is None else to_s) - from_s
            for from_s, to_s in run.evidence.downs.get(node, ())
        )
        rows.append(
            (
                str(node),
                count(arrived + lost),
                count(arrived),
                share(arrived, arrived + lost),
                moment(round(away, 2)),
            )
        )
    return table(
        "Datagrams from others, by receiver",
        ("Node", "Sent to it", "Arrived at once", "Share", "Without power"),
        rows,
        numeric=(1, 2, 3, 4),
    )

"""What the nodes said to each other: requests and answers by operation, in all and over time.

Idea: an operation is asked (``op.X.out``) and answered by whoever it reached (``op.X.in``); each is a
datagram at least. Repeated requests are counted apart, whatever they asked.
"""

from __future__ import annotations

import itertools

from peernode.simulation.report.course import LANE_HEIGHT, draw_faults, draw_lanes, lanes, time_scale
from peernode.simulation.report.figures import compact, count, moment, number, share
from peernode.simulation.report.markup import Markup, joined, table
from peernode.simulation.report.svg import WIDE, Drawing, Linear, figure, legend, point
from peernode.simulation.result import Result
from peernode.simulation.run import Run

STACKED_MAX = 7
"""Operations with a colour of their own over time; the rest is one more."""
ROW_HEIGHT = {True: 24.0, False: 38.0}
OTHERS = "all others"


def by_operation(by_op: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Operation -> (requests sent, requests answered), the most first; with what is sent repeatedly."""
    found: dict[str, tuple[int, int]] = {}
    for key in by_op:
        if key.startswith("op.") and key.endswith(".out"):
            name = key.removeprefix("op.").removesuffix(".out")
            found[name] = (by_op[key], by_op.get(f"op.{name}.in", 0))
    for name, asked, answered in (("HELLO", "hello.out", "hello.in"), ("repeated", "retransmitted", "")):
        if by_op.get(asked):
            found[name] = (by_op[asked], by_op.get(answered, 0))
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1]), item[0])))


def traffic(run: Run, result: Result) -> Markup:
    """Bars by operation, and stacked over time."""
    operations = by_operation(result.by_op)
    over_time = figure(
        lambda width: _draw_stack(run, list(operations), width),
        "Datagrams per second over time",
        _stack_legend(list(operations)),
    )
    if not operations:
        return over_time
    bars = figure(
        lambda width: _draw_bars(operations, width),
        "By operation, in the whole run",
        legend((("asked", "requests"), ("answered", "answers"))),
        _numbers(operations, result),
    )
    return joined([bars, over_time])


def _draw_bars(operations: dict[str, tuple[int, int]], width: float) -> Drawing:
    wide = width >= WIDE
    row_height = ROW_HEIGHT[wide]
    left = 140.0 if wide else 0.0
    most = max(sum(both) for both in operations.values())
    x = Linear(0, most, left, width - (90 if wide else 60))
    drawing = Drawing(
        f"operations-{width:g}",
        width,
        row_height * len(operations) + 4,
        "Datagrams by operation",
        ", ".join(f"{name} {count(sum(both))}" for name, both in list(operations.items())[:5]) + " …",
    )
    for line, (name, (asked, answered)) in enumerate(operations.items()):
        y = line * row_height
        bar_y = y + (5 if wide else 19)
        drawing.text(
            left - 12 if wide else 0,
            y + 16 if wide else y + 14,
            name,
            "lane-name",
            "end" if wide else "start",
        )
        tip = f"{name}: {count(asked)} requests, {count(answered)} answers"
        drawing.rect(x(0), bar_y, max(1.0, x(asked) - x(0)), 14, "asked", tip)
        drawing.rect(x(asked) + 1, bar_y, x(answered) - x(0) - 1, 14, "answered", tip)
        drawing.text(x(asked + answered) + 8, bar_y + 11, count(asked + answered), "tick")
    return drawing


def _numbers(operations: dict[str, tuple[int, int]], result: Result) -> Markup:
    total = result.datagrams["total"] or 0
    return table(
        f"Requests and answers by operation; {count(total)} datagrams in all",
        ("Operation", "Requests", "Answers", "Of all datagrams"),
        [
            (name, count(asked), count(answered), share(asked + answered, total))
            for name, (asked, answered) in operations.items()
        ],
        numeric=(1, 2, 3),
    )


def _stack_legend(operations: list[str]) -> Markup:
    names = operations[:STACKED_MAX] + ([OTHERS] if len(operations) > STACKED_MAX else [])
    return legend((f"stack-{index}", name) for index, name in enumerate(names))


def _rates(run: Run, operations: list[str]) -> tuple[list[float], list[list[float]]]:
    """Edges of time, and per stacked operation its datagrams per second between each two."""
    looks = run.timeline.looks
    edges = [at_s for at_s, _ in looks]
    named, rest = operations[:STACKED_MAX], operations[STACKED_MAX:]
    rows: list[list[float]] = [[] for _ in range(len(named) + (1 if rest else 0))]
    for (from_s, before), (to_s, after) in itertools.pairwise(looks):
        for index in range(len(rows)):
            names = [named[index]] if index < len(named) else rest
            grown = sum(_said(after, name) - _said(before, name) for name in names)
            rows[index].append(max(0, grown) / max(1e-9, to_s - from_s))
    return edges, rows


def _said(counters: dict[str, int], name: str) -> int:
    if name == "repeated":
        return counters.get("retransmitted", 0)
    if name == "HELLO":
        return counters.get("hello.out", 0) + counters.get("hello.in", 0)
    return counters.get(f"op.{name}.out", 0) + counters.get(f"op.{name}.in", 0)


def _draw_stack(run: Run, operations: list[str], width: float) -> Drawing:
    wide = width >= WIDE
    x = time_scale(run, width)
    top = 16 + LANE_HEIGHT[wide] * len(lanes(run))
    bottom = top + (180 if wide else 150)
    edges, rows = _rates(run, operations)
    sums = [sum(row[index] for row in rows) for index in range(max(0, len(edges) - 1))]
    y = Linear(0, max(sums, default=0.0) * 1.05 or 1.0, bottom, top)
    drawing = Drawing(
        f"stack-{width:g}",
        width,
        bottom + 28,
        "Datagrams per second by operation, over time",
        f"Stacked areas; at most {number(max(sums, default=0.0))} per second.",
    )
    draw_faults(drawing, run, x, 4, bottom, wide)
    draw_lanes(drawing, run, x, 4, wide)
    for value in y.ticks(3):
        drawing.line(x.start, y(value), x.end, y(value), "grid")
        if value:
            drawing.text(x.start - 6, y(value) + 4, compact(value), "tick", "end")
    floor = [0.0] * len(sums)
    for index, row in enumerate(rows):
        ceiling = [below + value for below, value in zip(floor, row, strict=True)]
        if sums:
            drawing.path(_band(edges, floor, ceiling, x, y), f"stack-{index}")
        floor = ceiling
    drawing.axis_x(x, bottom, 12 if wide else 6, moment)
    return drawing


def _band(edges: list[float], floor: list[float], ceiling: list[float], x: Linear, y: Linear) -> str:
    """The area between two lines of steps."""
    there = "".join(
        f"L{point(x(edges[index]), y(value))}H{round(x(edges[index + 1]), 1):g}"
        for index, value in enumerate(ceiling)
    )
    back = "".join(
        f"L{point(x(edges[index + 1]), y(floor[index]))}H{round(x(edges[index]), 1):g}"
        for index in reversed(range(len(floor)))
    )
    return f"M{point(x(edges[0]), y(floor[0]))}{there}{back}Z"

"""One page that sums up many runs: a row per scenario, the runs that did not hold first to be seen.

Idea: an ``Entry`` is a result as it stands in JSON, what to call the run and where its own report is;
``summary`` needs nothing else, so that results of yesterday or of another machine sum up as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peernode.simulation.report import figures
from peernode.simulation.report.figures import count, exact, milliseconds, number, plural, seconds, share
from peernode.simulation.report.markup import Markup, element, joined, paragraph, section, table
from peernode.simulation.report.page import document
from peernode.simulation.report.svg import Drawing, Log, legend
from peernode.simulation.report.verdict import sign

BOX_WIDTH, BOX_HEIGHT = 280.0, 22.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. ``result`` is the object of ``Result.to_json``; None when the run never got that far."""

    scenario: str
    """What to give to ``run`` to have it again."""
    result: Mapping[str, Any] | None
    report: str | None = None
    """Link to its own page, relative to this one."""
    error: str = ""
    """Why there is no result."""

    @property
    def ok(self) -> bool:
        """Whether it held."""
        return self.result is not None and bool(self.result["ok"])


def summary(
    entries: Sequence[Entry],
    title: str,
    wall_s: float | None = None,
    left_out: Mapping[str, str] | None = None,
) -> str:
    """The whole page; ``wall_s`` is what all of it took, with runs side by side.

    ``left_out``: name of what was not run -> why.
    """
    failed = [entry for entry in entries if not entry.ok]
    ok = not failed and bool(entries)
    head = joined(
        [
            element("p", "Everything held" if ok else "Not everything held", class_="over"),
            element("h1", title),
            paragraph(_sentence(entries, failed), class_="sentence"),
            _facts(entries, wall_s),
        ]
    )
    body = joined(
        [
            _tiles(entries),
            section(
                "failed",
                "What did not hold",
                "Each can be run again by itself, as it stands here.",
                *(_failure(entry) for entry in failed),
            )
            if failed
            else None,
            section(
                "scenarios",
                "Scenario by scenario",
                "Latencies on one scale: a bar from p50 to p99, a gap in it at p90, a dot at the longest.",
                _legend(),
                _table(entries),
            ),
            section(
                "left-out",
                "What was not run",
                "Nothing is known of these from this page.",
                table("Left out", ("Scenario", "Why"), list(left_out.items())),
            )
            if left_out
            else None,
        ]
    )
    return document(f"{'✓' if ok else '✗'} {title}", ok, head, body)


def _results(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    return [entry.result for entry in entries if entry.result is not None]


def _sentence(entries: Sequence[Entry], failed: list[Entry]) -> str:
    if not failed:
        return f"{plural(len(entries), 'run')}, every checker and every expectation."
    names = ", ".join(_name(entry) for entry in failed)
    return f"{len(failed)} of {plural(len(entries), 'run')} did not hold: {names}."


def _name(entry: Entry) -> str:
    return entry.scenario if entry.result is None else f"{entry.result['name']} (seed {entry.result['seed']})"


def _facts(entries: Sequence[Entry], wall_s: float | None) -> Markup:
    results = _results(entries)
    pairs = [
        ("Runs", count(len(entries))),
        ("Nodes, all runs", count(sum(result["nodes"] for result in results))),
        ("Virtual time", seconds(sum(result["virtual_s"] for result in results))),
        ("Real time of the runs", seconds(sum(result["wall_s"] for result in results))),
        ("From begin to end", seconds(wall_s)),
        (
            "Version",
            ", ".join(dict.fromkeys(result["version"] for result in results)) or figures.NOT_MEASURED,
        ),
    ]
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for name, value in pairs),
        class_="facts",
    )


def _tiles(entries: Sequence[Entry]) -> Markup:
    results = _results(entries)
    held = sum(entry.ok for entry in entries)
    sums = {
        key: sum(result[key] for result in results)
        for key in ("published", "acked", "expected", "delivered", "lost_acked")
    }
    tried, joined_ = (sum(result["joins"][key] for result in results) for key in ("tried", "ok"))
    datagrams = sum(result["datagrams"]["total"] or 0 for result in results)
    shown = [
        ("Held", f"{count(held)} of {count(len(entries))}", "runs"),
        (
            "Delivered",
            share(sums["delivered"], sums["expected"]),
            f"{count(sums['delivered'])} of {count(sums['expected'])}",
        ),
        (
            "Acknowledged",
            share(sums["acked"], sums["published"]),
            f"{count(sums['acked'])} of {count(sums['published'])}",
        ),
        ("Joined", share(joined_, tried), f"{count(joined_)} of {count(tried)}"),
        ("Lost", count(sums["lost_acked"]), "acknowledged messages"),
        ("Datagrams", count(datagrams), "in all"),
    ]
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", value), element("dd", words, class_="sub"))
            for name, value, words in shown
        ),
        class_="tiles",
    )


def _failure(entry: Entry) -> Markup:
    if entry.result is None:
        said = [entry.error or "no result"]
        replay = f"python -m peernode.simulation run {entry.scenario}"
    else:
        result = entry.result
        said = [
            f"{name}: {verdict['violations'][0] if verdict['violations'] else 'did not hold'}"
            for name, verdict in result["checkers"].items()
            if not verdict["ok"]
        ]
        said += [
            f"{name}: {number(verdict['actual']) if verdict['actual'] is not None else 'not measured'}, "
            f"bound {number(verdict['bound'])}"
            for name, verdict in result["expect"].items()
            if not verdict["ok"]
        ]
        replay = f"python -m peernode.simulation run {entry.scenario} --seed {result['seed']}"
    return element(
        "div",
        element("strong", _link(entry)),
        element("ul", *(element("li", words) for words in said)),
        element("code", replay),
        class_="violations",
    )


def _link(entry: Entry) -> Markup:
    name = entry.scenario if entry.result is None else entry.result["name"]
    return element("span", name) if entry.report is None else element("a", name, href=entry.report)


def _scale(entries: Sequence[Entry]) -> Log | None:
    """One scale for all latencies."""
    values = [
        value
        for result in _results(entries)
        for value in result["latency_ms"].values()
        if value is not None and value > 0
    ]
    if not values:
        return None
    return Log(min(values) / 1.3, max(values) * 1.3, 4, BOX_WIDTH - 6)


def _legend() -> Markup:
    return legend((("spread", "p50 to p99"), ("longest", "longest")))


def _table(entries: Sequence[Entry]) -> Markup:
    scale = _scale(entries)
    return table(
        f"{plural(len(entries), 'run')}, each with its seed, nodes and cost",
        (
            "Scenario",
            "Verdict",
            "Joined",
            "Acked",
            "Delivered",
            "Latency",
            "Datagrams",
            "Real time",
            "Memory",
        ),
        [_row(entry, place, scale) for place, entry in enumerate(entries)],
        numeric=(2, 3, 4, 6, 7, 8),
        class_="runs",
    )


def _row(entry: Entry, place: int, scale: Log | None) -> tuple[str, ...]:
    result = entry.result
    if result is None:
        return (_link(entry), sign(False, ("held", "no result")), *[figures.NOT_MEASURED] * 7)
    per_delivery = result["datagrams"]["per_delivery"]
    return (
        _two_lines(_link(entry), f"seed {result['seed']}, {plural(result['nodes'], 'node')}"),
        sign(entry.ok, ("held", "failed")),
        _of(result["joins"]["ok"], result["joins"]["tried"]),
        _of(result["acked"], result["published"]),
        _of(result["delivered"], result["expected"]),
        _latency(entry, place, result["latency_ms"], scale),
        _two_lines(exact(per_delivery, number(per_delivery)), "per delivery"),
        exact(result["wall_s"], seconds(result["wall_s"])),
        _two_lines(
            exact(result["rss_mib"], f"{number(result['rss_mib'])} MiB"),
            f"{figures.size(result['rss_kib_per_node'] * 1024)} a node",
        ),
    )


def _two_lines(words: Markup, below: str) -> Markup:
    return joined([words, element("span", below, class_="below")])


def _of(part: int, whole: int) -> Markup:
    return _two_lines(exact(part, share(part, whole)), f"of {count(whole)}")


def _latency(entry: Entry, place: int, latency: Mapping[str, float | None], scale: Log | None) -> Markup:
    """The picture, and under it the numbers."""
    words = joined(
        [exact(value, f"{name} {milliseconds(value)}") for name, value in latency.items()], between=" · "
    )
    return joined([_box(entry, place, latency, scale), element("span", words, class_="below")])


def _box(entry: Entry, place: int, latency: Mapping[str, float | None], scale: Log | None) -> Markup | None:
    """A small picture of a run's latencies."""
    p50, p90, p99, longest = (latency[name] for name in ("p50", "p90", "p99", "max"))
    if scale is None or p50 is None or p90 is None or p99 is None or longest is None:
        return None
    drawing = Drawing(
        f"box-{place}",
        BOX_WIDTH,
        BOX_HEIGHT,
        f"Latency of {_name(entry)}",
        ", ".join(f"{name} {milliseconds(value)}" for name, value in latency.items()),
        class_="box",
    )
    middle = BOX_HEIGHT / 2
    for value in scale.ticks(5):
        drawing.line(scale(value), 2, scale(value), BOX_HEIGHT - 2, "grid")
    drawing.line(scale(p50), middle, scale(longest), middle, "whisker")
    drawing.rect(scale(p50), middle - 5, max(2.0, scale(p99) - scale(p50)), 10, "spread")
    drawing.line(scale(p90), middle - 5, scale(p90), middle + 5, "p90")
    drawing.circle(scale(longest), middle, 3, "longest")
    return drawing.markup()

"""What a run measured: success rates, join times by step, delivery latencies, the outcome of each test.

The tests add measurements as they go; at the end of the run they become ``report.json`` and
``report.html``. Times come from the browsers' own clocks, which on one machine are the same clock:
a delivery is from the row drawn at the sender to the row drawn at the receiver.
"""

from __future__ import annotations

import html
import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class JoinTime:
    """One join as its participant saw it; ``steps`` are the lines of the list."""

    test: str
    person: str
    channel: str
    elapsed_ms: float
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on one receiver's screen."""

    test: str
    sender: str
    receiver: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Echo:
    """One message at its sender: from the key or button to its row, and the frames that began meanwhile.

    ``lost`` are those of them in which nothing was being written to the disk.
    """

    test: str
    sender: str
    ms: float
    frames: int
    lost: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test."""

    test: str
    outcome: str
    seconds: float


@dataclass
class Report:
    """All measurements of a run; ``seed`` draws the order of the tests and what they leave to chance."""

    seed: int | None = None
    joins: list[JoinTime] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    echoes: list[Echo] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    tried: dict[str, int] = field(default_factory=dict)
    succeeded: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def counted(self, what: str) -> Iterator[None]:
        """Something that people expect: it counts as tried, and as a success if it comes true."""
        self.tried[what] = self.tried.get(what, 0) + 1
        yield
        self.succeeded[what] = self.succeeded.get(what, 0) + 1

    def summary(self) -> list[str]:
        """The lines for the terminal."""
        rates = [
            f"{what}: {self.succeeded.get(what, 0)} of {tried}" for what, tried in sorted(self.tried.items())
        ]
        return [
            *rates,
            *self._again(),
            f"join times: {_percentiles([join.elapsed_ms for join in self.joins])}",
            f"delivery latencies: {_percentiles([each.latency_ms for each in self.deliveries])}",
            f"own rows after the key: {_percentiles([each.ms for each in self.echoes])}",
            *self._frames(),
        ]

    def _frames(self) -> list[str]:
        """How many own rows were there with which frame."""
        if not self.echoes:
            return []
        prompt = sum(each.frames <= 1 for each in self.echoes)
        written = sum(each.lost <= 1 for each in self.echoes)
        return [
            f"own rows with the next frame: {prompt} of {len(self.echoes)}",
            f"own rows with the next frame after they were on the disk: {written} of {len(self.echoes)}",
        ]

    def _again(self) -> list[str]:
        """What has chance draw the same, such as the moment of a kill."""
        return [] if self.seed is None else [f"the same moments again: --randomly-seed={self.seed}"]

    def write(self, folder: Path) -> None:
        """Write both files."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {"summary": self.summary(), **asdict(self)}
        (folder / "report.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        (folder / "report.html").write_text(self.as_html(sorted((folder / "screenshots").glob("*.png"))))

    def as_html(self, pictures: list[Path]) -> str:
        """One page without anything external."""
        joins = _table(
            ("Test", "Person", "Channel", "Time", "Steps"),
            [
                (j.test, j.person, j.channel, f"{j.elapsed_ms:.0f} ms", " · ".join(j.steps))
                for j in self.joins
            ],
        )
        deliveries = _table(
            ("Test", "From", "To", "Latency"),
            [(d.test, d.sender, d.receiver, f"{d.latency_ms:.0f} ms") for d in self.deliveries],
        )
        outcomes = _table(
            ("Test", "Outcome", "Time"),
            [(o.test, o.outcome, f"{o.seconds:.1f} s") for o in self.outcomes],
        )
        shots = "".join(
            f'<figure><img src="screenshots/{html.escape(p.name)}" loading="lazy" alt="">'
            f"<figcaption>{html.escape(p.stem)}</figcaption></figure>"
            for p in pictures
        )
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.summary())
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><title>Browser tests</title>"
            f"<style>{STYLE}</style>"
            f"<h1>Browser tests</h1><ul>{lines}</ul><h2>Tests</h2>{outcomes}<h2>Joins</h2>{joins}"
            f"<h2>Deliveries</h2>{deliveries}<h2>Screens</h2><div class=shots>{shots}</div></html>\n"
        )


STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left }
.shots { display: grid; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); gap: 1rem }
figure { margin: 0 } img { max-width: 100%; border: 1px solid #ccc }
"""


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{html.escape(each)}</th>" for each in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _percentiles(values: list[float]) -> str:
    if not values:
        return "none measured"
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return (
        f"{len(ordered)} measured, p50 {statistics.median(ordered):.0f} ms, "
        f"p95 {p95:.0f} ms, max {ordered[-1]:.0f} ms"
    )

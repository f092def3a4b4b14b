"""The report of one run: the sections in the order in which one asks.

Did it hold? What did it promise? How fast, and when was it not? Who was cut off? Who missed what? What
did it cost? Everything that was counted comes last.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from peernode.simulation.report.course import course
from peernode.simulation.report.distribution import Distribution, distribution
from peernode.simulation.report.figures import count, milliseconds, moment, number, plural
from peernode.simulation.report.markup import Markup, details, element, joined, paragraph, section, table
from peernode.simulation.report.missed import missed
from peernode.simulation.report.reach import reach
from peernode.simulation.report.traffic import traffic
from peernode.simulation.report.verdict import FAILED, HELD, facts, promises, sentence, tiles
from peernode.simulation.result import Result, latencies_ms
from peernode.simulation.run import Run

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
JOINS_MAX = 100
"""Joins that failed, listed one by one."""
STARLING = (
    "M57 21.5 47.2 20.6c-2.4-3.2-6.8-4-10.2-2L35 19.8C31 14.6 24 10 14.5 8.500c2.3 8.6 6.3 15.4 11.3 19.700"
    "C20.3 33.6 14 38.2 6.500 41.6c5.2.9 10.2.6 14.8-.9-1.2 4.200-3.3 8-6.4 11.300 7.300-1.200 13-4.3 17-9.2"
    "C42 42.3 49.2 35.9 49.8 26.6Z"
)


def page(run: Run, result: Result, scenario: str) -> str:
    """The whole file; ``scenario`` is what the command line was given, to be given again."""
    replay = f"python -m peernode.simulation run {scenario} --seed {result.seed}"
    head = joined(
        [
            element("p", "This run held" if result.ok else "This run did not hold", class_="over"),
            element("h1", result.name),
            paragraph(sentence(result), class_="sentence"),
            facts(result, replay),
        ]
    )
    body = joined(
        [
            tiles(result),
            contents(),
            promises(result),
            _latency(run, result),
            section(
                "course",
                "The course of it",
                "What was sent, acknowledged and shown per second; the faults run through as bands. "
                "The slowest delivery is by when it arrived, whatever was in between.",
                course(run),
            ),
            section(
                "reach",
                "Who could reach whom",
                "The share of the datagrams to each node that arrived when it should have: a full strip is a "
                "node that everybody reaches.",
                reach(run),
            ),
            missed(run),
            _joins(run, result),
            section(
                "traffic",
                "What it cost",
                _cost(result),
                traffic(run, result),
            ),
            _counted(result),
        ]
    )
    title = f"{HELD if result.ok else FAILED} {result.name}, seed {result.seed}"
    return document(title, result.ok, head, body)


def document(title: str, ok: bool, head: Markup, body: Markup) -> str:
    """A page around its parts; it permits itself nothing but its own style."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    mark = element("svg", element("path", d=STARLING), viewBox="0 0 64 64", class_="mark", aria_hidden="true")
    badge = element("div", element("span", HELD if ok else FAILED), class_="badge", aria_hidden="true")
    return "<!doctype html>\n" + element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            element("style", Markup(STYLE)),
        ),
        "\n",
        element(
            "body",
            element(
                "header",
                element(
                    "div",
                    element("p", mark, "Starling simulation", class_="brand"),
                    element("div", badge, element("div", head), class_="verdict"),
                    class_="inner",
                ),
                class_="held" if ok else "failed",
            ),
            "\n",
            element("main", body, class_="inner"),
        ),
        "\n",
        lang="en",
    )


def contents() -> Markup:
    """Links to the sections."""
    links = (
        ("promises", "Promises"),
        ("latency", "Latency"),
        ("course", "Course"),
        ("reach", "Reach"),
        ("missed", "Missed"),
        ("joins", "Joins"),
        ("traffic", "Cost"),
        ("counted", "Counts"),
    )
    return element(
        "nav",
        element("ul", *(element("li", element("a", words, href=f"#{ident}")) for ident, words in links)),
        aria_label="Sections",
    )


def _latency(run: Run, result: Result) -> Markup:
    values = latencies_ms(run.evidence)
    lead = "From publish to the receiver's screen, wherever both had power and nothing kept them apart"
    if not values:
        return section("latency", "How long a delivery took", f"{lead}.", paragraph("Nothing was delivered."))
    one_way = sum(run.one_way_ms.values()) / len(run.one_way_ms) if run.one_way_ms else None
    if one_way is not None:
        lead += (
            f"; a mean one-way delay between them is {milliseconds(one_way)}, so the median is "
            f"{number(result.latency_one_way['p50'])} and the 99th percentile "
            f"{number(result.latency_one_way['p99'])} of them"
        )
    shown = Distribution("latency", values, result.latency_ms, "deliveries", one_way)
    return section("latency", "How long a delivery took", f"{lead}.", distribution(shown, ""))


def _joins(run: Run, result: Result) -> Markup:
    joinings = list(run.evidence.joinings.values())
    took = [
        (joining.joined_at_s - joining.asked_at_s) * 1000
        for joining in joinings
        if joining.joined_at_s is not None
    ]
    failed = [joining for joining in joinings if joining.joined_at_s is None]
    lead = f"{count(len(took))} of {plural(len(joinings), 'join')} came to an end, from asking to joined."
    listed = table(
        "Joins that did not come to an end",
        ("Node", "Channel", "Asked at", "Why"),
        [
            (
                f"node {joining.node}",
                joining.channel,
                moment(joining.asked_at_s),
                joining.error or "no answer",
            )
            for joining in failed[:JOINS_MAX]
        ],
        numeric=(2,),
    )
    shown = Distribution("joins", took, result.join_ms, "joins")
    more = len(failed) - JOINS_MAX
    return section(
        "joins",
        "How long a join took",
        lead,
        distribution(shown, "") if took else None,
        listed if failed else None,
        paragraph(f"… and {plural(more, 'join')} more.", class_="note") if more > 0 else None,
    )


def _cost(result: Result) -> str:
    datagrams = result.datagrams
    return (
        f"{count(datagrams['total'])} datagrams in all, {count(datagrams['idle'])} of them since the first "
        f"publish only to stay in touch; {number(datagrams['per_delivery'])} others per delivery."
    )


def _counted(result: Result) -> Markup:
    """Tables of everything that was counted."""
    coverage = table(
        "Faults and events that happened",
        ("What", "How often"),
        [(name, count(times)) for name, times in result.coverage.items()],
        numeric=(1,),
    )
    by_op = table(
        "The nodes' own counters, summed",
        ("Counter", "Sum"),
        [(element("code", name), count(value)) for name, value in result.by_op.items()],
        numeric=(1,),
    )
    return section(
        "counted",
        "Everything counted",
        "What the run covered, and what its nodes counted themselves.",
        details("Coverage", coverage, open_=True),
        details("Counters", by_op),
    )

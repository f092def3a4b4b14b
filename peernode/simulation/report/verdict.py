"""The top of the page: whether it held, what ran, how to run it again; and each promise by itself."""

from __future__ import annotations

import sys

from peernode.simulation import checkers
from peernode.simulation.report import figures
from peernode.simulation.report.figures import count, exact, milliseconds, number, plural, share
from peernode.simulation.report.markup import Markup, details, element, joined, paragraph, section, table
from peernode.simulation.result import Result

HELD, FAILED = "✓", "✗"
UNIT_MS = ("latency_p50_ms_max", "latency_p99_ms_max", "join_p99_ms_max")


def sign(ok: bool, words: tuple[str, str] = ("held", "did not hold")) -> Markup:
    """A verdict that needs no colour: a sign, and the word for it."""
    return element(
        "span",
        element("span", HELD if ok else FAILED, aria_hidden="true"),
        " ",
        words[0] if ok else words[1],
        class_="sign good" if ok else "sign bad",
    )


def sentence(result: Result) -> str:
    """What held and what did not, in words."""
    failed = [name for name, verdict in result.checkers.items() if not verdict["ok"]]
    unmet = [name for name, verdict in result.expect.items() if not verdict["ok"]]
    said = []
    if failed:
        said.append(
            f"{len(failed)} of {plural(len(result.checkers), 'checker')} failed: {', '.join(failed)}."
        )
    else:
        said.append(f"All {plural(len(result.checkers), 'checker')} held.")
    if unmet:
        said.append(
            f"{len(unmet)} of {plural(len(result.expect), 'expectation')} not met: {', '.join(unmet)}."
        )
    elif result.expect:
        said.append(f"{plural(len(result.expect), 'expectation')} met.")
    else:
        said.append("Nothing was expected beyond that.")
    return " ".join(said)


def facts(result: Result, replay: str) -> Markup:
    """What ran and what it cost."""
    pairs = [
        ("Seed", element("code", str(result.seed))),
        ("Nodes", exact(result.nodes, count(result.nodes))),
        ("Members", exact(result.members, count(result.members))),
        ("Virtual time", exact(result.virtual_s, figures.seconds(result.virtual_s))),
        ("Real time", exact(result.wall_s, figures.seconds(result.wall_s))),
        ("Memory", exact(result.rss_mib, f"{number(result.rss_mib)} MiB")),
        ("Memory per node", exact(result.rss_kib_per_node, figures.size(result.rss_kib_per_node * 1024))),
        ("Sealing", result.sealing),
        ("Version", result.version),
        ("Trace hash", element("code", result.trace_hash)),
    ]
    return joined(
        [
            element(
                "dl",
                *(element("div", element("dt", name), element("dd", value)) for name, value in pairs),
                class_="facts",
            ),
            element("p", "Replay it", class_="replay-name"),
            element("pre", element("code", replay), class_="replay", tabindex="0"),
        ]
    )


def tiles(result: Result) -> Markup:
    """The few numbers that one asks for first."""
    late = result.latency_one_way
    shown = [
        (
            "Delivered",
            exact(result.delivered, share(result.delivered, result.expected)),
            f"{count(result.delivered)} of {count(result.expected)}",
        ),
        (
            "Acknowledged",
            exact(result.acked, share(result.acked, result.published)),
            f"{count(result.acked)} of {count(result.published)}, {count(result.failed)} failed",
        ),
        (
            "Joined",
            exact(result.joins["ok"], share(result.joins["ok"], result.joins["tried"])),
            f"{count(result.joins['ok'])} of {count(result.joins['tried'])}",
        ),
        (
            "Median latency",
            exact(result.latency_ms["p50"], milliseconds(result.latency_ms["p50"])),
            f"{number(late['p50'])} one-way delays",
        ),
        (
            "p99 latency",
            exact(result.latency_ms["p99"], milliseconds(result.latency_ms["p99"])),
            f"longest {milliseconds(result.latency_ms['max'])}",
        ),
        (
            "Cost per delivery",
            exact(result.datagrams["per_delivery"], number(result.datagrams["per_delivery"])),
            f"datagrams, {figures.size(result.bytes['per_delivery'])}",
        ),
    ]
    return element(
        "dl",
        *(
            element("div", element("dt", name), element("dd", value), element("dd", words, class_="sub"))
            for name, value, words in shown
        ),
        class_="tiles",
    )


def promises(result: Result) -> Markup:
    """Checkers with their violations, expectations with their bounds."""
    broken = [
        details(
            joined([element("strong", name), f" {plural(len(verdict['violations']), 'violation')}"]),
            element("ul", *(element("li", words) for words in verdict["violations"])),
            open_=True,
            class_="violations",
        )
        for name, verdict in result.checkers.items()
        if verdict["violations"]
    ]
    checked = table(
        "Checkers",
        ("Checker", "Verdict", "What it promises"),
        [
            (element("code", name), sign(verdict["ok"]), promise_of(name))
            for name, verdict in result.checkers.items()
        ],
    )
    return section(
        "promises",
        "What was promised",
        "Checkers judge every run by what participants saw and what disks hold; "
        "expectations are the scenario's own bounds.",
        *broken,
        checked,
        _expectations(result),
    )


def promise_of(name: str) -> str:
    """The first sentence of a checker's module."""
    judge = checkers.ALL.get(name)
    documented = sys.modules[judge.__module__].__doc__ if judge is not None else None
    first = " ".join((documented or "").split("\n\n")[0].split())
    own_name, _, rest = first.partition(": ")
    promised = rest if own_name.lower().replace(" ", "_") == name else first
    return promised[:1].upper() + promised[1:]


def _expectations(result: Result) -> Markup:
    if not result.expect:
        return paragraph("The scenario expects nothing beyond the checkers.", class_="note")
    rows = []
    for name, verdict in result.expect.items():
        words = milliseconds if name in UNIT_MS else number
        relation = "at least " if name.endswith("_min") else "at most "
        rows.append(
            (
                element("code", name),
                sign(verdict["ok"], ("met", "not met")),
                exact(
                    verdict["actual"],
                    words(verdict["actual"]) if verdict["actual"] is not None else "not measured",
                ),
                relation + words(verdict["bound"]),
            )
        )
    return table("Expectations", ("Expectation", "Verdict", "Measured", "Bound"), rows, numeric=(2, 3))

"""One page for a sweep: how many seeds held, what failed in which of them, what was covered.

Everything on it is in the sweep's JSON form too.
"""

from __future__ import annotations

from peernode.simulation.questions import Verdict
from peernode.simulation.report.figures import count, exact, milliseconds, number, plural, seconds, share
from peernode.simulation.report.markup import Markup, details, element, joined, paragraph, section, table
from peernode.simulation.report.page import document
from peernode.simulation.report.verdict import sign
from peernode.simulation.sweep import Row
from peernode.simulation.sweep_report import Swept

SEEDS_SHOWN_MAX = 400
"""Failing seeds listed per kind; the JSON form has all."""
ROWS_MAX = 2_000
"""Runs listed one by one."""


def sweep_page(swept: Swept) -> str:
    """The whole file."""
    done, failed = len(swept.sweep.rows), swept.sweep.failed
    sentence = f"{count(done - len(failed))} of {plural(done, 'seed')} held."
    if not swept.complete or swept.stopped:
        why = swept.stopped or "not every seed was run"
        sentence += f" Not complete: {count(len(swept.asked))} were asked for; {why}."
    head = joined(
        [
            element("p", "A sweep over seeds", class_="over"),
            element("h1", swept.name),
            paragraph(sentence, class_="sentence"),
            _facts(swept),
        ]
    )
    body = joined(
        [_tiles(swept), _failures(swept), _questions(swept.verdicts), _coverage(swept), _rows(swept)]
    )
    return document(f"{'✓' if swept.ok else '✗'} {swept.name}, {plural(done, 'seed')}", swept.ok, head, body)


def _facts(swept: Swept) -> Markup:
    done, failed = len(swept.sweep.rows), swept.sweep.failed
    pairs = [
        ("Seeds run", count(done)),
        ("Processes", count(swept.jobs)),
        ("Real time", seconds(swept.wall_s)),
        ("Seeds per second", number(done / swept.wall_s if swept.wall_s else None)),
        ("First failing seed", count(failed[0].seed) if failed else "none"),
        ("Version", swept.version),
    ]
    facts = element(
        "dl",
        *(element("div", element("dt", name), element("dd", value)) for name, value in pairs),
        class_="facts",
    )
    if not failed:
        return facts
    replay = element("pre", element("code", swept.replay(failed[0].seed)), class_="replay", tabindex="0")
    return joined([facts, element("p", "Replay the first that failed", class_="replay-name"), replay])


def _tiles(swept: Swept) -> Markup:
    sweep, sums = swept.sweep, swept.sweep.sums
    latency = sweep.percentiles("latency_ms", 50, 90, 99, 100)
    joins = sweep.percentiles("join_ms", 50, 99)
    held = len(sweep.rows) - len(sweep.failed)
    pairs = {
        "Held": (held, len(sweep.rows), "seeds"),
        "Delivered": (sums["delivered"], sums["expected"], "deliveries"),
        "Acknowledged": (sums["acked"], sums["published"], "messages"),
        "Joined": (sums["joins ok"], sums["joins tried"], f"joins, p99 {milliseconds(joins['p99'])}"),
    }
    shown = [
        (name, exact(part, share(part, whole)), f"{count(part)} of {count(whole)} {what}")
        for name, (part, whole, what) in pairs.items()
    ]
    shown += [
        ("Median latency", exact(latency["p50"], milliseconds(latency["p50"])), "over all runs"),
        (
            "p99 latency",
            exact(latency["p99"], milliseconds(latency["p99"])),
            f"longest {milliseconds(latency['max'])}",
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


def _failures(swept: Swept) -> Markup | None:
    kinds = swept.sweep.kinds()
    if not kinds:
        return None
    listed = []
    for kind, seeds in kinds.items():
        more = f" … and {count(len(seeds) - SEEDS_SHOWN_MAX)} more" if len(seeds) > SEEDS_SHOWN_MAX else ""
        first = swept.sweep.rows[seeds[0]].first[kind]
        listed.append(
            details(
                joined([element("strong", kind), f" in {plural(len(seeds), 'seed')}"]),
                paragraph(" ".join(map(str, seeds[:SEEDS_SHOWN_MAX])) + more),
                paragraph(f"Seed {seeds[0]}: {first}"),
                element("code", swept.replay(seeds[0])),
                open_=True,
                class_="violations",
            )
        )
    return section(
        "failed", "What did not hold", "By kind, the most frequent first, with its seeds.", *listed
    )


def _questions(verdicts: list[Verdict]) -> Markup | None:
    if not verdicts:
        return None
    rows = [
        (
            element("code", verdict.name),
            "a note" if verdict.ok is None else sign(verdict.ok),
            element("ul", *(element("li", words) for words in verdict.said)) if verdict.said else "",
        )
        for verdict in verdicts
    ]
    lead = "Did everything happen that the scenario is for, did every fault matter, does a seed replay?"
    return section(
        "questions",
        "Whether it proves anything",
        lead,
        table("Questions", ("Question", "Answer", "How"), rows),
    )


def _coverage(swept: Swept) -> Markup:
    rows = [
        (name, count(times), count(seeds)) for name, (times, seeds) in sorted(swept.sweep.coverage.items())
    ]
    head = ("Fault or path", "How often", "In how many seeds")
    lead = "Faults and events that happened, and the paths of the engine that were taken, over all seeds."
    return section("coverage", "What was covered", lead, table("Coverage", head, rows, numeric=(1, 2)))


def _rows(swept: Swept) -> Markup:
    shown: list[Row] = swept.sweep.in_order[:ROWS_MAX]
    rows = [
        (
            str(row.seed),
            sign(row.ok),
            ", ".join(f"{kind} ({times})" for kind, times in row.violations.items()),
            seconds(row.wall_s),
            element("code", row.trace_hash),
        )
        for row in shown
    ]
    head = ("Seed", "Verdict", "What did not hold", "Real time", "Trace hash")
    more = len(swept.sweep.rows) - len(shown)
    return section(
        "rows",
        "Seed by seed",
        f"The JSON form has {count(more)} more." if more else "",
        details(f"{plural(len(shown), 'run')}", table("Runs", head, rows, numeric=(0, 3))),
    )

"""Who missed what, or had it late, and what was tried: a block to unfold per message.

Idea: the attempts are what nodes themselves remember; beside each receiver stands what the simulation
knows: whether it had power and whether anything kept it from the author.
"""

from __future__ import annotations

from collections import Counter

from peernode.simulation.observation.attempts import LATE_MS, Tried, Trouble, troubles
from peernode.simulation.report.figures import count, milliseconds, moment, plural
from peernode.simulation.report.markup import Markup, details, element, joined, paragraph, section, table
from peernode.simulation.run import Run

MESSAGES_MAX = 40
RECEIVERS_MAX = 30
ATTEMPTS_MAX = 80
OPEN_MAX = 1
SPANS_MAX = 3


def missed(run: Run) -> Markup:
    """The whole section."""
    found = troubles(run.evidence)
    lead = (
        "Every message that an entitled node never had, that came late with nothing in between "
        f"(more than {milliseconds(LATE_MS)}), or that nobody acknowledged."
    )
    if not found:
        nothing = paragraph("None. Every acknowledged message reached everybody entitled to it, in time.")
        return section("missed", "Who missed what", lead, element("div", nothing, class_="notice held"))
    blocks = [_block(run, trouble, number < OPEN_MAX) for number, trouble in enumerate(found[:MESSAGES_MAX])]
    rest = len(found) - len(blocks)
    more = paragraph(f"… and {plural(rest, 'message')} more.", class_="note") if rest else None
    return section("missed", "Who missed what", lead, *blocks, more)


def _block(run: Run, trouble: Trouble, open_: bool) -> Markup:
    sending = trouble.sending
    outcome = []
    if sending.acked_at_s is None:
        entitled = len(run.evidence.entitled(sending))
        outcome.append(f"not acknowledged ({sending.error or sending.state or 'no answer'})")
        outcome.append(f"reached {count(entitled - len(trouble.missed))} of {count(entitled)}")
    elif trouble.missed:
        outcome.append(f"missed by {plural(len(trouble.missed), 'node')}")
    if trouble.late:
        outcome.append(f"late at {plural(len(trouble.late), 'node')}")
    words = joined(
        [
            element("code", sending.id),
            element("span", f"{sending.channel}, from node {sending.author} at {moment(sending.asked_at_s)}"),
            element("strong", "; ".join(outcome)),
        ]
    )
    return details(words, _receivers(run, trouble), _attempts(run, trouble), open_=open_, class_="trouble")


def _receivers(run: Run, trouble: Trouble) -> Markup | None:
    sending = trouble.sending
    if sending.acked_at_s is None:  # nobody is entitled to it yet: what counts is what its author met
        author = sending.author
        met = _meanwhile(run, author, author, sending.asked_at_s, run.virtual_s)
        return paragraph(f"Since then its author, node {author}, met: {met}.", class_="note")
    rows = [(node, "never", run.virtual_s) for node in trouble.missed]
    rows += [
        (node, f"after {milliseconds(ms)}", sending.asked_at_s + ms / 1000)
        for node, ms in sorted(trouble.late, key=lambda late: -late[1])
    ]
    if not rows:
        return None
    shown = table(
        "Receivers",
        ("Node", "Had it", "What the simulation did meanwhile"),
        [
            (f"node {node}", had, _meanwhile(run, sending.author, node, sending.asked_at_s, until_s))
            for node, had, until_s in rows[:RECEIVERS_MAX]
        ],
    )
    rest = len(rows) - RECEIVERS_MAX
    return joined(
        [shown, paragraph(f"… and {plural(rest, 'node')} more.", class_="note") if rest > 0 else None]
    )


def _meanwhile(run: Run, author: int, node: int, from_s: float, to_s: float) -> str:
    """What stood between an author and a receiver in that time."""
    found = [
        f"node {who} without power {moment(began)} to {'the end' if ended is None else moment(ended)}"
        for who in dict.fromkeys((author, node))
        for began, ended in run.evidence.downs.get(who, ())
        if began <= to_s and (ended is None or from_s < ended)
    ]
    found += [
        f"kept apart {moment(cut.from_s)} to {'the end' if cut.to_s is None else moment(cut.to_s)}"
        for cut in run.evidence.cuts
        if cut.parts(author, node, from_s, to_s)
    ]
    if not found:
        kinds = dict.fromkeys(
            span.kind
            for span in run.timeline.faults
            if span.from_s <= to_s and (span.to_s is None or from_s < span.to_s)
        )
        apart = "nothing" if author == node else "nothing between the two"
        return apart + (f"; elsewhere {', '.join(kinds)}" if kinds else "")
    more = len(found) - SPANS_MAX
    return "; ".join(found[:SPANS_MAX]) + (f"; {more} more" if more > 0 else "")


def _attempts(run: Run, trouble: Trouble) -> Markup:
    tries = run.attempts.get(trouble.sending.id)
    if not tries:
        return paragraph("No node remembers an attempt to bring it anywhere.", class_="note")
    concerned = [tried for tried in tries if trouble.concerns(tried)]
    others = [tried for tried in tries if not trouble.concerns(tried)]
    to = dict.fromkeys([*trouble.missed, *(node for node, _ in trouble.late)])
    parts: list[Markup | None] = []
    if concerned:
        parts.append(_tries("by its author, or to whoever missed it", concerned, to))
    else:
        parts.append(
            paragraph("No node remembers an attempt by its author or to these receivers.", class_="note")
        )
    if others:
        parts.append(details(f"{plural(len(others), 'attempt')} to others", _tries("to others", others, to)))
    return joined(parts)


def _tries(which: str, tries: list[Tried], to: dict[int, None]) -> Markup:
    outcomes = Counter(tried.outcome for tried in tries)
    words = ", ".join(f"{count(number)} {outcome}" for outcome, number in sorted(outcomes.items()))
    more = f"; the first {ATTEMPTS_MAX} of them" if len(tries) > ATTEMPTS_MAX else ""
    return table(
        f"{plural(len(tries), 'attempt')} {which}: {words}{more}",
        ("Ended at", "By", "To", "Method", "Outcome", "Took"),
        [_attempt(tried, to) for tried in tries[:ATTEMPTS_MAX]],
        numeric=(5,),
    )


def _attempt(tried: Tried, concerned: dict[int, None]) -> tuple[str, ...]:
    to = "somebody else" if tried.to is None else f"node {tried.to}"
    outcome = element("span", tried.outcome, class_="good" if tried.outcome == "ok" else "bad")
    return (
        moment(tried.at_s),
        f"node {tried.by}",
        element("strong", to) if tried.to in concerned else to,
        tried.method,
        outcome,
        milliseconds(tried.elapsed_ms),
    )

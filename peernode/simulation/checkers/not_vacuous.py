"""Not vacuous: what the scenario asks for really happened, or a run proves nothing.

One run: messages were sent, acknowledged and delivered if any were asked for, and every fault began and
hit somebody; only one that needs a running node may find that another has taken it down before. Many
runs (``over``): every kind of fault that they ask for hit somebody, and every path in ``REQUIRED`` was
taken, at least once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from peernode.simulation.evidence import Evidence

NAME = "not_vacuous"

TAKES_DOWN = (
    "crash",
    "restart",
    "bootstrap_down",
    "initiators_crash",
    "disk_loss",
    "disk_rollback",
    "churn",
    "replace",
)
"""Faults that leave others nobody to hit."""
NEEDS_RUNNING = (*TAKES_DOWN, "pause")
"""Faults that hit only nodes that run; all others act on machines, disks and lines as they are."""

REQUIRED = (
    "path retransmission",
    "path request timeout",
    "path duplicate request",
    "path direct push",
    "path initiator push",
    "path alternative push",
    "path relay",
    "path push retried",
    "path push failed",
    "path publish retried",
    "path gap pull",
    "path catch-up",
    "path merge",
    "path hand-off",
    "path recovery",
    "path new instance",
    "path rejoin",
    "path awake again",
    "path renewal",
    "path renewal together",
    "path bootstrap failover",
    "path redial",
    "path amplification held",
)
"""What runs with mixed faults must have taken among them: retries, hand-offs, relays, merges, ways round."""


def violations(evidence: Evidence) -> list[str]:
    """What was asked for and did not happen in this run."""
    found = []
    if evidence.asked["messages"]:
        found += _messages(evidence)
    kinds = {kind: count for kind, count in evidence.asked.items() if kind != "messages"}
    down = sum(kinds.get(kind, 0) for kind in TAKES_DOWN)
    for kind, count in kinds.items():
        began, hit = evidence.coverage[f"fault {kind}"], evidence.coverage[f"fault {kind}: nodes hit"]
        if began < count:
            found.append(f"{count} faults of kind {kind} were asked for, {began} began")
        elif not hit and (kind not in NEEDS_RUNNING or down == (count if kind in TAKES_DOWN else 0)):
            found.append(f"the {kind} hit nobody")
    return found


def _messages(evidence: Evidence) -> list[str]:
    if not evidence.sendings:
        return ["messages were asked for and nobody sent one"]
    acknowledged = evidence.acknowledged()
    if not acknowledged:
        return [f"{len(evidence.sendings)} messages were sent and none was acknowledged"]
    seen = evidence.seen()
    entitled = [(node, sending.id) for sending in acknowledged for node in evidence.entitled(sending)]
    if entitled and not any(pair in seen for pair in entitled):
        return [f"{len(acknowledged)} messages were acknowledged and none was delivered"]
    return []


def over(coverages: Iterable[Mapping[str, int]], kinds: Iterable[str]) -> list[str]:
    """What never happened in any of many runs: ``kinds`` of faults that they ask for, required paths."""
    total: Counter[str] = Counter()
    for coverage in coverages:
        total.update(coverage)
    found = [
        f"no {kind} ever hit anybody"
        for kind in dict.fromkeys(kinds)
        if not total[f"fault {kind}: nodes hit"]
    ]
    return found + [f"never taken: {path}" for path in REQUIRED if not total[path]]

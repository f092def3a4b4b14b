"""The judges of a run, one module per promise.

Each has ``NAME`` and ``violations(evidence)``, which returns one sentence per broken promise and an empty
list when it is kept. They know only ``peernode.simulation.evidence``: what participants saw, what disks
held, what the network carried and what nodes say of themselves; nothing of the engine's inside.
"""

from __future__ import annotations

from collections.abc import Callable

from peernode.simulation.checkers import (
    bounded,
    delivered,
    durable,
    exactly_once,
    honest_receipt,
    joined,
    kept,
    leases_end,
    never_backwards,
    no_amplification,
    no_crash,
    no_fork,
    no_phantom,
    not_vacuous,
    order,
    replicated,
    secrecy,
)
from peernode.simulation.evidence import Evidence

VIOLATIONS_SHOWN_MAX = 50
"""Violations listed per checker; one more line says how many there were in all."""

ALL: dict[str, Callable[[Evidence], list[str]]] = {
    checker.NAME: checker.violations
    for checker in (
        no_crash,
        joined,
        kept,
        durable,
        replicated,
        honest_receipt,
        delivered,
        never_backwards,
        exactly_once,
        no_phantom,
        order,
        no_fork,
        bounded,
        no_amplification,
        leases_end,
        secrecy,
        not_vacuous,
    )
}


def unjudged(evidence: Evidence) -> list[str]:
    """Checkers whose promise takes longer than this run, or its quiet time, lasts; in part or altogether."""
    quiet, end = evidence.traffic.get("quiet"), evidence.traffic.get("end")
    if quiet is None or end is None:
        return []
    quiet_s = 2 * (end.at_s - quiet.at_s)
    in_quiet = [checker.NAME for checker in (kept, replicated) if quiet_s < checker.QUIET_S]
    return in_quiet + [leases_end.NAME] * (end.at_s < leases_end.LEASE_S + leases_end.GRACE_S)


def judge(evidence: Evidence) -> dict[str, list[str]]:
    """Checker name -> violations, bounded."""
    verdicts: dict[str, list[str]] = {}
    for name, violations in ALL.items():
        found = violations(evidence)
        if len(found) > VIOLATIONS_SHOWN_MAX:
            found = [*found[:VIOLATIONS_SHOWN_MAX], f"… {len(found)} in all"]
        verdicts[name] = found
    return verdicts

"""No crash: nothing went wrong in a way that nobody expected, and the run could go on to its end."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "no_crash"


def violations(evidence: Evidence) -> list[str]:
    """Unexpected exceptions, deadlocks and exceeded budgets."""
    return [f"at {failure.at_s:.3f} s: {failure.what}" for failure in evidence.failures]

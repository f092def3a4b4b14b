"""The quiet time at the end of a run, for promises that take their time. Not a judge itself."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence


def calm_since_s(evidence: Evidence, node: int) -> float | None:
    """Since when all faults are over and ``node`` runs; None when it doesn't, or breaks rules itself."""
    quiet, end = evidence.traffic.get("quiet"), evidence.traffic.get("end")
    if quiet is None or end is None or evidence.is_gone(node) or node in evidence.hostile:
        return None
    started_s = max((ended for _, ended in evidence.downs.get(node, ()) if ended is not None), default=0.0)
    return max(end.at_s - 2 * (end.at_s - quiet.at_s), started_s)

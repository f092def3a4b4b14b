"""Bounded: every table, queue and cache of a node stays within its cap, whatever comes in."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "bounded"


def violations(evidence: Evidence) -> list[str]:
    """Each table of each node that was seen over its bound."""
    return [
        f"at {at_s:.3f} s {table} of node {node} was over its bound of {cap}, up to {most}"
        for (node, table), (at_s, most, cap) in evidence.oversized.items()
    ]

"""Joined: whoever asked to join a channel is in it at the end, unless it is gone."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "joined"


def violations(evidence: Evidence) -> list[str]:
    """Joins that never completed."""
    return [
        f"node {joining.node} asked to join {joining.channel} at {joining.asked_at_s:.3f} s and never was"
        + (f" ({joining.error})" if joining.error else "")
        for joining in evidence.joinings.values()
        if joining.joined_at_s is None and not evidence.is_gone(joining.node)
    ]

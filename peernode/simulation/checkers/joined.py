"""Joined: whoever asked to join a channel was let in and still is in it at the end, unless it is gone.

What a restart or an empty disk took away counts: a node is in the channels that it shows at the end.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "joined"


def violations(evidence: Evidence) -> list[str]:
    """Joins that never completed, and members that are none any more."""
    found = []
    for joining in evidence.joinings.values():
        if evidence.is_gone(joining.node):
            continue
        asked = f"node {joining.node} asked to join {joining.channel} at {joining.asked_at_s:.3f} s"
        why = f" ({joining.error})" if joining.error else ""
        if joining.joined_at_s is None:
            found.append(f"{asked} and never was{why}")
        elif (joining.node, joining.channel) not in evidence.finals:
            found.append(f"{asked}, was in it at {joining.joined_at_s:.3f} s, and is not any more{why}")
    return found

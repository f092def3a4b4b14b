"""Replicated: when it has been quiet for long enough, all of a channel's initiators hold what was sent.

Long enough is ``QUIET_S``: those who store a channel compare their logs every 15 s, give or take a fifth,
and whenever the set of them changes. An initiator counts from its own last start, also on an empty disk.
That goes for damaged rows too: each is read and repaired within two rounds of 10 s.
"""

from __future__ import annotations

from peernode.simulation.checkers.quiet import calm_since_s
from peernode.simulation.evidence import Evidence

NAME = "replicated"

QUIET_S = 20.0


def violations(evidence: Evidence) -> list[str]:
    """Each acknowledged message and initiator that does not hold it, if any initiator does."""
    end = evidence.traffic.get("end")
    if end is None:
        return []
    found = []
    for sending in evidence.acknowledged():
        initiators = evidence.initiators.get(sending.channel, [])
        lacking = [
            node
            for node in initiators
            if sending.id not in evidence.holdings.get((node, sending.channel), {})
        ]
        if len(lacking) == len(initiators):
            continue  # lost altogether: that is for ``durable`` to judge
        for node in lacking:
            calm_s = calm_since_s(evidence, node)
            since_s = None if calm_s is None else max(calm_s, sending.acked_at_s or 0.0)
            if since_s is not None and end.at_s - since_s >= QUIET_S:
                found.append(
                    f"{sending.id} of node {sending.author} is not held by node {node}, an initiator of "
                    f"{sending.channel}, after {end.at_s - since_s:.1f} s of quiet"
                )
    return found

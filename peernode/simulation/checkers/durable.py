"""Durable: a message with W receipts is never lost while fewer than W of its disks are.

A message is lost when none of the channel's initiators holds it at the end. That is excused only when W
or more of the disks that had it at the acknowledgement were lost since: replaced, set back, hit by rot,
or without power at the end.
"""

from __future__ import annotations

from peernode.simulation.evidence import Copy, Evidence, Sending

NAME = "durable"


def lost(evidence: Evidence) -> list[Sending]:
    """Acknowledged messages that no initiator holds."""
    return [
        sending
        for sending in evidence.acknowledged()
        if not any(
            sending.id in evidence.holdings.get((node, sending.channel), {})
            for node in evidence.initiators.get(sending.channel, ())
        )
    ]


def _disks(evidence: Evidence, sending: Sending) -> tuple[list[int], list[int]]:
    """Nodes whose disks had the message when it was acknowledged, and those that lost it since."""
    acked_at_s = sending.acked_at_s or 0.0
    copies = evidence.copies.get(sending.id, {})
    had = [node for node, copy in copies.items() if copy.since_s <= acked_at_s]
    gone = [node for node in had if evidence.is_gone(node) or _lost_since(copies[node], acked_at_s)]
    return had, gone


def _lost_since(copy: Copy, at_s: float) -> bool:
    return copy.lost_s is not None and copy.lost_s >= at_s


def violations(evidence: Evidence) -> list[str]:
    """One sentence per message that was lost without excuse."""
    found = []
    for sending in lost(evidence):
        had, gone = _disks(evidence, sending)
        if len(gone) < sending.quorum:
            found.append(
                f"{sending.id} of node {sending.author} in {sending.channel}, acknowledged at "
                f"{sending.acked_at_s:.3f} s by {sending.quorum} of the nodes {had}, is held by none of its "
                f"initiators {evidence.initiators.get(sending.channel, [])}; lost their disk: {gone}"
            )
    return found

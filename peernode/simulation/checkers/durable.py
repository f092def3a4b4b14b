"""Durable: a message with W receipts is never lost while fewer than W of its disks are.

A message is lost when none of the channel's initiators holds it at the end. The promise ends when W of the
disks that signed are lost; who signed is not seen from outside, so the checker asks for more: it excuses a
loss only when W or more disks had the message at the acknowledgement and all of them, a subscriber's
included, were lost since: replaced, set back, hit by rot, or without power at the end.

A row that has rotted is repaired: on a node that runs, and has run long enough to notice, no message that
its network holds stays damaged.
"""

from __future__ import annotations

from peernode.simulation.evidence import Copy, Evidence, Sending

NAME = "durable"

REPAIR_S = 26.0
"""Two rounds of scrubbing, late ones, and the fetching."""
SCRUBBED_TOGETHER = 60
"""Messages that one round is sure to read."""


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
        if len(gone) < max(len(had), sending.quorum):
            found.append(
                f"{sending.id} of node {sending.author} in {sending.channel}, acknowledged at "
                f"{sending.acked_at_s:.3f} s by {sending.quorum} of the nodes {had}, is held by none of its "
                f"initiators {evidence.initiators.get(sending.channel, [])}; lost their disk: {gone}"
            )
    return found + _left_damaged(evidence)


def _left_damaged(evidence: Evidence) -> list[str]:
    end_s = evidence.traffic["end"].at_s if "end" in evidence.traffic else 0.0
    patience_s = REPAIR_S * (1 + len(evidence.sendings) // SCRUBBED_TOGETHER)
    found = []
    for sending in evidence.acknowledged():
        for node, copy in evidence.copies.get(sending.id, {}).items():
            spans = evidence.downs.get(node, [])
            up_s = spans[-1][1] if spans else None
            if not copy.rotten or up_s is None or node in evidence.hostile:
                continue
            rotten_s = min(copy.rotten.values())
            if end_s - max(up_s, rotten_s) > patience_s:
                found.append(
                    f"{sending.id} was damaged on the disk of node {node} at {rotten_s:.3f} s and never "
                    "repaired"
                )
    return found

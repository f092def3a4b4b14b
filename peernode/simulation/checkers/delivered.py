"""Delivered: every acknowledged message reached everybody who was entitled to it, and no claim is empty.

Entitled is who had joined before the message was sent, but its author, and runs at the end.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence, Sending

NAME = "delivered"


def missing(evidence: Evidence) -> list[tuple[Sending, int]]:
    """(message, node) that should have it and does not."""
    seen = evidence.seen()
    return [
        (sending, node)
        for sending in evidence.acknowledged()
        for node in evidence.entitled(sending)
        if (node, sending.id) not in seen
    ]


def violations(evidence: Evidence) -> list[str]:
    """Missing deliveries, and more claimed deliveries than anybody saw."""
    found = [
        f"{sending.id} of node {sending.author} in {sending.channel}, sent at {sending.asked_at_s:.3f} s, "
        f"never reached node {node}"
        for sending, node in missing(evidence)
    ]
    receivers: dict[str, int] = {}
    for node, message_id in evidence.seen():
        sending_or_none = evidence.sendings.get(message_id)
        if sending_or_none is not None and sending_or_none.author != node:
            receivers[message_id] = receivers.get(message_id, 0) + 1
    # Who is gone may have taken the message before it went, its screen can't be looked at any more.
    gone = sum(1 for node in evidence.downs if evidence.is_gone(node))
    found += [
        f"{sending.id}: {sending.most_claimed_delivered} deliveries were claimed, "
        f"{receivers.get(sending.id, 0)} nodes saw it"
        for sending in evidence.sendings.values()
        if sending.most_claimed_delivered > receivers.get(sending.id, 0) + gone
    ]
    return found

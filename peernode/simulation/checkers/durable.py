"""Durable: a message that its author was told is stored is held by the channel's initiators at the end."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence, Sending

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


def violations(evidence: Evidence) -> list[str]:
    """One sentence per lost message."""
    return [
        f"{sending.id} of node {sending.author} in {sending.channel}, acknowledged at "
        f"{sending.acked_at_s:.3f} s, is held by none of its initiators "
        f"{evidence.initiators.get(sending.channel, [])}"
        for sending in lost(evidence)
    ]

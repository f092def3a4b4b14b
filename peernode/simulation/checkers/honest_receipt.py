"""Honest receipt: a receipt or ack that an author hears of was true, power cut or not, when it was given.

At each moment at which the author is told of k copies, or of n deliveries, so many disks had the message
early enough for word of it to have come from there. A disk that was lost since counts: it had spoken.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "honest_receipt"


def violations(evidence: Evidence) -> list[str]:
    """Claims of more copies or deliveries than disks could bear out; the first of each message."""
    found = []
    for sending in evidence.sendings.values():
        told = f"{sending.id} of node {sending.author}"
        for claim in sending.claims:
            if claim.stored > claim.held:
                found.append(
                    f"{told}: {claim.stored} copies were claimed at {claim.at_s:.3f} s, "
                    f"{claim.held} disks could have said so"
                )
                break
            if claim.delivered > claim.taken:
                found.append(
                    f"{told}: {claim.delivered} deliveries were claimed at {claim.at_s:.3f} s, "
                    f"{claim.taken} disks of others could have acked it"
                )
                break
    return found

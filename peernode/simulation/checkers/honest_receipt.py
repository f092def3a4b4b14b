"""Honest receipt: a receipt or ack that an author hears of was true, power cut or not, when it was given.

At each moment at which the author is told of k copies, or of n deliveries, so many disks had the message
early enough for word of it to have come from there. A disk that was lost since counts: it had spoken. Of
hostile nodes that swear to anything each may have been believed once, and in nobody's name but its own.

And nobody is content with himself: a node that has met others, on their messages or their receipts, never
calls a message sent as if it were the only initiator.
"""

from __future__ import annotations

from peernode.simulation.claims import ACKNOWLEDGED
from peernode.simulation.evidence import Evidence

NAME = "honest_receipt"


def violations(evidence: Evidence) -> list[str]:
    """Claims of more copies or deliveries than disks could bear out; the first of each message."""
    found = []
    for sending in evidence.sendings.values():
        told, sworn = f"{sending.id} of node {sending.author}", len(evidence.sworn.get(sending.id, ()))
        for claim in sending.claims:
            if claim.stored > claim.held + sworn:
                found.append(
                    f"{told}: {claim.stored} copies were claimed at {claim.at_s:.3f} s, "
                    f"{claim.held} disks could have said so"
                )
                break
            if claim.delivered > claim.taken + sworn:
                found.append(
                    f"{told}: {claim.delivered} deliveries were claimed at {claim.at_s:.3f} s, "
                    f"{claim.taken} disks of others could have acked it"
                )
                break
    return found + _content_with_themselves(evidence)


def _content_with_themselves(evidence: Evidence) -> list[str]:
    """Messages called sent by a set of one, in a life in which their author had met another node."""
    met: dict[tuple[int, int], float] = {}
    for sighting in evidence.sightings:
        met.setdefault((sighting.node, sighting.life), sighting.at_s)
    for sending in evidence.sendings.values():
        life = (sending.author, sending.life)
        stored_elsewhere = (claim.at_s for claim in sending.claims if claim.stored > 1)
        met[life] = min(next(stored_elsewhere, float("inf")), met.get(life, float("inf")))
    found = []
    for sending in evidence.sendings.values():
        since_s = met.get((sending.author, sending.life), float("inf"))
        first = next((claim for claim in sending.claims if claim.state in ACKNOWLEDGED), None)
        if first is not None and first.initiators == 1 and since_s < first.at_s:
            found.append(
                f"{sending.id} of node {sending.author} was called sent at {first.at_s:.3f} s by its author "
                f"alone, which had met others since {since_s:.3f} s"
            )
    return found

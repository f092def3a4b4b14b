"""Honest receipt: a receipt or ack that an author hears of was true, power cut or not, when it was given.

At each moment at which the author is told of k copies, or of n deliveries, so many disks had the message
early enough for word of it to have come from there. A disk that was lost since counts: it had spoken.

And nobody is content with himself: a node that has met others, on their messages or their receipts, never
calls a message sent as if it were the only initiator.
"""

from __future__ import annotations

from peernode.simulation.evidence import ACKNOWLEDGED, Claim, Evidence, Sending

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
    return found + _content_with_themselves(evidence)


def _content_with_themselves(evidence: Evidence) -> list[str]:
    """Messages called sent by a set of one, in a life in which their author had met another node."""
    met: dict[tuple[int, int], float] = {}
    for sighting in evidence.sightings:
        met.setdefault((sighting.node, sighting.life), sighting.at_s)
    claims = [(claim, sending) for sending in evidence.sendings.values() for claim in sending.claims]
    for claim, sending in claims:
        if claim.stored > 1:
            life = (sending.author, sending.life)
            met[life] = min(claim.at_s, met.get(life, claim.at_s))
    first = {sending.id: claim for claim, sending in reversed(claims) if claim.state in ACKNOWLEDGED}
    return [
        f"{sending.id} of node {sending.author} was called sent at {claim.at_s:.3f} s by its author alone, "
        f"which had met others since {met[(sending.author, sending.life)]:.3f} s"
        for sending in evidence.sendings.values()
        if (claim := first.get(sending.id)) is not None and _alone(claim, sending, met)
    ]


def _alone(claim: Claim, sending: Sending, met: dict[tuple[int, int], float]) -> bool:
    since_s = met.get((sending.author, sending.life))
    return claim.initiators == 1 and since_s is not None and since_s < claim.at_s

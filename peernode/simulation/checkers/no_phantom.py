"""No phantom: what is shown carries its author's valid signature, and its author did send it so.

The last 16 bytes of an order key are the digest of the signed bytes: under it a disk has taken in what
was shown, and its signature was verified there and then.
"""

from __future__ import annotations

from collections.abc import Iterator

from peernode.simulation.evidence import Evidence

NAME = "no_phantom"


DIGEST_HEX = 32


def _shown(evidence: Evidence) -> Iterator[tuple[int, str, str, str, str, str]]:
    for sighting in evidence.sightings:
        yield (
            sighting.node,
            sighting.channel,
            sighting.id,
            sighting.author,
            sighting.text,
            sighting.order,
        )
    for (node, channel), messages in evidence.finals.items():
        for message in messages:
            yield node, channel, message.id, message.author, message.text, message.order


def phantoms(evidence: Evidence) -> list[tuple[int, str]]:
    """(node, message id) of what nobody sent in that form; each once."""
    found: dict[tuple[int, str], None] = {}
    for node, channel, message_id, author, text, order in _shown(evidence):
        sending = evidence.sendings.get(message_id)
        signed = evidence.signed.get(order[-DIGEST_HEX:])
        if (
            sending is None
            or signed is None
            or not signed.valid
            or (signed.author, signed.id) != (author, message_id)
            or sending.channel != channel
            or sending.text != text
            or evidence.node_ids[sending.author] != author
        ):
            found[(node, message_id)] = None
    return list(found)


def violations(evidence: Evidence) -> list[str]:
    """One sentence per phantom."""
    return [
        f"node {node} shows {message_id}, which nobody signed and sent so"
        for node, message_id in phantoms(evidence)
    ]

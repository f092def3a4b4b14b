"""No phantom: what is shown was sent, by whom it says and as it says."""

from __future__ import annotations

from collections.abc import Iterator

from peernode.simulation.evidence import Evidence

NAME = "no_phantom"


def _shown(evidence: Evidence) -> Iterator[tuple[int, str, str, str, str]]:
    for sighting in evidence.sightings:
        yield sighting.node, sighting.channel, sighting.id, sighting.author, sighting.text
    for (node, channel), messages in evidence.finals.items():
        for message in messages:
            yield node, channel, message.id, message.author, message.text


def phantoms(evidence: Evidence) -> list[tuple[int, str]]:
    """(node, message id) of what nobody sent in that form; each once."""
    found: dict[tuple[int, str], None] = {}
    for node, channel, message_id, author, text in _shown(evidence):
        sending = evidence.sendings.get(message_id)
        if (
            sending is None
            or sending.channel != channel
            or sending.text != text
            or evidence.node_ids[sending.author] != author
        ):
            found[(node, message_id)] = None
    return list(found)


def violations(evidence: Evidence) -> list[str]:
    """One sentence per phantom."""
    return [
        f"node {node} shows {message_id}, which nobody sent so" for node, message_id in phantoms(evidence)
    ]

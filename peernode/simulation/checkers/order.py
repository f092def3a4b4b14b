"""Order: everybody shows the same messages in the same order, and hears each author in sequence."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "order"


def _differing_ends(evidence: Evidence) -> list[str]:
    found = []
    rank: dict[tuple[str, str], tuple[str, int]] = {}
    for (node, channel), messages in evidence.finals.items():
        orders = [message.order for message in messages]
        if orders != sorted(orders):
            found.append(f"node {node} shows {channel} in another order than its order keys say")
        for message in messages:
            order, other = rank.setdefault((channel, message.id), (message.order, node))
            if order != message.order:
                found.append(f"nodes {other} and {node} order {message.id} in {channel} differently")
    return found


def _authors_out_of_sequence(evidence: Evidence) -> list[str]:
    """Live messages of one author must come in the order of their keys, at each node and life."""
    found = []
    last: dict[tuple[int, int, str, str], str] = {}
    for sighting in evidence.sightings:
        if sighting.history:
            continue
        stream = (sighting.node, sighting.life, sighting.channel, sighting.author)
        if sighting.order < last.get(stream, ""):
            found.append(
                f"node {sighting.node} was told of {sighting.id} at {sighting.at_s:.3f} s after a later "
                f"message of its author {sighting.author[:8]}"
            )
        last[stream] = max(sighting.order, last.get(stream, ""))
    return found


def order_equal(evidence: Evidence) -> bool:
    """Whether all nodes' final orders agree."""
    return not _differing_ends(evidence)


def violations(evidence: Evidence) -> list[str]:
    """Differences between nodes, and authors heard out of sequence."""
    return _differing_ends(evidence) + _authors_out_of_sequence(evidence)

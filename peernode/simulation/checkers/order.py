"""Order: everybody shows the same messages in the same order, and hears each author in sequence."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence

NAME = "order"
GAP_HOLD_S = 2.0
"""How long a message may be held back for one before it."""


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
    """Live messages of an author's one life come in the order they were sent, at each node and life.

    A later one may be told first when it has waited ``GAP_HOLD_S`` for the one before: a shown gap.
    """
    found = []
    latest: dict[tuple[int, int, str, int, int], str] = {}
    for sighting in evidence.sightings:
        sending = evidence.sendings.get(sighting.id)
        if sighting.history or sending is None:
            continue
        stream = (sighting.node, sighting.life, sighting.channel, sending.author, sending.life)
        if sighting.order < latest.get(stream, ""):
            found.append(
                f"node {sighting.node} was told of {sighting.id} at {sighting.at_s:.3f} s after a later "
                f"message of node {sending.author} that had not waited for it"
            )
        elif sighting.at_s - sending.asked_at_s < GAP_HOLD_S:
            latest[stream] = sighting.order
    return found


def order_equal(evidence: Evidence) -> bool:
    """Whether all nodes' final orders agree."""
    return not _differing_ends(evidence)


def violations(evidence: Evidence) -> list[str]:
    """Differences between nodes, and authors heard out of sequence."""
    return _differing_ends(evidence) + _authors_out_of_sequence(evidence)

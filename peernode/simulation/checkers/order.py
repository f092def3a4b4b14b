"""Convergent order: the same messages in the same order on every node, and each author in sequence.

An order key is, in hex, the time (8 bytes), author (32), instance (8), number (8) and digest (16) of a
message (``peernode.channel.message``).
"""

from __future__ import annotations

from collections.abc import Iterator

from peernode.simulation.evidence import Evidence, Sending, Sighting

NAME = "order"
GAP_HOLD_S = 2.0
"""How long a message may be held back for one before it."""

_STREAM = slice(16, 96)
_NUMBER = slice(96, 112)


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


def _streams(evidence: Evidence) -> Iterator[list[Sighting]]:
    """Live sightings of each author's instance at each life of each node, as they came."""
    streams: dict[tuple[int, int, str, str], list[Sighting]] = {}
    for sighting in evidence.sightings:
        if not sighting.history and sighting.id in evidence.sendings:
            key = (sighting.node, sighting.life, sighting.channel, sighting.order[_STREAM])
            streams.setdefault(key, []).append(sighting)
    yield from streams.values()


def _authors_out_of_sequence(evidence: Evidence) -> list[str]:
    """What was told after a later message of its stream, though no gap had been waited for.

    A gap may be shown once the first message behind it is ``GAP_HOLD_S`` old; with it goes all that came
    behind it meanwhile. What a node shows from its own disk when it starts shows its gaps too: durable
    messages are not hidden for one that is missing.
    """
    found = []
    orders = {message.id: message.order for messages in evidence.finals.values() for message in messages}
    for stream in _streams(evidence):
        restored = [
            orders[message_id][_NUMBER]
            for message_id in evidence.restored.get((stream[0].node, stream[0].life), ())
            if message_id in orders and orders[message_id][_STREAM] == stream[0].order[_STREAM]
        ]
        highest = ""
        for place, sighting in enumerate(stream):
            number = sighting.order[_NUMBER]
            if number >= highest:
                highest = number
                continue
            if max(restored, default="") > number:
                continue
            above = [other for other in stream[:place] if other.order[_NUMBER] > number]
            shown_s = above[0].at_s
            oldest_s = min(evidence.sendings[other.id].asked_at_s for other in above if other.at_s <= shown_s)
            if shown_s - oldest_s < GAP_HOLD_S:
                found.append(
                    f"node {sighting.node} was told of {sighting.id} at {sighting.at_s:.3f} s after a later "
                    f"message of node {evidence.sendings[sighting.id].author} that had not waited for it"
                )
    return found


def _answers_before_questions(evidence: Evidence) -> list[str]:
    """Messages ordered before something that their author had been told, in the same life, before."""
    orders = {message.id: message.order for messages in evidence.finals.values() for message in messages}
    acts: list[tuple[float, bool, Sighting | Sending]] = [
        *((sighting.at_s, False, sighting) for sighting in evidence.sightings),
        *((sending.asked_at_s, True, sending) for sending in evidence.sendings.values()),
    ]
    newest: dict[tuple[int, int, str], str] = {}
    found = []
    for at_s, _, act in sorted(acts, key=lambda item: item[:2]):
        if isinstance(act, Sighting):
            screen = (act.node, act.life, act.channel)
            newest[screen] = max(newest.get(screen, ""), act.order)
        elif orders.get(act.id, "~") < newest.get((act.author, act.life, act.channel), ""):
            found.append(
                f"{act.id} of node {act.author}, written at {at_s:.3f} s, stands before a message that its "
                "author had on the screen by then"
            )
    return found


def order_equal(evidence: Evidence) -> bool:
    """Whether all nodes' final orders agree."""
    return not _differing_ends(evidence)


def violations(evidence: Evidence) -> list[str]:
    """Differences between nodes, authors heard out of sequence, answers before questions."""
    return (
        _differing_ends(evidence) + _authors_out_of_sequence(evidence) + _answers_before_questions(evidence)
    )

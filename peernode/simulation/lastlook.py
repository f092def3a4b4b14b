"""What a node shows and what its disk holds, when the run is over."""

from __future__ import annotations

from peernode.simulation.evidence import Evidence
from peernode.simulation.participant import Participant

PAGE = 200


def look_at(participant: Participant, evidence: Evidence) -> None:
    """Note it of one running node."""
    node = participant.node
    if node is None:
        return
    participant.fold_counters()
    for channel in node.channels():
        shown = node.history(channel, None, PAGE)
        page = shown
        while len(page) == PAGE:
            page = node.history(channel, page[0].order, PAGE)
            shown = page + shown
        evidence.finals[(participant.index, channel)] = shown
    for sending in evidence.sendings.values():
        if participant.holds(sending.channel, sending.id):
            evidence.holdings.setdefault((participant.index, sending.channel), {})[sending.id] = None

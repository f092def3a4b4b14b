"""What a node shows and what its disk holds, when the run is over."""

from __future__ import annotations

from peernode.events import ChatMessage
from peernode.node import PeerNode
from peernode.simulation.evidence import Evidence, Failure
from peernode.simulation.participant import Participant

PAGE = 200


def look_at(participant: Participant, evidence: Evidence) -> None:
    """Note it of one running node."""
    node = participant.node
    if node is None:
        return
    participant.fold_counters()
    for channel in node.channels():
        try:
            evidence.finals[(participant.index, channel)] = _shown(node, channel)
        except Exception as error:  # noqa: BLE001 - a screen that can't be shown: the run fails
            what = f"node {participant.index} can't show {channel}: {error!r}"
            evidence.failures.append(Failure(evidence.traffic["end"].at_s, what))
    for sending in evidence.sendings.values():
        if participant.holds(sending.channel, sending.id):
            evidence.holdings.setdefault((participant.index, sending.channel), {})[sending.id] = None


def _shown(node: PeerNode, channel: str) -> list[ChatMessage]:
    """All messages of a channel, oldest first."""
    shown = node.history(channel, None, PAGE)
    page = shown
    while len(page) == PAGE:
        page = node.history(channel, page[0].order, PAGE)
        shown = page + shown
    return shown

"""Whom the initiators list when a run is over: whoever one of them has forgotten hears from one less.

Idea: a subscription is whole when the lease stands at every initiator, not at the one that answered first.
Who counts is whoever was asked to join and runs at the end; a join that never ended is a member not listed.
Invariant: of hostile nodes nothing is asked, neither to be listed nor to list; a channel without any honest
initiator lists nobody.
"""

from __future__ import annotations

from peernode.simulation.evidence import Evidence
from peernode.simulation.participant import Participant


def note_lists(evidence: Evidence, participants: list[Participant]) -> None:
    """Note each initiator's own list of its channel; ``evidence.initiators`` says who they are."""
    for channel, initiators in evidence.initiators.items():
        for index in initiators:
            node = participants[index].node
            if node is not None:
                evidence.lists[(index, channel)] = dict.fromkeys(node.leaseholders(channel))


def listed(evidence: Evidence) -> dict[str, int]:
    """``members``: (node, channel) pairs that should be listed; ``by_all``: on every initiator's list."""
    members = by_all = 0
    for node, channel in evidence.joinings:
        if evidence.is_gone(node) or node in evidence.hostile:
            continue
        members += 1
        honest = [index for index in evidence.initiators.get(channel, ()) if index not in evidence.hostile]
        lists = [evidence.lists.get((index, channel), {}) for index in honest]
        by_all += bool(lists) and all(evidence.node_ids[node] in each for each in lists)
    return {"members": members, "by_all": by_all}

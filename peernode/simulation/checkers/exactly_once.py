"""Exactly once: a screen shows a message once, whatever arrives twice, across restarts too."""

from __future__ import annotations

from collections import Counter

from peernode.simulation.evidence import Evidence

NAME = "exactly_once"


def violations(evidence: Evidence) -> list[str]:
    """One sentence per repeated showing."""
    shown = {life: dict(ids) for life, ids in evidence.restored.items()}
    found = []
    for sighting in evidence.sightings:
        screen = shown.setdefault((sighting.node, sighting.life), {})
        if sighting.id in screen:
            found.append(
                f"node {sighting.node} was told again of {sighting.id} at {sighting.at_s:.3f} s"
                + (" after a restart that had it already" if sighting.life else "")
            )
        screen[sighting.id] = None
    for (node, channel), messages in evidence.finals.items():
        counts = Counter(message.id for message in messages)
        found += [
            f"node {node} shows {message_id} in {channel} {count} times"
            for message_id, count in counts.items()
            if count > 1
        ]
    return found

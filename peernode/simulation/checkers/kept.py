"""Kept: what a node has accepted from its person is on its disk, and is sent when the network allows.

Accepted means durable at that moment, and still there at the end unless the disk was lost. And after a
quiet time of ``QUIET_S`` an author that runs is told that its message is sent, or that its own clock or
the channel's room is in the way.
"""

from __future__ import annotations

from peernode.simulation.checkers.quiet import calm_since_s
from peernode.simulation.evidence import Evidence, Sending

NAME = "kept"

QUIET_S = 27.0
"""A renewal, which tries again what waits, comes after 24 s at most; then there is the time to publish."""

CLOCK, ROOM = "CLOCK_SKEW", "CHANNEL_FULL"
"""What may be in the way; a clock only where the scenario has something to do with clocks."""


def violations(evidence: Evidence) -> list[str]:
    """Accepted messages that were forgotten, or that nobody sent."""
    found = []
    for sending in evidence.sendings.values():
        if sending.accepted_at_s is None or sending.author in evidence.hostile:
            continue
        what = _forgotten(evidence, sending) or _unsent(evidence, sending)
        if what:
            found.append(
                f"{sending.id} of node {sending.author} was accepted at {sending.accepted_at_s:.3f} s {what}"
            )
    return found


def _forgotten(evidence: Evidence, sending: Sending) -> str:
    copy = evidence.copies.get(sending.id, {}).get(sending.author)
    if copy is None:
        return "and never was on its disk"
    if sending.accepted_at_s is not None and copy.since_s > sending.accepted_at_s:
        return f"and on its disk only since {copy.since_s:.3f} s"
    if copy.lost_s is None and not evidence.is_gone(sending.author):
        held = evidence.holdings.get((sending.author, sending.channel), {})
        return "" if sending.id in held else "and is not on its disk any more"
    return ""


def _unsent(evidence: Evidence, sending: Sending) -> str:
    quiet_s = calm_since_s(evidence, sending.author)
    accepted_at_s = sending.accepted_at_s
    in_the_way = sending.error == ROOM or (sending.error == CLOCK and evidence.clocks_doubtful)
    if sending.acked_at_s is not None or in_the_way or quiet_s is None:
        return ""
    copy = evidence.copies[sending.id][sending.author]
    joining = evidence.joinings.get((sending.author, sending.channel))
    if copy.lost_s is not None or joining is None or joining.joined_at_s is None:
        return ""
    waited_s = evidence.traffic["end"].at_s - max(quiet_s, accepted_at_s or 0.0)
    return f"and is still not sent after {waited_s:.1f} s of quiet" if waited_s >= QUIET_S else ""

"""Never backwards: how far an author's message got, as its node says it, only ever grows.

Whatever the person was told stays: copies, deliveries, who is named as having it, that it is sent. Once it
is sent, its audience stays the same. This holds across a restart too: after an orderly stop all of it is
known again; after a power cut all that was told of a sent message more than ``WRITTEN_S`` before. The time in
which the process was frozen does not count, and nothing is promised of a disk that was harmed.

And who is named as having the message has it: its disk had it early enough for its ack to have come. Only
who is hostile may say so without.
"""

from __future__ import annotations

from peernode.config import NodeConfig
from peernode.simulation.claims import ACKNOWLEDGED, Claim
from peernode.simulation.evidence import Evidence, Sending

NAME = "never_backwards"

WRITTEN_S = 1.5
"""An engine writes such news down within a second, and a flush takes its time."""

REMEMBERED = NodeConfig().traces_max
"""An author of more messages forgets what became of the oldest."""


class _Known:
    """The most that some claims say together."""

    def __init__(self, claims: list[Claim]) -> None:
        self.stored = max((claim.stored for claim in claims), default=0)
        self.delivered = max((claim.delivered for claim in claims), default=0)
        self.names = dict.fromkeys(name for claim in claims for name in claim.names)
        sent = (claim.audience for claim in claims if claim.state in ACKNOWLEDGED)
        self.audience = next(sent, None)
        """Of the message since it is sent."""

    def denied_by(self, claim: Claim) -> str:
        """What ``claim`` says less or otherwise; empty if nothing."""
        if self.audience is not None and claim.state not in ACKNOWLEDGED:
            return f"it was sent and is {claim.state or 'not known any more'}"
        if claim.stored < self.stored:
            return f"{self.stored} copies became {claim.stored}"
        if claim.delivered < self.delivered:
            return f"{self.delivered} deliveries became {claim.delivered}"
        if self.audience not in (None, claim.audience):
            return f"an audience of {self.audience} became one of {claim.audience}"
        unnamed = [name for name in self.names if name not in claim.names]
        return f"{', '.join(unnamed)} is not named any more" if unnamed else ""


def violations(evidence: Evidence) -> list[str]:
    """What was taken back, and who was named and could not have it; the first of each message."""
    liars = [evidence.node_ids[node] for node in evidence.hostile]
    wrote: dict[int, int] = {}
    for sending in evidence.sendings.values():
        wrote[sending.author] = wrote.get(sending.author, 0) + 1
    found = []
    for sending in evidence.sendings.values():
        if sending.author in evidence.hostile:
            continue
        told = f"{sending.id} of node {sending.author}"
        if what := _taken_back(evidence, sending, wrote[sending.author] <= REMEMBERED):
            found.append(f"{told}: {what}")
        for claim in sending.claims:
            if names := [name for name in claim.unfounded if name not in liars]:
                named = f"{', '.join(names)} was named at {claim.at_s:.3f} s"
                found.append(f"{told}: {named} and could not have acked it")
                break
    return found


def _taken_back(evidence: Evidence, sending: Sending, remembered: bool) -> str:
    kept: list[Claim] = []
    life = 0
    for claim in sending.claims:
        again = claim.life != life
        if again:
            harmed = sending.author in evidence.disks_harmed or not remembered
            kept = [] if harmed else _written(evidence, sending.author, life, kept)
            life = claim.life
        if what := _Known(kept).denied_by(claim):
            return f"{what} at {claim.at_s:.3f} s{' after a restart' if again else ''}"
        kept.append(claim)
    return ""


def _written(evidence: Evidence, author: int, life: int, claims: list[Claim]) -> list[Claim]:
    """Those claims, made up to the end of a life, that must be on the author's disk."""
    if not claims:
        return []
    if (author, life) in evidence.stopped:
        written = claims
    else:
        down_s = min(began for began, _ in evidence.downs[author] if began >= claims[-1].at_s)
        written = [c for c in claims if _awake_s(evidence, author, c.at_s, down_s) > WRITTEN_S]
    # Only what is sent is written down, and how far it got with it.
    return written if any(claim.state in ACKNOWLEDGED for claim in written) else []


def _awake_s(evidence: Evidence, node: int, from_s: float, to_s: float) -> float:
    """How much of a time the node's process was not frozen, or cut off all by itself."""
    frozen_s = 0.0
    for cut in evidence.cuts:
        if list(cut.group_of) == [node]:
            until_s = to_s if cut.to_s is None else min(cut.to_s, to_s)
            frozen_s += max(0.0, until_s - max(cut.from_s, from_s))
    return to_s - from_s - frozen_s

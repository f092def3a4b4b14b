"""What became of the messages that did not reach everybody, or late: every attempt that nodes remember.

Idea: a node's ``DiagnosticCollector`` holds its newest attempts per message, and dies with the node. So
the newest messages' attempts are taken whenever a node goes down, and at the end those of the messages
that the report has to explain.

Invariants: bounded by the constants below; reads what nodes and disks say, changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from peernode.simulation.evidence import Evidence, Sending
from peernode.simulation.participant import Participant

LATE_MS = 2_000.0
"""A delivery that took longer, with nothing in between but distance and loss, wants an explanation."""
EXPLAINED_MAX = 40
"""Messages whose attempts are kept to the end."""
OF_A_LIFE_MAX = 64
"""Newest messages whose attempts are taken when a node goes down."""
TRIES_MAX = 50_000
TRIES_PER_MESSAGE_MAX = 400


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt to bring a message to a node; ``to`` None: to somebody who is no participant."""

    at_s: float
    by: int
    to: int | None
    method: str
    outcome: str
    elapsed_ms: float


@dataclass(slots=True)
class Trouble:
    """A message that wants an explanation."""

    sending: Sending
    missed: list[int]
    """Entitled receivers that never had it."""
    late: list[tuple[int, float]]
    """(receiver, ms) of those that had it late without a reason."""

    def concerns(self, tried: Tried) -> bool:
        """Whether an attempt is one of the author's, or to somebody who missed it or had it late."""
        to = tried.to
        return (
            tried.by == self.sending.author or to in self.missed or any(to == node for node, _ in self.late)
        )


def troubles(evidence: Evidence) -> list[Trouble]:
    """Messages that some entitled node missed or had late, and those nobody acknowledged.

    The worst first: by how many missed it, then by how late it was.
    """
    first, seen = evidence.first_seen(), evidence.seen()
    found: list[Trouble] = []
    for sending in evidence.sendings.values():
        trouble = Trouble(sending, [], [])
        for node in evidence.entitled(sending):
            sighting = first.get((node, sending.id))
            if sighting is None:
                if (node, sending.id) not in seen:
                    trouble.missed.append(node)
                continue
            took_ms = (sighting.at_s - sending.asked_at_s) * 1000
            if took_ms > LATE_MS and evidence.in_touch(
                sending.author, node, sending.asked_at_s, sighting.at_s
            ):
                trouble.late.append((node, took_ms))
        if trouble.missed or trouble.late or sending.acked_at_s is None:
            found.append(trouble)
    found.sort(
        key=lambda trouble: (
            -len(trouble.missed) if trouble.sending.acked_at_s is not None else 0,
            -max((took_ms for _, took_ms in trouble.late), default=0.0),
            trouble.sending.asked_at_s,
        )
    )
    return found


class Attempts:
    """Collects attempts during a run."""

    def __init__(self, evidence: Evidence, participants: Sequence[Participant]) -> None:
        self._evidence = evidence
        self._participants = participants
        self._digests: dict[str, str] = {}
        self._signed_read = 0
        self._index_of = {item.identity.node_id.hex(): item.index for item in participants}
        self._kept: dict[str, list[Tried]] = {}
        self._tries = 0

    def life_ends(self, participant: Participant) -> None:
        """A node is about to go down, and with it what it remembers."""
        self._read_signed()
        newest = itertools.islice(reversed(self._evidence.sendings.values()), OF_A_LIFE_MAX)
        for sending in newest:
            self._take(participant, sending)

    def of_the_troubles(self) -> dict[str, list[Tried]]:
        """Message id -> attempts in the order of their ends, of what wants an explanation."""
        explained: dict[str, list[Tried]] = {}
        self._read_signed()
        self._tries = 0
        for trouble in troubles(self._evidence)[:EXPLAINED_MAX]:
            for participant in self._participants:
                self._take(participant, trouble.sending)
            tries = sorted(self._kept.get(trouble.sending.id, ()), key=lambda tried: (tried.at_s, tried.by))
            tries.sort(key=lambda tried: not trouble.concerns(tried))  # of too many, the others go
            kept = tries[:TRIES_PER_MESSAGE_MAX]
            explained[trouble.sending.id] = sorted(kept, key=lambda tried: (tried.at_s, tried.by))
        return explained

    def _take(self, participant: Participant, sending: Sending) -> None:
        if participant.node is None or self._tries >= TRIES_MAX:
            return
        digest = self._digests.get(sending.id)
        for attempt in participant.node.attempts(digest) if digest else ():
            tried = Tried(
                attempt.at_s,
                participant.index,
                self._index_of.get(attempt.peer),
                attempt.method,
                attempt.outcome,
                attempt.elapsed_ms,
            )
            self._kept.setdefault(sending.id, []).append(tried)
            self._tries += 1

    def _read_signed(self) -> None:
        """Learn the digests of what disks have taken in since last time."""
        signed = self._evidence.signed
        for digest, message in itertools.islice(signed.items(), self._signed_read, None):
            self._digests.setdefault(message.id, digest)
        self._signed_read = len(signed)

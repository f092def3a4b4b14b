"""Which peer a lookup asks next, and when it has found what there is. Plain state, no I/O.

The candidates are ranked by their distance to the target. Those in the *window*, the closest
``want + SPARE`` that count, are to be asked, ``alpha`` at a time. A candidate that missed two sends is
*late*: it no longer holds a place in the window nor among the ``alpha``, so it delays nobody. The
search is over when all in the window have answered; only for a late one that would belong to the
result it waits until that has missed a third send, since one lost datagram must not change who
is closest. *Doubted* candidates (failed lately, says the routing table) are asked without counting at
all, and waited for only as long as an answer usually takes.

Bounds: ``ASKED_MAX`` candidates are asked, ``CANDIDATES_MAX`` remembered, the closest ones.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass
from enum import Enum, auto

from peernode.wire.contact import Contact

SPARE = 3
ASKED_MAX = 64
CANDIDATES_MAX = 256


class Step(Enum):
    """How far a candidate got."""

    NEW = auto()
    ASKED = auto()
    LATE = auto()
    GIVEN_UP = auto()
    ANSWERED = auto()
    FAILED = auto()


@dataclass(slots=True, eq=False)
class Candidate:
    """A contact that may be close to the target; ``urgent``: to be asked wherever it is."""

    contact: Contact
    doubted: bool
    urgent: bool
    step: Step = Step.NEW

    @property
    def counts(self) -> bool:
        """Whether it holds a place in the window."""
        return self.step is Step.ANSWERED or (self.step in (Step.NEW, Step.ASKED) and not self.doubted)


class Search:
    """The state of one lookup."""

    def __init__(self, target: bytes, want: int, alpha: int) -> None:
        self._target = int.from_bytes(target, "big")
        self._want = want
        self._alpha = alpha
        self._candidates: dict[bytes, Candidate] = {}
        self._ranked: list[tuple[int, bytes]] = []
        self.asked = 0
        self.answered = 0

    def learn(self, contact: Contact, doubted: bool, urgent: bool = False) -> None:
        """There is a node ``contact``; of a known one the first address stays."""
        if contact.public_key in self._candidates:
            return
        place = (contact.long_id ^ self._target, contact.public_key)
        if len(self._ranked) >= CANDIDATES_MAX:
            if place > self._ranked[-1]:
                return
            self._drop_farthest()
        insort(self._ranked, place)
        self._candidates[contact.public_key] = Candidate(contact, doubted, urgent)

    def next(self) -> Candidate | None:
        """A candidate to be asked now, which is then taken to be asked; ``None``: none now."""
        if self.asked >= ASKED_MAX:
            return None
        underway = [c for c in self._candidates.values() if c.step is Step.ASKED]
        solid = sum(1 for candidate in underway if not candidate.doubted)
        doubtful = len(underway) - solid
        for candidate in self._due():
            if (doubtful if candidate.doubted else solid) < self._alpha:
                candidate.step = Step.ASKED
                self.asked += 1
                return candidate
        return None

    @property
    def over(self) -> bool:
        """Whether nothing is to be asked or waited for any more."""
        if self.asked < ASKED_MAX and any(not candidate.doubted for candidate in self._due()):
            return False
        rank = 0
        for candidate in self._near():
            if candidate.step is Step.ASKED:
                return False
            if candidate.step is Step.LATE and rank < self._want:
                return False
            rank += candidate.step in (Step.ANSWERED, Step.LATE)
        return not any(c.urgent and c.step is Step.ASKED for c in self._candidates.values())

    def result(self) -> list[Contact]:
        """The closest ``want`` that answered, closest first."""
        ranked = (self._candidates[key] for _, key in self._ranked)
        return [c.contact for c in ranked if c.step is Step.ANSWERED][: self._want]

    def known(self) -> list[Contact]:
        """All candidates, in the order in which they were named."""
        return [candidate.contact for candidate in self._candidates.values()]

    # -- what happens -------------------------------------------------------------------------

    def came(self, candidate: Candidate) -> None:
        """``candidate`` answered, whatever was thought of it before."""
        self.answered += candidate.step is not Step.ANSWERED
        candidate.step = Step.ANSWERED

    def failed(self, candidate: Candidate) -> None:
        """``candidate`` did not answer, or not with what this protocol allows."""
        if candidate.step is not Step.ANSWERED:
            candidate.step = Step.FAILED

    def late(self, candidate: Candidate) -> None:
        """``candidate`` missed two sends."""
        if candidate.step is Step.ASKED:
            candidate.step = Step.LATE

    def given_up(self, candidate: Candidate) -> None:
        """``candidate`` is not waited for any longer; an answer still counts until the end."""
        if candidate.step in (Step.ASKED, Step.LATE):
            candidate.step = Step.GIVEN_UP

    # -- within -------------------------------------------------------------------------------

    def _near(self) -> list[Candidate]:
        """The candidates as far as the window reaches, closest first."""
        near = []
        counted = 0
        for _, key in self._ranked:
            candidate = self._candidates[key]
            near.append(candidate)
            counted += candidate.counts
            if counted == self._want + SPARE:
                break
        return near

    def _due(self) -> list[Candidate]:
        urgent = [c for c in self._candidates.values() if c.urgent and c.step is Step.NEW]
        return urgent + [c for c in self._near() if c.step is Step.NEW and not c.urgent]

    def _drop_farthest(self) -> None:
        for index in range(len(self._ranked) - 1, -1, -1):
            key = self._ranked[index][1]
            if self._candidates[key].step is Step.NEW:
                del self._ranked[index], self._candidates[key]
                return

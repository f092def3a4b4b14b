"""Which peer a lookup asks next, and when it has found what there is. Plain state, no I/O.

The candidates are ranked by their distance to the target. Those in the *window*, the closest
``want + SPARE`` that count, are to be asked, ``alpha`` at a time. A candidate that missed one send is *slow*:
it no longer holds a place in the window nor among the ``alpha``, so it delays nobody. One that missed two is
*late*. The search is over when all in the window have answered; only for a slow or late one that would belong
to the result it waits until that has missed a third send, since one lost datagram must not change who
is closest. *Doubted* candidates (failed lately, says the routing table) are asked without counting at
all, and waited for only as long as an answer usually takes.

Whoever is asked can name nodes that do not exist, ever closer to the target, and so fill the window. So each
*teller* has a credit: at most ``AT_ONCE`` of those that it named are waited for at a time, the others hold no
place meanwhile; and when too many of them stay silent the rest of them is believed only if somebody else
names it. Who has named nodes that answered is allowed some more, as nodes die; who has misled us lately
begins with no credit at all.

Bounds: ``ASKED_MAX`` candidates are asked, ``CANDIDATES_MAX`` remembered, the closest ones. On one teller's
word alone at most ``AT_ONCE + SILENT_MAX + CREDIT_MAX`` are asked in vain.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from peernode.wire.contact import Contact

SPARE = 3
ASKED_MAX = 64
CANDIDATES_MAX = 256

AT_ONCE = 2
"""Candidates asked at a time on one teller's word."""

SILENT_MAX = 2
"""When so many of those that a teller named have stayed silent, nothing more is done on its word alone …"""

CREDIT_MAX = 6
"""… plus one for each that answered, at most so many."""


class Step(Enum):
    """How far a candidate got."""

    NEW = auto()
    ASKED = auto()
    SLOW = auto()
    LATE = auto()
    GIVEN_UP = auto()
    ANSWERED = auto()
    FAILED = auto()


SILENT = (Step.LATE, Step.GIVEN_UP, Step.FAILED)
"""No answer has come when it should have."""

UNDERWAY = (Step.ASKED, Step.SLOW)
"""An answer may well be on its way."""


@dataclass(slots=True, eq=False)
class Teller:
    """What became of the candidates that one peer named."""

    distrusted: bool = False
    """It has misled us in an earlier lookup."""
    waiting: int = 0
    silent: int = 0
    answered: int = 0

    @property
    def believed(self) -> bool:
        """Whether its word alone is still worth a question."""
        return self.silent < (0 if self.distrusted else SILENT_MAX) + min(self.answered, CREDIT_MAX)

    @property
    def misleads(self) -> bool:
        """Whether it has used up its credit now, whatever was thought of it before."""
        return self.silent >= SILENT_MAX and not self.believed


@dataclass(slots=True, eq=False)
class Candidate:
    """A contact that may be close to the target; ``urgent``: to be asked wherever it is.

    ``own``: we know it ourselves, and need nobody's word for it.
    """

    contact: Contact
    doubted: bool
    urgent: bool
    own: bool
    tellers: list[Teller] = field(default_factory=list)
    """Whoever named it before it was silent."""
    word: Teller = field(default_factory=Teller)
    """What became of those that it named itself."""
    step: Step = Step.NEW

    @property
    def on_trust(self) -> bool:
        """Whether it is asked because somebody names it; what we know better is nobody's fault."""
        return not self.own and not self.doubted

    @property
    def believable(self) -> bool:
        """Whether we know it ourselves, or somebody names it whose word is still worth something."""
        return self.own or any(teller.believed for teller in self.tellers)

    @property
    def held_back(self) -> bool:
        """Whether it has to wait until others, named by the same, have answered."""
        if not self.on_trust or self.step is not Step.NEW:
            return False
        return all(teller.waiting >= AT_ONCE for teller in self.tellers if teller.believed)

    @property
    def overdue(self) -> bool:
        """Whether its answer should have come, and it is still worth another question."""
        return self.step in (Step.SLOW, Step.LATE) and self.believable

    @property
    def counts(self) -> bool:
        """Whether it holds a place in the window."""
        if self.step is Step.ANSWERED:
            return True
        return self.step in (Step.NEW, Step.ASKED) and not self.doubted and not self.held_back

    def moves(self, step: Step) -> None:
        """It gets further, or nowhere, and with it the credit of those that named it."""
        before, self.step = self.step, step
        for teller in self.tellers:
            teller.answered += (step is Step.ANSWERED) - (before is Step.ANSWERED)
            if self.on_trust:
                teller.waiting += (step in UNDERWAY) - (before in UNDERWAY)
                teller.silent += (step in SILENT) - (before in SILENT)

    def named_by(self, teller: Teller) -> None:
        """Somebody names it, too; if it is silent already, that is not another one's fault."""
        if teller in self.tellers or self.step in SILENT:
            return
        self.tellers.append(teller)
        teller.answered += self.step is Step.ANSWERED
        teller.waiting += self.step in UNDERWAY and self.on_trust


class Search:
    """The state of one lookup."""

    def __init__(
        self, target: bytes, want: int, alpha: int, distrusted: Callable[[bytes], bool] = lambda _: False
    ) -> None:
        """``distrusted``: whether the peer of a key has misled us lately."""
        self._target = int.from_bytes(target, "big")
        self._want = want
        self._alpha = alpha
        self._distrusted = distrusted
        self._candidates: dict[bytes, Candidate] = {}
        self._ranked: list[tuple[int, bytes]] = []
        self.asked = 0
        self.answered = 0

    def learn(
        self, contact: Contact, doubted: bool, urgent: bool = False, teller: Teller | None = None
    ) -> None:
        """There is a node ``contact``, says ``teller``; without one, we know. The first address stays."""
        candidate = self._candidates.get(contact.public_key)
        if candidate is None:
            candidate = self._add(Candidate(contact, doubted, urgent, teller is None))
        if candidate is not None and teller is not None:
            candidate.named_by(teller)

    def _add(self, candidate: Candidate) -> Candidate | None:
        """``candidate``, unless there are ``CANDIDATES_MAX`` that are closer."""
        contact = candidate.contact
        place = (contact.long_id ^ self._target, contact.public_key)
        if len(self._ranked) >= CANDIDATES_MAX:
            if place > self._ranked[-1]:
                return None
            self._drop_farthest()
        insort(self._ranked, place)
        self._candidates[contact.public_key] = candidate
        candidate.word.distrusted = self._distrusted(contact.public_key)
        return candidate

    def next(self) -> Candidate | None:
        """A candidate to be asked now, which is then taken to be asked; ``None``: none now."""
        if self.asked >= ASKED_MAX:
            return None
        underway = [c for c in self._candidates.values() if c.step is Step.ASKED]
        solid = sum(1 for candidate in underway if not candidate.doubted)
        doubtful = len(underway) - solid
        for candidate in self._due():
            if (doubtful if candidate.doubted else solid) < self._alpha:
                candidate.moves(Step.ASKED)
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
            if candidate.step is Step.ASKED or candidate.held_back:
                return False
            late = candidate.step is Step.SLOW or (candidate.step is Step.LATE and candidate.believable)
            if late and rank < self._want:
                return False
            rank += late or candidate.step is Step.ANSWERED
        return not any(c.urgent and c.step in UNDERWAY for c in self._candidates.values())

    def result(self) -> list[Contact]:
        """The closest ``want`` that answered, closest first."""
        ranked = (self._candidates[key] for _, key in self._ranked)
        return [c.contact for c in ranked if c.step is Step.ANSWERED][: self._want]

    def known(self) -> list[Contact]:
        """All candidates, in the order in which they were named."""
        return [candidate.contact for candidate in self._candidates.values()]

    def misled_by(self) -> list[bytes]:
        """The keys of those that named too many who stay silent."""
        return [key for key, candidate in self._candidates.items() if candidate.word.misleads]

    def hopeless(self, candidate: Candidate) -> bool:
        """Whether nobody is believed about ``candidate`` any more, and it has missed two sends."""
        return candidate.step is Step.LATE and not candidate.believable

    # -- what happens -------------------------------------------------------------------------

    def came(self, candidate: Candidate) -> None:
        """``candidate`` answered, whatever was thought of it before."""
        self.answered += candidate.step is not Step.ANSWERED
        candidate.moves(Step.ANSWERED)

    def failed(self, candidate: Candidate) -> None:
        """``candidate`` did not answer, or not with what this protocol allows."""
        if candidate.step is not Step.ANSWERED:
            candidate.moves(Step.FAILED)

    def slow(self, candidate: Candidate) -> None:
        """``candidate`` missed one send."""
        if candidate.step is Step.ASKED:
            candidate.moves(Step.SLOW)

    def late(self, candidate: Candidate) -> None:
        """``candidate`` missed two sends."""
        if candidate.step in UNDERWAY:
            candidate.moves(Step.LATE)

    def given_up(self, candidate: Candidate) -> None:
        """``candidate`` is not waited for any longer; an answer still counts until the end."""
        if candidate.step in (*UNDERWAY, Step.LATE):
            candidate.moves(Step.GIVEN_UP)

    # -- within -------------------------------------------------------------------------------

    def _near(self) -> list[Candidate]:
        """The candidates as far as the window reaches, closest first."""
        near = []
        counted = 0
        for _, key in self._ranked:
            candidate = self._candidates[key]
            if candidate.step is Step.NEW and not candidate.believable:
                continue
            near.append(candidate)
            counted += candidate.counts
            if counted == self._want + SPARE:
                break
        return near

    def _due(self) -> list[Candidate]:
        urgent = [c for c in self._candidates.values() if c.urgent and c.step is Step.NEW]
        return urgent + [c for c in self._near() if c.step is Step.NEW and not c.urgent and not c.held_back]

    def _drop_farthest(self) -> None:
        """One that was not asked, if there is one: of those that nobody is believed about, else of all."""
        for believable in (False, True):
            for index in range(len(self._ranked) - 1, -1, -1):
                key = self._ranked[index][1]
                candidate = self._candidates[key]
                if candidate.step is Step.NEW and candidate.believable is believable:
                    del self._ranked[index], self._candidates[key]
                    return

"""``Load``: one way through the chain that finds a channel's initiators.

The cached set while it is fresh; what this node's own routing table says of a channel that it stores; the
initiators known so far, asked at once, their answers merged; a lookup; other participants.

Invariants: "not found" is the answer of a lookup that others answered, and only that may create a channel;
"could not ask" never does. A full set that others have confirmed is given up only when two sources name
the same other one; until then messages go to the union. Every step is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from peernode.channel.coordinator import Coordinator, agreed
from peernode.diagnostics.routes import LOCAL, route_of
from peernode.pubsub.context import Context
from peernode.pubsub.inquiry import Answers, Inquiry
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.pubsub.traces import LoadStep
from peernode.span import Span
from peernode.wire.contact import Contact

LATELY_S = 3.0
"""Who answered within this time is there (protocol, section 7)."""

_METHODS = {"coordinator.lookup": "lookup", "coordinator.local": LOCAL}
"""Operation -> how it asks, where that is not directly."""

RUMOURED_MAX = 8
"""Initiators that somebody named and nobody confirmed: messages go to them as well."""


class Neighbourhood(Protocol):
    """What the chain asks of the storage."""

    def merge(
        self, channel_id: bytes, known: list[Contact], found: list[Contact], count: int
    ) -> list[Contact]:
        """The ``count`` closest of two lists and this node."""

    def closest(self, channel_id: bytes, count: int) -> list[Contact]:
        """The ``count`` live nodes closest to the channel that this node knows, itself included."""

    def answered_lately(self, contact: Contact) -> bool:
        """Whether a node answered us within ``LATELY_S``."""


class Load:
    """One way through the chain: its steps, and what they found."""

    def __init__(self, context: Context, around: Neighbourhood, inquiry: Inquiry, replica: Replica) -> None:
        self._context = context
        self._around = around
        self._inquiry = inquiry
        self._replica = replica
        self._old = replica.initiators
        self._opinions: list[InitiatorSet] = []
        self.trace: list[LoadStep] = []
        self.rumoured: list[Contact] = []
        self.told: Coordinator | None = None

    def _begin(self, step: str) -> Span:
        return self._context.collector.begin(f"coordinator.{step}", self._replica.name)

    def _note(self, outcome: str, span: Span, answered: list[Contact], asked: Iterable[Contact] = ()) -> None:
        """A step that ``_begin`` has begun ends."""
        who = tuple(contact.id.hex() for contact in answered)
        method = _METHODS.get(span.operation, "direct")
        span.end(outcome, **route_of(method, (each.id for each in asked), (each.id for each in answered)))
        self.trace.append(
            LoadStep(span.operation.partition(".")[2], outcome, (span.elapsed_s or 0.0) * 1000, who)
        )

    def _set(self, contacts: list[Contact], answered: bool = True) -> InitiatorSet:
        limit = self._context.config.replicas
        merged = self._around.merge(self._replica.channel_id, [], contacts, limit)
        return make_set(merged, answered, self._context.now())

    async def cache(self) -> InitiatorSet | None:
        """The set of the last load or renewal, while it is fresh."""
        view, now = self._old, self._context.now()
        fresh = view is not None and now - view.at_s < self._context.config.initiators_ttl_s
        outcome = "ok" if fresh else "none" if view is None else "stale"
        self._context.collector.count("coordinator.hits" if fresh else "coordinator.misses")
        self.trace.append(LoadStep("cache", outcome, 0.0, ()))
        return view if fresh else None

    async def local(self) -> InitiatorSet | None:
        """As an initiator: our own neighbourhood, if a quorum of it answered within the last seconds."""
        replica, limit = self._replica, self._context.config.replicas
        view = self._set(self._around.closest(replica.channel_id, limit))
        mine = self._context.identity.public_key
        lately = [c for c in view.others(mine) if self._around.answered_lately(c)]
        stores = replica.log.version > 0 or replica.leases.count(self._context.now()) > 1
        full = view.holds(mine) and len(view.contacts) == limit
        ok = stores and full and len(lately) + 1 >= view.quorum
        outcome = "ok" if ok else "none"
        if ok:
            self._note(outcome, self._begin("local"), lately)
        else:
            self.trace.append(LoadStep("local", outcome, 0.0, ()))
        return view if ok else None

    async def known(self) -> InitiatorSet | None:
        """The initiators known so far, asked at once."""
        known = self._old.contacts if self._old is not None else self._replica.remembered
        asked = [c for c in known if c.public_key != self._context.identity.public_key]
        if not asked:
            self.trace.append(LoadStep("known", "none", 0.0, ()))
            return None
        quorum = len(asked) // 2 + 1
        with self._begin("known") as span:
            answers = await self._inquiry.ask(self._replica, asked, quorum)
        found = agreed(answers.told, quorum)
        view = self._judge(self._set(list(found.initiators))) if found is not None else None
        self.told = found
        self._note(_outcome(answers, view is not None, found), span, answers.answered, asked)
        return view

    async def lookup(self) -> InitiatorSet | None:
        """The nodes closest to the channel that answer now; twice when they are others than before."""
        replica, overlay = self._replica, self._context.overlay
        for _ in range(2):
            with self._begin("lookup") as span:
                result = await overlay.lookup(replica.channel_id, self._context.config.replicas)
            self._context.collector.count("storage.lookups")
            if not result.answered and overlay.met_others:
                self._note("could_not_ask", span, [])
                return None
            found = self._set(result.closest, bool(result.answered))
            view = self._judge(found)
            outcome = "ok" if view is not None else "unconfirmed"
            self._note(outcome, span, found.others(self._context.identity.public_key))
            if view is not None:
                return view
        return self._undecided()

    async def others(self) -> InitiatorSet | None:
        """Other participants: whom they name is asked, and counts when a majority of those agrees."""
        replica, span = self._replica, self._begin("participants")
        mine = self._context.identity.node_id
        leases = {lease.subscriber_id: lease.contact for lease in replica.leases.live(self._context.now())}
        people = {**replica.subscribers, **leases}
        people.pop(mine, None)
        asked = self._inquiry.some(list(people.values()))
        if not asked:
            self._note("none", span, [])
            return None
        with span:
            first = await self._inquiry.ask(replica, asked, len(asked))
            named = {contact.public_key: contact for told in first.told for contact in told.initiators}
            candidates = self._set(list(named.values())).others(self._context.identity.public_key)
            quorum = len(candidates) // 2 + 1
            second = await self._inquiry.ask(replica, candidates, quorum)
        found = self.told = agreed(second.told, quorum)
        view = self._set(list(found.initiators)) if found is not None else None
        outcome = "ok" if view is not None else "could_not_ask"
        self._note(outcome, span, [*first.answered, *second.answered], [*asked, *candidates])
        return view

    def _judge(self, found: InitiatorSet) -> InitiatorSet | None:
        """What is found, when it may replace what was known: two must name the same, or it is no change."""
        old = self._old
        settled = old is not None and old.answered and len(old.contacts) >= self._context.config.replicas
        if not settled or old is None or found.hash == old.hash:
            return found
        if any(found.hash == other.hash for other in self._opinions):
            self._context.collector.count("coordinator.set_changed")
            return found
        self._opinions.append(found)
        return None

    def _undecided(self) -> InitiatorSet | None:
        """No two agreed: the old set stays, and whom the others named gets the messages, too."""
        old = self._old
        if old is None:
            return None
        self._context.collector.count("coordinator.undecided")
        named = {contact.public_key: contact for view in self._opinions for contact in view.contacts}
        mine = self._context.identity.public_key
        self.rumoured = [c for key, c in named.items() if not old.holds(key) and key != mine][:RUMOURED_MAX]
        return InitiatorSet(old.contacts, old.hash, old.answered, float("-inf"))


def _outcome(answers: Answers, taken: bool, found: Coordinator | None) -> str:
    if taken:
        return "ok"
    if found is not None:
        return "another_set"
    if answers.missing and not answers.told:
        return "not_found"
    return "no_agreement" if answers.told else "could_not_ask"

"""``HealthWatch``: how each joined channel is by this node's own word, told whenever that changes.

What an administrator sees (``channelhealth``) asks all initiators. This asks nobody and sends nothing, so it
can be had for every channel all the time. It goes by our lease: the set of which a quorum took it last, who
of that set has taken it, and who of them has fallen silent since. A node that stores the channel itself
probes the others each second, and knows within seconds who is silent; one that only subscribes learns it
from its next renewal or message. That a set of nodes was found, or that they answer a ping, says nothing:
where those who store the channel can't be reached, a lookup finds others, who don't store it.

Invariants: only a joined channel has a health; ``healthy`` is told only while a quorum of the set that was
asked last holds our lease; what is better is told at once, what is not once it has lasted ``SURE_S``, and
then the mildest of what was seen meanwhile, so that a few lost datagrams are no news; while the node has no
network nothing is told (its own state says so); one look goes over ``LOOKED_AT_MAX`` channels, in turn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from peernode.channel.coordinator import ACTIVE, RECOVERING
from peernode.diagnostics.codes import error_info
from peernode.diagnostics.findings import OWN_CHECKS
from peernode.diagnostics.reasons import DEGRADED, DOWN, HEALTHY, STATES, count_answering
from peernode.diagnostics.verdict import worst_of
from peernode.events import ChannelHealth
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.subscription import Subscription
from peernode.wire.contact import Contact

SURE_S = 1.5
"""What is not better than before is told once it has lasted so long."""

SURE_LOOKS = 3
"""And was seen so often: a process that stood still has seen it once."""

LOOKED_AT_MAX = 256
"""Channels in one look; of more each has its turn."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a channel's health comes to; equal ones are told once."""

    state: str
    code: str
    initiators: tuple[int, int]
    """So many hold our lease and are not silent, of how many."""
    seconds: int = field(default=0, compare=False)
    """How far the clock is off, where that is the reason; that it runs a little faster is no news."""

    @property
    def badness(self) -> tuple[int, int]:
        """The larger, the worse."""
        k, of = self.initiators
        return STATES.index(self.state), of - k


@dataclass(slots=True)
class Word:
    """What was told of one channel, and what is not told yet because it may pass."""

    told: Health | None = None
    mildest: Health | None = None
    """Of what was seen since ``since_s`` and is not better than what was told."""
    since_s: float = 0.0
    looks: int = 0

    def next(self, found: Health, now_s: float) -> Health | None:
        """What is to be told now that this is the case; None: nothing."""
        told = self.told
        is_better = found.state == HEALTHY or (told is not None and found.badness < told.badness)
        if found != told and not is_better:
            found = self._doubted(found, now_s)
            if now_s - self.since_s < SURE_S or self.looks < SURE_LOOKS:
                return None
        self.forget_doubts()
        self.told = found
        return found if found != told else None

    def _doubted(self, found: Health, now_s: float) -> Health:
        if self.mildest is None:
            self.since_s, self.looks = now_s, 0
        self.looks += 1
        if self.mildest is None or found.badness <= self.mildest.badness:
            self.mildest = found
        return self.mildest

    def forget_doubts(self) -> None:
        """What was seen counts no more."""
        self.mildest = None


@dataclass(slots=True)
class Lease:
    """How our leases of one channel went."""

    held: Subscription | None = None
    """The last one that a quorum took."""
    last: Subscription | None = None
    """The last one; None when nobody could be asked."""
    before: Collection[bytes] = ()
    """Public keys of who took the one before: while the last one is still on its way to them it holds."""
    known: Collection[bytes] = ()
    """Public keys of whom the one before was for."""

    def ended(self, result: Subscription | None) -> None:
        """Another one has come to ``result``; one that began before the last says nothing new."""
        if self.last is not None:
            if result is not None and result.begun_s < self.last.begun_s:
                return
            self.before = frozenset(self.last.accepted)
            self.known = frozenset(contact.public_key for contact in self.last.view.contacts)
        self.last = result
        if result is not None and result.quorum:
            self.held = result

    def of(self, key: bytes) -> tuple[bool, bool]:
        """Whether an initiator took our lease, or said why not; and whether it is too early to say."""
        if self.last is None or key in self.last.accepted or key in self.last.full:
            return self.last is not None, False
        if key in self.last.untimely and self.last.lack == "CLOCK_SKEW":
            return True, False
        waits = key in self.last.waiting
        return waits and key in self.before, waits and key not in self.known


class HealthWatch:
    """See the module."""

    def __init__(
        self, context: Context, storage: PubSubStorage, subscriber: Subscriber, joiner: Joiner
    ) -> None:
        self._context = context
        self._storage = storage
        self._leases: dict[bytes, Lease] = {}
        self._words: dict[bytes, Word] = {}
        self._behind = b""
        """The last look ended with this channel."""
        subscriber.on_ended.append(self._subscribed)
        joiner.on_joined.append(self._look_at)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max(len(self._leases), len(self._words))
        return {"healths": (longest, self._context.config.channels_max)}

    def look(self) -> None:
        """Tell what has changed; to be called some times a second."""
        if self._context.overlay.state()[0] != "online":
            for word in self._words.values():
                word.forget_doubts()
            return
        replicas = self._storage.replicas
        joined = [channel_id for channel_id, replica in replicas.items() if replica.joined]
        for channel_id in self._turn(joined):
            self._look_at(replicas[channel_id])

    def _turn(self, joined: list[bytes]) -> list[bytes]:
        if len(joined) <= LOOKED_AT_MAX:
            return joined
        joined.sort()
        later = (each for each in joined if each > self._behind)
        turn = list(islice(chain(later, joined), LOOKED_AT_MAX))
        self._behind = turn[-1]
        return turn

    def left(self, replica: Replica) -> None:
        """The channel was left: whoever joins it again is told anew."""
        self._leases.pop(replica.channel_id, None)
        self._words.pop(replica.channel_id, None)

    def _subscribed(self, replica: Replica, result: Subscription | None) -> None:
        """A subscription has ended, so far: who is late may still take the lease."""
        if not replica.subscribed:
            return  # left meanwhile
        self._leases.setdefault(replica.channel_id, Lease()).ended(result)

    def _look_at(self, replica: Replica) -> None:
        word = self._words.setdefault(replica.channel_id, Word())
        health = word.next(self._health_of(replica), self._context.now())
        if health is not None:
            error = error_info(health.code, seconds=health.seconds) if health.code else None
            self._context.tell(ChannelHealth(replica.name, health.state, health.initiators, error))

    # -- what is the case --------------------------------------------------------------------

    def _health_of(self, replica: Replica) -> Health:
        lease = self._leases.get(replica.channel_id) or Lease()
        is_certain = self._is_certain(replica, lease.last)
        if is_certain and (of := self._whole(lease.last)) > 1:
            return Health(HEALTHY, "", (of, of))  # as it is nearly always, at once
        known = self._known(lease, is_certain)
        worst, counted = worst_of(known, OWN_CHECKS), count_answering(known)
        if lease.last is None or not lease.last.quorum:
            return self._unheld(lease.last, counted)
        return Health(worst.state if worst else HEALTHY, worst.code if worst else "", counted)

    def _unheld(self, last: Subscription | None, counted: tuple[int, int]) -> Health:
        """No quorum has our lease: nobody answers, or, where we may still write, nobody pushes to us."""
        lack = last.lack if last is not None else ""
        if last is not None and lack == "CLOCK_SKEW":  # who is ahead is refused what it writes, too
            return Health(DOWN if last.apart_ms < 0 else DEGRADED, lack, counted, last.apart_s)
        if lack == "NO_PLACE":
            return Health(DEGRADED, lack, counted)
        return Health(DOWN, "INITIATORS_TOO_FEW" if counted[0] else "NO_INITIATOR", counted)

    def _is_certain(self, replica: Replica, last: Subscription | None) -> bool:
        """Whether messages go to the set that was asked last; who serves goes by its table, and asks soon."""
        if replica.recovering or last is None:
            return False
        view = replica.initiators
        return replica.serves or (view is not None and view.hash == last.view.hash)

    def _whole(self, last: Subscription | None) -> int:
        """How many initiators all hold our lease, none of them silent; 0 where anything is otherwise."""
        contacts = last.view.contacts if last is not None else ()
        if last is None or any(contact.public_key not in last.accepted for contact in contacts):
            return 0
        mine, silent = self._context.identity.public_key, self._context.overlay.table.silent
        return 0 if any(c.public_key != mine and silent(c) for c in contacts) else len(contacts)

    def _known(self, lease: Lease, is_certain: bool) -> Mapping[str, Any]:
        """As much of a channel's picture (``reasons.Channel``) as this node has by itself."""
        shown = lease.last if lease.last is not None and lease.last.quorum else lease.held
        contacts = shown.view.contacts if shown is not None else ()
        return {
            "initiators": [self._initiator(contact, lease) for contact in contacts],
            "coordinator": {"state": ACTIVE if is_certain else RECOVERING},
        }

    def _initiator(self, contact: Contact, lease: Lease) -> dict[str, bool]:
        own = contact.public_key == self._context.identity.public_key
        if not own and self._context.overlay.table.silent(contact):
            return {"own": False, "answers": False, "unheard": False}
        holds, waits = lease.of(contact.public_key)
        return {"own": own, "answers": holds, "unheard": waits}

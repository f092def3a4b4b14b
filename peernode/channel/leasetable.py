"""``LeaseTable``: the leases of one channel at one initiator.

A lease is *brought* by its subscriber, or a *copy* that another initiator tells of; a copy is as good once
its subscriber has answered us. Invariants: of one subscriber's leases the one with the newest serial wins,
whatever the order of arrival, and its serial is remembered beyond its end (``Departed``; not that of a copy
which has given way), so replaying an old one does nothing; expiry runs on the receiver's monotonic clock
from the remaining time, and a copy takes nothing of it: it ends no earlier than the lease before it, and
brought at last, even after its end, it has all of its time, once; leaving is a tombstone that outlives every
older lease; the table is bounded: full, it refuses newcomers. Keys are free, so a copy proves nobody: of
those whose subscriber never answered, one teller has ``COPIES_MAX`` at most, and in time they give way to
leases that are brought. Addresses are not free: from half full on, nobody comes in whose address prefix has
an eighth of it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from dataclasses import replace
from enum import Enum
from heapq import heapify, heappop, heappush

from peernode.channel.departed import Departed
from peernode.channel.lease import Held, Lease
from peernode.config import NodeConfig
from peernode.environment import prefix_of
from peernode.wire.contact import Contact

SERIAL_OLD_MAX_MS = 120_000
SERIAL_AHEAD_MAX_MS = 60_000
TOMBSTONE_S = 180.0
_DUE_SLACK = 64
"""Outdated entries of the expiry heap that are never worth a rebuild."""

PARTS = 8
"""Nobody's share is more than the table's part of so many,"""

SHARE_MIN = 16
"""or so many leases, where that is more: a household, or an office behind one address."""

ANSWERS_WITHIN_S = 10.0
"""So long the subscriber of a copy has to answer, or to come itself, before its place may go to another."""

COPIES_MAX = 256
"""Copies by one teller whose subscribers have not answered yet; the others come with their next renewal."""


class Verdict(Enum):
    """What became of a lease."""

    TAKEN = "taken"
    STALE = "stale"
    """One with the same or a newer serial is known."""
    REFUSED = "refused"
    """Its serial is too old or too far ahead."""
    FULL = "full"


class LeaseTable:
    """The leases of one channel."""

    def __init__(self, config: NodeConfig) -> None:
        self._max = config.subscribers_per_channel_max
        self._share = max(SHARE_MIN, self._max // PARTS)
        self._held: dict[bytes, Held] = {}
        self._departed = Departed(self._max)
        self._told: dict[bytes, dict[bytes, None]] = {}
        """Public key of a teller -> ids of the subscribers that its copies are of and that never answered."""
        self._copies = 0
        """How many these are."""
        self._prefixes: Counter[str] = Counter()
        """Address prefix -> how many of the other leases are of there."""
        self._sorted: list[bytes] = []
        """The ids in ``_held``, in order."""
        self._due: list[tuple[float, bytes]] = []
        """A heap of (expiry, id); an entry whose lease was renewed since is passed over."""
        self._sum = 0

    def put(
        self,
        lease: Lease,
        contact: Contact,
        now_s: float,
        wall_ms: int,
        remaining_s: float | None = None,
        teller: bytes | None = None,
    ) -> Verdict:
        """Take a verified lease; ``remaining_s`` when it is not the subscriber that brings it.

        ``teller``: the public key of the initiator whose word we have for it.
        """
        if not wall_ms - SERIAL_OLD_MAX_MS <= lease.serial_ms <= wall_ms + SERIAL_AHEAD_MAX_MS:
            return Verdict.REFUSED
        subscriber_id = lease.subscriber_id
        held = self._held.get(subscriber_id)
        known = held or self._departed.get(subscriber_id)
        own = remaining_s is None
        first = own and known is not None and known.copied and known.lease == lease
        if known is not None and known.lease.serial_ms >= lease.serial_ms and not first:
            if held is not None and held.lease == lease and own:
                # The subscriber itself: it knows its address better than who passed its lease on.
                self._hold(replace(held, contact=contact))
                self.answered(subscriber_id)
            return Verdict.STALE
        if lease.ttl_s == 0:
            if known is None and self._departed.full:
                return Verdict.FULL
            self._remove(subscriber_id)
            self._bury(Held(lease, contact, subscriber_id, now_s + TOMBSTONE_S))
            return Verdict.TAKEN
        if held is None and not self._has_room(contact, teller):
            self.expire(now_s)
            if not self._has_room(contact, teller) and not self._give_way(contact, teller, now_s):
                return Verdict.FULL
        if held is not None and held.teller is not None and teller is None and not self._has_share(contact):
            return Verdict.FULL
        self._departed.back(subscriber_id)
        until_s = now_s + min(float(lease.ttl_s), lease.ttl_s if remaining_s is None else remaining_s)
        if held is not None and not own:
            until_s = max(until_s, held.until_s)
        told_s, copied = now_s, teller is not None
        if held is not None and teller is not None:
            teller, told_s = held.teller, held.told_s
            if teller is None:  # it was here itself: nobody else tells us where it is
                contact = held.contact
        spent_s = now_s + (lease.serial_ms + SERIAL_OLD_MAX_MS + 1 - wall_ms) / 1000
        self._hold(Held(lease, contact, subscriber_id, until_s, teller, told_s, spent_s, copied))
        self._note_due(until_s, subscriber_id)
        return Verdict.TAKEN

    def takes_copies(self, teller: bytes) -> bool:
        """Whether another copy by this teller may come in, if its address has a share left."""
        return len(self._told.get(teller, ())) < min(COPIES_MAX, self._share) and len(self._held) < self._max

    def _has_room(self, contact: Contact, teller: bytes | None) -> bool:
        """Whether one more may come in."""
        if teller is not None and not self.takes_copies(teller):
            return False
        return len(self._held) < self._max and self._has_share(contact)

    def _has_share(self, contact: Contact) -> bool:
        """Whether the contact's address prefix may hold one more."""
        prefix = prefix_of(contact.address)
        early = 2 * (len(self._held) - self._copies) < self._max
        return early or prefix is None or self._prefixes[prefix] < self._share

    def _give_way(self, contact: Contact, teller: bytes | None, now_s: float) -> bool:
        """Whether an older copy, by who told of most, has made room for a lease that is brought."""
        if teller is not None or not self._copies or not self._has_share(contact):
            return False
        most = max(self._told, key=lambda key: len(self._told[key]))
        oldest = min((self._held[key] for key in self._told[most]), key=lambda held: held.told_s)
        if now_s - oldest.told_s < ANSWERS_WITHIN_S:
            return False
        self._remove(oldest.subscriber_id)
        return True

    def answered(self, subscriber_id: bytes) -> None:
        """The subscriber has answered us itself: a copy of its lease is as good as if it had brought it."""
        held = self._held.get(subscriber_id)
        if held is not None and held.teller is not None and self._has_share(held.contact):
            self._hold(replace(held, teller=None))

    def _hold(self, held: Held) -> None:
        key = held.subscriber_id
        before = self._held.get(key)
        if before is None:
            insort(self._sorted, key)
            self._sum += _weight(key)
        else:
            self._account(before, -1)
        self._held[key] = held
        self._account(held, 1)

    def _account(self, held: Held, change: int) -> None:
        """One lease more, or one less, in the share that it belongs to."""
        if held.teller is None:
            prefix = prefix_of(held.contact.address)
            if prefix is not None:
                self._prefixes[prefix] += change
                if not self._prefixes[prefix]:
                    del self._prefixes[prefix]
            return
        self._copies += change
        told = self._told.setdefault(held.teller, {})
        if change > 0:
            told[held.subscriber_id] = None
            return
        del told[held.subscriber_id]
        if not told:
            del self._told[held.teller]

    def to_pass(self, subscriber_id: bytes, now_s: float) -> int | None:
        """The serial that a stale lease has to pass; None while the one held has half its time to live."""
        held = self._held.get(subscriber_id)
        if held is not None and held.remaining_s(now_s) >= held.lease.ttl_s / 2:
            return None
        known = held or self._departed.get(subscriber_id)
        return known.lease.serial_ms if known is not None else None

    def departed(self, now_s: float) -> list[Held]:
        """Who has left and whose leases have ended, as far as that is remembered; the latest come last."""
        self.expire(now_s)
        return self._departed.all()

    def _note_due(self, until_s: float, subscriber_id: bytes) -> None:
        heappush(self._due, (until_s, subscriber_id))
        if len(self._due) > 4 * len(self) + _DUE_SLACK:
            every = (*self._held.values(), *self._departed.all())
            self._due = [(held.until_s, held.subscriber_id) for held in every]
            heapify(self._due)

    def _remove(self, subscriber_id: bytes) -> None:
        held = self._held.pop(subscriber_id, None)
        if held is not None:
            self._account(held, -1)
            del self._sorted[bisect_left(self._sorted, subscriber_id)]
            self._sum -= _weight(subscriber_id)

    def _bury(self, tombstone: Held) -> None:
        self._departed.bury(tombstone)
        self._note_due(tombstone.until_s, tombstone.subscriber_id)

    def __len__(self) -> int:
        """Leases, and who is remembered; at most three times ``subscribers_per_channel_max``."""
        return len(self._held) + len(self._departed)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"leases": (len(self._held), self._max), **self._departed.sizes()}

    def drop(self, subscriber_id: bytes) -> None:
        """The subscriber itself says that it isn't one; only a newer lease brings it back."""
        held = self._held.get(subscriber_id)
        if held is not None:
            self._remove(subscriber_id)
            until_s = max(held.until_s, held.spent_s)  # so that no copy revives it,
            self._bury(replace(held, until_s=until_s, copied=False))  # nor this one, if it was on its way

    def expire(self, now_s: float) -> None:
        """End what has run out, forget what nobody can replay; costs only as much as there is of these."""
        while self._due and self._due[0][0] <= now_s:
            _, subscriber_id = heappop(self._due)
            self._departed.expire(subscriber_id, now_s)
            held = self._held.get(subscriber_id)
            if held is not None and held.until_s <= now_s:
                self._remove(subscriber_id)
                past = self._departed.ended(held, now_s)
                if past is not None:
                    self._note_due(past.until_s, subscriber_id)

    def count(self, now_s: float) -> int:
        """How many leases have not run out; does not look at each of them."""
        self.expire(now_s)
        return len(self._held)

    def sure(self, now_s: float) -> list[Held]:
        """The live leases without the copies whose subscribers never answered us."""
        return [held for held in self.live(now_s) if held.teller is None]

    def count_sure(self, now_s: float) -> int:
        """How many these are; does not look at each of them."""
        return self.count(now_s) - self._copies

    def page(self, after: bytes | None, limit: int) -> list[Held]:
        """The first ``limit`` leases by subscriber id behind ``after``, those run out lately included."""
        start = 0 if after is None else bisect_right(self._sorted, after)
        return [self._held[key] for key in self._sorted[start : start + limit]]

    def live(self, now_s: float) -> list[Held]:
        """The leases that have not run out."""
        return [held for held in self._held.values() if held.until_s > now_s]

    def contact(self, subscriber_id: bytes) -> Contact | None:
        """Where a subscriber with a lease is."""
        held = self._held.get(subscriber_id)
        return held.contact if held else None

    def named(self, prefix: bytes) -> Contact | None:
        """The subscriber whose id begins with ``prefix``, None when no or several leases do."""
        start = bisect_left(self._sorted, prefix)
        found = [key for key in self._sorted[start : start + 2] if key.startswith(prefix)]
        return self._held[found[0]].contact if len(found) == 1 else None

    def digest(self) -> bytes:
        """16 bytes naming the set of subscribers, not their serials: renewals don't change it."""
        named = (self._sum % _SUM_MODULUS).to_bytes(32, "big") + len(self._held).to_bytes(8, "big")
        return hashlib.blake2b(named, digest_size=16).digest()


_SUM_MODULUS = 1 << 256


def _weight(subscriber_id: bytes) -> int:
    """What one subscriber adds to the sum that names the set (Bellare and Micciancio, AdHash, 1997)."""
    return int.from_bytes(hashlib.blake2b(subscriber_id, digest_size=32).digest(), "big")

"""Leases: signed subscriptions with an expiry, and an initiator's table of them.

A lease names no address; pushes go to the proven one. Its signature covers the root of a tree (see
``peernode.channel.merkle``) whose leaves are up to 25 channels, and the lease proves one of them: whoever
sees it learns neither which channels the others are nor whether a guess is right, because every leaf is
salted (``docs/adr/0020-one-signature-for-many-leases.md``). Invariants: of one subscriber's leases the one
with the newest serial wins, whatever the order of arrival, so replaying an old one does nothing;
expiry runs on the receiver's monotonic clock from the remaining time; leaving is a tombstone that
outlives every older lease; the table is bounded: full of leases it refuses newcomers, full of
tombstones it forgets the oldest one (its lease may come back until it runs out).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, replace
from enum import Enum
from heapq import heapify, heappop, heappush

from peernode.channel.merkle import DEPTH_MAX, HASH_BYTES, LEAVES_MAX, leaf_hash, rebuild
from peernode.config import NodeConfig
from peernode.errors import RemoteProtocolError
from peernode.identity import Identity, node_id_of, verify
from peernode.wire.codec import Fields, pack, unpack
from peernode.wire.contact import Contact

VERSION = 1
TTL_MAX_S = 60
SERIAL_OLD_MAX_MS = 120_000
SERIAL_AHEAD_MAX_MS = 60_000
TOMBSTONE_S = 180.0
SERIAL_MAX_MS = 1 << 52
LEASE_MAX_BYTES = 256
_DUE_SLACK = 64
"""Outdated entries of the expiry heap that are never worth a rebuild."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A subscriber's signed lease; ``ttl_s`` 0 is the tombstone."""

    channel_id: bytes
    subscriber: bytes
    serial_ms: int
    ttl_s: int
    raw: bytes

    @property
    def subscriber_id(self) -> bytes:
        """The node id of the subscriber."""
        return node_id_of(self.subscriber)


@dataclass(frozen=True, slots=True)
class Terms:
    """What one signature says of all leases under it; ``size`` is how many there are."""

    network_id: bytes
    subscriber: bytes
    serial_ms: int
    ttl_s: int
    size: int

    def signed_bytes(self, root: bytes) -> bytes:
        """What the subscriber signs."""
        items = [VERSION, self.network_id, self.subscriber, self.serial_ms, self.ttl_s, self.size, root]
        return pack(items)

    def lease(
        self, channel_id: bytes, index: int, salt: bytes, proof: list[bytes], signature: bytes
    ) -> Lease:
        """One of the leases, by itself; nothing is checked."""
        head = [VERSION, self.network_id, channel_id, self.subscriber, self.serial_ms, self.ttl_s]
        raw = pack([*head, self.size, index, salt, proof, signature])
        return Lease(channel_id, self.subscriber, self.serial_ms, self.ttl_s, raw)


def salt_bytes(size: int) -> int:
    """How long salts are in a tree of ``size``: a single leaf has no neighbour that it could give away."""
    return HASH_BYTES if size > 1 else 0


def channel_leaf(channel_id: bytes, salt: bytes) -> bytes:
    """The hash of the leaf of a channel."""
    return leaf_hash(channel_id + salt)


def sign_lease(identity: Identity, network_id: bytes, channel_id: bytes, serial_ms: int, ttl_s: int) -> Lease:
    """Our lease of one channel by itself: a tree of one leaf."""
    terms = Terms(network_id, identity.public_key, serial_ms, ttl_s, 1)
    signature = identity.sign("lease", terms.signed_bytes(channel_leaf(channel_id, b"")))
    return terms.lease(channel_id, 0, b"", [], signature)


def decode_lease(raw: bytes, network_id: bytes) -> Lease:
    """The verified lease in ``raw``; ``RemoteProtocolError`` for anything else."""
    if len(raw) > LEASE_MAX_BYTES:
        raise RemoteProtocolError("longer than a lease may be")
    fields = Fields(unpack(raw))
    if fields.take_int(0, 255) != VERSION or len(fields) != 11:
        raise RemoteProtocolError("a lease of another version")
    if fields.take_bytes(8) != network_id:
        raise RemoteProtocolError("a lease of another network")
    channel_id, subscriber = fields.take_bytes(20), fields.take_bytes(32)
    serial_ms, ttl_s = fields.take_int(0, SERIAL_MAX_MS), fields.take_int(0, TTL_MAX_S)
    size = fields.take_int(1, LEAVES_MAX)
    index, salt = fields.take_int(0, size - 1), fields.take_bytes(salt_bytes(size))
    proof, signature = fields.take_bytes_list(DEPTH_MAX, HASH_BYTES), fields.take_bytes(64)
    terms = Terms(network_id, subscriber, serial_ms, ttl_s, size)
    lease = terms.lease(channel_id, index, salt, proof, signature)
    root = rebuild(size, {index: channel_leaf(channel_id, salt)}, proof).root
    if lease.raw != raw or not verify(subscriber, "lease", terms.signed_bytes(root), signature):
        raise RemoteProtocolError("a forged lease")
    return lease


class Verdict(Enum):
    """What became of a lease."""

    TAKEN = "taken"
    STALE = "stale"
    """One with the same or a newer serial is known."""
    REFUSED = "refused"
    """Its serial is too old or too far ahead."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Held:
    """A lease in the table; ``until_s``: monotonic time of expiry (of a tombstone: of its memory)."""

    lease: Lease
    contact: Contact
    subscriber_id: bytes
    until_s: float

    @property
    def subscriber(self) -> bytes:
        """The subscriber's public key."""
        return self.lease.subscriber

    @property
    def raw(self) -> bytes:
        """The signed bytes."""
        return self.lease.raw

    def remaining_s(self, now_s: float) -> float:
        """Seconds until the lease runs out."""
        return max(0.0, self.until_s - now_s)


class LeaseTable:
    """The leases of one channel at one initiator."""

    def __init__(self, config: NodeConfig) -> None:
        self._max = config.subscribers_per_channel_max
        self._held: dict[bytes, Held] = {}
        self._gone: dict[bytes, Held] = {}
        self._sorted: list[bytes] = []
        """The ids in ``_held``, in order."""
        self._due: list[tuple[float, bytes]] = []
        """A heap of (expiry, id); an entry whose lease was renewed since is passed over."""
        self._sum = 0

    def put(
        self, lease: Lease, contact: Contact, now_s: float, wall_ms: int, remaining_s: float | None = None
    ) -> Verdict:
        """Take a verified lease; ``remaining_s`` when it comes as a copy from another initiator."""
        if not wall_ms - SERIAL_OLD_MAX_MS <= lease.serial_ms <= wall_ms + SERIAL_AHEAD_MAX_MS:
            return Verdict.REFUSED
        subscriber_id = lease.subscriber_id
        known = self._held.get(subscriber_id) or self._gone.get(subscriber_id)
        if known is not None and known.lease.serial_ms >= lease.serial_ms:
            if known.lease == lease and remaining_s is None and subscriber_id in self._held:
                # The subscriber itself: it knows its address better than who passed its lease on.
                self._held[subscriber_id] = replace(known, contact=contact)
            return Verdict.STALE
        if lease.ttl_s == 0:
            if subscriber_id not in self._held and len(self._gone) >= self._max:
                return Verdict.FULL
            self._remove(subscriber_id)
            self._bury(Held(lease, contact, subscriber_id, now_s + TOMBSTONE_S))
            return Verdict.TAKEN
        if subscriber_id not in self._held:
            if len(self._held) >= self._max:
                self.expire(now_s)
            if len(self._held) >= self._max:
                return Verdict.FULL
            insort(self._sorted, subscriber_id)
            self._sum += _weight(subscriber_id)
        self._gone.pop(subscriber_id, None)
        life_s = min(float(lease.ttl_s), lease.ttl_s if remaining_s is None else remaining_s)
        self._held[subscriber_id] = Held(lease, contact, subscriber_id, now_s + life_s)
        self._note_due(now_s + life_s, subscriber_id)
        return Verdict.TAKEN

    def to_pass(self, subscriber_id: bytes, now_s: float) -> int | None:
        """The serial that a stale lease has to pass; None while the one held has half its time to live."""
        held = self._held.get(subscriber_id)
        if held is not None and held.remaining_s(now_s) >= held.lease.ttl_s / 2:
            return None
        known = held or self._gone.get(subscriber_id)
        return known.lease.serial_ms if known is not None else None

    def _note_due(self, until_s: float, subscriber_id: bytes) -> None:
        heappush(self._due, (until_s, subscriber_id))
        if len(self._due) > 4 * len(self) + _DUE_SLACK:
            self._due = [
                (held.until_s, key) for table in (self._held, self._gone) for key, held in table.items()
            ]
            heapify(self._due)

    def _remove(self, subscriber_id: bytes) -> None:
        if self._held.pop(subscriber_id, None) is not None:
            del self._sorted[bisect_left(self._sorted, subscriber_id)]
            self._sum -= _weight(subscriber_id)

    def _bury(self, tombstone: Held) -> None:
        self._gone.pop(tombstone.subscriber_id, None)
        while len(self._gone) >= self._max:
            del self._gone[next(iter(self._gone))]
        self._gone[tombstone.subscriber_id] = tombstone
        self._note_due(tombstone.until_s, tombstone.subscriber_id)

    def __len__(self) -> int:
        """Leases and tombstones; at most twice ``subscribers_per_channel_max``."""
        return len(self._held) + len(self._gone)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"leases": (len(self._held), self._max), "tombstones": (len(self._gone), self._max)}

    def drop(self, subscriber_id: bytes) -> None:
        """The subscriber itself says that it isn't one; only a newer lease brings it back."""
        held = self._held.get(subscriber_id)
        if held is not None:
            self._remove(subscriber_id)
            self._bury(held)  # until the lease would have run out, so that no copy revives it

    def expire(self, now_s: float) -> None:
        """Forget what has run out; costs only as much as there is to forget."""
        while self._due and self._due[0][0] <= now_s:
            _, subscriber_id = heappop(self._due)
            held, gone = self._held.get(subscriber_id), self._gone.get(subscriber_id)
            if held is not None and held.until_s <= now_s:
                self._remove(subscriber_id)
            if gone is not None and gone.until_s <= now_s:
                del self._gone[subscriber_id]

    def count(self, now_s: float) -> int:
        """How many leases have not run out; does not look at each of them."""
        self.expire(now_s)
        return len(self._held)

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

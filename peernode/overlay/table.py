"""``PeerTable``: the peers that answered us, in k-buckets.

The ``kademlia`` package's ``RoutingTable``, ``KBucket`` and ``Node`` (as ``Contact``) do the work; four
things of theirs are overridden here: an id at a bucket's upper bound finds no bucket, a full bucket
starts a ping by itself, buckets read the wall clock, and ``find_neighbors`` is approximate across
buckets. Invariants: a peer enters only after it answered; it leaves after ``strikes_max`` failures
spread over at least ``strikes_span_s``; ``closest`` is exact over the table. The table is bounded by
its buckets: k peers and 5 k replacements in each, at most 160. Source: Maymounkov and Mazières,
"Kademlia", 2002, sections 2.2 and 4.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kademlia.routing import KBucket, RoutingTable

from peernode.clock import Clock
from peernode.config import NodeConfig
from peernode.identity import node_id_of
from peernode.wire.contact import Contact


class _Bucket(KBucket):  # type: ignore[misc]
    """A k-bucket that reads no clock: refreshing is the overlay's, by its own timer."""

    def touch_last_updated(self) -> None:
        self.last_updated = 0.0

    def split(self) -> tuple[_Bucket, _Bucket]:
        middle = (self.range[0] + self.range[1]) // 2
        lower = _Bucket(self.range[0], middle, self.ksize)
        upper = _Bucket(middle + 1, self.range[1], self.ksize)
        for contact in [*self.nodes.values(), *self.replacement_nodes.values()]:
            (lower if contact.long_id <= middle else upper).add_node(contact)
        return lower, upper


class _Table(RoutingTable):  # type: ignore[misc]
    """The package's routing table with exact bounds and without side effects."""

    def flush(self) -> None:
        self.buckets = [_Bucket(0, 2**160 - 1, self.ksize)]

    def get_bucket_for(self, node: Any) -> int:
        for index, bucket in enumerate(self.buckets):
            if node.long_id <= bucket.range[1]:
                return index
        raise AssertionError("an id has 160 bits")

    def add_contact(self, node: Any) -> None:
        """Add or refresh; a full bucket that may not split keeps the newcomer as a replacement."""
        while True:
            index = self.get_bucket_for(node)
            bucket = self.buckets[index]
            if bucket.add_node(node) or bucket.range[0] == bucket.range[1]:
                return
            if not bucket.has_in_range(self.node) and bucket.depth() % 5 == 0:
                return
            self.split_bucket(index)


@dataclass(frozen=True, slots=True)
class Standing:
    """A peer as the table has it."""

    contact: Contact


@dataclass(slots=True)
class _Strikes:
    count: int
    first_s: float


class PeerTable:
    """Live peers of one node."""

    def __init__(self, me: Contact, config: NodeConfig, clock: Clock) -> None:
        self._me = me
        self._config = config
        self._clock = clock
        self._table = _Table(None, config.k, me)
        self._strikes: dict[bytes, _Strikes] = {}
        self._answered_s: dict[bytes, float] = {}
        self._refreshed_s: dict[bytes, float] = {}

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._table.buckets)

    def answered(self, contact: Contact) -> bool:
        """``contact`` answered a request of ours; True when it is new in the table."""
        if contact.public_key == self._me.public_key:
            return False
        self._strikes.pop(contact.id, None)
        known = self._known(contact.id)
        if known is not None and contact.public != known.public:
            contact = Contact(contact.public_key, contact.ip, contact.port, known.public or contact.public)
        self._table.add_contact(contact)
        entered = self._known(contact.id) is not None
        if entered:
            self._answered_s[contact.id] = self._clock.monotonic()
        return known is None and entered

    def failed(self, contact: Contact) -> bool:
        """A request to ``contact`` was not answered; True when it leaves the table for that."""
        if self._known(contact.id) is None:
            return False
        now = self._clock.monotonic()
        strikes = self._strikes.setdefault(contact.id, _Strikes(0, now))
        strikes.count += 1
        lasted = now - strikes.first_s >= self._config.strikes_span_s
        if strikes.count < self._config.strikes_max or not lasted:
            return False
        self._table.remove_contact(contact)
        self._strikes.pop(contact.id, None)
        self._answered_s.pop(contact.id, None)
        return True

    def _known(self, node_id: bytes) -> Contact | None:
        for bucket in self._table.buckets:
            found = bucket.nodes.get(node_id)
            if found is not None:
                contact: Contact = found
                return contact
        return None

    def suspected(self, contact: Contact) -> bool:
        """Whether it has failed since it last answered."""
        return contact.id in self._strikes

    def silent_s(self, contact: Contact) -> float:
        """Seconds since it last answered; infinite when it is not in the table."""
        at_s = self._answered_s.get(contact.id)
        return float("inf") if at_s is None else self._clock.monotonic() - at_s

    def peers(self) -> list[Contact]:
        """All peers, in the order of their ids."""
        return [contact for bucket in self._table.buckets for contact in bucket.get_nodes()]

    def closest(self, target: bytes, count: int, suspects: bool = True) -> list[Contact]:
        """Exactly the ``count`` peers closest to a 20-byte target, closest first."""
        number = int.from_bytes(target, "big")
        peers = [peer for peer in self.peers() if suspects or not self.suspected(peer)]
        return sorted(peers, key=lambda peer: peer.long_id ^ number)[:count]

    def standing(self, public_key: bytes) -> Standing | None:
        """Where a peer of the table answered last; None when it is not in it."""
        contact = self._known(node_id_of(public_key))
        return Standing(contact) if contact is not None else None

    def refreshed(self, target: bytes) -> None:
        """A lookup went there: its bucket needs no refresh of its own for now."""
        self._refreshed_s[target[:1]] = self._clock.monotonic()

    def bucket_sizes(self) -> list[int]:
        """How many peers each bucket holds, for diagnostics."""
        return [len(bucket) for bucket in self._table.buckets]

"""The k-buckets of the ``kademlia`` package, corrected.

From there come buckets, their splitting and their replacement caches. Changed is what was measured to
be wrong or is not theirs to do: ranges are off by one, so that ids at a border find no bucket; a full
bucket pings by itself; the clock is read directly; how often far buckets split is unbounded.
Source: Maymounkov and Mazières, "Kademlia", 2002, sections 2.2, 2.4 and 4.2.

Invariants: each range is a whole subtree of the ids, and the ranges together are all ids; the bucket
around our own id splits once per bit at most, others as long as they hold our ``k`` closest (once per bit
as well), and beyond that all together at most ``FAR_SPLITS_MAX`` times, so the number of buckets is
bounded whatever ids appear. A bucket holds ``k`` peers and as many replacements, of which the one that
answered longest ago falls out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict

from kademlia.node import Node
from kademlia.routing import KBucket, RoutingTable

from peernode.wire.contact import Contact

FAR_SPLITS_MAX = 64

_ID_BITS = 160
_DEPTH_STEP = 5

BUCKETS_MAX = 1 + 2 * _ID_BITS + FAR_SPLITS_MAX
"""By the splits that there can be."""


class Bucket(KBucket):
    """A k-bucket without a clock, as many replacements as places, and ranges that are whole subtrees."""

    nodes: OrderedDict[bytes, Contact]
    replacement_nodes: OrderedDict[bytes, Contact]

    def __init__(self, lowest: int, highest: int, ksize: int) -> None:
        self.refreshed_at = float("-inf")
        super().__init__(lowest, highest, ksize, replacementNodeFactor=1)  # type: ignore[no-untyped-call]

    def touch_last_updated(self) -> None:
        """The table notes itself when it refreshed a range."""

    @property
    def lowest(self) -> int:
        """The first id of the range."""
        return int(self.range[0])

    @property
    def bits(self) -> int:
        """The range holds ``2 ** bits`` ids."""
        return int(self.range[1] - self.range[0]).bit_length()

    def nearest_possible(self, target: int) -> int:
        """The smallest distance that an id of this range can have to ``target``."""
        return (self.lowest ^ target) >> self.bits << self.bits

    def spans(self, node: Node) -> bool:
        """Whether the id of ``node`` is in the range."""
        return bool(self.has_in_range(node))  # type: ignore[no-untyped-call]

    def put(self, node: Contact) -> bool:
        """Take ``node`` in; False when it is full and ``node`` is a replacement now."""
        return bool(self.add_node(node))  # type: ignore[no-untyped-call]

    def drop(self, node: Contact) -> None:
        """Take ``node`` out; the replacement that answered last takes its place."""
        self.remove_node(node)  # type: ignore[no-untyped-call]

    def prefix_bits(self) -> int:
        """How many leading bits the ids in it have in common."""
        return int(self.depth())  # type: ignore[no-untyped-call]

    def split(self) -> tuple[Bucket, Bucket]:
        """Two buckets, the lower and the upper half of the range."""
        middle = self.lowest + (1 << (self.bits - 1))
        halves = Bucket(self.lowest, middle - 1, self.ksize), Bucket(middle, int(self.range[1]), self.ksize)
        for half in halves:
            half.refreshed_at = self.refreshed_at
        for node in (*self.nodes.values(), *self.replacement_nodes.values()):
            halves[node.long_id >= middle].put(node)
        return halves


def _highest(bucket: Bucket) -> int:
    return int(bucket.range[1])


class Buckets(RoutingTable):
    """The package's table with exact borders, and without pings of its own."""

    buckets: list[Bucket]  # type: ignore[assignment]

    def __init__(self, ksize: int, node: Contact) -> None:
        self.far_splits = 0
        self.near_splits = 0
        super().__init__(None, ksize, node)  # type: ignore[no-untyped-call]

    def flush(self) -> None:
        """Start with one bucket of all ids."""
        self.buckets = [Bucket(0, (1 << _ID_BITS) - 1, self.ksize)]

    def get_bucket_for(self, node: Node) -> int:
        """The index of the bucket whose range ``node`` is in."""
        return bisect_left(self.buckets, node.long_id, key=_highest)

    def bucket_of(self, node: Node) -> Bucket:
        """The bucket whose range ``node`` is in."""
        return self.buckets[self.get_bucket_for(node)]

    def add_contact(self, node: Contact) -> None:
        """Put ``node`` into its bucket, which may split, or among the replacements."""
        while True:
            index = self.get_bucket_for(node)
            bucket = self.buckets[index]
            if bucket.put(node) or not self._may_split(bucket):
                return
            self.split_bucket(index)  # type: ignore[no-untyped-call]

    def _may_split(self, bucket: Bucket) -> bool:
        if bucket.bits == 0:
            return False
        if bucket.spans(self.node):
            return True
        if self.near_splits < _ID_BITS and self._closer_than(bucket) < self.ksize:
            self.near_splits += 1
            return True
        if self.far_splits >= FAR_SPLITS_MAX or bucket.prefix_bits() % _DEPTH_STEP == 0:
            return False
        self.far_splits += 1
        return True

    def _closer_than(self, bucket: Bucket) -> int:
        """How many peers are closer to us than all of ``bucket``."""
        own = self.node.long_id
        distance = bucket.nearest_possible(own)
        return sum(len(other.nodes) for other in self.buckets if other.nearest_possible(own) < distance)

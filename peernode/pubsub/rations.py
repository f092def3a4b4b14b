"""``Rations``: what peers outside a channel's set may bring by being caught up with.

Initiators, and whoever is close enough to be one, hand each other what was let in once, whole and at any
speed. Anybody else names a log root too: a subscriber that wrote while it was cut off, a holder that closer
nodes have replaced, a stranger that made its messages up. They can't be told apart, for keys and leases are
free. Addresses are not, so all of them are rationed by those: ``BYTES_PER_S`` per prefix, after
``BYTES_BURST``, and each stream that nobody knew costs ``STREAM_BYTES`` besides. Invariants: whoever owes is
not caught up with until time has paid it, so a catch-up never waits and holds nothing meanwhile; a batch that
was pulled is taken whatever it costs; who has not been called (a ``SYNC`` of its own) pays for the lists that
it shows, too, and in advance for what it is asked for, so that many at once don't bring more than they may;
the table is bounded, who is unheard longest is forgotten first.
"""

from __future__ import annotations

from peernode.environment import prefix_of
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.rpc.ratelimit import BucketTable
from peernode.wire.contact import Contact

BYTES_PER_S = 65_536.0
BYTES_BURST = 16_777_216.0

STREAM_BYTES = 16_384
"""What a new stream is counted as: 1024 at once, then four a second."""

PAGE_BYTES = 1024
"""What a page of a list of streams is counted as, of one who was not called, however short it is."""

PREFIXES_MAX = 8192

MARGIN = 2
"""As in ``PubSubStorage``: views of who the R closest are differ by a node or two."""


class Rations:
    """The rations of one node, for all its channels together."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._spent = BucketTable(BYTES_PER_S, BYTES_BURST, PREFIXES_MAX)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"ration_prefixes": self._spent.sizes()["buckets"]}

    def outside(self, replica: Replica, contact: Contact) -> bool:
        """Whether a peer is neither an initiator of the channel, as we know them, nor among the closest."""
        if replica.initiators is not None and replica.initiators.holds(contact.public_key):
            return False
        want = self._context.config.replicas + MARGIN
        target = int.from_bytes(replica.channel_id, "big")
        theirs = contact.long_id ^ target
        known = [self._context.me(), *self._context.overlay.closest(replica.channel_id, want)]
        return sum(1 for other in known if other.long_id ^ target < theirs) >= want

    def may(self, contact: Contact) -> bool:
        """Whether a peer outside may bring more now."""
        prefix = prefix_of(contact.address)
        return prefix is None or self._spent.take(prefix, self._context.now(), 0.0)

    def brought(self, contact: Contact, size: int, streams: int = 0) -> None:
        """A peer outside has brought so many bytes and new streams; fewer than none: it gets some back."""
        prefix = prefix_of(contact.address)
        if prefix is not None:
            self._spent.charge(prefix, self._context.now(), size + streams * STREAM_BYTES)

"""``Visits``: whose ``SYNC`` has this node look into a log, beside the channel's initiators'.

A ``SYNC`` costs one datagram, a comparison many requests; keys and roots are free. Initiators, as we know
them, are always looked at. Anybody else may be right, too: a node that is about to be one, a holder that
closer ones have replaced. Invariants: ``NEAR_MAX`` of those who are close to their channel are compared with
at a time, ``OUTSIDE_MAX`` of all others, over all channels together; from half of these places on nobody gets
one whose address prefix has an eighth; a caller has one for each channel. Who gets none is heard with its
next ``SYNC``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from peernode.pubsub.prefixshares import PrefixShares
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact

NEAR_MAX = 1024
OUTSIDE_MAX = 256

Key = tuple[bytes, bytes]


class Places:
    """So many places, by channel and public key."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: dict[Key, None] = {}
        self._shares = PrefixShares[Key]()

    def __len__(self) -> int:
        return max(len(self._held), len(self._shares))

    def may(self, key: Key, by: Contact) -> bool:
        """Whether there is one for that peer."""
        return key not in self._held and self._shares.may(by, len(self._held), self.most)

    def take(self, key: Key, by: Contact) -> AbstractContextManager[None]:
        """Take it now; it is free again when the block has been left."""
        self._held[key] = None
        self._shares.took(key, by)
        return self._until_left(key)

    @contextmanager
    def _until_left(self, key: Key) -> Iterator[None]:
        try:
            yield
        finally:
            del self._held[key]
            self._shares.gave_back(key)


class Visits:
    """The places of one node. ``outside``: whether a peer is not even close to a channel."""

    def __init__(self, outside: Callable[[Replica, Contact], bool]) -> None:
        self._is_outside = outside
        self._near = Places(NEAR_MAX)
        self._outside = Places(OUTSIDE_MAX)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "syncs_near": (len(self._near), self._near.most),
            "syncs_outside": (len(self._outside), self._outside.most),
        }

    def begin(self, replica: Replica, caller: Contact) -> AbstractContextManager[None] | None:
        """The place of a caller whose log differs, to be left in the end; None: there is none."""
        view = replica.initiators
        if view is not None and view.holds(caller.public_key):
            return nullcontext()
        places = self._outside if self._is_outside(replica, caller) else self._near
        key = (replica.channel_id, caller.public_key)
        return places.take(key, caller) if places.may(key, caller) else None

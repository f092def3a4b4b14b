"""The peers worth dialling again: after a restart, after an outage, after a partition.

They are kept in the order in which they were last met or lost, and stored the best first: who is alive, then
who was lost, the latest lost first. So a node that starts again knows as well whom to try first, and who has
been gone for long comes after all others without a word about when that was.

Invariants: at most ``peer_cache_max`` contacts. When there are more, those that are lost now may hold
half of the places: they are how a healed partition is noticed, and peers that are alive are found
again through any one of them; the longest lost is dropped first. What is stored is checked when it is
loaded, like a peer's input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from peernode.clock import Clock
from peernode.errors import Backpressure, PeerNodeError, RemoteProtocolError
from peernode.wire.codec import pack, unpack
from peernode.wire.contact import Contact

SAVE_S = 5.0
"""The peer cache is stored at most this often."""


class PeerCache(Protocol):
    """Where the overlay's memory is kept across restarts."""

    def load(self) -> list[bytes]:
        """The peers last saved, best first."""
        ...

    async def save(self, peers: list[bytes]) -> None:
        """Replace them."""
        ...

    def met_others(self) -> bool:
        """Whether this node has ever met another."""
        ...

    async def set_met_others(self) -> None:
        """From now on it has."""
        ...


class RememberedPeers:
    """What one node remembers of others, in the order in which they were last met or lost."""

    def __init__(self, cache: PeerCache, count_max: int, is_live: Callable[[Contact], bool]) -> None:
        self._cache = cache
        self._count_max = count_max
        self._is_live = is_live
        self._contacts: dict[bytes, Contact] = {}
        self._changed = False
        self.damaged = 0
        """Stored contacts that could not be read."""

    def __len__(self) -> int:
        return len(self._contacts)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"remembered": (len(self._contacts), self._count_max)}

    def load(self) -> None:
        """Take in what the last run saved."""
        for raw in reversed(self._cache.load()[: self._count_max]):
            try:
                contact = Contact.decode(unpack(raw))
            except RemoteProtocolError:
                self.damaged += 1
            else:
                self._contacts.pop(contact.public_key, None)
                self._contacts[contact.public_key] = contact

    def changed(self, kind: str, contact: Contact) -> None:
        """The routing table's word (``Change``): the peer ``appeared`` in it, or ``left`` it."""
        (self.met if kind == "appeared" else self.left)(contact)

    def met(self, contact: Contact) -> None:
        """``contact`` entered the routing table."""
        self._contacts.pop(contact.public_key, None)
        self._contacts[contact.public_key] = contact
        self._changed = True
        if len(self._contacts) > self._count_max:
            lost = self.lost()
            oldest = lost[-1] if len(lost) * 2 > self._count_max else self._oldest_live()
            del self._contacts[oldest.public_key]

    def left(self, contact: Contact) -> None:
        """``contact`` is lost, as of now."""
        known = self._contacts.pop(contact.public_key, None)
        if known is not None:
            self._contacts[contact.public_key] = known
            self._changed = True

    def heard(self, contact: Contact) -> None:
        """``contact`` answered; only another address than the one remembered matters."""
        known = self._contacts.get(contact.public_key)
        if known is not None and known.address != contact.address:
            self._contacts[contact.public_key] = contact
            self._changed = True

    def contacts(self) -> list[Contact]:
        """All of them, those that are alive first, then the lost, the latest lost first."""
        return [contact for contact in self._contacts.values() if self._is_live(contact)] + self.lost()

    def lost(self) -> list[Contact]:
        """Those that are not in the routing table now, the latest lost first."""
        return [contact for contact in reversed(self._contacts.values()) if not self._is_live(contact)]

    async def save(self) -> None:
        """Store them if they changed since they were last stored."""
        if not self._changed:
            return
        self._changed = False
        try:
            await self._cache.save([pack(contact.encode()) for contact in self.contacts()])
        except BaseException:
            self._changed = True
            raise

    def _oldest_live(self) -> Contact:
        return next(contact for contact in self._contacts.values() if self._is_live(contact))


class PeerKeeping:
    """Writes one node's memory down: that it has met others, and whom."""

    def __init__(
        self, cache: PeerCache, remembered: RememberedPeers, clock: Clock, counters: dict[str, int]
    ) -> None:
        self._cache = cache
        self._remembered = remembered
        self._clock = clock
        self._counters = counters
        self._met_saved = cache.met_others()
        self._saved_at = float("-inf")

    def due(self) -> bool:
        """Whether it is time for it, as which it counts then."""
        now = self._clock.monotonic()
        if now - self._saved_at < SAVE_S:
            return False
        self._saved_at = now
        return True

    async def save(self, met_others: bool) -> None:
        """Store what changed; a store that can't take it now is tried again."""
        try:
            if met_others and not self._met_saved:
                await self._cache.set_met_others()
                self._met_saved = True
            await self._remembered.save()
        except (PeerNodeError, Backpressure):
            self._counters["peer_cache.unsaved"] += 1

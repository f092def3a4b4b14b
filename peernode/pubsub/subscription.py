"""``Subscription``: what a channel's initiators answered to a lease of ours.

Invariants: a quorum is one of the set that was asked, whoever else took the lease; a full set changes by the
words of its own members alone, and only by nodes that took the lease and that ``AGREED_MIN`` of them name:
one liar among them can neither bring anybody in nor put anybody out; a lack is blamed on places or on a clock
only where those who said so are too many for a quorum of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from peernode.channel.leasetable import SERIAL_AHEAD_MAX_MS
from peernode.diagnostics.routes import route_by_keys
from peernode.errors import PeerNodeError
from peernode.pubsub.replica import InitiatorSet
from peernode.wire.contact import Contact

AGREED_MIN = 2
"""So many of a full set have to name who is to belong to it, all where it has fewer beside us."""

APART_MIN_MS = SERIAL_AHEAD_MAX_MS // 2
"""A clock that is less apart from the others' by what they showed us explains no refusal."""

ANSWERED = frozenset(("NO_PLACE", "CLOCK_SKEW"))
"""Codes of lacks that the initiators themselves have told: they are there, and take no lease of ours."""


@dataclass(slots=True)
class Subscription:
    """What the initiators answered: who took the lease, and what they hold."""

    view: InitiatorSet
    accepted: dict[bytes, Contact] = field(default_factory=dict)
    known: bool = False
    """Somebody had the channel already; else this subscription created it."""
    behind: list[tuple[Contact, bytes]] = field(default_factory=list)
    """Initiators whose log may have what ours lacks, and its root."""
    count: int = 0
    named: list[Contact] = field(default_factory=list)
    """Initiators that the answers named, checked by nobody yet."""
    namers: dict[bytes, dict[bytes, None]] = field(default_factory=dict)
    """Public key of who was named -> those of the set that named it."""
    said: dict[bytes, bytes] = field(default_factory=dict)
    """Public key of an initiator -> the hash, or its beginning, of the set that it named."""
    full: dict[bytes, None] = field(default_factory=dict)
    """Public keys of those of the set that answered to have no place or no room."""
    untimely: dict[bytes, None] = field(default_factory=dict)
    """Public keys of those to whose clocks the lease's serial is too old or too far ahead."""
    apart_ms: int = 0
    """How far most other clocks were ahead of ours when one of them said so."""
    insufficient: bool = False
    """An initiator needs more than the short way brings: the channel is subscribed to by itself."""
    joining: bool = False
    """A person may be waiting: without a quorum in time another attempt follows."""
    begun_s: float = 0.0
    waiting: dict[bytes, None] = field(default_factory=dict)
    """Public keys of who is being asked and has not answered yet."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    asking: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def open(self) -> int:
        """How many have not answered yet."""
        return len(self.waiting)

    @property
    def holders(self) -> list[bytes]:
        """Keys of those of the set that took the lease; who was named beside it does not count."""
        return [key for key in self.accepted if self.view.holds(key)]

    @property
    def quorum(self) -> bool:
        """Whether a majority took the lease."""
        return len(self.holders) >= self.view.quorum

    @property
    def lack(self) -> str:
        """The code of why there is no quorum: too few answer, have a place, or find our clock right."""
        if self._too_few_without(self.full):
            return "NO_PLACE"
        if abs(self.apart_ms) >= APART_MIN_MS and self._too_few_without({**self.full, **self.untimely}):
            return "CLOCK_SKEW"
        return "NO_INITIATOR"

    def _too_few_without(self, refusing: Iterable[bytes]) -> bool:
        return len(self.view.contacts) - sum(map(self.view.holds, refusing)) < self.view.quorum

    def error(self, channel: str) -> PeerNodeError:
        """``lack``, with what its texts need."""
        code = self.lack
        numbers = {"seconds": self.apart_s} if code == "CLOCK_SKEW" else {}
        return PeerNodeError(code, channel, **numbers)

    @property
    def apart_s(self) -> int:
        """By how much the clocks differ."""
        return round(abs(self.apart_ms) / 1000)

    @property
    def agreed(self) -> bool:
        """Whether a majority, other nodes among it, took the lease and named our set."""
        holders = self.holders
        named = [key for key in holders if self.view.hash.startswith(self.said.get(key, b"-"))]
        return len(holders) > 1 and len(named) >= self.view.quorum

    @property
    def differing(self) -> dict[bytes, bytes]:
        """Who named another set, and its hash."""
        return {key: said for key, said in self.said.items() if not self.view.hash.startswith(said)}

    def heard(self, contact: Contact, said: bytes, named: list[Contact]) -> None:
        """An answer named a set by its hash, and contacts."""
        self.said[contact.public_key] = said
        self.named.extend(named)
        if self.view.holds(contact.public_key):
            for one in named:
                self.namers.setdefault(one.public_key, {})[contact.public_key] = None

    def changed_set(self, channel_id: bytes, mine: bytes) -> tuple[list[Contact], list[Contact]]:
        """Our full set as others of it agree on it, closest first; and closer ones whom too few name."""
        target = int.from_bytes(channel_id, "big")

        def distance(contact: Contact) -> int:
            return contact.long_id ^ target

        old, limit = self.view.contacts, len(self.view.contacts)
        enough = min(AGREED_MIN, len(self.view.others(mine)))
        backed = [key for key, namers in self.namers.items() if len(namers) >= enough]
        taken = {c.public_key: c for c in self.named if c.public_key in self.accepted}
        beside = {key: contact for key, contact in taken.items() if not self.view.holds(key)}
        news = [beside.pop(key) for key in backed if key in beside]
        reach = max(map(distance, old))
        closer = [contact for contact in beside.values() if distance(contact) < reach]
        if not news:
            return list(old), closer
        kept = [contact for contact in old if contact.public_key in backed or contact.public_key == mine]
        chosen = sorted((*kept, *news), key=distance)[:limit]
        others = sorted(old, key=lambda contact: contact.public_key not in self.accepted)
        spare = [contact for contact in others if contact not in chosen]
        return sorted((*chosen, *spare[: limit - len(chosen)]), key=distance), closer

    def route(self) -> dict[str, Any]:
        """Who was asked, and who took the lease, for a record."""
        return route_by_keys("direct", [each.public_key for each in self.view.contacts], self.holders)

    def cancel(self) -> None:
        """Whoever has not answered is asked no more."""
        for task in self.asking:
            task.cancel()

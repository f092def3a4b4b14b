"""The peers that have answered us, arranged by XOR distance.

Invariants:

* only a peer that answered us is here; it leaves after ``strikes_max`` failures in a row that
  span ``strikes_span_s``; a replacement leaves at its first;
* while others vouch for a peer it does not leave, for ``VOUCHED_MAX_S`` at most, unless it answers meanwhile:
  the path to it may be broken, but liars must not keep the dead alive;
* while nobody answers us nobody leaves, for at most ``BLIND_MAX_S``: the fault is then more likely ours
  (Dadgar, Phillips, Currey: "Lifeguard", 2018);
* ``closest`` is exact: no bucket holds an unsuspected peer that is closer than one returned. It
  passes over the *suspected*, those that failed since they last answered;
* the table is bounded as ``buckets`` is; who finds no place there is forgotten;
* who left is suspected for ``LOST_S`` more, so that contacts which others still hand out delay nobody.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from kademlia.node import Node

from peernode.clock import Clock
from peernode.config import NodeConfig
from peernode.overlay.buckets import BUCKETS_MAX, Buckets
from peernode.wire.contact import Contact

VOUCHED_MAX_S = 30.0
BLIND_MAX_S = 20.0

LOST_S = 30.0
LOST_MAX = 256
"""Peers remembered as lost; over it the longest lost one is forgotten."""

Change = Callable[[str, Contact], None]
"""Called with ``appeared`` or ``left``, and whom it is about."""


@dataclass(slots=True, eq=False)
class Standing:
    """How a peer has behaved towards us."""

    contact: Contact
    heard_at: float
    """When it last answered, monotonic seconds."""
    failures: int = 0
    """Requests in a row that it did not answer."""
    first_failure_at: float = 0.0
    vouched_at: float = -math.inf
    """When another peer last said that this one answers it."""
    vouched_since: float = math.inf
    """When one said so first, since it last answered us."""


class PeerTable:
    """The routing table of one node."""

    def __init__(self, self_contact: Contact, config: NodeConfig, clock: Clock) -> None:
        self._own = self_contact
        self._config = config
        self._clock = clock
        self._buckets = Buckets(config.k, self_contact)
        self._standings: dict[bytes, Standing] = {}
        self._shown: dict[bytes, Contact] = {}
        self._places: list[Standing] | None = []
        """The standings of those in a bucket, in the order of their ids' ranges; None: to be made anew."""
        self._lost: OrderedDict[bytes, float] = OrderedDict()
        self._heard_at = -math.inf
        """When anybody last answered."""
        self.on_change: list[Change] = []

    def __len__(self) -> int:
        """Peers in the buckets, without the replacements."""
        return len(self._shown)

    def __contains__(self, contact: Contact) -> bool:
        return contact.public_key in self._shown

    @property
    def remembered(self) -> int:
        """Peers in buckets and replacement caches."""
        return len(self._standings)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "peers": (len(self._standings), BUCKETS_MAX * 2 * self._config.k),
            "lost": (len(self._lost), LOST_MAX),
        }

    # -- what happens -------------------------------------------------------------------------

    def answered(self, contact: Contact) -> None:
        """``contact`` answered a request of ours from its address."""
        if contact.public_key == self._own.public_key:
            return
        now = self._heard_at = self._clock.monotonic()
        standing = self._standings.get(contact.public_key)
        if standing is not None:
            standing.heard_at, standing.failures, standing.vouched_since = now, 0, math.inf
            moved = standing.contact.address != contact.address
            if moved:
                contact.public = contact.public or standing.contact.public
                standing.contact = contact
            if moved or contact.public_key not in self._shown:
                self._put_again(standing.contact)
            return
        self._lost.pop(contact.public_key, None)
        self._standings[contact.public_key] = Standing(contact, now)
        self._add(contact)

    def _add(self, contact: Contact) -> None:
        bucket, count = self._buckets.bucket_of(contact), len(self._buckets.buckets)
        spares = [node.public_key for node in bucket.replacement_nodes.values()]
        self._buckets.add_contact(contact)
        if len(self._buckets.buckets) != count:
            self._settle()  # a bucket was split: anybody of it may have a place now
        elif contact.id in bucket.nodes:
            self._shown[contact.public_key], self._places = contact, None
            self._tell("appeared", contact)
        else:
            kept = {node.public_key for node in bucket.replacement_nodes.values()}
            for public_key in spares:
                if public_key not in kept:
                    del self._standings[public_key]

    def failed(self, contact: Contact) -> None:
        """``contact`` left a request of ours unanswered."""
        now = self._clock.monotonic()
        standing = self._standings.get(contact.public_key)
        if standing is None:
            if contact.public_key in self._lost:
                self._lose(contact.public_key, now)
            return
        if standing.failures == 0:
            standing.first_failure_at = now
        standing.failures += 1
        spare = contact.public_key not in self._shown
        if spare or self._struck_out(standing, now):
            self._buckets.bucket_of(contact).drop(contact)
            del self._standings[contact.public_key]
            self._lose(contact.public_key, now)
            self._settle()

    def vouched(self, contact: Contact) -> None:
        """Another peer says that ``contact``, which does not answer us, answers it."""
        standing, now = self._standings.get(contact.public_key), self._clock.monotonic()
        if standing is not None and now - standing.vouched_since >= VOUCHED_MAX_S:
            self.failed(contact)  # whoever it is there for, it is not for us
        elif standing is not None:
            standing.vouched_at = now
            standing.vouched_since = min(standing.vouched_since, now)

    def forgive(self) -> None:
        """Forget all suspicion: it was our own network that failed, not they."""
        self._lost.clear()
        for standing in self._standings.values():
            standing.failures = 0

    def mark_public(self, public_key: bytes, public: bool) -> None:
        """The peer says whether others could dial it."""
        standing = self._standings.get(public_key)
        if standing is not None:
            standing.contact.public = public

    def refreshed(self, target: bytes) -> None:
        """A lookup of ``target`` ran, so the range that it is in is up to date."""
        self._buckets.bucket_of(Node(target)).refreshed_at = self._clock.monotonic()

    # -- what is asked ------------------------------------------------------------------------

    def closest(self, target: bytes, k: int) -> list[Contact]:
        """The ``k`` unsuspected peers closest to ``target``, exactly, closest first."""
        wanted = int.from_bytes(target, "big")
        found: list[Contact] = []
        # Ranges are whole subtrees: all ids of one are closer than all of the next.
        for bucket in sorted(self._buckets.buckets, key=lambda bucket: bucket.nearest_possible(wanted)):
            found += [node for node in bucket.nodes.values() if not self._standings[node.public_key].failures]
            if len(found) >= k:
                break
        return sorted(found, key=lambda node: node.long_id ^ wanted)[:k]

    def suspected(self, contact: Contact) -> bool:
        """Whether ``contact`` failed since it last answered, or left not long ago."""
        standing = self._standings.get(contact.public_key)
        if standing is not None:
            return standing.failures > 0
        lost_at = self._lost.get(contact.public_key)
        return lost_at is not None and self._clock.monotonic() - lost_at < LOST_S

    def silent(self, contact: Contact) -> bool:
        """Whether ``contact`` does not answer us: suspected, or there for others alone, who vouch for it."""
        standing = self._standings.get(contact.public_key)
        if standing is None:
            return self.suspected(contact)
        return standing.failures > 0 or standing.vouched_since < math.inf

    def standing(self, public_key: bytes) -> Standing | None:
        """What is known of a peer in a bucket or replacement cache."""
        return self._standings.get(public_key)

    def live(self) -> list[Standing]:
        """The unsuspected peers of the buckets, in the order of their ids' ranges."""
        return [standing for standing in self._placed() if not standing.failures]

    def suspects(self) -> list[Standing]:
        """The suspected peers of the buckets, in the order of their ids' ranges."""
        return [standing for standing in self._placed() if standing.failures]

    def has_room(self, contact: Contact) -> bool:
        """Whether ``contact``, if it answered, would be put into a bucket and not among replacements."""
        bucket = self._buckets.bucket_of(contact)
        return len(bucket.nodes) < self._config.k or bucket.spans(self._own)

    def ranges(self) -> list[tuple[int, int, float]]:
        """First id, size in bits and time of the last refresh of each bucket, in the order of ids."""
        return [(bucket.lowest, bucket.bits, bucket.refreshed_at) for bucket in self._buckets.buckets]

    def occupancy(self) -> list[dict[str, int]]:
        """Of each bucket, in the order of ids: its size in bits, its peers, and those who wait."""
        return [
            {"bits": bucket.bits, "peers": len(bucket.nodes), "waiting": len(bucket.replacement_nodes)}
            for bucket in self._buckets.buckets
        ]

    # -- within -------------------------------------------------------------------------------

    def _struck_out(self, standing: Standing, now: float) -> bool:
        failed_s, silent_s = now - standing.first_failure_at, now - standing.heard_at
        if standing.failures < self._config.strikes_max or failed_s < self._config.strikes_span_s:
            return False
        if self._heard_at <= standing.first_failure_at and silent_s < BLIND_MAX_S:
            return False
        vouched_for_s = now - standing.vouched_since
        return now - standing.vouched_at >= self._config.strikes_span_s or vouched_for_s >= VOUCHED_MAX_S

    def _placed(self) -> list[Standing]:
        if self._places is None:
            buckets = self._buckets.buckets
            self._places = [self._standings[node.public_key] for b in buckets for node in b.nodes.values()]
        return self._places

    def _put_again(self, contact: Contact) -> None:
        bucket = self._buckets.bucket_of(contact)
        if contact.id in bucket.nodes:
            bucket.nodes[contact.id] = contact
            self._shown[contact.public_key] = contact
        else:
            bucket.replacement_nodes[contact.id] = contact
            bucket.replacement_nodes.move_to_end(contact.id)

    def _settle(self) -> None:
        """After a change: drop who fell out of a replacement cache, tell who is in a bucket now."""
        before, self._shown = self._shown, {}
        spare: dict[bytes, Contact] = {}
        for bucket in self._buckets.buckets:
            self._shown.update((node.public_key, node) for node in bucket.nodes.values())
            spare.update((node.public_key, node) for node in bucket.replacement_nodes.values())
        placed = self._shown
        self._places = None
        if len(self._standings) > len(placed) + len(spare):
            for public_key in list(self._standings):
                if public_key not in placed and public_key not in spare:
                    del self._standings[public_key]
        changes = [("left", node) for key, node in before.items() if key not in placed]
        changes += [("appeared", node) for key, node in placed.items() if key not in before]
        for kind, node in changes:
            self._tell(kind, node)

    def _tell(self, kind: str, node: Contact) -> None:
        for listener in list(self.on_change):
            listener(kind, node)

    def _lose(self, public_key: bytes, now: float) -> None:
        self._lost[public_key] = now
        self._lost.move_to_end(public_key)
        if len(self._lost) > LOST_MAX:
            self._lost.popitem(last=False)

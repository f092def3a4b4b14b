"""``Retention``: channels that this node still holds though it is no initiator of them any more.

A node that closer ones have replaced keeps what it has until each of the R initiators has been seen to
hold the same, by an equal log root (which names floors, gaps and forks too), and ``retain_s`` have passed;
then it lets go. Invariants: only the present initiators, as a lookup names them, can release a holder, and
a second lookup at the moment of letting go must name the same; what a member holds is not let go; a new
message here makes every confirmation void; whoever comes back as an initiator goes on with what it has, so
a node that flaps costs digests, not transfers. Since when a channel is held survives a restart.

The initiators are asked every ``sync_s`` at first, then with doubling pauses up to ``CHECK_MAX_S``: what is
held needs looking after only until it is safe, and once more when the time is up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

from peernode.diagnostics.routes import route_by_keys, route_of
from peernode.errors import PeerNodeError, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.notes import RETAINED, note_key
from peernode.pubsub.replica import InitiatorSet, Replica
from peernode.pubsub.storage import SERVED_MAX, PubSubStorage
from peernode.span import Span
from peernode.store.base import DropMeta, PutMeta
from peernode.wire.codec import Fields, pack, unpack
from peernode.wire.contact import Contact

CHECK_MAX_S = 600.0
"""The longest pause between two looks at who holds a channel."""

Tell = Callable[[Replica, Contact], Awaitable[None]]
"""Compares logs with a peer; ``Retention.confirmed`` hears of equal ones."""


@dataclass(slots=True)
class Held:
    """One channel that is held for others; ``since_ms`` by the wall clock, ``next_s`` monotonic."""

    since_ms: int
    next_s: float
    looks: int = 0
    root: bytes = b""
    set_hash: bytes = b""
    complete: dict[bytes, None] = field(default_factory=dict)
    """Public keys of nodes that were seen to hold exactly what ``root`` names, at most 2 R."""
    giving: Span | None = None
    """The hand-off, until all of the initiators have it."""


class Retention:
    """What this node keeps for channels whose initiator it was."""

    def __init__(self, context: Context, storage: PubSubStorage) -> None:
        self._context = context
        self._storage = storage
        self._held: dict[bytes, Held] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound: there are no more channels than that."""
        return {"retained": (len(self._held), self._context.config.channels_max + SERVED_MAX)}

    def load(self) -> None:
        """Take up since when each channel is held."""
        for replica in self._storage.replicas.values():
            kept = self._context.store.meta(_key(replica))
            if not kept or replica.member:
                continue
            try:
                since_ms = Fields(unpack(kept)).take_int(0, 1 << 48)
            except RemoteProtocolError:
                self._context.collector.count("retention.unreadable")
                continue
            self._held[replica.channel_id] = Held(since_ms, self._context.now())

    # -- who is held for whom ----------------------------------------------------------------

    def look(self, replica: Replica) -> bool:
        """Note whether the channel is one that is only held; True when its initiators are to be asked now."""
        held = self._held.get(replica.channel_id)
        if replica.member or replica.serves:
            if held is not None:
                del self._held[replica.channel_id]
                _end(held, "left", replica)
                self._context.tasks.spawn(self._context.save(DropMeta(_key(replica))), "retention.back")
            return False
        now = self._context.now()
        if held is None:
            held = self._held[replica.channel_id] = Held(self._context.wall_ms(), now)
            held.giving = self._storage.handoffs.give(replica.name)
            self._storage.handoffs.ended(replica.channel_id)
            self._context.collector.count("retention.begun")
            begun = PutMeta(_key(replica), pack([held.since_ms]))
            self._context.tasks.spawn(self._context.save(begun), "retention.begun")
        return now >= held.next_s

    def confirmed(self, replica: Replica, contact: Contact, root: bytes) -> None:
        """A peer's log has this root; it counts when ours has it too."""
        held = self._held.get(replica.channel_id)
        if held is None or root != replica.log.root():
            return
        if held.root != root:
            held.root = root
            held.complete.clear()
        bound, view = 2 * self._context.config.replicas, replica.initiators
        if len(held.complete) >= bound and view is not None:  # those that left the set count for nothing
            held.complete = {key: None for key in held.complete if view.holds(key)}
        if len(held.complete) < bound:
            held.complete[contact.public_key] = None

    def holders(self, replica: Replica) -> int:
        """How many of the channel's initiators are known to hold all that is held here."""
        held, view = self._held.get(replica.channel_id), replica.initiators
        if held is None or view is None or held.root != replica.log.root():
            return 0
        return sum(1 for key in held.complete if view.holds(key))

    def forget_dropped(self) -> None:
        """Channels that are not stored any more, to make room for others, are not held either."""
        for channel_id in [key for key in self._held if key not in self._storage.replicas]:
            held = self._held.pop(channel_id)
            if held.giving is not None:
                held.giving.end("left", **route_of("pull", []))

    # -- handing over ------------------------------------------------------------------------

    async def hand_over(self, replica: Replica, tell: Tell) -> None:
        """Tell the initiators what there is until all of them have it; let go when they may be left alone."""
        held = self._held.get(replica.channel_id)
        if held is None:
            return
        pause_s = min(self._context.config.sync_s * 2**held.looks, CHECK_MAX_S)
        held.next_s = self._context.now() + self._context.jittered(pause_s)
        held.looks = min(held.looks + 1, 16)
        with held.giving or nullcontext():
            await self._tell_initiators(replica, held, tell)

    async def _tell_initiators(self, replica: Replica, held: Held, tell: Tell) -> None:
        try:
            view = await self._storage.initiators(replica)
        except PeerNodeError as error:
            self._context.collector.count(f"retention.{error.code}")
            return
        if replica.serves:
            self.look(replica)
            return
        if view.hash != held.set_hash:
            held.set_hash, held.looks = view.hash, 1
        others = view.others(self._context.identity.public_key)
        await asyncio.gather(*(tell(replica, contact) for contact in others))
        if self._storage.replicas.get(replica.channel_id) is replica and self._is_safe(replica, view):
            _end(held, "ok", replica)
        if self._may_go(replica, held, view):
            await self._let_go(replica, held)

    def _may_go(self, replica: Replica, held: Held, view: InitiatorSet) -> bool:
        """Whether R others hold all of it and the time has passed."""
        age_s = (self._context.wall_ms() - held.since_ms) / 1000
        return age_s >= self._context.config.retain_s and self._is_safe(replica, view)

    def _is_safe(self, replica: Replica, view: InitiatorSet) -> bool:
        """Whether R others hold all of it."""
        enough = len(view.contacts) >= self._context.config.replicas and view.answered
        return enough and self.holders(replica) == len(view.contacts)

    async def _let_go(self, replica: Replica, held: Held) -> None:
        """Drop the channel if a second lookup names the same initiators and nothing is under way."""
        try:
            again = await self._storage.initiators(replica, fresh=True)
        except PeerNodeError as error:
            self._context.collector.count(f"retention.{error.code}")
            return
        busy = replica.pending or replica.syncing or replica.member or replica.serves
        if busy or again.hash != held.set_hash or not self._may_go(replica, held, again):
            self._context.collector.count("retention.put_off")
            return
        del self._held[replica.channel_id]
        await self._storage.drop(replica)
        self._context.collector.count("retention.let_go")


def _end(held: Held, outcome: str, replica: Replica) -> None:
    """The hand-off has come to its outcome, if it had not before."""
    if held.giving is not None:
        view = replica.initiators
        asked = [contact.public_key for contact in view.contacts] if view is not None else []
        held.giving.end(
            outcome, **route_by_keys("pull", asked, [key for key in held.complete if key in asked])
        )


def _key(replica: Replica) -> str:
    return note_key(RETAINED, replica.channel_id)

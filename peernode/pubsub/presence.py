"""``Presence``: who of a channel's members this node can reach, and who is writing just now.

Reachable means that the member's node has answered this node itself within ``FRESH_S``: no list, no word of
others. It is looked at when somebody asks, and then in the list that an initiator has now; nothing is sent
while nobody does. That somebody writes is told to the subscribers of a small channel in one datagram each,
which nobody stores or repeats.

Invariants: one look pings at most ``LOOKED_AT_MAX`` members, and nobody who has answered lately; at most one
look per channel runs; a hint of typing goes out every ``TYPING_EVERY_S`` at most, comes in as often from one
sender, and only from who is a subscriber, or has written here, as far as this node knows.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.events import Member, Typing
from peernode.identity import node_id_of
from peernode.pubsub.audience import Audience
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.ratelimit import BucketTable
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

FRESH_S = 30.0
"""Who answered so lately is reachable."""

LOOK_AGAIN_S = 10.0
"""Who answered so lately is not pinged again."""

LOOKED_AT_MAX = 200
"""Members that one look pings and lists; the others are counted."""

PINGS_AT_ONCE = 16
PING_SENDS = 2

ANSWERED_MAX = 4096
"""Nodes whose last answer is remembered; the one that answered longest ago is forgotten."""

TYPING_EVERY_S = 2.0
WRITERS_MAX = 1024


class Presence:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, audience: Audience) -> None:
        self._context = context
        self._storage = storage
        self._audience = audience
        self._answered: OrderedDict[bytes, float] = OrderedDict()
        """Node id -> when it last answered, monotonic s."""
        self._looking: dict[bytes, asyncio.Future[None]] = {}
        self._writers = BucketTable(1 / TYPING_EVERY_S, 1, WRITERS_MAX)
        context.rpc.on_answered.append(self._heard)
        context.rpc.serve(Op.TYPING, self._serve_typing)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "presence_answered": (len(self._answered), ANSWERED_MAX),
            "presence_looking": (len(self._looking), self._context.config.channels_max),
            "writers": self._writers.sizes()["buckets"],
        }

    def _heard(self, contact: Contact, elapsed_s: float) -> None:
        self._answered[contact.id] = self._context.now()
        self._answered.move_to_end(contact.id)
        if len(self._answered) > ANSWERED_MAX:
            self._answered.popitem(last=False)

    async def members(self, replica: Replica) -> tuple[list[Member], int]:
        """The channel's members after a look at them, own node first, and how many there are."""
        await self._audience.look(replica)
        known = self._audience.known(replica)
        listed = list(known.values())[:LOOKED_AT_MAX]
        if replica.channel_id in self._looking:
            await asyncio.shield(self._looking[replica.channel_id])
        else:
            await self._look(replica, listed)
        me = self._context.identity.node_id
        names, forked = replica.timeline.people.names(), {*map(node_id_of, replica.log.forked())}
        now = self._context.now()
        others = [
            self._member(contact.id, names.get(contact.id, ""), now, contact.id in forked)
            for contact in listed
        ]
        others.sort(key=lambda member: (not member.reachable, member.name.casefold(), member.node_id))
        mine = Member(me.hex(), names.get(me, self._context.config.display_name), True, 0, me in forked)
        return [mine, *others], len(known) + 1

    def _member(self, node_id: bytes, name: str, now: float, forked: bool) -> Member:
        answered = self._answered.get(node_id)
        ago_ms = -1 if answered is None else int((now - answered) * 1000)
        return Member(node_id.hex(), name, 0 <= ago_ms <= FRESH_S * 1000, ago_ms, forked)

    async def _look(self, replica: Replica, contacts: list[Contact]) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._looking[replica.channel_id] = done
        gate = asyncio.Semaphore(PINGS_AT_ONCE)
        now = self._context.now()
        due = [one for one in contacts if now - self._answered.get(one.id, -LOOK_AGAIN_S) >= LOOK_AGAIN_S]
        try:
            await asyncio.gather(*(self._ping(contact, gate) for contact in due))
        finally:
            del self._looking[replica.channel_id]
            done.set_result(None)

    async def _ping(self, contact: Contact, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                await self._context.rpc.request(contact, Op.PING, [1, 1], sends=PING_SENDS)
            except (RpcTimeout, Refused, Backpressure) as error:
                self._context.collector.count(f"presence.{type(error).__name__}")

    # -- typing ------------------------------------------------------------------------------

    def typing(self, replica: Replica) -> None:
        """Tell the others that somebody writes here; too soon after the last time, or to too many: not."""
        contacts = self._audience.known(replica)
        if len(contacts) > self._context.config.small_channel_max:
            return
        if not self._writers.take(f"own {replica.channel_id.hex()}", self._context.now()):
            return
        for contact in contacts.values():
            if self._context.rpc.is_proven(contact):
                self._context.tasks.spawn(self._hint(replica, contact), "typing")

    async def _hint(self, replica: Replica, contact: Contact) -> None:
        try:
            await self._context.rpc.request(contact, Op.TYPING, [replica.channel_id], prove=True, sends=1)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"typing.{type(error).__name__}")

    def _serve_typing(self, caller: Caller, body: Fields) -> list[Any]:
        replica = self._storage.replicas.get(body.take_bytes(20))
        if replica is None or not replica.subscribed or not self._belongs(replica, caller.contact):
            raise Refused(Status.NOT_SUBSCRIBED)
        key = f"{replica.channel_id.hex()} {caller.contact.id.hex()}"
        if not self._writers.take(key, self._context.now()):
            raise Refused(Status.RATE_LIMITED)
        self._context.tell(Typing(replica.name, caller.contact.id.hex()))
        return []

    def _belongs(self, replica: Replica, contact: Contact) -> bool:
        """Who came lately may not be listed here for a renewal yet, but has said its name already."""
        return replica.lists(contact.id) or replica.room.of_author(contact.public_key) > 0

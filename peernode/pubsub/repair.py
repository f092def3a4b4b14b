"""``Repair``: fetches again what the disk has damaged.

A row is verified whenever it is read, and a bad one counts as missing; here it is fetched from the
channel's initiators and written anew. So that rot is found before the last sound copy is gone too, a page
of every log is read now and then (*scrubbing*), round and round.

Invariants: only bytes with the digest that was stored are written back; at most ``WAITING_MAX`` places
wait, over which a damaged row waits for the next time that it is read; what nobody can give is asked for
again with the next round.
"""

from __future__ import annotations

import asyncio

from peernode.channel.log import Range
from peernode.channel.message import Message, parts_named
from peernode.errors import PeerNodeError, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.sync import FAILURES, CatchUp
from peernode.store.base import PutMessage, PutPart
from peernode.wire.contact import Contact

WAITING_MAX = 1024
"""Damaged messages that wait to be fetched."""

SCRUB_S = 10.0
SCRUB_ROWS = 64
"""Messages of each channel that one round of scrubbing reads."""

Place = tuple[bytes, bytes, bytes, int]
"""Channel id, author, instance, number."""


class Repair:
    """The damaged rows of one node."""

    def __init__(self, context: Context, storage: PubSubStorage, ingest: Ingest, catch_up: CatchUp) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._catch_up = catch_up
        self._waiting: dict[Place, None] = {}
        self._noticed = asyncio.Event()
        self._scrubbed: dict[bytes, bytes | None] = {}
        """Channel id -> order key down to which this round has read."""
        context.store.on_bad_row = self._damaged

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"repairs": (len(self._waiting), WAITING_MAX)}

    async def run(self) -> None:
        """Repair what is noticed, and look for more; ends with the node."""
        while True:
            try:
                async with asyncio.timeout(SCRUB_S):  # no jitter: nobody else notices it
                    await self._noticed.wait()
            except TimeoutError:
                await self._scrub()
            self._noticed.clear()
            for place in list(self._waiting):
                await self._repair(place)
            for replica in list(self._storage.replicas.values()):
                for digest in list(replica.missing_parts):
                    await self._repair_part(replica, digest)

    def _damaged(self, channel_id: bytes, author: bytes, instance: bytes, seq: int) -> None:
        """Told by the store in the middle of a read."""
        place = (channel_id, author, instance, seq)
        if place in self._waiting:
            return
        if len(self._waiting) >= WAITING_MAX:
            self._context.collector.count("repair.put_off")
            return
        self._waiting[place] = None
        self._noticed.set()

    async def _scrub(self) -> None:
        """Read the next page of every log, the newest first; a bad row reports itself."""
        places, self._scrubbed = self._scrubbed, {}
        for replica in list(self._storage.replicas.values()):
            await asyncio.sleep(0)  # a node of a thousand channels answers between their pages
            before = places.get(replica.channel_id)
            raws = self._context.store.newest(replica.channel_id, before, SCRUB_ROWS)
            for raw in raws:
                for digest in parts_named(raw):
                    if self._context.store.part(digest) is None:
                        replica.miss_part(digest)
            done = len(raws) < SCRUB_ROWS
            self._scrubbed[replica.channel_id] = None if done else Message.trusted(raws[-1]).order_key

    # -- repairing -----------------------------------------------------------------------------

    async def _sources(self, replica: Replica) -> list[Contact]:
        """The initiators, looked up anew when the set known was doubted; nobody if none can be asked."""
        try:
            view = await self._storage.known_initiators(replica)
        except PeerNodeError as error:
            self._context.collector.count(f"repair.{error.code}")
            return []
        return view.others(self._context.identity.public_key)

    async def _repair(self, place: Place) -> None:
        channel_id, author, instance, seq = place
        replica = self._storage.replicas.get(channel_id)
        if replica is None:
            self._waiting.pop(place, None)
            return
        started = self._context.now()
        span = Range(author, instance, seq, seq)
        for contact in await self._sources(replica):
            message = await self._fetch(replica, contact, span)
            if message is not None and await self._context.save(PutMessage(message)):
                self._waiting.pop(place, None)
                self._context.collector.record("repair", replica.name, "ok", started, peer=contact.id.hex())
                return
        self._context.collector.record("repair", replica.name, "missing", started)

    async def _fetch(self, replica: Replica, contact: Contact, span: Range) -> Message | None:
        """The message that was stored at the place, from a peer that has it."""
        expected = self._context.store.digest_at(replica.channel_id, span.author, span.instance, span.low)
        try:
            raws = await self._catch_up.pull(replica, contact, [span])
            messages = [self._ingest.decode(replica, raw) for raw in raws]
        except (*FAILURES, RemoteProtocolError) as error:
            self._context.collector.count(f"repair.{type(error).__name__}")
            return None
        return next((message for message in messages if message.digest == expected), None)

    async def _repair_part(self, replica: Replica, digest: bytes) -> None:
        started = self._context.now()
        for contact in await self._sources(replica):
            block = await self._ingest.fetch_part(replica, digest, contact)
            if block is not None and await self._context.save(PutPart(digest, block)):
                replica.missing_parts.pop(digest, None)
                self._context.collector.record("repair", replica.name, "ok", started, peer=contact.id.hex())
                return
        self._context.collector.record("repair", replica.name, "missing", started)

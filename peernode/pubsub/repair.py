"""``Repair``: fetches again what the disk has damaged.

A row is verified whenever it is read, and a bad one counts as missing; here it is fetched from the
channel's initiators and written anew. One that stands under a wrong key is put right on the spot. So that rot
is found before the last sound copy is gone too, a page of every log is read now and then (*scrubbing*), round
and round, and at the end of a round the log's numbers are looked for in the store.

Invariants: only bytes with a digest that was stored are written back (or, where no row says any more which
that was, a signed message of that place), and of a fork, whose rows can't tell which of them is damaged,
both; at most ``WAITING_MAX`` places wait, over which a damaged row waits for the next time that it is read;
what nobody can give is asked for again, and keys are put right again, after pauses that double, with jitter,
up to ``AGAIN_MAX_S``; a disk that can't be read for a while costs a round, never the loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable

from peernode.channel.message import Message, parts_named
from peernode.channel.summary import Range
from peernode.diagnostics.routes import route_of
from peernode.errors import LocalProtocolError, PeerNodeError, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.holes import holes_of
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.sync import FAILURES, CatchUp
from peernode.span import Span
from peernode.store.base import PutMessage, PutPart
from peernode.wire.contact import Contact

WAITING_MAX = 1024
"""Damaged messages that wait to be fetched."""

SCRUB_S = 10.0
SCRUB_ROWS = 64
"""Messages of each channel that one round of scrubbing reads."""

AGAIN_S = 10.0
AGAIN_MAX_S = 600.0
"""The first and the longest pause before what nobody could give is asked for again, give or take a fifth."""

Place = tuple[bytes, bytes, bytes, int]
"""Channel id, author, instance, number."""

KEYS = "keys"
"""What is put off when keys could not be put right."""

PUT_OFF_MAX = 4096
"""Places and parts that wait for another try; over it the first is asked for with the next round, counted."""


class PutOff:
    """When what could not be repaired is tried again."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._until: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def due(self, key: Hashable) -> bool:
        """Whether it may be tried now."""
        return self._context.now() >= self._until.get(key, (0.0, 0))[0]

    def failed(self, key: Hashable) -> None:
        """Nobody could give it: twice the last pause."""
        tries = self._until.pop(key, (0.0, 0))[1]
        pause_s = min(AGAIN_S * 2**tries, AGAIN_MAX_S)
        self._until[key] = (self._context.now() + self._context.jittered(pause_s), min(tries + 1, 16))
        if len(self._until) > PUT_OFF_MAX:
            self._until.popitem(last=False)
            self._context.collector.count("repair.put_off_full")

    def done(self, key: Hashable) -> None:
        """It is repaired, or not wanted any more."""
        self._until.pop(key, None)


class Repair:
    """The damaged rows of one node."""

    def __init__(self, context: Context, storage: PubSubStorage, ingest: Ingest, catch_up: CatchUp) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._catch_up = catch_up
        self._waiting: dict[Place, None] = {}
        self._put_off = PutOff(context)
        self._noticed = asyncio.Event()
        self._scrubbed: dict[bytes, bytes | None] = {}
        """Channel id -> order key down to which this round has read."""
        self._misfiled = False
        """A row was met under a wrong key."""
        self._righted = 0
        context.store.on_bad_row = self._damaged
        context.store.on_misfiled = self._wrong_key

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "repairs": (len(self._waiting), WAITING_MAX),
            "repairs_put_off": (len(self._put_off), PUT_OFF_MAX),
        }

    async def run(self) -> None:
        """Repair what is noticed, and look for more; ends with the node."""
        while True:
            try:
                async with asyncio.timeout(SCRUB_S):  # no jitter: nobody else notices it
                    await self._noticed.wait()
            except TimeoutError:
                await self._scrub()
            self._noticed.clear()
            await self._set_right()
            for place in list(self._waiting):
                if self._put_off.due(place):
                    await self._repair(place)
            for replica in list(self._storage.replicas.values()):
                for digest in list(replica.missing_parts):
                    if self._put_off.due((replica.channel_id, digest)):
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

    def _wrong_key(self) -> None:
        """Told by the store in the middle of a read."""
        self._misfiled = True
        self._noticed.set()

    async def _set_right(self) -> None:
        """Have rows under wrong keys put right; what has no row then is fetched like a damaged one."""
        store = self._context.store
        if self._misfiled and self._put_off.due(KEYS):
            self._misfiled = False
            self._put_off.failed(KEYS)  # until it proves right: the next time only after a pause
            try:
                await store.set_right()
                for replica in list(self._storage.replicas.values()):
                    for hole in await holes_of(replica):
                        self._damaged(replica.channel_id, hole.author, hole.instance, hole.low)
            except (PeerNodeError, LocalProtocolError) as error:
                self._misfiled = True
                self._context.collector.count(f"repair.keys.{type(error).__name__}")
        if store.righted > self._righted:  # when the channels were loaded, too
            self._context.collector.count("repair.keys_righted", store.righted - self._righted)
            self._righted = store.righted

    async def _scrub(self) -> None:
        """Read the next page of every log, the newest first; a bad row reports itself."""
        places, self._scrubbed = self._scrubbed, {}
        for replica in list(self._storage.replicas.values()):
            await asyncio.sleep(0)  # a node of a thousand channels answers between their pages
            before = places.get(replica.channel_id)
            try:
                self._scrubbed[replica.channel_id] = after = self._read_page(replica, before)
                if after is None and await holes_of(replica):
                    self._wrong_key()
            except PeerNodeError as error:  # the disk gives nothing now: the same page with the next round
                self._context.collector.count(f"repair.{error.code}")
                self._misfiled |= error.code == "STORE_CORRUPT"  # an index may point at nothing
                self._scrubbed[replica.channel_id] = before

    def _read_page(self, replica: Replica, before: bytes | None) -> bytes | None:
        """Read a page of a log and its parts; where the next one begins, None at the end."""
        raws = self._context.store.newest(replica.channel_id, before, SCRUB_ROWS)
        for raw in raws:
            for digest in parts_named(raw):
                if self._context.store.part(digest) is None:
                    replica.miss_part(digest)
        return None if len(raws) < SCRUB_ROWS else Message.trusted(raws[-1]).order_key

    # -- repairing -----------------------------------------------------------------------------

    def _begin(self, replica: Replica) -> Span:
        return self._context.collector.begin("repair", replica.name, self._context.operation_id())

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
        stream = replica.log.stream(author, instance) if replica else None
        if replica is None or stream is None or not stream.holds(seq):  # forgotten, or expired meanwhile
            self._waiting.pop(place, None)
            self._put_off.done(place)
            return
        asked: list[bytes] = []
        with self._begin(replica) as span:
            try:
                repairer = await self._refill(replica, Range(author, instance, seq, seq), asked)
            except PeerNodeError as error:
                self._put_off.failed(place)
                span.end(error.code, **route_of("pull", asked))
                return
        if repairer is None:
            self._put_off.failed(place)
            span.end("missing", **route_of("pull", asked))
            return
        self._waiting.pop(place, None)
        self._put_off.done(place)
        span.end("ok", peer=repairer.id.hex(), **route_of("pull", asked, [repairer.id]))

    async def _refill(self, replica: Replica, place: Range, asked: list[bytes]) -> Contact | None:
        """Write anew what was stored at a place; who had the last of it, None when nobody has all."""
        wanted = dict.fromkeys(self._digests_at(replica, place))
        unknown = not wanted
        for contact in await self._sources(replica):
            asked.append(contact.id)
            for message in await self._fetch(replica, contact, place):
                taken = message.digest in wanted or (unknown and _stands_at(message, place))
                if taken and await self._context.save(PutMessage(message)):
                    wanted.pop(message.digest, None)
                    unknown = False
            if not wanted and not unknown:
                return contact
        return None

    def _digests_at(self, replica: Replica, span: Range) -> list[bytes]:
        """What was stored at a place: one message, or the two of a fork, one of which is sound."""
        forked = replica.log.fork_at(span.author, span.instance, span.low)
        if forked:
            return list(forked)
        digest = self._context.store.digest_at(replica.channel_id, span.author, span.instance, span.low)
        if digest is None and (stream := replica.log.stream(span.author, span.instance)) is not None:
            digest = stream.head_at(span.low)  # no row is left; the log knows those at the end of a range
        return [digest] if digest else []

    async def _fetch(self, replica: Replica, contact: Contact, span: Range) -> list[Message]:
        """The messages of the place that a peer has."""
        try:
            raws = await self._catch_up.pull(replica, contact, [span])
            return [self._ingest.decode(replica, raw) for raw in raws]
        except (*FAILURES, RemoteProtocolError) as error:
            self._context.collector.count(f"repair.{type(error).__name__}")
            return []

    async def _repair_part(self, replica: Replica, digest: bytes) -> None:
        asked: list[bytes] = []
        with self._begin(replica) as span:
            for contact in await self._sources(replica):
                asked.append(contact.id)
                block = await self._ingest.fetch_part(replica, digest, contact)
                if block is not None and await self._context.save(PutPart(digest, block)):
                    replica.missing_parts.pop(digest, None)
                    self._put_off.done((replica.channel_id, digest))
                    span.end("ok", peer=contact.id.hex(), **route_of("pull", asked, [contact.id]))
                    return
            self._put_off.failed((replica.channel_id, digest))
            span.end("missing", **route_of("pull", asked))


def _stands_at(message: Message, place: Range) -> bool:
    return (message.author, message.instance, message.seq) == (place.author, place.instance, place.low)

"""``Repair``: fetches again what the disk has damaged.

A row is verified whenever it is read, and a bad one counts as missing; here it is fetched from the
channel's initiators and written anew. One that stands under a wrong key is put right on the spot. So that rot
is found before the last sound copy is gone too, a page of every log is read now and then (*scrubbing*), round
and round, and at the end of a round the log's numbers are looked for in the store.

Invariants: only bytes with a digest that was stored are written back (or, where no row says any more which
that was, a signed message of that place), and of a fork, whose rows can't tell which of them is damaged,
both; at most ``WAITING_MAX`` places wait, over which a damaged row waits for the next time that it is read;
what nobody can give is asked for again, and keys are put right again, after pauses that double (``PutOff``);
a row that is missed has the keys looked at once, then it waits to be fetched like a damaged one; a disk that
can't be read for a while costs a round, never the loop.
"""

from __future__ import annotations

import asyncio

from peernode.channel.message import Message, parts_named
from peernode.channel.summary import Range
from peernode.diagnostics.routes import route_of
from peernode.errors import LocalProtocolError, PeerNodeError, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.holes import holes_of
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.putoff import PUT_OFF_MAX, PutOff
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

Place = tuple[bytes, bytes, bytes, int]
"""Channel id, author, instance, number."""

KEYS, HOLES = "keys", "holes"
"""What is put off when keys were put right in vain, because a row had a wrong one or there was none."""


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
        self._wrong: dict[str, None] = {}
        """Why keys are to be put right: a row was met under a wrong one, or is missed."""
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
        due_s = self._context.now() + SCRUB_S  # no jitter: nobody else notices it
        while True:
            try:
                async with asyncio.timeout(max(0.0, due_s - self._context.now())):
                    await self._noticed.wait()
            except TimeoutError:
                await self._scrub()
                due_s = self._context.now() + SCRUB_S
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
        self._wrong[KEYS] = None
        self._noticed.set()

    async def _set_right(self) -> None:
        """Have rows under wrong keys put right; what has no row then is fetched like a damaged one."""
        store = self._context.store
        causes = [key for key in (KEYS, HOLES) if key in self._wrong and self._put_off.due(key)]
        if causes:
            for key in causes:
                self._put_off.failed(key)  # no commit goes on while it runs: not often, unless it helps
            self._context.collector.count("repair.keys_looked_at")
            try:
                await store.set_right()
                for key in causes:
                    del self._wrong[key]
                    if store.righted > self._righted:
                        self._put_off.done(key)
                        self._put_off.failed(key)  # the shortest pause again
                for replica in list(self._storage.replicas.values()):
                    for place in await self._new_holes(replica):
                        self._damaged(*place)
            except (PeerNodeError, LocalProtocolError) as error:
                self._context.collector.count(f"repair.keys.{type(error).__name__}")
        if store.righted > self._righted:  # when the channels were loaded, too
            self._context.collector.count("repair.keys_righted", store.righted - self._righted)
            self._righted = store.righted

    async def _new_holes(self, replica: Replica) -> list[Place]:
        """The rows that the disk has lost, but for those that wait for somebody who has them."""
        holes = await holes_of(replica)
        lost = [(replica.channel_id, hole.author, hole.instance, hole.low) for hole in holes]
        return [place for place in lost if place not in self._waiting]

    async def _look_for_holes(self, replica: Replica) -> None:
        """A row without an entry is found by putting the keys right; that it is lost is likelier."""
        for place in await self._new_holes(replica):
            if self._put_off.due(HOLES):
                self._wrong[HOLES] = None
                self._noticed.set()
                return
            self._damaged(*place)

    async def _scrub(self) -> None:
        """Read the next page of every log, the newest first; a bad row reports itself."""
        places, self._scrubbed = self._scrubbed, {}
        for replica in list(self._storage.replicas.values()):
            await asyncio.sleep(0)  # a node of a thousand channels answers between their pages
            before = places.get(replica.channel_id)
            try:
                self._scrubbed[replica.channel_id] = after = self._read_page(replica, before)
                if after is None:
                    await self._look_for_holes(replica)
            except PeerNodeError as error:  # the disk gives nothing now: the same page with the next round
                self._context.collector.count(f"repair.{error.code}")
                if error.code == "STORE_CORRUPT":  # an index may point at nothing
                    self._wrong_key()
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
                taken = message.digest in wanted or unknown
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
        return [digest] if digest else self._named_behind(replica, span)

    def _named_behind(self, replica: Replica, span: Range) -> list[bytes]:
        """What the message behind the place names, where nothing says that its author contradicts himself."""
        stream = replica.log.stream(span.author, span.instance)
        behind = (span.author, span.instance, span.low + 1, span.low + 1, 1)
        rows = self._context.store.messages(replica.channel_id, *behind)
        torn = stream is None or span.low in stream.tears or span.low + 1 in stream.forks
        return [] if torn else [Message.trusted(raw).prev for _, raw in rows]

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

"""``CatchUp``: anti-entropy of one channel with one peer; after it we hold what the peer held.

Compare bucket digests, list the streams of the buckets that differ, pull the ranges we miss. Both
sides do the same in turn, so union is the outcome whoever starts. Invariants: at most one catch-up
per (channel, peer) runs at a time; a peer that lies about its streams costs ``PULLS_MAX`` requests and
itself, and a page of them at a time: what is wanted is taken as the list is read; what was pulled is checked
and committed like any other message; who is outside the channel's set is held to the authors' quotas, to
``Rations`` and to ``OUTSIDE_S``.
"""

from __future__ import annotations

import asyncio
from itertools import islice

from peernode.channel.message import MESSAGE_MAX_BYTES
from peernode.channel.summary import Range, StreamSummary, decode_summary
from peernode.diagnostics.routes import route_of
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.look import Look, newest, parted, wanted_requests, welcome
from peernode.pubsub.pulling import FAILURES as FAILURES
from peernode.pubsub.pulling import PULLS_AT_ONCE, Pulls
from peernode.pubsub.rations import PAGE_BYTES, Rations
from peernode.pubsub.replica import Replica
from peernode.pubsub.walks import PULL_SPAN, Ask, Walks, numbers_of
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

SUMMARY_PAGES_MAX = 2048
"""Pages of streams one catch-up reads (11 streams each, ``archive``); the next one goes on."""

PULLS_MAX = 8192
"""PULLs of one catch-up; the next one goes on."""

LOOKS_MAX = 32
"""Catch-ups in a row with an initiator that has more than one of them takes; the next recovery goes on."""

BATCH = 4 * PULLS_AT_ONCE
"""PULLs of which the messages are taken in together."""

TURNS_MAX = 32
"""Turns of the streams of one list that a peer may hold any numbers of; the next catch-up goes on, and takes
first what others have written meanwhile."""

TAKEN_AT = BATCH * PULL_SPAN - 10
"""Numbers wanted of the streams listed so far that are worth a batch: one more page of streams of one
message each would not fit."""

OUTSIDE_S = 300.0
"""How long one catch-up with a peer outside the set goes on; the next one goes on from there."""

GAP_NEXT_RTOS = 3
"""An initiator that has not filled a gap after so many retransmission timeouts may be dead, and a gap is
shown after 2 s: the next one is asked beside it."""

RECENT_MAX = 500
"""Messages that a join fetches before it is confirmed; older ones follow in the background."""


class CatchUp:
    """Pulls what a peer has and we lack."""

    def __init__(self, context: Context, ingest: Ingest) -> None:
        self._context = context
        self._ingest = ingest
        self._rations = Rations(context)
        self._pulls = Pulls(context)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return self._rations.sizes()

    def outside(self, replica: Replica, contact: Contact) -> bool:
        """Whether a peer is neither one of the channel's initiators nor close enough to be one."""
        return self._rations.outside(replica, contact)

    def start(self, replica: Replica, contact: Contact) -> None:
        """Catch up in the background, unless that is on its way already."""
        if contact.public_key not in replica.syncing:
            self._context.tasks.spawn(self.run(replica, contact), "sync.catch_up")

    def gap(self, replica: Replica) -> None:
        """A push skipped ahead: unless the rest comes at once, pull it from an initiator."""
        if not replica.repairing:
            replica.repairing = True
            self._context.tasks.spawn(self._repair(replica), "sync.gap")

    async def _repair(self, replica: Replica) -> None:
        try:
            await asyncio.sleep(2 * self._context.rpc.median_rto_s())
            view = replica.initiators
            for contact in view.others(self._context.identity.public_key) if view else []:
                if not replica.timeline.holding:
                    return
                self._context.collector.count("sync.gap")
                asked = self._context.tasks.spawn(self.run(replica, contact), "sync.gap_pull")
                try:
                    async with asyncio.timeout(GAP_NEXT_RTOS * self._context.rpc.median_rto_s()):
                        await asyncio.shield(asked)
                except TimeoutError:
                    self._context.collector.count("sync.gap_next")
        finally:
            replica.repairing = False

    async def recent(self, replica: Replica, contact: Contact) -> int | None:
        """The newest messages only; how many were new, None when the peer did not answer."""
        return await self.run(replica, contact, RECENT_MAX)

    async def settled(self, replica: Replica, contact: Contact, root: bytes) -> bool:
        """Catch up with a peer that named ``root``; whether it has nothing more that could be taken here.

        What was cut short goes on while it brings something. What the peer shows then and did not give when
        asked can't be had of it: it shows ranges, and an honest one may lack numbers in them, too.
        """
        for _ in range(LOOKS_MAX):
            await replica.syncing.ended(contact.public_key)
            if replica.holds_all_of(contact.public_key, root):
                return True
            look = await self._look(replica, contact)
            if look is None:
                return replica.room.full  # what it has more would be refused
            if not (look.short and look.new):
                return True
        self._context.collector.count("sync.looks_full")
        return False

    async def run(
        self, replica: Replica, contact: Contact, limit: int | None = None, uncalled: bool = False
    ) -> int | None:
        """Catch up with ``contact``; how many messages were new, None when it failed.

        ``uncalled``: for no other reason than that it says to have something.
        """
        look = await self._look(replica, contact, limit, uncalled)
        return None if look is None else look.new

    async def _look(
        self, replica: Replica, contact: Contact, limit: int | None = None, uncalled: bool = False
    ) -> Look | None:
        """One catch-up; None when it failed."""
        if contact.public_key in replica.syncing or contact.public_key == self._context.identity.public_key:
            return None
        if replica.room.full:  # what it has would be refused, again and again
            self._context.collector.count("sync.channel_full")
            return None
        look = Look(self.outside(replica, contact), uncalled, self._context.now() + OUTSIDE_S, PULLS_MAX)
        if not self._goes_on(contact, look):
            return None
        if not replica.syncing.begin(contact.public_key):
            self._context.collector.count("sync.syncing_full")
            return None
        span = self._context.collector.begin("sync", replica.name)
        try:
            with span:
                theirs = await self._go_through(replica, contact, look, limit)
        except FAILURES as error:
            span.end(type(error).__name__, peer=contact.id.hex(), **route_of("pull", [contact.id]))
            return None
        finally:
            replica.syncing.end(contact.public_key)
        if theirs:
            # Different all the same, when we keep messages for a shorter time, or an author's quota is spent.
            replica.compared(contact.public_key, theirs)
        if look.new and replica.log.root() != theirs:
            self._context.collector.count("sync.merged")  # each had what the other lacked
        span.end("ok", peer=contact.id.hex(), new=look.new, **route_of("pull", [contact.id], [contact.id]))
        return look

    def _goes_on(self, contact: Contact, look: Look) -> bool:
        """Whether more may be asked of a peer: one outside has a ration and a time, the next look goes on."""
        if look.outside and not look.ended:
            if not self._rations.may(contact):
                self._context.collector.count("sync.rationed")
                look.ended = True
            elif self._context.now() > look.until_s:
                self._context.collector.count("sync.out_of_time")
                look.ended = True
        return not look.ended

    async def _go_through(self, replica: Replica, contact: Contact, look: Look, limit: int | None) -> bytes:
        """Read the list of the peer's streams that differ, and take what is wanted of them as it comes.

        The peer's root, when nothing in its log is wanted any more; empty when that can't be said.
        """
        root, after, numbers = b"", None, 0
        found: list[StreamSummary] = []
        for _ in range(SUMMARY_PAGES_MAX):
            if not self._goes_on(contact, look):
                look.whole = False
                break
            log = replica.log
            body = [replica.channel_id, log.root(), log.bucket_digests(), after]
            answer = Fields(await self._context.rpc.request(contact, Op.SUMMARY, body, prove=True))
            before, root = root, answer.take_bytes(16)
            look.changed = look.changed or before not in (b"", root)
            page = [decode_summary(item) for item in answer.take_list(64)]
            if look.outside and look.uncalled:
                self._rations.brought(contact, PAGE_BYTES)
            wanted = welcome(replica, page, look.outside)
            keys = {(span.author, span.instance) for span in wanted}
            found.extend(each for each in page if (each.author, each.instance) in keys)
            known, walks = parted(replica, page, wanted)
            numbers += numbers_of(known) + PULL_SPAN * len(walks)
            if not answer.take_bool() or not page:
                break
            after = page[-1].author + page[-1].instance
            if limit is None and numbers >= TAKEN_AT:  # so that no list, however long, is held
                await self._take_all(replica, contact, found, look)
                found, numbers = [], 0
                if not look.pulls:
                    look.whole = False
                    break
        else:
            self._context.collector.count("sync.summaries_full")
            look.whole = False  # there is more, unread: nobody may say that nothing in it is wanted
        await self._take_all(replica, contact, found, look, limit)
        return root if look.whole and not look.changed else b""

    async def _take_all(
        self,
        replica: Replica,
        contact: Contact,
        found: list[StreamSummary],
        look: Look,
        limit: int | None = None,
    ) -> None:
        """Pull and take in what is wanted of these streams, as far as the peer's ration goes."""
        known, unsure = parted(replica, found, newest(welcome(replica, found, look.outside), limit))
        asks = wanted_requests(known)
        while batch := list(islice(asks, min(BATCH, look.pulls))):
            if not self._goes_on(contact, look):
                break
            await self._take(replica, contact, batch, look)
        walks = Walks(unsure, self._context.config.seq_ahead_max, self._context.env.random)
        for _ in range(TURNS_MAX):
            batch = walks.turn(replica, min(BATCH, look.pulls))
            if not batch or not self._goes_on(contact, look):
                break
            await self._take(replica, contact, batch, look)
        else:
            look.walking = True
        if welcome(replica, found, look.outside):
            look.whole = False

    async def _take(self, replica: Replica, contact: Contact, batch: list[Ask], look: Look) -> None:
        """Pull and take in one batch."""
        look.pulls -= len(batch)
        if not look.outside:
            raws = await self._pulls.all(replica, contact, batch, look)
            look.new += await self._ingest.take_all(replica, raws, contact, False)
            return
        ahead = sum(ask.numbers for ask in batch) * MESSAGE_MAX_BYTES if look.uncalled else 0
        self._rations.brought(contact, ahead)
        size = new_streams = 0
        try:
            raws = await self._pulls.all(replica, contact, batch, look)
            streams, taken = replica.log.sizes()["streams"][0], replica.room.taken
            look.new += await self._ingest.take_all(replica, raws, contact, True)
            size = max(sum(map(len, raws)), replica.room.taken - taken)  # with the parts that they name
            new_streams = max(0, replica.log.sizes()["streams"][0] - streams)
        finally:
            self._rations.brought(contact, size - ahead, new_streams)

    async def pull(self, replica: Replica, contact: Contact, want: list[Range]) -> list[bytes]:
        """What ``contact`` holds of a few numbers of some streams, unverified; raises as requests do."""
        return await self._pulls.pull(replica, contact, want)

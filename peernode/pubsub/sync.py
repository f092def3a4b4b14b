"""``CatchUp``: anti-entropy of one channel with one peer; after it we hold what the peer held.

Compare bucket digests, list the streams of the buckets that differ, pull the ranges we miss. Both
sides do the same in turn, so union is the outcome whoever starts. Invariants: at most one catch-up
per (channel, peer) runs at a time; a peer that lies about its streams costs ``PULLS_MAX`` requests and
itself; what was pulled is checked and committed like any other message; who is outside the channel's set
is held to the authors' quotas and to ``Rations``.
"""

from __future__ import annotations

import asyncio

from peernode.channel.summary import Range, StreamSummary, decode_summary
from peernode.diagnostics.routes import route_of
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.rations import Rations
from peernode.pubsub.replica import Replica
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

SUMMARY_PAGES_MAX = 2048
"""Pages of streams one catch-up reads (11 streams each, ``archive``); the next one goes on."""

PULL_SPAN = 4
"""Sequence numbers asked for in one PULL, of one stream or of several: about what one datagram holds."""

PULL_PAGES_MAX = 2 * PULL_SPAN
"""Answers to one such PULL; one message at least comes with each."""

PULLS_MAX = 8192
"""PULLs of one catch-up; the next one goes on."""

PULLS_AT_ONCE = 24
"""PULLs in flight at a time, below the per-peer bound so that pushes still get through."""

GAP_NEXT_RTOS = 3
"""An initiator that has not filled a gap after so many retransmission timeouts may be dead, and a gap is
shown after 2 s: the next one is asked beside it."""

RECENT_MAX = 500
"""Messages that a join fetches before it is confirmed; older ones follow in the background."""

FAILURES = (RpcTimeout, Refused, Backpressure, RemoteProtocolError, PeerNodeError)


class CatchUp:
    """Pulls what a peer has and we lack."""

    def __init__(self, context: Context, ingest: Ingest) -> None:
        self._context = context
        self._ingest = ingest
        self._rations = Rations(context)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return self._rations.sizes()

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
        """Catch up with a peer that named ``root``; whether it has nothing more that could be taken here."""
        while (running := replica.syncing.get(contact.public_key)) is not None:
            await asyncio.shield(running)
        if replica.holds_all_of(contact.public_key, root) or await self.run(replica, contact) is not None:
            return True
        return replica.room.full  # what it has more would be refused

    async def run(self, replica: Replica, contact: Contact, limit: int | None = None) -> int | None:
        """Catch up with ``contact``; how many messages were new, None when it failed."""
        if contact.public_key in replica.syncing or contact.public_key == self._context.identity.public_key:
            return None
        if replica.room.full:
            self._context.collector.count(
                "sync.channel_full"
            )  # what it has would be refused, again and again
            return None
        outside = self._rations.outside(replica, contact)
        if outside and not self._rations.may(contact):
            self._context.collector.count("sync.rationed")
            return None
        running = replica.syncing[contact.public_key] = asyncio.get_running_loop().create_future()
        span = self._context.collector.begin("sync", replica.name)
        try:
            with span:
                theirs, summaries = await self._summaries(replica, contact)
                wants = _wants(_welcome(replica, summaries, outside), limit)
                count = await self._take_all(replica, contact, wants, outside)
        except FAILURES as error:
            span.end(type(error).__name__, peer=contact.id.hex(), **route_of("pull", [contact.id]))
            return None
        finally:
            del replica.syncing[contact.public_key]
            running.set_result(None)
        if theirs and not _welcome(replica, summaries, outside):
            # Different all the same, when we keep messages for a shorter time, or an author's quota is spent.
            replica.compared(contact.public_key, theirs)
        if count and replica.log.root() != theirs:
            self._context.collector.count("sync.merged")  # each had what the other lacked
        span.end("ok", peer=contact.id.hex(), new=count, **route_of("pull", [contact.id], [contact.id]))
        return count

    async def _take_all(
        self, replica: Replica, contact: Contact, wants: list[list[Range]], outside: bool
    ) -> int:
        """Pull and take in what is wanted, as far as the peer's ration goes; how many messages were new."""
        count = 0
        for start in range(0, len(wants), PULLS_AT_ONCE * 4):
            if outside and not self._rations.may(contact):
                self._context.collector.count("sync.rationed")  # the next one goes on
                break
            count += await self._take(replica, contact, wants[start : start + PULLS_AT_ONCE * 4], outside)
        return count

    async def _take(self, replica: Replica, contact: Contact, batch: list[list[Range]], outside: bool) -> int:
        """Pull and take in one batch; how many messages were new."""
        raws = await self._pull_all(replica, contact, batch)
        streams, taken = replica.log.sizes()["streams"][0], replica.room.taken
        count = await self._ingest.take_all(replica, raws, contact, outside)
        if outside:
            size = max(sum(map(len, raws)), replica.room.taken - taken)  # with the parts that they name
            self._rations.brought(contact, size, max(0, replica.log.sizes()["streams"][0] - streams))
        return count

    async def _summaries(self, replica: Replica, contact: Contact) -> tuple[bytes, list[StreamSummary]]:
        """The peer's root, empty when it changed meanwhile or not all was read; its streams that differ."""
        root, changed = b"", False
        found: list[StreamSummary] = []
        after: bytes | None = None
        for _ in range(SUMMARY_PAGES_MAX):
            log = replica.log
            body = [replica.channel_id, log.root(), log.bucket_digests(), after]
            answer = Fields(await self._context.rpc.request(contact, Op.SUMMARY, body, prove=True))
            before, root = root, answer.take_bytes(16)
            changed = changed or before not in (b"", root)
            page = [decode_summary(item) for item in answer.take_list(64)]
            found.extend(page)
            if not answer.take_bool() or not page:
                break
            after = page[-1].author + page[-1].instance
        else:
            self._context.collector.count("sync.summaries_full")
            changed = True  # there is more, unread: nobody may say that nothing in it is wanted
        return b"" if changed else root, found

    async def _pull_all(self, replica: Replica, contact: Contact, wants: list[list[Range]]) -> list[bytes]:
        gate = asyncio.Semaphore(PULLS_AT_ONCE)

        async def pull(want: list[Range]) -> list[bytes]:
            async with gate:
                return await self.pull(replica, contact, want)

        found = await asyncio.gather(*(pull(want) for want in wants), return_exceptions=True)
        raws: list[bytes] = []
        failed: BaseException | None = None
        for result in found:
            if isinstance(result, BaseException):
                failed = result
            else:
                raws.extend(result)
        if failed is not None and (not raws or not isinstance(failed, FAILURES)):
            raise failed  # with some pulled we keep those; the next round asks for the rest
        return raws

    async def pull(self, replica: Replica, contact: Contact, want: list[Range]) -> list[bytes]:
        """What ``contact`` holds of a few numbers of some streams, unverified; raises as requests do."""
        raws: list[bytes] = []
        for _ in range(PULL_PAGES_MAX):
            asked = [[span.author, span.instance, span.low, span.high] for span in want]
            body = [replica.channel_id, asked]
            answer = Fields(await self._context.rpc.request(contact, Op.PULL, body, prove=True))
            page = answer.take_list(64)
            done, following = answer.take_int(0, len(want)), answer.take_int(0, 1 << 62)
            raws.extend(raw for raw in page if isinstance(raw, bytes) and len(raw) <= 1200)
            if done == len(want) or not page:
                break
            first, *rest = want[done:]
            want = [Range(first.author, first.instance, max(first.low, following), first.high), *rest]
        return raws


def _welcome(replica: Replica, summaries: list[StreamSummary], outside: bool) -> list[Range]:
    """What we lack of a peer's streams; from outside not what would be refused for its author's quota."""
    missing = replica.log.missing(summaries)
    return [span for span in missing if not (outside and replica.room.spent(span.author))]


def _wants(ranges: list[Range], limit: int | None) -> list[list[Range]]:
    """The ranges cut and put together into requests; with ``limit`` the newest of each stream only."""
    if limit is not None and ranges:
        share = max(1, limit // len(ranges))
        ranges = [Range(r.author, r.instance, max(r.low, r.high - share + 1), r.high) for r in ranges]
    wants: list[list[Range]] = []
    room = 0
    for item in ranges:
        low = item.low
        while low <= item.high:
            if not room:
                if len(wants) == PULLS_MAX:
                    return wants  # the rest still differs: the next catch-up finds it
                wants.append([])
                room = PULL_SPAN
            high = min(low + room - 1, item.high)
            wants[-1].append(Range(item.author, item.instance, low, high))
            room -= high - low + 1
            low = high + 1
    return wants

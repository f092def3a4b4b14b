"""What a node answers from its log: summaries, ranges, pages of history, the subscribers, the coordinator.

Invariants: only participants are answered (a live lease, a place near the channel, or the channel's
initiators as we know them), of the coordinator whoever has proven its address; an answer never exceeds one
datagram, ``more`` says that there is more;
nothing here changes any state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peernode.channel.message import ORDER_KEY_BYTES
from peernode.channel.summary import encode_summary
from peernode.errors import Refused
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

ANSWER_MAX_BYTES = 1040
"""What the lists of one answer may take of a datagram beside sealing, token and framing."""

SUMMARIES_PER_PAGE = 11
"""A summary takes up to 92 bytes."""

SUBSCRIBERS_PER_PAGE_MAX = 16
"""A lease takes at least 140 bytes and its contact 40: no more than this fit an answer."""

PULL_RANGES_MAX = 16
"""Ranges of one PULL."""

PULL_ROWS = 16
"""Messages read for one range; a signed message takes 200 bytes and more, so that no more could fit."""

BUCKETS = 64


class Archive:
    """Serves SUMMARY, PULL, HISTORY, SUBSCRIBERS and COORDINATOR."""

    def __init__(self, context: Context, storage: PubSubStorage) -> None:
        self._context = context
        self._storage = storage
        context.rpc.serve(Op.SUMMARY, self._summary)
        context.rpc.serve(Op.PULL, self._pull)
        context.rpc.serve(Op.HISTORY, self._history)
        context.rpc.serve(Op.SUBSCRIBERS, self._subscribers)
        context.rpc.serve(Op.COORDINATOR, self._coordinator)

    def _replica(self, caller: Caller, channel_id: bytes) -> Replica:
        """The channel, if the caller may read it here."""
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(channel_id)
        if replica is None:
            raise Refused(Status.MISSING)
        if not self._storage.may_read(replica, caller.contact):
            raise Refused(Status.NOT_SUBSCRIBED)
        return replica

    async def _summary(self, caller: Caller, body: Fields) -> list[Any]:
        replica = self._replica(caller, body.take_bytes(20))
        body.take_bytes(16)
        buckets = body.take_bytes_list(BUCKETS, 8)
        after = body.take_bytes_or_none(40)
        if len(buckets) != BUCKETS:
            raise Refused(Status.MALFORMED)
        differing = replica.log.differing_streams(buckets, after, SUMMARIES_PER_PAGE + 1)
        page = differing[:SUMMARIES_PER_PAGE]
        return [replica.log.root(), [encode_summary(item) for item in page], len(differing) > len(page)]

    async def _pull(self, caller: Caller, body: Fields) -> list[Any]:
        replica = self._replica(caller, body.take_bytes(20))
        spans = [Fields(item) for item in body.take_list(PULL_RANGES_MAX)]
        page: list[bytes] = []
        for done, span in enumerate(spans):
            author, instance = span.take_bytes(32), span.take_bytes(8)
            low, high = span.take_int(1, 1 << 62), span.take_int(1, 1 << 62)
            rows = self._context.store.messages(replica.channel_id, author, instance, low, high, PULL_ROWS)
            fitting = _fill([raw for _, raw in rows], page)
            page += [raw for _, raw in rows[:fitting]]
            if fitting < len(rows):
                return [page, done, rows[fitting][0]]
            if len(rows) == PULL_ROWS and rows[-1][0] < high:
                return [page, done, rows[-1][0] + 1]
        return [page, len(spans), 0]

    async def _history(self, caller: Caller, body: Fields) -> list[Any]:
        replica = self._replica(caller, body.take_bytes(20))
        before = body.take_bytes_or_none(ORDER_KEY_BYTES)
        limit = body.take_int(1, 16)
        raws = self._context.store.newest(replica.channel_id, before, limit)
        page = _fill(raws)
        return [raws[:page], len(raws) == limit or page < len(raws)]

    async def _subscribers(self, caller: Caller, body: Fields) -> list[Any]:
        replica = self._replica(caller, body.take_bytes(20))
        after = body.take_bytes_or_none(20)
        now = self._context.now()
        replica.leases.expire(now)
        items: list[Any] = []
        size = 0
        page = replica.leases.page(after, SUBSCRIBERS_PER_PAGE_MAX)
        for lease in page:
            remaining_ms = max(0, int(lease.remaining_s(now) * 1000))
            item = [lease.raw, remaining_ms, self._address(lease.contact)]
            size += len(lease.raw) + 64
            if size > ANSWER_MAX_BYTES:
                break
            items.append(item)
        return [items, len(items) < len(page) or len(page) == SUBSCRIBERS_PER_PAGE_MAX]

    async def _coordinator(self, caller: Caller, body: Fields) -> list[Any]:
        """What we know of a channel that we hold; ``RECOVERING`` when our set of initiators is old."""
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(body.take_bytes(20))
        if replica is None:
            raise Refused(Status.MISSING)
        return self._storage.coordination.told(replica).encode()

    def _address(self, contact: Contact) -> list[Any]:
        """The contact at its proven address, which may have moved since its lease."""
        address = self._context.rpc.address_of(contact.public_key)
        if address is None:
            return contact.encode()
        return Contact(contact.public_key, *address, contact.public).encode()


def _fill(raws: list[bytes], before: Sequence[bytes] = ()) -> int:
    """How many of ``raws`` fit one answer behind those ``before``; one always fits an empty one."""
    used = sum(len(raw) + 3 for raw in before)
    for count, raw in enumerate(raws):
        if used and used + len(raw) + 3 > ANSWER_MAX_BYTES:
            return count
        used += len(raw) + 3
    return len(raws)

"""``Pulls``: PULLs of one peer side by side, and the pages of their answers.

Invariants: at most ``PULLS_AT_ONCE`` of a batch are in flight; each page brings a message and goes on behind
the number where the one before it began, or is the last.
"""

from __future__ import annotations

import asyncio

from peernode.channel.summary import Range
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.look import Look
from peernode.pubsub.replica import Replica
from peernode.pubsub.walks import PULL_SPAN, Ask
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

PULLS_AT_ONCE = 24
"""PULLs in flight at a time, below the per-peer bound so that pushes still get through."""

PULL_PAGES_MAX = 2 * PULL_SPAN
"""Answers to one PULL of ``PULL_SPAN`` numbers; one message at least comes with each."""

FAILURES = (RpcTimeout, Refused, Backpressure, RemoteProtocolError, PeerNodeError)


class Pulls:
    """Asks a peer for messages."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def all(self, replica: Replica, contact: Contact, asks: list[Ask], look: Look) -> list[bytes]:
        """What a batch of them brings, unverified; raises when some failed and none brought anything."""
        gate = asyncio.Semaphore(PULLS_AT_ONCE)

        async def pull(ask: Ask) -> list[bytes]:
            async with gate:
                if ask.walk is None:
                    return await self.pull(replica, contact, ask.ranges)
                raws, rest = await self._page(replica, contact, ask.ranges)
                ask.walk.answered(ask.ranges, rest, len(raws))
                return raws

        found = await asyncio.gather(*(pull(ask) for ask in asks), return_exceptions=True)
        raws: list[bytes] = []
        failed: BaseException | None = None
        for result in found:
            if isinstance(result, BaseException):
                failed = result
            else:
                raws.extend(result)
        if failed is not None and (not raws or not isinstance(failed, FAILURES)):
            raise failed  # with some pulled we keep those; the next round asks for the rest
        look.failed = look.failed or failed is not None
        return raws

    async def pull(self, replica: Replica, contact: Contact, want: list[Range]) -> list[bytes]:
        """What ``contact`` holds of a few numbers of some streams, unverified; raises as requests do."""
        raws: list[bytes] = []
        for _ in range(PULL_PAGES_MAX):
            page, want = await self._page(replica, contact, want)
            raws += page
            if not want:
                break
        return raws

    async def _page(
        self, replica: Replica, contact: Contact, want: list[Range]
    ) -> tuple[list[bytes], list[Range]]:
        """One answer, and what there is more of."""
        asked = [[span.author, span.instance, span.low, span.high] for span in want]
        body = [replica.channel_id, asked]
        answer = Fields(await self._context.rpc.request(contact, Op.PULL, body, prove=True))
        page = answer.take_list(64)
        done, following = answer.take_int(0, len(want)), answer.take_int(0, 1 << 62)
        raws = [raw for raw in page if isinstance(raw, bytes) and len(raw) <= 1200]
        if done == len(want) or not page:
            return raws, []
        first, *rest = want[done:]
        low = max(first.low if done else first.low + 1, following)
        if low > first.high:
            return raws, rest
        return raws, [Range(first.author, first.instance, low, first.high), *rest]

"""Numbers that a log holds and of which the store has no row: rows that the disk has lost without a trace.

Idea: the store's rows by number make a second log, and the two are compared range by range. Invariants: what
is being stored or dropped at the moment is no hole (it is looked at again a moment later); a long log is
read in pages with other work between them; at most ``HOLES_MAX`` are named, the rest with the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from peernode.channel.log import ChannelLog
from peernode.channel.ranges import StreamRanges
from peernode.channel.summary import Range
from peernode.pubsub.replica import Replica

ROWS_PAGE = 4096
HOLES_MAX = 1024

SETTLED_S = 1.0
"""A row that is dropped leaves the store a moment before the log."""


async def holes_of(replica: Replica) -> list[Range]:
    """The holes of a log, each of one number. Raises as reads do."""
    if not await _look(replica):
        return []
    await asyncio.sleep(SETTLED_S)  # no jitter: nobody else notices it
    return await _look(replica)


async def _look(replica: Replica) -> list[Range]:
    stored = ChannelLog(replica.context.config, lambda *_: [])
    heads = replica.context.store.heads(replica.channel_id)
    while page := list(islice(heads, ROWS_PAGE)):
        stored.rebuild(page)
        if len(page) == ROWS_PAGE:
            await asyncio.sleep(0)
    return [] if replica.forgotten else list(islice(_lost(replica, stored), HOLES_MAX))


def _lost(replica: Replica, stored: ChannelLog) -> Iterator[Range]:
    for author, instance, _ in replica.log.heads():
        held = replica.log.stream(author, instance)
        there = stored.stream(author, instance) or StreamRanges(author + instance)
        for span in list(held.spans) if held else []:
            for low, high in there.missing(span.low, span.high):
                for seq in range(low, high + 1):
                    if replica.context.store.digest_at(replica.channel_id, author, instance, seq) is None:
                        yield Range(author, instance, seq, seq)

"""Section 6: the log of a channel, its order, its digests."""

from __future__ import annotations

import hashlib

from peernode.channel.hlc import COUNTER_BITS, Hlc
from peernode.channel.log import Added, ChannelLog
from peernode.channel.message import Message
from peernode.channel.ranges import DIGEST_BYTES, StreamRanges
from peernode.store.memory_view import TablesView
from tests.mutants.mutant import Mutant, Patch

_add = ChannelLog.add


def _has_nothing(self: ChannelLog, message: Message) -> bool:
    return False


def _add_again(self: ChannelLog, message: Message) -> Added:
    outcome = _add(self, message)
    return Added.NEW if outcome is Added.DUPLICATE else outcome


def _wall_time(self: Hlc) -> int:
    self._last = self._clock.wall_ms() << COUNTER_BITS
    return self._last


def _newest_by_arrival(self: TablesView, channel_id: bytes, before: bytes | None, limit: int) -> list[bytes]:
    arrived = list(self._tables.channel(channel_id).rows)
    end = len(arrived) if before is None else arrived.index(before)
    return list(self._sound(channel_id, arrived[max(0, end - limit) : end][::-1]))


def _digest_of_the_head(self: StreamRanges) -> bytes:
    state = hashlib.blake2b(self.key, digest_size=DIGEST_BYTES)
    if self.spans:
        state.update(self.spans[-1].high.to_bytes(8, "big") + self.spans[-1].head)
    return state.digest()


CHANNELS = (
    Mutant(
        "shown-per-arrival",
        6,
        "union is the merge: commutative, associative, idempotent.",
        "A message that is in the log already is taken and told once more",
        "shaky",
        ("exactly_once",),
        (Patch(ChannelLog, "has", _has_nothing), Patch(ChannelLog, "add", _add_again)),
    ),
    Mutant(
        "timestamps-of-the-wall-clock",
        6,
        "HLC timestamp",
        "A message carries the time of the wall clock, which may go back",
        "wrong-clock",
        ("order",),
        (Patch(Hlc, "now", _wall_time),),
    ),
    Mutant(
        "order-of-arrival",
        6,
        "Order everywhere: (HLC, author, instance, seq, digest).",
        "History is shown in the order in which the messages came",
        "shaky",
        ("order",),
        (Patch(TablesView, "newest", _newest_by_arrival),),
    ),
    Mutant(
        "digest-of-the-head-only",
        6,
        "Digests cover contents: per stream the hash of the head digest and of the sorted digests that it "
        "doesn't bind (above a gap, forks), the `prev` chain binds the rest;",
        "A stream's digest names its last message only, so that a gap is never seen",
        "one-missed",
        ("delivered",),
        (Patch(StreamRanges, "digest", _digest_of_the_head),),
    ),
)

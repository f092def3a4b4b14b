"""Section 6: the log of a channel, its order, its digests."""

from __future__ import annotations

import hashlib
from typing import Any

from peernode.channel.hlc import COUNTER_BITS, Hlc
from peernode.channel.log import Added, ChannelLog
from peernode.channel.message import Message, sign_message
from peernode.channel.ranges import DIGEST_BYTES, StreamRanges
from peernode.pubsub.entry import Entry
from peernode.pubsub.quorum import QuorumPublish
from peernode.pubsub.replica import OwnStream, Replica
from peernode.store.memory_view import TablesView
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch

_add = ChannelLog.add
_publish_once = QuorumPublish._publish_once


def _has_nothing(self: ChannelLog, message: Message) -> bool:
    return False


def _add_again(self: ChannelLog, message: Message) -> Added:
    outcome = _add(self, message)
    return Added.NEW if outcome is Added.DUPLICATE else outcome


def _wall_time(self: Hlc) -> int:
    self._last = self._clock.wall_ms() << COUNTER_BITS
    return self._last


def _merge_nothing(self: Hlc, hlc: int) -> bool:
    return True


def _newest_by_arrival(self: TablesView, channel_id: bytes, before: bytes | None, limit: int) -> list[bytes]:
    arrived = list(self._tables.channel(channel_id).rows)
    end = len(arrived) if before is None else arrived.index(before)
    return list(self._sound(channel_id, arrived[max(0, end - limit) : end][::-1]))


def _digest_of_the_head(self: StreamRanges) -> bytes:
    state = hashlib.blake2b(self.key, digest_size=DIGEST_BYTES)
    if self.spans:
        state.update(self.spans[-1].high.to_bytes(8, "big") + self.spans[-1].head)
    return state.digest()


def _one_instance_for_ever(self: Replica) -> OwnStream:
    if self.own is None:
        author = self.context.identity.public_key
        instance = hashlib.blake2b(author, digest_size=8).digest()
        heads = {(key, place): following for key, place, following in self.log.heads()}
        seq = heads.get((author, instance), 1)
        prev = self._digests_at(author, instance, seq - 1) if seq > 1 else [bytes(16)]
        self.own = OwnStream(instance, seq, prev[0])
    return self.own


async def _publish_once_signed_anew(self: QuorumPublish, entry: Entry, contact: Contact) -> None:
    tried = vars(self).setdefault("tried", {})
    if (entry.message.digest, contact.public_key) in tried:
        entry.message = _signed_anew(self, entry.message)
        self._outbox.by_digest[entry.message.digest] = entry
    tried[entry.message.digest, contact.public_key] = None
    await _publish_once(self, entry, contact)


def _signed_anew(quorum: QuorumPublish, message: Message) -> Message:
    kept: dict[str, Any] = {
        name: getattr(message, name)
        for name in ("channel_id", "instance", "seq", "prev", "id", "kind", "body", "parts")
    }
    return sign_message(quorum._context.identity, hlc=quorum._context.hlc.now(), **kept)


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
        "timestamps-not-merged",
        6,
        "neither stored nor merged into the HLC until its time;",
        "A message that came does not move the own clock, not even when its time has come",
        "wrong-clock",
        ("order",),
        (Patch(Hlc, "merge", _merge_nothing),),
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
    Mutant(
        "one-instance-for-ever",
        6,
        "after each start a node continues its instance in a channel only if all the other initiators "
        "answered and know no more than its database, otherwise (a restored backup, alone, or no answer "
        "within 1 s) it takes a new one.",
        "After each start an author goes on in the same stream, behind what its own database holds",
        "lost-disk",
        ("no_fork",),
        (Patch(Replica, "next_own", _one_instance_for_ever),),
    ),
    Mutant(
        "retry-signs-anew",
        6,
        "A retry sends the same bytes.",
        "A retry signs the message again, with the time of the retry",
        "half-heard",
        ("no_fork",),
        (Patch(QuorumPublish, "_publish_once", _publish_once_signed_anew),),
    ),
)

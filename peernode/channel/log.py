"""``ChannelLog``: which messages of a channel are held, as a grow-only set with cheap digests.

Union is the merge: commutative, associative, idempotent. The log keeps no messages, only each
stream's ranges; what is asked about single messages is looked up in the store. Invariants: equal sets
have equal roots, whatever the order of arrival; the cost of ``add`` does not grow with the history; of
several messages under one number the two lowest digests are kept as evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from peernode.channel.added import Added as Added
from peernode.channel.message import Message
from peernode.channel.ranges import StreamRanges
from peernode.channel.summary import Range, StreamSummary
from peernode.config import NodeConfig

BUCKETS = 64
BUCKET_DIGEST_BYTES = 8
HIDDEN_MAX = 16_384
"""Messages named by skips; over the bound the oldest skip is forgotten, and what it named is shown."""

DigestsAt = Callable[[bytes, bytes, int], list[bytes]]
"""The digests that the store holds under (author, instance, seq)."""


class ChannelLog:
    """The set of messages held of one channel."""

    def __init__(self, config: NodeConfig, digests_at: DigestsAt) -> None:
        self._config = config
        self._digests_at = digests_at
        self._streams: dict[bytes, StreamRanges] = {}
        self._buckets: list[dict[bytes, StreamRanges]] = [{} for _ in range(BUCKETS)]
        self._bucket_digests: list[bytes | None] = [bytes(BUCKET_DIGEST_BYTES)] * BUCKETS
        self._root: bytes | None = None
        self._gone: dict[bytes, int] = {}
        """Streams of which nothing is left, and up to which number they are not wanted again."""
        self._hidden: dict[tuple[bytes, bytes, int, bytes], None] = {}
        self.version = 0
        """How many messages were added; only grows."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "streams": (len(self._streams), self._config.streams_per_channel_max),
            "hidden": (len(self._hidden), HIDDEN_MAX),
            "gone": (len(self._gone), self._config.streams_per_channel_max),
        }

    # -- adding ------------------------------------------------------------------------------

    def rebuild(self, heads: Iterable[tuple[bytes, bytes, int, bytes]]) -> None:
        """Take up the store's (author, instance, seq, digest) rows, sorted; the messages may be damaged.

        The rows don't say what each names: a tear is known again once the message behind it is reread.
        """
        last = b""
        for author, instance, seq, digest in heads:
            stream = self._stream(author + instance)
            if not stream.holds(seq):
                stream.add(seq, digest)
            elif not stream.void:
                stream.fork(seq, [last, digest])
            last = digest
            self._touch(stream)
            self.version += 1

    def reread(self, message: Message) -> None:
        """A message of the log was read from the store: what it names may make a tear."""
        stream = self._streams.get(message.author + message.instance)
        if stream is None or stream.void or not stream.holds(message.seq):
            return
        below = self._below(stream, message)
        if below and stream.check_link(message.seq - 1, below, message.named_before):
            self._touch(stream)
            self.version += 1

    def has(self, message: Message) -> bool:
        """Whether exactly this message is held."""
        stream = self._streams.get(message.author + message.instance)
        if stream is None or not stream.holds(message.seq):
            return False
        return message.digest in self._digests_at(message.author, message.instance, message.seq)

    def would_add(self, message: Message) -> Added:
        """What ``add`` will answer once the message is stored; asked before the commit."""
        stream = self._streams.get(message.author + message.instance)
        if stream is None:
            full = len(self._streams) >= self._config.streams_per_channel_max
            return Added.FULL if full else Added.NEW
        if stream.holds(message.seq):
            return self._conflict(stream, message)
        if stream.void:
            return Added.IGNORED
        # Measured from the highest number: while history is filled in from below, news must still enter.
        if message.seq > stream.highest + self._config.seq_ahead_max or stream.full_for(message.seq):
            return Added.TOO_FAR
        return Added.NEW

    def _conflict(self, stream: StreamRanges, message: Message) -> Added:
        digests = self._digests_at(message.author, message.instance, message.seq)
        if message.digest in digests:
            return Added.DUPLICATE
        kept = stream.forks.get(message.seq)
        return Added.IGNORED if stream.void or (kept and message.digest > kept[1]) else Added.FORK

    def add(self, message: Message) -> Added:
        """Take up a message that is durably stored."""
        self.note_skip(message)
        stream = self._stream(message.author + message.instance)
        outcome = Added.NEW
        if stream.holds(message.seq):
            digests = self._digests_at(message.author, message.instance, message.seq)
            others = [digest for digest in digests if digest != message.digest]
            kept = stream.forks.get(message.seq)
            if not others or (kept and message.digest in kept):
                return Added.DUPLICATE
            if stream.void or (kept and message.digest > kept[1]):
                return Added.IGNORED
            stream.fork(
                message.seq, [message.digest, *others], message.named_before, self._below(stream, message)
            )
            outcome = Added.FORK
        else:
            stream.add(message.seq, message.digest, message.named_before)
        self._touch(stream)
        self.version += 1
        return outcome

    def _below(self, stream: StreamRanges, message: Message) -> bytes:
        """The digest held under the number before, empty when there is none or several."""
        if message.seq - 1 in stream.forks or not stream.holds(message.seq - 1):
            return b""
        digests = self._digests_at(message.author, message.instance, message.seq - 1)
        return digests[0] if digests else b""

    def note_skip(self, message: Message) -> None:
        """A skip hides what it names, whether that is here already or not."""
        if (named := message.skips) is not None:
            instance, seq, digest = named
            self._hidden[message.author, instance, seq, digest] = None
            if len(self._hidden) > HIDDEN_MAX:
                del self._hidden[next(iter(self._hidden))]

    def hidden(self, message: Message) -> bool:
        """Whether the author has taken the message back."""
        return (message.author, message.instance, message.seq, message.digest) in self._hidden

    def expire(self, author: bytes, instance: bytes, upto: int) -> None:
        """Numbers up to ``upto`` have left the store; a stream without any gives its place back."""
        key = author + instance
        if (stream := self._streams.get(key)) is None:
            return
        stream.expire(upto)
        self._touch(stream)
        if not stream.spans:
            del self._streams[key]
            del self._buckets[_bucket(key)][key]
            self._unwanted(key, stream.expired)

    def pass_over(self, author: bytes, instance: bytes, seq: int) -> None:
        """A peer still has a number that is too old for us: don't ask for it and what is below again."""
        key = author + instance
        stream = self._streams.get(key)
        if stream is None:
            self._unwanted(key, seq)
        elif seq <= stream.floor:
            stream.expired = max(stream.expired, seq)

    def _unwanted(self, key: bytes, upto: int) -> None:
        self._gone[key] = max(upto, self._gone.pop(key, 0))
        if len(self._gone) > self._config.streams_per_channel_max:
            del self._gone[next(iter(self._gone))]  # asked for once more, and passed over again

    def _stream(self, key: bytes) -> StreamRanges:
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = StreamRanges(key)
            stream.expired = self._gone.pop(key, 0)
            self._buckets[_bucket(key)][key] = stream
        return stream

    def _touch(self, stream: StreamRanges) -> None:
        self._bucket_digests[_bucket(stream.key)] = None
        self._root = None

    # -- asking ------------------------------------------------------------------------------

    def knows(self, author: bytes, instance: bytes) -> bool:
        """Whether anything of the stream is held."""
        return author + instance in self._streams

    def floor(self, author: bytes, instance: bytes) -> int:
        """The stream's floor; 0 for an unknown one."""
        stream = self._streams.get(author + instance)
        return stream.floor if stream else 0

    def held(self) -> int:
        """How many messages are held now, a fork counted as one."""
        return sum(stream.held for stream in self._streams.values())

    def fork_at(self, author: bytes, instance: bytes, seq: int) -> tuple[bytes, ...]:
        """The digests of the two messages that are kept under one number; nothing where there is one."""
        stream = self._streams.get(author + instance)
        return stream.forks.get(seq, ()) if stream else ()

    def stream(self, author: bytes, instance: bytes) -> StreamRanges | None:
        """What is held of a stream, for reading."""
        return self._streams.get(author + instance)

    def forked(self) -> list[bytes]:
        """Keys of authors that have contradicted themselves: forks, or chains that don't fit."""
        found = (key[:32] for key, stream in self._streams.items() if stream.forks or stream.tears)
        return list(dict.fromkeys(found))

    def heads(self) -> list[tuple[bytes, bytes, int]]:
        """(author, instance, number after the highest held) of every stream."""
        return [(key[:32], key[32:], stream.highest + 1) for key, stream in self._streams.items()]

    def gaps(self) -> list[Range]:
        """Numbers missing between floor and highest, in every stream."""
        return [
            Range(key[:32], key[32:], low, high)
            for key, stream in self._streams.items()
            for low, high in stream.missing(max(stream.floor, stream.expired) + 1, stream.highest)
        ]

    # -- comparing ---------------------------------------------------------------------------

    def bucket_digests(self) -> list[bytes]:
        """64 digests of 8 bytes; zeros for an empty bucket."""
        return [self._bucket_digest(index) for index in range(BUCKETS)]

    def _bucket_digest(self, index: int) -> bytes:
        known = self._bucket_digests[index]
        if known is None:
            state = hashlib.blake2b(digest_size=BUCKET_DIGEST_BYTES)
            for key in sorted(self._buckets[index]):
                state.update(self._buckets[index][key].digest())
            known = self._bucket_digests[index] = state.digest()
        return known

    def root(self) -> bytes:
        """16 bytes naming exactly the set of messages held."""
        if self._root is None:
            self._root = hashlib.blake2b(b"".join(self.bucket_digests()), digest_size=16).digest()
        return self._root

    def differing_streams(
        self, theirs: list[bytes], after: bytes | None = None, limit: int | None = None
    ) -> list[StreamSummary]:
        """Our streams in the buckets whose digests differ from ``theirs``, by bucket and then by key.

        With ``limit`` the first ones behind the key ``after``, at the cost of a bucket or two.
        """
        found: list[StreamSummary] = []
        first = _bucket(after) if after is not None else 0
        for index in range(first, BUCKETS):
            if self._bucket_digest(index) == theirs[index]:
                continue
            bucket = self._buckets[index]
            keys = sorted(key for key in bucket if after is None or index > first or key > after)
            found += [self._summary(bucket[key]) for key in keys[: limit and limit - len(found)]]
            if len(found) == limit:
                break
        return found

    def _summary(self, stream: StreamRanges) -> StreamSummary:
        key, ends = stream.key, (stream.floor, stream.following, stream.highest)
        return StreamSummary(key[:32], key[32:], *ends, stream.digest())

    def missing(self, summaries: Iterable[StreamSummary]) -> list[Range]:
        """What a peer with these streams may have and we lack, as far as it would be taken."""
        ranges: list[Range] = []
        room = self._config.streams_per_channel_max - len(self._streams)
        for theirs in summaries:
            stream = self._streams.get(theirs.author + theirs.instance)
            if stream is None:
                if room > 0:
                    room -= 1
                    low = max(theirs.floor, self._gone.get(theirs.author + theirs.instance, 0)) + 1
                    ranges.append(Range(theirs.author, theirs.instance, low, theirs.highest))
                continue
            if stream.void or stream.digest() == theirs.digest:
                continue
            floor = max(theirs.floor, stream.expired)
            found = stream.missing(floor + 1, theirs.highest)
            found.extend((seq, seq) for seq in stream.tears if floor < seq <= theirs.highest)
            same = (stream.floor, stream.following, stream.highest)
            if not found and same == (theirs.floor, theirs.following, theirs.highest):
                found = stream.to_compare(theirs.floor + 1, theirs.highest)  # a fork
            ranges.extend(Range(theirs.author, theirs.instance, low, high) for low, high in found)
        return [item for item in ranges if item.low <= item.high]


def _bucket(key: bytes) -> int:
    return hashlib.blake2b(key, digest_size=16).digest()[-1] % BUCKETS

"""Messages, authors and replicas for the tests of a channel's state."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable

from peernode.channel.log import Added, ChannelLog
from peernode.channel.message import VERSION, ZERO_PREV, Kind, Message, sign_message
from peernode.config import NodeConfig
from peernode.identity import Identity
from peernode.wire.codec import pack

CHANNEL = bytes(range(20))
INSTANCE = b"instance"


def identity(number: int = 0) -> Identity:
    """One of any number of identities, the same in every run."""
    return Identity.from_seed(hashlib.sha256(b"%d" % number).digest())


def uuid7(number: int) -> bytes:
    """A UUIDv7 made of a number."""
    return number.to_bytes(6, "big") + b"\x70\x00\x80" + bytes(7)


def unchecked(author: Identity, kind: int, body: bytes, channel_id: bytes = CHANNEL) -> bytes:
    """A message, rightly signed, as a node keeps it that knows nothing of its kind."""
    instance = b"kind %3d" % kind
    items = [VERSION, channel_id, author.public_key, instance, 1, ZERO_PREV, uuid7(kind), 1000 << 16]
    items += [int(kind), body, []]
    return pack([*items, author.sign("message", pack(items))])


class Author:
    """Signs a stream of messages, each naming the one before it."""

    def __init__(self, number: int = 0, instance: bytes = INSTANCE) -> None:
        self.identity = identity(number)
        self.instance = instance
        self.seq = 0
        self.prev = ZERO_PREV

    def next(self, text: str = "hello", kind: Kind = Kind.TEXT, body: bytes = b"") -> Message:
        """The next message of the stream."""
        message = self.sign(self.seq + 1, self.prev, text, kind, body)
        self.seq, self.prev = message.seq, message.digest
        return message

    def sign(
        self, seq: int, prev: bytes, text: str = "hello", kind: Kind = Kind.TEXT, body: bytes = b""
    ) -> Message:
        """A message at any place; what an author that misbehaves may sign."""
        return sign_message(
            self.identity,
            channel_id=CHANNEL,
            instance=self.instance,
            seq=seq,
            prev=prev,
            id=uuid7(seq),
            hlc=(1000 + seq) << 16,
            kind=kind,
            body=body or text.encode(),
        )

    def stream(self, count: int) -> list[Message]:
        """The next ``count`` messages."""
        return [self.next(f"{self.seq + 1}") for _ in range(count)]

    def fork(self, original: Message, text: str) -> Message:
        """Another message under the number of ``original``."""
        return self.sign(original.seq, original.prev, text)

    def skip(self, original: Message) -> Message:
        """The skip that takes ``original`` back, as the stream's next message."""
        return self.next(kind=Kind.SKIP, body=pack([original.instance, original.seq, original.digest]))


class Replica:
    """A log with the disk it needs: messages are stored first, then added, as the node does it."""

    def __init__(self, messages: Iterable[Message] = (), config: NodeConfig | None = None) -> None:
        self.config = config or NodeConfig()
        self.disk: dict[bytes, Message] = {}
        self.places: dict[tuple[bytes, bytes, int], list[bytes]] = {}
        self.lookups = 0
        self.log = ChannelLog(self.config, self._digests_at)
        self.take(messages)

    def _digests_at(self, author: bytes, instance: bytes, seq: int) -> list[bytes]:
        self.lookups += 1
        return list(self.places.get((author, instance, seq), ()))

    def store(self, message: Message) -> None:
        """Make a message durable."""
        if message.digest not in self.disk:
            self.disk[message.digest] = message
            place = self.places.setdefault((message.author, message.instance, message.seq), [])
            place.append(message.digest)
            place.sort()

    def put(self, message: Message) -> Added:
        """Store and add one message if the log would take it; what became of it."""
        verdict = self.log.would_add(message)
        if verdict not in (Added.NEW, Added.FORK):
            return verdict
        self.store(message)
        return self.log.add(message)

    def take(self, messages: Iterable[Message]) -> None:
        """Store and add several."""
        for message in messages:
            self.put(message)

    def pull_from(self, other: Replica) -> int:
        """One catch-up: compare, pull what is missing; how many messages came new."""
        new = 0
        theirs = other.log.differing_streams(self.log.bucket_digests())
        for span in self.log.missing(theirs):
            for message in sorted(other.disk.values(), key=lambda item: item.order_key):
                same = (message.author, message.instance) == (span.author, span.instance)
                if same and span.low <= message.seq <= span.high:
                    new += self.put(message) in (Added.NEW, Added.FORK)
        return new

    def restarted(self) -> Replica:
        """The same disk after a restart."""
        after = Replica(config=self.config)
        for message in self.disk.values():
            after.store(message)
        after.log.rebuild(sorted((m.author, m.instance, m.seq, m.digest) for m in self.disk.values()))
        return after


def shuffled(messages: Iterable[Message], seed: int) -> list[Message]:
    """The same messages in another order."""
    order = list(messages)
    random.Random(seed).shuffle(order)
    return order

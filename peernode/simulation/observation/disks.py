"""What lies on which disk since when: the writes of all simulated disks, seen at the very moment.

Idea: whether a receipt was honest can't be told afterwards. So each write that becomes durable, each
disk that is lost and each row that rots goes into the run's ``Evidence`` when it happens.

Invariants: nothing here writes to a disk or draws a random number; a distinct message is verified once,
however many disks take it in; only messages that somebody sent have copies, all are looked at for forks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from peernode.channel.message import Message, check_signature
from peernode.errors import RemoteProtocolError
from peernode.identity import node_id_of
from peernode.pubsub.context import uuid_text
from peernode.simulation.evidence import Copy, Evidence, Signed
from peernode.store.base import DropParts, PutMessage, PutPart, Write


@dataclass(frozen=True, slots=True)
class Held:
    """What was on a disk when it was backed up."""

    at_s: float
    parts: dict[bytes, float]
    """Digests of its parts, and since when."""
    rotten: dict[str, list[bytes]]
    """Message id -> digests of what was damaged of it."""


class DiskWatch:
    """The disks of one run."""

    def __init__(self, evidence: Evidence, now: Callable[[], float]) -> None:
        self._evidence = evidence
        self._now = now
        self._ids: dict[bytes, str] = {}
        """Digest -> id of the message."""
        self._named_by: dict[bytes, dict[str, None]] = {}
        """Digest of a part -> ids of the messages that name it."""
        self._places: dict[tuple[bytes, bytes, bytes, int], bytes] = {}
        """(channel, author, instance, number) -> digest of the first message seen there."""
        self._parts: dict[int, dict[bytes, float]] = {}
        """Node -> digests of the parts on its disk, and since when."""
        self._lacking: dict[tuple[int, str], dict[bytes, None]] = {}
        """(node, message id) -> parts that its copy there never had yet."""

    def witness(self, node: int) -> Witness:
        """The eye on one node's disk."""
        return Witness(self, node)

    def lost(self, node: int) -> None:
        """The node's disk is gone with all that was on it."""
        self._evidence.disks_harmed[node] = None
        self._parts.pop(node, None)
        for copies in self._evidence.copies.values():
            if node in copies:
                self._lose(copies[node])
                copies[node].rotten.clear()

    def backed_up(self, node: int) -> Held:
        """What the node's disk holds now, for ``set_back``."""
        rotten = {
            message_id: list(copies[node].rotten)
            for message_id, copies in self._evidence.copies.items()
            if node in copies and copies[node].rotten
        }
        return Held(self._now(), dict(self._parts.get(node, {})), rotten)

    def set_back(self, node: int, held: Held) -> None:
        """The node's disk is what it was again: as damaged as then, not more."""
        self._evidence.disks_harmed[node] = None
        self._parts[node] = dict(held.parts)
        for message_id, copies in self._evidence.copies.items():
            if node not in copies:
                continue
            damaged = dict.fromkeys(held.rotten.get(message_id, ()), self._now())
            if damaged or copies[node].since_s > held.at_s:
                self._lose(copies[node])
            copies[node].rotten = damaged

    def _lose(self, copy: Copy) -> None:
        copy.lost_s = self._now()

    def message_stored(self, node: int, message: Message) -> None:
        """The node's disk has taken a message in."""
        digest = message.digest
        message_id = self._ids.get(digest)
        if message_id is None:
            message_id = self._first_seen(node, message)
        if message_id not in self._evidence.sendings:
            return
        copies = self._evidence.copies.setdefault(message_id, {})
        copy = copies.get(node)
        if copy is None:
            parts = self._parts.get(node, {})
            lacking = [digest for digest in message.parts if digest not in parts]
            self._lacking[node, message_id] = dict.fromkeys(lacking)
            copies[node] = Copy(float("inf") if lacking else self._now())
        else:
            copy.rotten.pop(digest, None)

    def part_stored(self, node: int, digest: bytes) -> None:
        """The node's disk has taken a part in."""
        self._parts.setdefault(node, {}).setdefault(digest, self._now())
        for message_id in self._named_by.get(digest, ()):
            copy = self._evidence.copies.get(message_id, {}).get(node)
            if copy is None:
                continue
            copy.rotten.pop(digest, None)
            lacking = self._lacking[node, message_id]
            if lacking.pop(digest, True) is None and not lacking:
                copy.since_s = self._now()

    def _first_seen(self, node: int, message: Message) -> str:
        message_id = self._ids[message.digest] = uuid_text(message.id)
        author = node_id_of(message.author).hex()
        try:
            check_signature(message)
            valid = True
        except RemoteProtocolError:
            valid = False
        self._evidence.signed[message.digest.hex()] = Signed(author, message_id, valid)
        for part in message.parts:
            self._named_by.setdefault(part, {})[message_id] = None
        place = (message.channel_id, message.author, message.instance, message.seq)
        first = self._places.setdefault(place, message.digest)
        if valid and first != message.digest:
            self._forked(node, author, message, self._ids[first])
        return message_id

    def _forked(self, node: int, author: str, message: Message, first_id: str) -> None:
        known = self._evidence.node_ids
        index = known.index(author) if author in known else None
        if index is not None and index not in self._evidence.hostile:
            self._evidence.forks.append(
                f"node {index} signed {first_id} and {uuid_text(message.id)} under number {message.seq} of "
                f"instance {message.instance.hex()}; node {node} took in the second at {self._now():.3f} s"
            )

    def part_lost(self, node: int, digest: bytes) -> None:
        """The node has given a part back: a message that names it is not whole there any more."""
        self._parts.get(node, {}).pop(digest, None)
        self.rotted(node, digest)

    def rotted(self, node: int, digest: bytes) -> None:
        """A message or part on the node's disk is damaged."""
        self._evidence.disks_harmed[node] = None
        message_id = self._ids.get(digest)
        ids = [message_id] if message_id is not None else list(self._named_by.get(digest, ()))
        for damaged in ids:
            copy = self._evidence.copies.get(damaged, {}).get(node)
            if copy is not None:
                self._lose(copy)
                copy.rotten[digest] = self._now()


class Witness:
    """A ``peernode.store.memory.DiskWitness`` that knows whose disk it looks at."""

    def __init__(self, watch: DiskWatch, node: int) -> None:
        self._watch = watch
        self._node = node

    def stored(self, writes: tuple[Write, ...]) -> None:
        """See ``DiskWitness.stored``."""
        for write in writes:
            if isinstance(write, PutMessage):
                self._watch.message_stored(self._node, write.message)
            elif isinstance(write, PutPart):
                self._watch.part_stored(self._node, write.digest)
            elif isinstance(write, DropParts):
                for digest in write.digests:
                    self._watch.part_lost(self._node, digest)

    def rotted(self, digest: bytes) -> None:
        """See ``DiskWitness.rotted``."""
        self._watch.rotted(self._node, digest)

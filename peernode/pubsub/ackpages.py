"""What an ACKED carries: acks with their signatures, and beside them mere names of who has acked.

Idea: a signature is most of an ack's bytes. Who may count the ack, or would have to push next, gets it; the
others, whose turn comes only after somebody else's, are told the name.

The last field is for questions, which reports have none of (``ackanswers``).

Invariants: each body fits one request; no message has more than ``ACKS_PER_MESSAGE`` acks or
``NAMES_PER_MESSAGE`` names in one, and no more than ``MESSAGES`` messages are in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from peernode.channel.message import Message
from peernode.pubsub.replica import Replica
from peernode.wire.payload import REQUEST_BODY_MAX

ID_PREFIX_BYTES = 8
"""An initiator knows its subscribers: among them so much of an id names one."""

ACKS_PER_MESSAGE = 16
NAMES_PER_MESSAGE = 128
MESSAGES = 16

_CHANNEL_BYTES = 34
_MESSAGE_BYTES = 24
_SIGNATURE_BYTES = 69
_NAME_HEAD_BYTES = 2


@dataclass(frozen=True, slots=True)
class Report:
    """One ack to be passed on; ``shared`` comes to hold the subscribers whom others have reported."""

    replica: Replica
    message: Message
    key: bytes
    signature: bytes
    subscriber: bytes
    shared: dict[bytes, None]
    heard: bool = False
    """From another initiator, with the signature: those behind us are told so, nobody else."""


@dataclass(slots=True)
class _Page:
    channel_id: bytes
    size: int = _CHANNEL_BYTES
    acks: dict[bytes, list[list[bytes]]] = field(default_factory=dict)
    names: dict[bytes, bytearray] = field(default_factory=dict)

    def put(self, report: Report, name: bytes, signed: bool) -> bool:
        """Whether there was room for one more ack, with or without its signature."""
        digest = report.message.digest
        places: dict[bytes, Any] = self.acks if signed else self.names
        if digest not in places and len(places) == MESSAGES:
            return False
        full = ACKS_PER_MESSAGE if signed else NAMES_PER_MESSAGE * ID_PREFIX_BYTES
        if len(places.get(digest, ())) == full:
            return False
        cost = len(name) + (_NAME_HEAD_BYTES + _SIGNATURE_BYTES if signed else 0)
        cost += 0 if digest in places else _MESSAGE_BYTES
        if self.size + cost > REQUEST_BODY_MAX:
            return False
        self.size += cost
        if signed:
            self.acks.setdefault(digest, []).append([name, report.signature])
        else:
            self.names.setdefault(digest, bytearray()).extend(name)
        return True

    def body(self) -> list[Any]:
        acks = [[digest, pairs] for digest, pairs in self.acks.items()]
        names = [[digest, bytes(named)] for digest, named in self.names.items()]
        return [self.channel_id, acks, names, []]


def pages(items: Iterable[tuple[Report, bool]], receiver: bytes, whole: bool = False) -> list[list[Any]]:
    """The bodies for one peer and channel; ``items``: each ack, and whether with its signature.

    A message's author is told whole keys (and always with the signature), and everybody if ``whole``.
    """
    found: list[_Page] = []
    for report, signed in items:
        by_key = whole or report.message.author == receiver
        name = report.key if by_key else report.subscriber[:ID_PREFIX_BYTES]
        if not found or not found[-1].put(report, name, signed):
            found.append(_Page(report.replica.channel_id))
            found[-1].put(report, name, signed)
    return [page.body() for page in found]

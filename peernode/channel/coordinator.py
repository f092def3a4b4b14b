"""The coordinator: a channel's summary, from its log and subscribers and from what others say of it.

Invariants: it can be lost and rebuilt at any time; it schedules work, safety never depends on it. What a
peer says of a channel is one opinion: a set of initiators counts when a majority of those asked names the
same one, a version when it is no more than what was seen justifies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peernode.channel.assignment import SET_HASH_BYTES, set_hash
from peernode.errors import RemoteProtocolError
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_contacts

ACTIVE = "ACTIVE"
RECOVERING = "RECOVERING"
"""Nobody could be asked; what is told is what this node holds by itself, and it keeps asking."""
FAILED = "FAILED"
"""So many tries in the background have failed that only the next use of the channel begins anew."""

STATES = (ACTIVE, RECOVERING, FAILED)
"""Their order is their number on the wire."""

CONTACTS_MAX = 16
"""Initiators one answer may name."""

VERSION_MAX = 1 << 62


@dataclass(frozen=True, slots=True)
class Coordinator:
    """``state`` is one of ``STATES``; ``updated_at`` monotonic seconds; ``version`` counts messages."""

    version: int
    root: bytes
    subscribers: bytes
    initiators: tuple[Contact, ...]
    set_hash: bytes
    state: str
    updated_at: float

    def encode(self) -> list[Any]:
        """The form it has in an answer."""
        contacts = [contact.encode() for contact in self.initiators[:CONTACTS_MAX]]
        return [
            self.version,
            self.root,
            self.subscribers,
            self.set_hash,
            contacts,
            STATES.index(self.state),
        ]


def decode_coordinator(body: Fields, now_s: float) -> Coordinator:
    """A peer's word on a channel; ``RemoteProtocolError`` unless its hash names the contacts beside it."""
    version = body.take_int(0, VERSION_MAX)
    root, subscribers = body.take_bytes(16), body.take_bytes(16)
    named = body.take_bytes(SET_HASH_BYTES)
    contacts = decode_contacts(body.take(), CONTACTS_MAX)
    state = STATES[body.take_int(0, len(STATES) - 1)]
    if set_hash([contact.public_key for contact in contacts]) != named:
        raise RemoteProtocolError("the hash is not that of the initiators named")
    return Coordinator(version, root, subscribers, tuple(contacts), named, state, now_s)


def justified_version(seen: int, elapsed_s: float, authors: int, rate_per_s: float, burst: float) -> int:
    """The highest version that a channel can honestly have, ``elapsed_s`` after it had ``seen``.

    Each author may write ``burst`` messages at once and ``rate_per_s`` from then on (protocol, sections 3
    and 6); what the initiators of a channel accept is limited by that. Of a channel never seen (``elapsed_s``
    infinite) any version is possible.
    """
    if elapsed_s == math.inf:
        return VERSION_MAX
    return seen + int(max(1, authors) * (burst + rate_per_s * max(0.0, elapsed_s)))


def majority_version(answers: Sequence[Coordinator]) -> int:
    """The version that a majority of the answers has reached; one that lies upwards moves nothing."""
    versions = sorted((answer.version for answer in answers), reverse=True)
    return versions[len(versions) // 2] if versions else 0


def agreed(answers: Sequence[Coordinator], quorum: int) -> Coordinator | None:
    """The newest of the answers with a set that ``quorum`` of them name, while all of those are ``ACTIVE``.

    None when no set has so many voices. Two sets can't both have a majority of those asked.
    """
    by_set: dict[bytes, list[Coordinator]] = {}
    for answer in answers:
        if answer.state == ACTIVE and answer.initiators:
            by_set.setdefault(answer.set_hash, []).append(answer)
    voices = max(by_set.values(), key=len, default=[])
    if len(voices) < max(1, quorum):
        return None
    likely = majority_version(voices)
    return max((answer for answer in voices if answer.version <= likely), key=lambda answer: answer.version)

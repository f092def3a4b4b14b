"""``meaning_of``: why an initiator did not take an own message, and what follows from it.

A refusal is for good (the message is invalid, the channel full), of another place (not an initiator, who
names closer nodes), or of this moment: the author is over its rate, or the node is busy, or of our set and
does not store the channel yet. Invariants: only the last kind is tried again; whatever a peer names, a pause
is at most ``RATE_WAIT_MAX_S``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from peernode.channel.assignment import set_hash
from peernode.diagnostics.codes import error_info
from peernode.errors import Refused, RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.entry import TARGETS_MAX, Entry
from peernode.pubsub.retry import ComeBack
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Status

RATE_WAIT_MAX_S = 30.0
"""The longest wait that an initiator may ask for by RATE_LIMITED."""

REFUSAL_CODES = {
    Status.STORE_FULL: "CHANNEL_FULL",
    Status.OVER_QUOTA: "AUTHOR_QUOTA",
    Status.INVALID: "SIGNATURE_INVALID",
}
"""Status -> the code under which the message's author reads about it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a refusal says."""

    outcome: str
    """For the record of the try."""
    again: ComeBack | None = None
    """When it may be asked again; None: not at all."""
    closer: tuple[Contact, ...] | None = None
    """Who should be asked in its place; None when it is an initiator."""

    @property
    def word(self) -> bytes:
        """Who these are, as the hash of a set of initiators: the same word is known again by it."""
        return set_hash([contact.public_key for contact in self.closer or ()])


def meaning_of(context: Context, entry: Entry, contact: Contact, refusal: Refused) -> Meaning:
    """What the refusal of one that was asked means; noted as the reason why it lacks the message."""
    status, body, key = refusal.status, Fields(refusal.body), contact.public_key
    outcome = Status(status).name if status in list(Status) else "refused"
    try:
        if status == Status.RATE_LIMITED:
            wait_s = min(body.take_int(0, 3_600_000) / 1000, RATE_WAIT_MAX_S)
            if not entry.frozen:  # one more copy of what is sent can wait
                entry.refuse(key, error_info("RATE_LIMITED", retry_after=max(1, math.ceil(wait_s))))
            return Meaning(outcome, ComeBack(wait_s))
        if status == Status.BUSY:
            entry.refuse(key, None)
            return Meaning(outcome, ComeBack(context.config.rto_initial_s))
        if status == Status.NOT_YET:
            entry.refuse(key, error_info("CLOCK_SKEW", seconds=body.take_int(0, 1 << 48) // 1000))
            if entry.error is not None:
                context.hlc.refused(entry.message.hlc)
        elif status in REFUSAL_CODES:
            entry.refuse(key, error_info(REFUSAL_CODES[Status(status)]))
        elif status == Status.NOT_INITIATOR:
            return Meaning(outcome, closer=tuple(decode_contacts(body.take(), TARGETS_MAX)))
    except RemoteProtocolError:
        return Meaning("malformed")
    return Meaning(outcome)


def named_in_place(
    entry: Entry, mine: bytes, asked: Contact, named: tuple[Contact, ...]
) -> tuple[bool, list[Contact]]:
    """Whether one that is no initiator is of our set, and whom it named that are closer than it.

    Only those that were not asked by such a word in this attempt, and are not being asked; ``mine``: our
    public key.
    """
    target, view = int.from_bytes(entry.replica.channel_id, "big"), entry.replica.initiators
    ours = dict.fromkeys([*entry.members, *(each.public_key for each in (view.contacts if view else ()))])
    known = {mine, *ours, *entry.targets, *entry.followed}
    closer = [contact for contact in named if contact.long_id ^ target < asked.long_id ^ target]
    return asked.public_key in ours, [contact for contact in closer if contact.public_key not in known]

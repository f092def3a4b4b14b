"""``Entry``: one own message on its way, and what is known of how far it got.

Invariants: counts never go down; ``sent`` is said only with a quorum of receipts, ``delivered`` only with
signed acks of subscribers that the first W receipts named.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

from peernode.channel.draft import Draft
from peernode.channel.filetree import file_in
from peernode.channel.kinds import CHANGES, TEXTS, Kind, reaction_of
from peernode.channel.message import Message
from peernode.diagnostics.routes import route_by_keys
from peernode.events import ErrorInfo, OutboxState
from peernode.pubsub.context import uuid_text
from peernode.pubsub.fileinfo import file_info
from peernode.pubsub.replica import InitiatorSet, Replica
from peernode.store.base import OutboxRow

TOLD = (*TEXTS, *CHANGES)
"""Kinds of messages that the application hears of."""

TARGETS_MAX = 16
"""Nodes one message is published to: the set, and what NOT_INITIATOR names; over it counted, not asked."""

ACKS_TOLD_MAX = 64
"""Subscribers named per message as those who have it."""


@dataclass(slots=True)
class Entry:
    """One own message; ``of`` is the size R of the initiator set it was published to."""

    replica: Replica
    message: Message
    text: str
    created_ms: int
    state: str = "pending"
    error: ErrorInfo | None = None
    of: int = 0
    quorum: int = 0
    believed: bool = False
    """The last set that it was published to was full, or another machine has had a part in it since."""
    members: dict[bytes, None] = field(default_factory=dict)
    """Keys of that set."""
    refusals: dict[bytes, ErrorInfo | None] = field(default_factory=dict)
    """Member's key -> why it did not take the message at this attempt; None: it was busy."""
    alone: bool = False
    reach: int = 1 << 160
    """XOR distance of the farthest initiator: nobody farther counts towards the quorum."""
    receipts: dict[bytes, bytes] = field(default_factory=dict)
    """Initiator key -> machine id."""
    audience: dict[bytes, None] = field(default_factory=dict)
    """Ids of the subscribers that the first W receipts named, without the author."""
    counts: list[int] = field(default_factory=list)
    """How many those of them counted, the author left out, that had too many to list."""
    counted: int = 0
    """The most of these, if most of the first W receipts counted: then nobody is named."""
    frozen: bool = False
    acks: dict[bytes, bytes] = field(default_factory=dict)
    """Subscriber id -> signature."""
    acked_ms: dict[bytes, int] = field(default_factory=dict)
    """Subscriber id -> wall-clock ms when its ack was heard, of the first ``ACKS_TOLD_MAX``."""
    vouched: int = 0
    """How many of the acks we have at first hand or from an initiator that we asked."""
    targets: dict[bytes, asyncio.Task[None]] = field(default_factory=dict)
    """Initiator key -> the task that asks it, or has its receipt."""
    unready: dict[bytes, None] = field(default_factory=dict)
    """Keys of those among the targets that did not store the channel, and wait to be asked again."""
    followed: dict[bytes, None] = field(default_factory=dict)
    """Keys of those asked in this attempt because one that is no initiator named them; ``TARGETS_MAX``."""
    other_sets: dict[bytes, None] = field(default_factory=dict)
    """Hashes of other initiator sets that answers named; the message goes to their members as well."""
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    attempt: asyncio.Task[None] | None = None
    again: bool = False
    """The attempt begins, or the network has changed for the better since: all initiators are to be asked."""
    until_s: float = -math.inf
    """When the attempt ends."""
    asked_s: float = -math.inf
    """When all of its initiators were asked last."""
    discarded: bool = False
    unreachable: dict[bytes, int] = field(default_factory=dict)
    """Subscriber id -> wall-clock ms since when the channel's initiators fail to reach it."""
    told: str = ""
    """The state that the application was told last."""

    @property
    def shown(self) -> bool:
        """Whether a person wrote it, so that its fate interests them."""
        return self.message.kind in TOLD

    @property
    def draft(self) -> Draft:
        """What was to be said."""
        message = self.message
        assert isinstance(message.kind, Kind)
        emoji, on = reaction_of(message.body) if message.kind is Kind.REACTION else ("", True)
        file = file_in(message.body) if message.kind is Kind.FILE else None
        return Draft(message.kind, self.text, message.target, emoji, on, file=file)

    def restarted(self, key: bytes) -> bool:
        """Whether the calling task no longer is the one that asks this initiator."""
        return self.targets.get(key) is not asyncio.current_task()

    def ask_anew(self, now_s: float) -> None:
        """Forget what was asked and is not answered, and who refused."""
        for key in [key for key in self.targets if key not in self.receipts]:
            self.targets.pop(key).cancel()
        self.refusals.clear()
        if self.state == "pending":
            self.error = None
        self.asked_s = now_s

    def ask_unready(self, view: InitiatorSet) -> None:
        """Who of this set did not store the channel may do so now: its pause is over."""
        for key in [key for key in self.unready if view.holds(key)]:
            del self.unready[key]
            if key in self.targets and key not in self.receipts:
                self.targets.pop(key).cancel()

    async def news(self) -> None:
        """Until a receipt comes, or somebody is to be asked again."""
        self.progress.clear()
        await self.progress.wait()

    async def answered(self) -> None:
        """Until the attempt under way has ended, and all that it asked have answered or been given up."""
        if self.attempt is not None:
            await asyncio.shield(asyncio.gather(self.attempt, return_exceptions=True))
        await asyncio.shield(asyncio.gather(*self.targets.values(), return_exceptions=True))

    def route(self) -> dict[str, Any]:
        """Who was asked to store it, and who has signed that it does, for a record."""
        told = route_by_keys("direct", self.members, self.receipts)
        return {**told, "receipts": len(self.receipts), "of": self.of}

    def freeze(self) -> None:
        """The quorum is there: from now on the audience is what its receipts said.

        One initiator alone can't have it counted instead of named: it would vouch for acks that it made.
        """
        self.frozen = True
        if 2 * len(self.counts) > len(self.receipts):
            self.counted = max(*self.counts, len(self.audience))

    def refuse(self, key: bytes, error: ErrorInfo | None) -> None:
        """One initiator refuses: that is the message's error only when no quorum is left without those."""
        if key in self.members:
            self.refusals[key] = error
        self._blame()

    def relent(self, key: bytes) -> None:
        """An initiator has another last word than a refusal: what that explained is open again."""
        if self.refusals.pop(key, None) is not None and self.state == "pending":
            self.error = None
            self._blame()

    def _blame(self) -> None:
        told = [info for member, info in self.refusals.items() if info and member in self.members]
        if told and len(self.members) - len(told) < self.quorum:
            self.error = next((info for info in told if info.retryable), told[0])

    @property
    def crowded(self) -> bool:
        """Whether it only wants for time: with those that were busy or limit the author, it had a quorum."""
        busy = [key for key in self.members if self._passing(key)]
        return bool(busy) and len(busy) + sum(key in self.receipts for key in self.members) >= self.quorum

    def _passing(self, key: bytes) -> bool:
        error = self.refusals.get(key)
        return key in self.refusals and (error is None or error.code == "RATE_LIMITED")

    def take_ack(self, subscriber: bytes, signature: bytes, vouched: bool, at_ms: int) -> bool:
        """Count a verified ack; false for a second one, or one that says nothing of the audience."""
        if self.counted:
            if not vouched or self.vouched >= self.counted:
                return False
        elif self.frozen and subscriber not in self.audience:
            return False
        if subscriber in self.acks:
            return False
        self.acks[subscriber] = signature
        if len(self.acked_ms) < ACKS_TOLD_MAX:
            self.acked_ms[subscriber] = at_ms
        self.vouched += vouched
        return True

    @property
    def delivered(self) -> int:
        """Acks of those in the audience; where it is only counted, those that somebody vouches for."""
        if self.counted:
            return min(self.vouched, self.counted)
        return sum(1 for subscriber in self.acks if subscriber in self.audience)

    @property
    def complete(self) -> bool:
        """Whether everybody in the audience has acked."""
        return self.frozen and self.delivered >= (self.counted or len(self.audience))

    def snapshot(self) -> OutboxState:
        """The state as the application sees it."""
        draft = self.draft
        return OutboxState(
            id=uuid_text(self.message.id),
            kind=draft.kind.name.lower(),
            target=uuid_text(draft.target.id) if draft.target else "",
            emoji=draft.emoji,
            on=draft.on,
            file=file_info(self.message),
            channel=self.replica.name,
            text=self.text,
            order=self.message.order,
            at_ms=self.message.hlc >> 16,
            state=self.state,
            stored=(len(self.receipts), max(self.of, len(self.receipts))),
            machines=len(dict.fromkeys(self.receipts.values())),
            delivered=(self.delivered, self.counted or len(self.audience)),
            alone=self.alone,
            error=self.error,
            unreachable=tuple(
                (subscriber.hex(), since_ms)
                for subscriber, since_ms in self.unreachable.items()
                if subscriber not in self.acks
            ),
            acks=tuple(
                (subscriber.hex(), at_ms)
                for subscriber, at_ms in self.acked_ms.items()
                if self.counted or subscriber in self.audience
            ),
        )

    def row(self) -> OutboxRow:
        """The durable form."""
        code = self.error.code if self.error else ""
        return OutboxRow(
            self.message.id,
            self.replica.channel_id,
            self.message.raw,
            self.text,
            self.state,
            code,
            self.created_ms,
        )

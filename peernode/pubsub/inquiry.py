"""``Inquiry``: asking nodes what they know of a channel, by the op COORDINATOR, and serving it.

Invariants: at most ``ASKED_MAX`` are asked at a time, two datagrams each, and none is waited for when
enough have answered; a version that jumps by more than what was seen justifies discredits its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from peernode.channel.coordinator import Coordinator, agreed, decode_coordinator, justified_version
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

ASKED_MAX = 8
"""Nodes asked in one inquiry."""

SENDS = 2
"""Datagrams to each: who is silent for three timeouts is passed over."""


@dataclass(slots=True)
class Answers:
    """What came back of one inquiry."""

    told: list[Coordinator] = field(default_factory=list)
    answered: list[Contact] = field(default_factory=list)
    """Who told something that may be believed."""
    missing: int = 0
    """How many said that they don't hold the channel."""


class Inquiry:
    """Asks several nodes at once."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def some(self, contacts: list[Contact]) -> list[Contact]:
        """``ASKED_MAX`` of them, drawn."""
        return self._context.env.random.sample(contacts, min(ASKED_MAX, len(contacts)))

    async def ask(self, replica: Replica, contacts: Sequence[Contact], quorum: int) -> Answers:
        """Ask all; back as soon as ``quorum`` of them name one set, or all have answered or been silent."""
        answers, changed = Answers(), asyncio.Event()

        async def one(contact: Contact) -> None:
            try:
                await self._one(replica, contact, answers)
            finally:
                changed.set()

        spawn = self._context.tasks.spawn
        tasks = [spawn(one(contact), "coordinator.ask") for contact in contacts[:ASKED_MAX]]
        try:
            while not all(task.done() for task in tasks) and agreed(answers.told, quorum) is None:
                changed.clear()
                await changed.wait()
        finally:
            for task in tasks:
                task.cancel()
        return answers

    async def _one(self, replica: Replica, contact: Contact, answers: Answers) -> None:
        try:
            told = await self.told_by(replica, contact, SENDS)
        except Refused as refusal:
            answers.missing += refusal.status == Status.MISSING
        except (RpcTimeout, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"coordinator.{type(error).__name__}")
        else:
            if told is not None:
                answers.told.append(told)
                answers.answered.append(contact)

    async def told_by(
        self, replica: Replica, contact: Contact, sends: int | None = None
    ) -> Coordinator | None:
        """One node's word on the channel, None when it is not to be believed; raises as requests do."""
        body = await self._context.rpc.request(contact, Op.COORDINATOR, [replica.channel_id], sends=sends)
        told = decode_coordinator(body, self._context.now())
        return told if self._believable(replica, told) else None

    def _believable(self, replica: Replica, told: Coordinator) -> bool:
        """Whether the version is one that the channel can have by now; what was never seen has no bound."""
        seen, seen_s = replica.version_seen
        if seen_s is not None:
            config = self._context.config
            authors = max(replica.listeners, replica.leases.count(self._context.now()), 1) + 1
            highest = justified_version(
                max(seen, replica.log.version),
                self._context.now() - seen_s,
                authors,
                config.author_rate_per_s,
                config.author_burst,
            )
            if told.version > highest:
                self._context.collector.count("coordinator.version_jumped")
                return False
        return True

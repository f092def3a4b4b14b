"""``Tracing``: one message followed through all nodes that took part in bringing it to its readers.

Each node remembers its own tries to bring a message to somebody; whoever wants the whole asks the channel's
initiators and the author by ``TRACE``, page by page. What comes back is each node's word.

Invariants: a page fits a datagram; what a peer says is bounded and checked field by field, and the parts of a
try's time add up to the whole; no text is in it; one that does not hold the message says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

from peernode.channel.message import Message, digest_of
from peernode.diagnostics.records import OK, Attempt
from peernode.errors import Refused, RemoteProtocolError
from peernode.identity import node_id_of
from peernode.pubsub.causes import Placed, in_order
from peernode.pubsub.context import Context
from peernode.pubsub.questions import TIMEOUT, Questions, Told, all_pages
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.span import PARTS
from peernode.wire.codec import Fields, pack
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from peernode.wire.payload import ANSWER_BODY_MAX

TRIES_MAX = 64
"""On one page."""

PAGES_MAX = 64
"""Pages read of one answer; a node keeps 256 tries per message."""

PAGE_BYTES = ANSWER_BODY_MAX - 64
INDEX_MAX = 1 << 16
AGE_MAX_MS = 1 << 40
ELAPSED_MAX_US = 1 << 44
WORD_BYTES_MAX = 48
"""Of a method or an outcome."""

WAIT_S = 4.0
"""So long the nodes are waited for; who has not answered is told as silent, with what came before."""

ROUNDED_MS = 2
"""What the ages and durations that are told may be off by being whole."""

SAME_ID_MAX = 4
"""Messages under one id that are looked at; an honest author has one."""

_TOLD_PARTS = PARTS[:-1]
"""The last one, ``own``, is what remains."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try, as told: ages in ms before the answer, times in microseconds."""

    age_ms: int
    peer: bytes
    method: str
    outcome: str
    elapsed_us: int
    parts_us: tuple[int, ...]

    @classmethod
    def of(cls, attempt: Attempt, now_s: float) -> Try:
        """What is told of an attempt."""
        elapsed_us = min(max(0, round(attempt.elapsed_ms * 1000)), ELAPSED_MAX_US)
        parts, left = [], elapsed_us
        for name in _TOLD_PARTS:
            parts.append(min(left, round(attempt.parts.get(name, 0.0) * 1000)))
            left -= parts[-1]
        age_ms = min(max(0, round((now_s - attempt.at_s) * 1000)), AGE_MAX_MS)
        method, outcome = _word(attempt.method), _word(attempt.outcome)
        return cls(age_ms, bytes.fromhex(attempt.peer), method, outcome, elapsed_us, tuple(parts))

    def encode(self) -> list[Any]:
        """The form in an answer."""
        return [self.age_ms, self.peer, self.method, self.outcome, self.elapsed_us, list(self.parts_us)]

    @classmethod
    def decode(cls, item: Any) -> Try:
        """The try in an answer; ``RemoteProtocolError`` if it isn't one."""
        fields = Fields(item)
        age_ms, peer = fields.take_int(0, AGE_MAX_MS), fields.take_bytes(20)
        method, outcome = fields.take_str(WORD_BYTES_MAX), fields.take_str(WORD_BYTES_MAX)
        elapsed_us = fields.take_int(0, ELAPSED_MAX_US)
        spent = fields.take_fields(16)
        parts = tuple(spent.take_int(0, elapsed_us) for _ in _TOLD_PARTS)
        if sum(parts) > elapsed_us:
            raise RemoteProtocolError("the parts are longer than the whole")
        return cls(age_ms, peer, method, outcome, elapsed_us, parts)

    def told(self, wall_ms: int) -> dict[str, Any]:
        """JSON-able: when it began, and the parts that took any time, which add up.

        ``wall_ms``: when the answer was given.
        """
        spent = (*self.parts_us, self.elapsed_us - sum(self.parts_us))
        return {
            "at_ms": wall_ms - self.age_ms - self.elapsed_us // 1000,
            "peer": self.peer.hex(),
            "method": self.method,
            "outcome": self.outcome,
            "elapsed_ms": self.elapsed_us / 1000,
            "parts": {name: us / 1000 for name, us in zip(PARTS, spent, strict=True) if us},
        }


def _word(text: str) -> str:
    return text.encode()[:WORD_BYTES_MAX].decode(errors="ignore")


def page_of(tries: list[Try], after: int) -> tuple[list[Try], int | None]:
    """The tries from a place on that fit a datagram, and where the next page begins."""
    page, left = list[Try](), PAGE_BYTES
    for one in tries[after:]:
        left -= len(pack(one.encode()))
        if page and (left < 0 or len(page) == TRIES_MAX):
            return page, after + len(page)
        page.append(one)
    return page, None


class Tracing:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage, questions: Questions) -> None:
        self._context = context
        self._storage = storage
        self._questions = questions
        context.rpc.serve(Op.TRACE, self._serve)

    # -- our own tries -------------------------------------------------------------------------------

    def held(self, replica: Replica, message_id: bytes) -> list[bytes]:
        """The messages with this id that this node has, in their bytes."""
        return self._context.store.by_id(replica.channel_id, message_id)[:SAME_ID_MAX]

    def _tries(self, raws: Iterable[bytes]) -> list[Try]:
        now, collector = self._context.now(), self._context.collector
        found = [a for raw in raws for a in collector.attempts(digest_of(raw).hex())]
        return [Try.of(attempt, now) for attempt in sorted(found, key=lambda attempt: attempt.at_s)]

    def _serve(self, caller: Caller, body: Fields) -> list[Any]:
        channel_id, message_id = body.take_bytes(20), body.take_bytes(16)
        after = body.take_int(0, INDEX_MAX)
        replica = self._questions.takes_part(caller, channel_id, as_initiator=False)
        raws = self.held(replica, message_id)
        if not raws:
            raise Refused(Status.MISSING)
        page, following = page_of(self._tries(raws), after)
        return [digest_of(raws[0]), [one.encode() for one in page], following]

    # -- the tries of all ----------------------------------------------------------------------------

    async def trace(self, replica: Replica, message_id: bytes) -> list[dict[str, Any]]:
        """What this node, the initiators and the author have tried, node by node, JSON-able."""
        raws, wall_ms = self.held(replica, message_id), self._context.wall_ms()
        me = self._context.identity
        mine = [one.told(wall_ms) for one in self._tries(raws)]
        nodes = [Placed(me.node_id.hex(), OK if raws else "missing", mine)]
        authors = [node_id_of(Message.trusted(raw).author) for raw in raws]
        contacts = self._to_ask(replica, authors)
        others = {contact.id: Placed(contact.id.hex(), TIMEOUT) for contact in contacts}
        began_s = self._context.now()

        async def ask(contact: Contact) -> None:
            placed = others[contact.id]

            async def page(after: int | None) -> tuple[list[Try], int | None]:
                asked_s = self._context.now()
                found, following = await self._ask(replica, message_id, contact, after or 0)
                doubt_s = (self._context.now() - asked_s) / 2
                answered_ms = wall_ms + round((asked_s + doubt_s - began_s) * 1000)
                placed.tries += [one.told(answered_ms) for one in found]
                placed.doubt_ms = max(placed.doubt_ms, ceil(doubt_s * 1000) + ROUNDED_MS)
                return found, following

            await all_pages(page, [], lambda after, before: after > before, PAGES_MAX)

        for told in await self._in_time(contacts, ask):
            others[told.contact.id].outcome = told.outcome
        nodes += others.values()
        in_order(nodes, [author.hex() for author in authors])
        return [node.told() for node in nodes]

    async def _in_time(self, contacts: list[Contact], ask: Any) -> list[Told[None]]:
        async def one(contact: Contact) -> Told[None]:
            try:
                async with asyncio.timeout(WAIT_S):
                    return await self._questions.one(contact, ask, "trace")
            except TimeoutError:
                return Told(contact, TIMEOUT, WAIT_S * 1000)

        return list(await asyncio.gather(*(one(contact) for contact in contacts)))

    def _to_ask(self, replica: Replica, authors: list[bytes]) -> list[Contact]:
        """The initiators, and the author where its address is known."""
        view = replica.initiators
        contacts = list(view.contacts if view is not None else replica.remembered)
        for author in authors:
            contact = replica.leases.contact(author) or replica.subscribers.get(author)
            if contact is not None:
                contacts.append(contact)
        unique = {contact.id: contact for contact in contacts}
        unique.pop(self._context.identity.node_id, None)
        return list(unique.values())

    async def _ask(
        self, replica: Replica, message_id: bytes, contact: Contact, after: int
    ) -> tuple[list[Try], int | None]:
        body = [replica.channel_id, message_id, after]
        answer = Fields(await self._context.rpc.request(contact, Op.TRACE, body, prove=True))
        answer.take_bytes(16)
        page = [Try.decode(item) for item in answer.take_list(TRIES_MAX)]
        following = answer.take()
        if following is not None and (type(following) is not int or not 0 < following <= INDEX_MAX):
            raise RemoteProtocolError("a place or nil is expected")
        return page, following

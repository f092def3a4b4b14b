"""The reachability matrix of a channel: a row per initiator, a column per subscriber.

Each initiator speaks for its own row and serves it by ``ROW``, page by page, to those who take part in the
channel; whoever wants the matrix asks all of them. A row is that initiator's word: nobody proves it, and it
decides nothing but what a person is told.

Invariants: a page fits a datagram and holds live leases only; what a peer says of others is bounded and
checked field by field; an initiator that does not answer has a row that says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from typing import Any

from peernode.errors import RemoteProtocolError
from peernode.pubsub.context import Context
from peernode.pubsub.questions import Questions, all_pages
from peernode.pubsub.reachability import (
    BOTH,
    HEARD,
    HEARS,
    NEITHER,
    UNKNOWN,
    InitiatorReachabilityMonitor,
    Reachability,
)
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

PAGE = 16
"""Subscribers on one page of a row."""

LOOKED_AT_MAX = 1024
"""Leases looked at for one page of failing ones; the next page goes on from there."""

DIRECTIONS = (UNKNOWN, BOTH, HEARD, HEARS, NEITHER)
"""As numbered on the wire."""

LATENCY_MAX_MS = 3_600_000
AGE_MAX_MS = 1 << 40
COUNT_MAX = 1 << 32

ROW_PAGES_MAX = 128
"""Pages read of one row, 2,048 subscribers; the rest is left out, and the row says up to whom it goes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one initiator says of one subscriber; ages are ms before the answer."""

    subscriber: bytes
    direction: str
    latency_ms: int
    success_age_ms: int | None
    """Since the last success; None for never."""
    failing_age_ms: int | None
    """Since the first failed try after it; None while it is reached."""
    failures: int
    repairs: int
    via: bytes | None
    """The node that reached it lately when the initiator could not."""
    asked_s: float | None = field(default=None, compare=False)
    """When this node asked for it: the ages count from here. It does not travel."""

    @property
    def failing(self) -> bool:
        """Whether tries fail now."""
        return self.failing_age_ms is not None

    @property
    def asymmetric(self) -> bool:
        """Whether exactly one way is known to work."""
        return self.direction in (HEARD, HEARS)

    def told(self, as_of_s: float) -> dict[str, Any]:
        """What a person is shown of it, JSON-able; ``age_ms``: how old its word was at ``as_of_s``."""
        shown = {**asdict(self), "asymmetric": self.asymmetric, "via": self.via.hex() if self.via else None}
        del shown["subscriber"], shown["asked_s"]
        age_s = None if self.asked_s is None else max(0.0, as_of_s - self.asked_s)
        return {**shown, "age_ms": None if age_s is None else round(age_s * 1000)}

    def encode(self) -> list[Any]:
        """The form in an answer."""
        return [
            self.subscriber,
            DIRECTIONS.index(self.direction),
            self.latency_ms,
            self.success_age_ms,
            self.failing_age_ms,
            self.failures,
            self.repairs,
            self.via,
        ]

    @classmethod
    def decode(cls, item: Any, asked_s: float | None = None) -> Cell:
        """The cell in an answer that was asked for then; ``RemoteProtocolError`` if it isn't one."""
        fields = Fields(item)
        subscriber = fields.take_bytes(20)
        direction = DIRECTIONS[fields.take_int(0, len(DIRECTIONS) - 1)]
        latency_ms = fields.take_int(0, LATENCY_MAX_MS)
        success_age_ms, failing_age_ms = _age(fields.take()), _age(fields.take())
        failures, repairs = fields.take_int(0, COUNT_MAX), fields.take_int(0, COUNT_MAX)
        via = fields.take_bytes_or_none(20)
        ages = (success_age_ms, failing_age_ms)
        return cls(subscriber, direction, latency_ms, *ages, failures, repairs, via, asked_s)


def _age(value: Any) -> int | None:
    if value is not None and (type(value) is not int or not 0 <= value <= AGE_MAX_MS):
        raise RemoteProtocolError("an age in ms or nil is expected")
    return value


@dataclass(frozen=True, slots=True)
class Row:
    """What one initiator says; ``outcome`` is ``ok`` or why there is nothing."""

    initiator: Contact
    outcome: str
    cells: list[Cell] = field(default_factory=list)
    until: bytes | None = None
    """The row is known for subscriber ids up to this one; None: for all."""

    def covers(self, subscriber: bytes) -> bool:
        """Whether it would name this subscriber if its initiator listed it."""
        return self.until is None or subscriber <= self.until

    def told(self, as_of_s: float) -> dict[str, Any]:
        """JSON-able, with ages as of ``as_of_s``."""
        until = None if self.until is None else self.until.hex()
        cells = {cell.subscriber.hex(): cell.told(as_of_s) for cell in self.cells}
        return {"outcome": self.outcome, "until": until, "subscribers": cells}


class Matrix:
    """Serves this node's rows, and collects those of others."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        monitor: InitiatorReachabilityMonitor,
        questions: Questions,
    ) -> None:
        self._context = context
        self._storage = storage
        self._monitor = monitor
        self._questions = questions
        context.rpc.serve(Op.ROW, self._serve)

    # -- our own row -------------------------------------------------------------------------

    def _cell(self, subscriber: bytes, record: Reachability | None) -> Cell:
        now = self._context.now()
        if record is None:
            return Cell(subscriber, UNKNOWN, 0, None, None, 0, 0, None, now)
        via = self._monitor.alternatives(subscriber)
        return Cell(
            subscriber,
            record.direction,
            min(round(record.smoothed_ms), LATENCY_MAX_MS),
            self._age_ms(record.last_success_s),
            self._age_ms(record.failing_since_s),
            min(record.failures, COUNT_MAX),
            min(record.repairs, COUNT_MAX),
            via[0] if via and not record.reachable else None,
            now,
        )

    def _age_ms(self, at_s: float | None) -> int | None:
        return None if at_s is None else min(int((self._context.now() - at_s) * 1000), AGE_MAX_MS)

    def page(self, replica: Replica, after: bytes | None, failing: bool) -> tuple[list[Cell], bytes | None]:
        """A page of our row, and the id behind which the next one begins, None at the end."""
        limit = LOOKED_AT_MAX if failing else PAGE
        held = replica.leases.page(after, limit)
        cells: list[Cell] = []
        now = self._context.now()
        for lease in held:
            after = lease.subscriber_id
            if lease.until_s <= now or lease.subscriber == self._context.identity.public_key:
                continue
            cell = self._cell(lease.subscriber_id, self._monitor.get(lease.subscriber_id))
            if cell.failing or not failing:
                cells.append(cell)
            if len(cells) == PAGE:
                return cells, after
        return cells, after if len(held) == limit else None

    def _serve(self, caller: Caller, body: Fields) -> list[Any]:
        channel_id, after = body.take_bytes(20), body.take_bytes_or_none(20)
        failing = body.take_bool()
        replica = self._questions.takes_part(caller, channel_id)
        cells, following = self.page(replica, after, failing)
        return [[cell.encode() for cell in cells], following]

    # -- the rows of all ---------------------------------------------------------------------

    async def rows(self, replica: Replica, failing: bool = False) -> list[Row]:
        """A row of each initiator; ``failing``: only with the subscribers that it fails to reach."""
        view = await self._storage.known_initiators(replica)
        return list(await asyncio.gather(*(self.row(replica, c, failing) for c in view.contacts)))

    async def row(self, replica: Replica, contact: Contact, failing: bool) -> Row:
        """One initiator's row, as far as it came."""
        cells: list[Cell] = []

        async def page(after: bytes | None) -> tuple[list[Cell], bytes | None]:
            return await self.page_of(replica, contact, after, failing)

        async def pages(_: Contact) -> None:
            await all_pages(page, cells, lambda after, before: after > before, ROW_PAGES_MAX)

        told = await self._questions.one(contact, pages, "matrix")
        return Row(contact, told.outcome, cells)

    async def page_of(
        self, replica: Replica, contact: Contact, after: bytes | None, failing: bool
    ) -> tuple[list[Cell], bytes | None]:
        """A page of the row of any initiator, which may be this node; raises as requests do."""
        if contact.public_key == self._context.identity.public_key:
            return self.page(replica, after, failing)
        body, asked_s = [replica.channel_id, after, failing], self._context.now()
        answer = Fields(await self._context.rpc.request(contact, Op.ROW, body, prove=True))
        cells = [Cell.decode(item, asked_s) for item in answer.take_list(PAGE)]
        return cells, answer.take_bytes_or_none(20)

    async def matrix(self, replica: Replica) -> dict[str, Any]:
        """JSON-able: initiator id -> outcome, and per subscriber id what the initiator says of it."""
        rows = await self.rows(replica)
        return {row.initiator.id.hex(): row.told(self._context.now()) for row in rows}

"""``Looks``: looking at the initiators of a channel, all at once, and remembering what each said last.

A look at one of them is its ``HEALTH`` and its row of the matrix, page by page side by side. What has come is
shown at once; what has not come yet is shown as it was at the look before, so that on a slow network the
picture is older but never cut off.

Invariants: who looks waits ``WAIT_S`` at most, ``FIRST_WAIT_S`` where there is nothing yet to show; one look
per channel and initiator at a time; an initiator is called silent only when two requests one after the other
were not answered, until then it is shown as it was last, or as not heard yet; each page is waited for as long
as its path needs, within bounds; a look ends after ``LOOK_MAX_S``, with the pages that came; what is
remembered is bounded.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from peernode.errors import RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.matrix import ROW_PAGES_MAX, Cell, Matrix, Row
from peernode.pubsub.picture import Said
from peernode.pubsub.questions import OK, TIMEOUT, UNHEARD_YET, Questions, all_pages
from peernode.pubsub.replica import Replica
from peernode.pubsub.vitals import PAGES_MAX, Share, Vitals, decode_page
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

T = TypeVar("T")

WAIT_S = 0.8
FIRST_WAIT_S = 2.0
"""So long initiators are waited for; the longer when none was ever looked at. One that was silent at the last
look is not waited for: its answer counts when it comes. The shorter is so short that somebody who looks again
and again has a picture under 2 s old at any moment, though one initiator falls silent."""

ASKED_MIN_S = (0.9, 1.2)
"""So long the first and the second request are waited for at least; when neither is answered, the initiator
is called silent. The second is longer than a path takes that has become slow since it was measured."""

PAGE_MIN_S = 3.0
"""So long a page is waited for at least when one before it has come."""

PAGE_RTOS = 3.0
"""So many timeouts of its path, as measured, anything is waited for: a sending and its repetition. The path's
timeout is bounded (``rto_max_s``), so this is."""

LOOK_MAX_S = 60.0
"""The longest look: as many pages as there can be of a row in full, on a path of three seconds."""

REMEMBERED_S = 10.0
"""What was found longer ago says nothing of now: the initiator is looked at as if for the first time."""

LOOKS_MAX = 4096
"""Initiators whose last answer is remembered, over all channels; the one looked at longest ago goes first."""

_NOTHING = frozenset((TIMEOUT, "backpressure"))
"""Outcomes of a request from which nothing was heard."""

Own = Callable[[Replica], tuple[Vitals, Sequence[Share]]]


@dataclass(slots=True)
class _Look:
    """A look at one initiator: what is shown of it, and the look that is under way."""

    said: Said
    failing: bool
    """Whether the row names only those that the initiator fails to reach."""
    ended_s: float = float("-inf")
    """When the last one ended."""
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Hearing:
    """What has come of one look so far."""

    contact: Contact
    started_s: float
    vitals: Vitals | None = None
    rtt_ms: float | None = None
    shares: list[Share] = field(default_factory=list)
    shared_until: int | None = -1
    """The place up to which shares have come; None: all."""
    cells: list[Cell] = field(default_factory=list)
    until: bytes | None = b""
    """The subscriber up to whom the row has come; None: all."""

    @property
    def heard(self) -> bool:
        """Whether any page has come."""
        return self.vitals is not None or self.until != b""

    def over(self, before: Said) -> Said:
        """What is shown while more is to come: what has come, and behind that what was said before."""
        row = self._row(before, OK) if self.until != b"" else before.row
        if self.vitals is None:
            return replace(before, row=row)
        word = (self.started_s, self.rtt_ms, self.vitals, self._shares(before))
        return Said(before.contact, False, OK, row, *word)

    def ended(self, before: Said, outcome: str, row_outcome: str, now: float) -> Said:
        """What is shown at the end; a part that was lost is shown as it was, unless that is long ago."""
        fresh = now - before.at_s <= max(REMEMBERED_S, 2 * (now - self.started_s))
        kept = (
            before
            if fresh and self.heard
            else Said(before.contact, False, TIMEOUT, Row(before.contact, ""), 0)
        )
        row = self._row(kept if row_outcome == TIMEOUT else None, row_outcome)
        if self.vitals is not None:
            word = (self.started_s, self.rtt_ms, self.vitals, self._shares(kept))
            return Said(before.contact, False, outcome, row, *word)
        if outcome == TIMEOUT and kept.vitals is not None:
            return replace(kept, outcome=outcome, row=row)
        return Said(before.contact, False, outcome, row, self.started_s)

    def _row(self, before: Said | None, outcome: str) -> Row:
        contact = self.contact
        if self.until is None or before is None or not before.row.cells:
            return Row(contact, outcome, self.cells, self.until)
        rest = [cell for cell in before.row.cells if cell.subscriber > self.until]
        until = before.row.until
        return Row(contact, outcome, [*self.cells, *rest], until and max(until, self.until))

    def _shares(self, before: Said) -> tuple[Share, ...]:
        until = self.shared_until
        if until is None:
            return tuple(self.shares)
        older = [share for share in before.shares if share.place > until]
        return (*self.shares, *(share.as_of(self.started_s - before.at_s) for share in older))


class Looks:
    """See the module."""

    def __init__(self, context: Context, questions: Questions, matrix: Matrix, own: Own) -> None:
        """``own``: what this node says of a channel itself."""
        self._context = context
        self._questions = questions
        self._matrix = matrix
        self._own = own
        self._looks: OrderedDict[tuple[bytes, bytes], _Look] = OrderedDict()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"health_looks": (len(self._looks), LOOKS_MAX)}

    async def all(
        self, replica: Replica, contacts: Sequence[Contact], failing: bool, more_s: float
    ) -> list[Said]:
        """What each of them says now, or said last; ``failing``: of subscribers only those that it fails to
        reach; ``more_s``: to be waited longer than usual, or less.
        """
        looks = [self._look(replica, contact, failing) for contact in contacts]
        new = [look for look in looks if look.ended_s == float("-inf")]
        tasks = [asyncio.shield(x.task) for x in looks if x.task and (x in new or x.said.answers)]
        try:
            async with asyncio.timeout((FIRST_WAIT_S if len(new) == len(looks) else WAIT_S) + more_s):
                await asyncio.gather(*tasks)
        except TimeoutError:
            self._context.collector.count("health.not_waited_for")
        return [look.said for look in looks]

    def _look(self, replica: Replica, contact: Contact, failing: bool) -> _Look:
        """The look at one initiator that is under way, or a new one."""
        key = (replica.channel_id, contact.id)
        look, now = self._looks.pop(key, None), self._context.now()
        ended = look is None or look.task is None or look.task.done()
        if look is None or (ended and now - look.ended_s > REMEMBERED_S):
            look = _Look(Said(contact, False, UNHEARD_YET, Row(contact, UNHEARD_YET), now), failing)
        if ended:
            look.task = self._context.tasks.spawn(self._run(replica, contact, look, failing), "health.look")
        self._looks[key] = look
        if len(self._looks) > LOOKS_MAX:
            self._looks.popitem(last=False)
        return look

    async def _run(self, replica: Replica, contact: Contact, look: _Look, failing: bool) -> None:
        """Look at one initiator, which may be this node."""
        started = self._context.now()
        if contact.public_key == self._context.identity.public_key:
            row = await self._matrix.row(replica, contact, failing)
            outcome = OK if replica.serves else "not_initiator"
            look.said = Said(contact, True, outcome, row, started, 0.0, *self._own(replica))
        else:
            if look.failing != failing:  # the rows of before have another meaning
                look.said, look.failing = replace(look.said, row=Row(contact, UNHEARD_YET)), failing
            look.said = await self._heard(replica, contact, look)
        look.ended_s = self._context.now()

    async def _heard(self, replica: Replica, contact: Contact, look: _Look) -> Said:
        """What another one says, when it is silent at the first request by the second."""
        before = look.said
        for least_s in ASKED_MIN_S:
            hearing = _Hearing(contact, self._context.now())
            outcomes = await self._listen(replica, look, before, hearing, least_s)
            if hearing.heard or not _NOTHING.issuperset(outcomes):
                break
            self._context.collector.count("health.unheard")
        return hearing.ended(before, *outcomes, self._context.now())

    async def _listen(
        self, replica: Replica, look: _Look, before: Said, hearing: _Hearing, least_s: float
    ) -> tuple[str, str]:
        """Ask for both parts side by side; how each ended."""
        contact, channel = hearing.contact, replica.channel_id

        async def share_page(after: int | None) -> tuple[list[Share], int | None]:
            asked = self._context.now()
            request = self._context.rpc.request(contact, Op.HEALTH, [channel, after], prove=True)
            answer = await self._patiently(contact, request, least_s if after is None else PAGE_MIN_S)
            vitals, more, following = decode_page(Fields(answer), after is None)
            if vitals is not None:
                hearing.vitals, hearing.rtt_ms = vitals, (self._context.now() - asked) * 1000
            hearing.shares += [share.as_of(hearing.started_s - asked) for share in more]
            hearing.shared_until = following
            look.said = hearing.over(before)
            return more, following

        async def cell_page(after: bytes | None) -> tuple[list[Cell], bytes | None]:
            asked = self._matrix.page_of(replica, contact, after, look.failing)
            page_s = least_s if after is None else PAGE_MIN_S
            more, following = await self._patiently(contact, asked, page_s)
            hearing.cells += more
            hearing.until = following
            look.said = hearing.over(before)
            return more, following

        async def shares(_: Contact) -> None:
            await all_pages(share_page, [], lambda after, before: after > before, PAGES_MAX)

        async def cells(_: Contact) -> None:
            await all_pages(cell_page, [], lambda after, before: after > before, ROW_PAGES_MAX)

        try:
            async with asyncio.timeout(LOOK_MAX_S):
                told, row = await asyncio.gather(
                    self._questions.one(contact, shares, "health"),
                    self._questions.one(contact, cells, "matrix"),
                )
        except TimeoutError:
            self._context.collector.count("health.cut_off")
            return TIMEOUT, TIMEOUT
        if hearing.rtt_ms is None and told.outcome != TIMEOUT:
            hearing.rtt_ms = told.elapsed_ms
        return told.outcome, row.outcome

    async def _patiently(self, contact: Contact, asked: Awaitable[T], least_s: float) -> T:
        """A page's answer; one that takes longer than its path explains is lost."""
        patience_s = max(least_s, PAGE_RTOS * self._context.rpc.measured_rto_s(contact.public_key))
        try:
            async with asyncio.timeout(patience_s):
                return await asked
        except TimeoutError:
            raise RpcTimeout(f"a page of {contact}") from None

"""Finding the nodes closest to an id: ``alpha`` peers asked at a time, none waited for in turn.

``search`` decides whom to ask and when it is over; here is the asking. What a peer names is dialled,
not trusted: only nodes that answered us are in the result. A question that is still unanswered when
the lookup ends goes on to its last retransmission in the background, so that a dead peer is noticed
as such; when the lookup is cancelled, so are its questions. A late peer is asked once more, or at
5 % loss every two-hundredth lookup would miss one. A late one that only liars have named is not asked again:
it may be somebody's address under a key that nobody has, and what may be sent to that is little. Who misled a
lookup is not believed by the next ones, for ``DISTRUST_S``. One that is silent and not known to be public may
be behind an address translator: whoever named it introduces us, then it is asked again. Bounds: see
``search``, ``LOOKUP_MAX_S``, ``INTRODUCED_MAX`` and ``MISLEADING_MAX``.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from peernode.config import NodeConfig
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.addresses import may_dial
from peernode.overlay.search import Candidate, Search, Step
from peernode.overlay.table import PeerTable
from peernode.rpc.rpc import Rpc
from peernode.tasks import Tasks
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Op

CONTACTS_MAX = 16
"""Contacts in an answer to FIND_NODE."""

LOOKUP_MAX_S = 4.0
"""Then a lookup returns what it has: hostile peers can name ever closer nodes that are none."""

DISTRUST_S = 60.0
"""So long the word of a peer that misled a lookup counts for nothing, unless others say the same."""

INTRODUCED_MAX = 16
"""Questions of one lookup to introduce us to silent peers; those over it only have more time."""

INTRODUCED_BY_MAX = 2
"""Of these to one peer: some may name only nodes that do not exist."""

TELLERS_MAX = 3
"""Peers that are asked in turn to introduce us to one."""

MISLEADING_MAX = 256
"""Misleading peers remembered; over it the one that misled longest ago is forgotten."""

# In timeouts of the peer: two sends are missed after 1 + 2, three after 1 + 2 + 4 of them.
_SLOW_RTOS = 1
_LATE_RTOS = 3
_SECOND_TRY_RTOS = 4
_GIVEN_UP_RTOS = 7
_LONG_RTOS = 1.5
_DOUBTED_RTOS = 1

_SECOND_TRY_SENDS = 2

_TARGET_ITEM_BYTES = 2 + 20
_PADDING_HEADER_BYTES = 3


@dataclass(frozen=True, slots=True)
class LookupResult:
    """``closest``: the closest nodes that answered, closest first, without this one."""

    closest: list[Contact]
    answered: int
    asked: int
    news: bool
    """Whether somebody was named whom the table has not heard of and would have a place for."""


@dataclass(slots=True, eq=False)
class _Lookup:
    """One lookup under way."""

    search: Search
    target: bytes
    news: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    questions: dict[Candidate, asyncio.Task[None]] = field(default_factory=dict)
    named_by: dict[bytes, list[Contact]] = field(default_factory=dict)
    """Key -> who named it first and did not call it public; 16 at most in each answer to our questions."""
    introduced: Counter[bytes] = field(default_factory=Counter)
    """Key -> how often this peer was asked to introduce us."""

    def judge(self, verdict: Callable[[Candidate], None], candidate: Candidate) -> None:
        """Something happened to ``candidate``."""
        verdict(candidate)
        for named, question in list(self.questions.items()):
            if self.search.hopeless(named):
                self.search.given_up(named)
                question.cancel()
                del self.questions[named]
        self.news.set()


class Lookups:
    """The lookups of one node."""

    def __init__(self, rpc: Rpc, config: NodeConfig, table: PeerTable, tasks: Tasks) -> None:
        self._rpc = rpc
        self._config = config
        self._table = table
        self._tasks = tasks
        self._misleading: OrderedDict[bytes, float] = OrderedDict()
        """Key -> when it last misled a lookup."""
        self.running = 0

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"misleading": (len(self._misleading), MISLEADING_MAX)}

    def forgive(self) -> None:
        """Our own network was away: nobody misled us."""
        self._misleading.clear()

    async def run(self, target: bytes, want: int, seeds: Iterable[Contact] = ()) -> LookupResult:
        """The ``want`` nodes closest to ``target``; ``seeds`` are asked besides the table's closest."""
        lookup = _Lookup(Search(target, want, self._config.alpha, self._distrusted), target)
        for contact in seeds:
            lookup.search.learn(contact, doubted=False, urgent=True)
        for contact in self._table.closest(target, self._config.k):
            lookup.search.learn(contact, doubted=False)
        self.running += 1
        try:
            async with asyncio.timeout(LOOKUP_MAX_S):
                await self._search(lookup)
        except TimeoutError:
            self._rpc.counters["lookup.cut_off"] += 1
        except BaseException:
            for task in lookup.tasks:
                task.cancel()
            raise
        finally:
            self.running -= 1
            self._note_misleading(lookup.search)
        self._table.refreshed(target)
        closest = [self._where_it_answered(contact) for contact in lookup.search.result()]
        return LookupResult(closest, lookup.search.answered, lookup.search.asked, self._news(lookup.search))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _distrusted(self, key: bytes) -> bool:
        misled_at = self._misleading.get(key)
        return misled_at is not None and self._now() - misled_at < DISTRUST_S

    def _note_misleading(self, search: Search) -> None:
        for key in search.misled_by():
            self._rpc.counters["lookup.misled"] += 1
            self._misleading[key] = self._now()
            self._misleading.move_to_end(key)
            if len(self._misleading) > MISLEADING_MAX:
                self._misleading.popitem(last=False)

    def _news(self, search: Search) -> bool:
        return any(
            self._table.standing(contact.public_key) is None
            and not self._table.suspected(contact)
            and self._table.has_room(contact)
            for contact in search.known()
        )

    async def _search(self, lookup: _Lookup) -> None:
        while not lookup.search.over:
            lookup.news.clear()
            while (candidate := lookup.search.next()) is not None:
                task = self._tasks.spawn(self._question(lookup, candidate), "lookup")
                lookup.tasks.append(task)
                lookup.questions[candidate] = task
            await lookup.news.wait()

    async def _question(self, lookup: _Lookup, candidate: Candidate) -> None:
        search = lookup.search
        rto_s = self._rpc.rto_s(candidate.contact.public_key)
        # A timeout far over the others' mostly comes from losses: then more tries, not more patience.
        usual_s = min(rto_s, 2 * self._rpc.median_rto_s())
        given_up_s = max(_GIVEN_UP_RTOS * usual_s, _LONG_RTOS * rto_s)
        if candidate.doubted:
            given_up_s = _DOUBTED_RTOS * rto_s
        call_later = asyncio.get_running_loop().call_later
        timers = [
            call_later(_SLOW_RTOS * usual_s, self._slow, lookup, candidate),
            call_later(_LATE_RTOS * usual_s, lookup.judge, search.late, candidate),
            call_later(_SECOND_TRY_RTOS * usual_s, self._try_again, lookup, candidate),
            call_later(given_up_s, lookup.judge, search.given_up, candidate),
        ]
        try:
            await self._ask(lookup, candidate, None)
        except (RpcTimeout, Backpressure, RemoteProtocolError):
            lookup.judge(search.failed, candidate)
        finally:
            for timer in timers:
                timer.cancel()

    def _slow(self, lookup: _Lookup, candidate: Candidate) -> None:
        """A datagram may be lost; but it may be behind a translator, too, unless it is known not to be."""
        lookup.judge(lookup.search.slow, candidate)
        known = candidate.contact.public_key in lookup.named_by
        if known and candidate.step is Step.SLOW and not candidate.doubted and not lookup.search.over:
            lookup.tasks.append(self._tasks.spawn(self._let_us_in(lookup, candidate), "lookup"))

    async def _let_us_in(self, lookup: _Lookup, candidate: Candidate) -> None:
        """Have somebody who named the candidate ask it to write to us, so that we are let in; ask again."""
        for teller in list(lookup.named_by[candidate.contact.public_key]):
            if not candidate.overdue:
                return
            if lookup.introduced.total() >= INTRODUCED_MAX:
                self._rpc.counters["lookup.introductions_full"] += 1
                return
            if lookup.introduced[teller.public_key] >= INTRODUCED_BY_MAX:
                continue
            lookup.introduced[teller.public_key] += 1
            if await self._introduced(teller, candidate.contact):
                self._rpc.counters["lookup.introduced"] += 1
                if candidate.overdue:
                    await self._second_try(lookup, candidate)
                return

    async def _introduced(self, teller: Contact, wanted: Contact) -> bool:
        """Whether ``teller`` has asked ``wanted`` to write to us; its silence is no fault of its own."""
        body, sends = [None, wanted.public_key], _SECOND_TRY_SENDS
        try:
            answer = await self._rpc.request(teller, Op.DIALBACK, body, sends=sends, tentative=True)
            # An earlier version has asked a third of its own choice.
            return answer.more and Contact.decode(answer.take()) == wanted
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError):
            return False

    def _try_again(self, lookup: _Lookup, candidate: Candidate) -> None:
        if candidate.step is Step.LATE:
            lookup.tasks.append(self._tasks.spawn(self._second_try(lookup, candidate), "lookup"))

    async def _second_try(self, lookup: _Lookup, candidate: Candidate) -> None:
        try:
            await self._ask(lookup, candidate, _SECOND_TRY_SENDS)
        except (RpcTimeout, Backpressure, RemoteProtocolError):
            return  # the first question is still out, and judged by itself

    async def _ask(self, lookup: _Lookup, candidate: Candidate, sends: int | None) -> None:
        for contact in await self._find_node(candidate.contact, lookup.target, sends):
            lookup.search.learn(contact, doubted=self._table.suspected(contact), teller=candidate.word)
            if not contact.public:
                tellers = lookup.named_by.setdefault(contact.public_key, [])
                tellers += [candidate.contact] if len(tellers) < TELLERS_MAX else []
        lookup.judge(lookup.search.came, candidate)

    async def _find_node(self, contact: Contact, target: bytes, sends: int | None) -> list[Contact]:
        """Whom ``contact`` knows close to ``target``, those of them that may be dialled."""
        body = [target, bytes(self._padding_bytes())]
        try:
            fields = await self._rpc.request(contact, Op.FIND_NODE, body, sends=sends)
        except Refused:
            return []  # alive, only not willing
        try:
            named = decode_contacts(fields.take(), CONTACTS_MAX)
        except RemoteProtocolError:
            self._rpc.counters["rejected.contacts"] += 1
            raise
        return [contact for contact in named if may_dial(self._rpc, contact)]

    def _padding_bytes(self) -> int:
        """So many that the packed body has ``find_node_pad_bytes``: no small question, large answer."""
        return max(0, self._config.find_node_pad_bytes - 1 - _TARGET_ITEM_BYTES - _PADDING_HEADER_BYTES)

    def _where_it_answered(self, contact: Contact) -> Contact:
        standing = self._table.standing(contact.public_key)
        if standing is not None:
            return standing.contact
        address = self._rpc.address_of(contact.public_key) or contact.address
        return (
            contact if address == contact.address else Contact(contact.public_key, *address, contact.public)
        )

"""Finding the nodes closest to an id: ``alpha`` peers asked at a time, none waited for in turn.

``search`` decides whom to ask and when it is over; here is the asking. What a peer names is dialled,
not trusted: only nodes that answered us are in the result. A question that is still unanswered when
the lookup ends goes on to its last retransmission in the background, so that a dead peer is noticed
as such; when the lookup is cancelled, so are its questions. Bounds: see ``search``, and ``LOOKUP_MAX_S``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peernode.config import NodeConfig
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.addresses import may_dial
from peernode.overlay.search import Candidate, Search
from peernode.overlay.table import PeerTable
from peernode.rpc.rpc import Rpc
from peernode.tasks import Tasks
from peernode.wire.contact import Contact, decode_contacts
from peernode.wire.ops import Op

CONTACTS_MAX = 16
"""Contacts in an answer to FIND_NODE."""

LOOKUP_MAX_S = 4.0
"""Then a lookup returns what it has: hostile peers can name ever closer nodes that are none."""

# In timeouts of the peer: two sends are missed after 1 + 2, three after 1 + 2 + 4 of them.
_LATE_RTOS = 3
_GIVEN_UP_RTOS = 7
_DOUBTED_RTOS = 1

_TARGET_ITEM_BYTES = 1 + 2 + 20
_PADDING_HEADER_BYTES = 3


@dataclass(frozen=True, slots=True)
class LookupResult:
    """``closest``: the closest nodes that answered, closest first, without this one."""

    closest: list[Contact]
    answered: int
    asked: int


class Lookups:
    """The lookups of one node."""

    def __init__(self, rpc: Rpc, config: NodeConfig, table: PeerTable, tasks: Tasks) -> None:
        self._rpc = rpc
        self._config = config
        self._table = table
        self._tasks = tasks
        self.running = 0

    async def run(self, target: bytes, want: int, seeds: Iterable[Contact] = ()) -> LookupResult:
        """The ``want`` nodes closest to ``target``; ``seeds`` are asked besides the table's closest."""
        search = Search(target, want, self._config.alpha)
        for contact in seeds:
            search.learn(contact, doubted=False, urgent=True)
        for contact in self._table.closest(target, self._config.k):
            search.learn(contact, doubted=False)
        questions: list[asyncio.Task[None]] = []
        news = asyncio.Event()
        self.running += 1
        try:
            async with asyncio.timeout(LOOKUP_MAX_S):
                while not search.over:
                    news.clear()
                    while (candidate := search.next()) is not None:
                        question = self._question(search, candidate, target, news)
                        questions.append(self._tasks.spawn(question, "lookup"))
                    await news.wait()
        except TimeoutError:
            self._rpc.counters["lookup.cut_off"] += 1
        except BaseException:
            for question_task in questions:
                question_task.cancel()
            raise
        finally:
            self.running -= 1
        self._table.refreshed(target)
        closest = [self._where_it_answered(contact) for contact in search.result()]
        return LookupResult(closest, search.answered, search.asked)

    async def _question(
        self, search: Search, candidate: Candidate, target: bytes, news: asyncio.Event
    ) -> None:
        loop = asyncio.get_running_loop()
        rto_s = self._rpc.rto_s(candidate.contact.public_key)
        # A peer that is slow by itself is asked with patience, but not at the cost of the others.
        late_s = _LATE_RTOS * min(rto_s, 2 * self._rpc.median_rto_s())
        given_up_s = rto_s * (_DOUBTED_RTOS if candidate.doubted else _GIVEN_UP_RTOS)

        def missed(judge: Callable[[Candidate], None]) -> None:
            judge(candidate)
            news.set()

        timers = [
            loop.call_later(late_s, missed, search.late),
            loop.call_later(given_up_s, missed, search.given_up),
        ]
        try:
            for contact in await self._find_node(candidate.contact, target):
                search.learn(contact, doubted=self._table.suspected(contact))
            search.came(candidate)
        except (RpcTimeout, Backpressure, RemoteProtocolError):
            search.failed(candidate)
        finally:
            for timer in timers:
                timer.cancel()
            news.set()

    async def _find_node(self, contact: Contact, target: bytes) -> list[Contact]:
        """Whom ``contact`` knows close to ``target``, those of them that may be dialled."""
        body = [target, bytes(self._padding_bytes())]
        try:
            fields = await self._rpc.request(contact, Op.FIND_NODE, body)
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

"""``Questions``: asking those who take part in a channel what only they know, and who may be answered.

Each initiator speaks for itself; whoever wants the whole asks all of them at once. What comes back is one
node's word: nobody proves it, and it decides nothing but what a person is told.

Invariants: only who takes part in the channel, at a proven address, is answered, and about one channel only
so often; an answer is read field by field; one that does not answer, or does not know the question (an
earlier version), costs the others nothing and is told as that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.rpc.ratelimit import BucketTable
from peernode.rpc.rpc import Caller
from peernode.wire.contact import Contact
from peernode.wire.ops import Status

T = TypeVar("T")
P = TypeVar("P")

UNHEARD = (RpcTimeout, Refused, Backpressure, RemoteProtocolError)
"""What a question to one node may end with."""

PAGES_MAX = 1024
"""Pages read of one answer; the rest is left out."""

ASKS_PER_S = 64.0
ASKS_BURST = 512.0
"""Pages that one node hears about one channel: two looks a second at the largest that is told in full, of 33
pages each. Over it it hears ``RATE_LIMITED``."""

ASKERS_MAX = 4096
"""Askers, by channel, whose asking is counted; who has not asked for longest is forgotten."""

OK, TIMEOUT, SAYS_NOT, UNHEARD_YET = "ok", "timeout", "does not say", "unheard"


def why(error: Exception) -> str:
    """A failed question in a word: ``timeout``, ``does not say`` (an earlier version), a status,
    ``backpressure`` (too much of ours waits for it already), or ``malformed``.
    """
    if isinstance(error, RpcTimeout | TimeoutError):
        return TIMEOUT
    if isinstance(error, Refused):
        if error.status == Status.UNSUPPORTED:
            return SAYS_NOT
        return Status(error.status).name.lower() if error.status in list(Status) else "refused"
    return "backpressure" if isinstance(error, Backpressure) else "malformed"


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """What one node answered; ``outcome`` is ``ok`` or why there is nothing."""

    contact: Contact
    outcome: str
    elapsed_ms: float
    value: T | None = None


class Questions:
    """See the module."""

    def __init__(self, context: Context, storage: PubSubStorage) -> None:
        self._context = context
        self._storage = storage
        self._askers = BucketTable(ASKS_PER_S, ASKS_BURST, ASKERS_MAX)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"question_askers": self._askers.sizes()["buckets"]}

    def takes_part(self, caller: Caller, channel_id: bytes, *, as_initiator: bool = True) -> Replica:
        """The channel that somebody asks about; raises ``Refused`` for who has no part in it.

        ``as_initiator``: the answer is an initiator's; otherwise that of anybody in the channel.
        """
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        replica = self._storage.replicas.get(channel_id)
        if replica is None or not (replica.serves or (not as_initiator and replica.subscribed)):
            raise Refused(Status.NOT_INITIATOR, [[]])
        view = replica.initiators
        known = view is not None and view.holds(caller.contact.public_key)
        listed = replica.leases.contact(caller.contact.id) is not None
        if not (known or listed or (not as_initiator and replica.lists(caller.contact.id))):
            raise Refused(Status.NOT_SUBSCRIBED)
        if not self._askers.take((caller.contact.id + channel_id).hex(), self._context.now()):
            self._context.collector.count("questions.rate_limited")
            raise Refused(Status.RATE_LIMITED, [int(1000 / ASKS_PER_S) + 1])
        return replica

    async def each(
        self, contacts: Sequence[Contact], ask: Callable[[Contact], Awaitable[T]], about: str
    ) -> list[Told[T]]:
        """The answers of all, asked at once, in their order; ``about`` is what failures are counted as."""
        return list(await asyncio.gather(*(self.one(contact, ask, about) for contact in contacts)))

    async def one(self, contact: Contact, ask: Callable[[Contact], Awaitable[T]], about: str) -> Told[T]:
        """The answer of one of them."""
        started = self._context.now()
        try:
            value, outcome = await ask(contact), OK
        except UNHEARD as error:
            self._context.collector.count(f"{about}.{type(error).__name__}")
            value, outcome = None, why(error)
        return Told(contact, outcome, (self._context.now() - started) * 1000, value)


async def all_pages(
    ask: Callable[[P | None], Awaitable[tuple[Sequence[T], P | None]]],
    found: list[T],
    later: Callable[[P, P], bool],
    pages_max: int = PAGES_MAX,
) -> None:
    """Read an answer page by page into ``found``, which keeps what came when a page fails.

    A page names where the next one begins; one that is not ``later`` than the last ends it: nobody is asked
    in circles.
    """
    after: P | None = None
    for _ in range(pages_max):
        before = after
        page, after = await ask(after)
        found.extend(page)
        if after is None or (before is not None and not later(after, before)):
            return

"""``Anew``: what becomes of own messages whose time was taken from a clock that ran ahead.

Nobody takes a message before its time, and our timestamps never go back by themselves: a node whose clock was
set right would be refused for as long as it had been ahead. So it begins new streams at the right time, and
signs again what nobody has, under the ids that it had.

Invariants: what anybody else has receipted or acked is never signed again, nor what was called sent; a
message and the skip that names the bytes signed before become durable together; the order of those signed
again stays; a clock that only followed what others wrote does not go back behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peernode.errors import PeerNodeError
from peernode.pubsub.context import Context
from peernode.pubsub.entry import Entry
from peernode.pubsub.ingest import Ingest, Source
from peernode.pubsub.outbox import Outbox
from peernode.pubsub.signing import sign_next, sign_skip
from peernode.pubsub.storage import PubSubStorage
from peernode.store.base import PutMessage, PutOutbox, Write

OWN_AHEAD_MAX_MS = 30_000
"""Own timestamps further ahead, of our clock and of all that others wrote, are given up: half of what the
others allow, so that their clocks may be behind ours by the other half."""


class Anew:
    """Takes own timestamps back; ``start`` begins to publish an entry."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        ingest: Ingest,
        outbox: Outbox,
        start: Callable[[Entry], None],
    ) -> None:
        self._context = context
        self._storage = storage
        self._ingest = ingest
        self._outbox = outbox
        self._start = start
        self.lock = asyncio.Lock()
        """Held while messages are signed again; nobody may discard one meanwhile."""

    @property
    def ran_ahead(self) -> bool:
        """Whether the next own message would bear a time that others may refuse."""
        return self._context.hlc.ran_ahead_ms() > OWN_AHEAD_MAX_MS

    def early(self) -> list[Entry]:
        """What nobody has, as far as we know, and bears such a time; the oldest first."""
        lead_ms = self._context.hlc.lead_ms
        mine = self._context.identity.public_key
        return [
            entry
            for entry in self._outbox.waiting.values()
            if entry.state in ("pending", "failed")
            and not (entry.discarded or entry.acks or entry.receipts.keys() - {mine})
            and lead_ms(entry.message.hlc) > OWN_AHEAD_MAX_MS
        ]

    async def begin(self) -> None:
        """Begin new streams if the clock ran ahead, and sign again what has such a time."""
        async with self.lock:
            if self.ran_ahead:
                self._context.hlc.go_back()
                self._context.collector.count("clock.gone_back")
                for replica in self._storage.replicas.values():
                    replica.own = None
            for entry in self.early():
                await self._sign_anew(entry)

    async def _sign_anew(self, old: Entry) -> None:
        """One entry takes the place of another, and a skip is published beside it."""
        context, replica, message = self._context, old.replica, old.message
        if old.attempt is not None:
            old.attempt.cancel()
        old.ask_anew(context.now())
        kind = int(message.kind)
        again = sign_next(context, replica, message.id, kind, message.body, message.parts)
        skip = sign_skip(context, replica, context.new_id(), message)
        entries = [Entry(replica, own, text, old.created_ms) for own, text in ((again, old.text), (skip, ""))]
        writes: list[Write] = []
        for entry in entries:
            writes += [PutMessage(entry.message), PutOutbox(entry.row())]
        try:
            await context.commit(*writes)
        except PeerNodeError as error:
            context.collector.count(f"clock.{error.code}")
            replica.own = None  # these numbers are burnt
            self._start(old)
            return
        context.collector.count("clock.signed_anew")
        self._outbox.forget(old)
        for entry in entries:
            self._outbox.add(entry)
        self._ingest.believe(replica, [again, skip], Source.OWN)
        for entry in entries:
            self._outbox.tell(entry)
            self._start(entry)

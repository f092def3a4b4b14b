"""``ChannelDiagnostics``: how a channel is, by the word of all its initiators, not of this process alone.

Every initiator is asked for its ``HEALTH`` and its row of the matrix (``ROW``) at once (``looking``); what
they say is put together by ``picture`` and judged by ``diagnostics.verdict``. Nobody is asked unless somebody
looks.

Invariants: who looks waits as long as ``looking`` says at most, whatever the network does; an initiator of
a version without ``HEALTH`` is shown as one that does not say.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from peernode.diagnostics.joins import joins_told
from peernode.diagnostics.verdict import verdict
from peernode.errors import PeerNodeError, RemoteProtocolError
from peernode.pubsub import picture
from peernode.pubsub.context import Context
from peernode.pubsub.doubts import WITNESS_UPTIME_MS, believed, doubts
from peernode.pubsub.joinlog import JoinLog
from peernode.pubsub.logroots import LogRoots
from peernode.pubsub.looking import WAIT_S, Looks
from peernode.pubsub.matrix import Matrix
from peernode.pubsub.picture import SHOWN_MAX, Said
from peernode.pubsub.questions import Questions
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.vitals import PLACE_MAX, Share, Vitals, page_of, shares_of
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

SHARES_KEPT_S = 0.5
"""Putting a day's pushes together takes a millisecond or more: who asks again at once hears the same."""

TOLD_MAX = 256
"""Channels of which that is kept; the one asked about longest ago goes first."""

ROWS_FULL_MAX = 256
"""Subscribers of a channel up to which rows are asked for in full; over it only for those that fail."""


class ChannelDiagnostics:
    """See the module."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        questions: Questions,
        matrix: Matrix,
        joins: JoinLog,
    ) -> None:
        self._context = context
        self._storage = storage
        self._questions = questions
        self._joins = joins
        self._began_s = context.now()
        self._told: OrderedDict[bytes, tuple[float, list[Share]]] = OrderedDict()
        """Channel id -> what was told of it last, and when it was put together."""
        self._roots = LogRoots()
        self._looks = Looks(context, questions, matrix, self._word)
        context.rpc.serve(Op.HEALTH, self._serve)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {**self._looks.sizes(), **self._roots.sizes(), "health_told": (len(self._told), TOLD_MAX)}

    # -- our own word ------------------------------------------------------------------------------

    def vitals(self, replica: Replica) -> Vitals:
        """What this node says of a channel."""
        now, log, view = self._context.now(), replica.log, replica.initiators
        messages = log.held()
        return Vitals(
            messages,
            min(messages, replica.growth.recent(now, log.version)),
            replica.room.taken,
            log.root(),
            view.hash if view is not None else bytes(16),
            replica.leases.count_sure(now),
            max(0, int((now - self._began_s) * 1000)),
            replica.too_old_ms() > 0,
            replica.growth.full_age_ms(now),
        )

    def _shares(self, replica: Replica) -> list[Share]:
        """What can be told of the pushes, at most ``SHARES_KEPT_S`` old, for all who ask meanwhile."""
        key, now = replica.channel_id, self._context.now()
        at_s, shares = self._told.pop(key, (float("-inf"), []))
        if now - at_s > SHARES_KEPT_S:
            at_s, shares = now, shares_of(self._context.collector.windows(key), now)
        self._told[key] = (at_s, shares)
        if len(self._told) > TOLD_MAX:
            self._told.popitem(last=False)
        return [share.as_of(now - at_s) for share in shares]

    def _word(self, replica: Replica) -> tuple[Vitals, list[Share]]:
        return self.vitals(replica), self._shares(replica)

    def _serve(self, caller: Caller, body: Fields) -> list[Any]:
        channel_id, after = body.take_bytes(20), body.take()
        if after is not None and (type(after) is not int or not 0 <= after <= PLACE_MAX):
            raise RemoteProtocolError("a place or nil is expected")
        replica = self._questions.takes_part(caller, channel_id)
        page, following = page_of(self._shares(replica), after)
        head = self.vitals(replica).encode() if after is None else None
        return [head, [share.encode() for share in page], following]

    # -- the word of all ---------------------------------------------------------------------------

    async def health(self, replica: Replica) -> dict[str, Any]:
        """How the channel is, JSON-able (``docs/diagnostics.md``); as of the call, or as old as it says."""
        context, as_of_ms, began_s = self._context, self._context.wall_ms(), self._context.now()
        contacts = await self._contacts(replica)
        crowded = self._crowded(replica)
        heard = await self._looks.all(replica, contacts, crowded, began_s - context.now())
        doubted = doubts(heard, self._held(replica), crowded)
        said = believed(heard, doubted)
        now, view = context.now(), replica.initiators
        set_hash = view.hash if view is not None else bytes(16)
        shown = picture.initiators(heard, set_hash, now, doubted)
        subscribers = picture.subscribers(said, () if crowded else self._known(replica), crowded)
        listed = [one.vitals.subscribers for one in said if one.vitals is not None and crowded]
        channel = {
            "channel": replica.name,
            "as_of_ms": as_of_ms,
            "online": context.overlay.state()[0] == "online",
            "initiators": shown,
            "audience": max(len(subscribers), *listed, 0),
            "subscribers": subscribers[:SHOWN_MAX],
            "failing_only": crowded,
            "matrix": {one.contact.id.hex(): one.row.told(began_s) for one in said},
            "coordinator": self._coordinator(replica, said, set_hash),
            "pushes": picture.pushes(said),
            "minute": picture.minute(said, now),
            "series": picture.series(said, now, context.wall_ms()),
            "replication": {**picture.replication(said), "apart": self._apart(replica, said)},
            "joins": joins_told(self._joins.told(replica.channel_id)),
        }
        return {**channel, "verdict": verdict(channel)}

    def _coordinator(self, replica: Replica, said: Sequence[Said], set_hash: bytes) -> dict[str, Any]:
        diagnosis = self._storage.coordination.diagnosis(replica)
        told = [one.vitals for one in said if one.vitals is not None]
        age_s = diagnosis["set_age_s"]
        return {
            "version": diagnosis["version"],
            "age_ms": None if age_s is None else round(age_s * 1000),
            "messages": max([replica.log.held(), *(vitals.messages for vitals in told)]),
            "bytes": max([replica.room.taken, *(vitals.size for vitals in told)]),
            "initiators": diagnosis["initiators"],
            "agree": sum(1 for vitals in told if vitals.set_hash == set_hash),
            "of": len(told),
            "state": diagnosis["state"],
        }

    def _apart(self, replica: Replica, said: Sequence[Said]) -> int:
        told = (one.vitals for one in said if one.vitals is not None)
        return self._roots.apart(replica.channel_id, told, self._context.now())

    def _held(self, replica: Replica) -> tuple[int, int] | None:
        """What this node holds of a channel itself, if it has had the time to fetch it all."""
        waited_ms = (self._context.now() - self._began_s) * 1000
        if replica.serves or not replica.subscribed or waited_ms < WITNESS_UPTIME_MS:
            return None
        return replica.log.held(), replica.room.taken

    def _known(self, replica: Replica) -> list[bytes]:
        """This node subscribes, whether an initiator lists it or not; of others they know better."""
        return [self._context.identity.node_id] if replica.joined else []

    def _crowded(self, replica: Replica) -> bool:
        known = (replica.listeners, replica.leases.count(self._context.now()), len(replica.subscribers))
        return max(known) > ROWS_FULL_MAX

    async def _contacts(self, replica: Replica) -> list[Contact]:
        """The initiators as far as they are known, whatever the network does."""
        if replica.initiators is not None:
            return list(replica.initiators.contacts)
        try:
            async with asyncio.timeout(WAIT_S):
                return list((await self._storage.known_initiators(replica)).contacts)
        except (PeerNodeError, TimeoutError) as error:
            self._context.collector.count(f"health.{type(error).__name__}")
            return list(replica.remembered)

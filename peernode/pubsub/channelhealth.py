"""``ChannelDiagnostics``: how a channel is, by the word of all its initiators, not of this process alone.

Every initiator is asked for its ``HEALTH`` and its row of the matrix (``ROW``) at once; what they say is put
together by ``picture`` and judged by ``diagnostics.verdict``. Nobody is asked unless somebody looks.

Invariants: who looks waits ``FIRST_WAIT_S`` at most, whatever the network does; an initiator that has not
answered by then is shown as it was last, with the age of that, and one that stays silent for ``LOOK_MAX_S``
as silent; one look per channel and initiator at a time; what is remembered is bounded; an initiator of a
version without ``HEALTH`` is shown as one that does not say.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peernode.diagnostics.joins import joins_told
from peernode.diagnostics.verdict import verdict
from peernode.errors import PeerNodeError, RemoteProtocolError
from peernode.pubsub import picture
from peernode.pubsub.context import Context
from peernode.pubsub.joinlog import JoinLog
from peernode.pubsub.matrix import Matrix, Row
from peernode.pubsub.picture import SHOWN_MAX, Said
from peernode.pubsub.questions import OK, TIMEOUT, Questions, all_pages
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.vitals import PAGES_MAX, PLACE_MAX, Share, Vitals, decode_page, page_of, shares_of
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

WAIT_S = 1.0
FIRST_WAIT_S = 2.0
"""So long initiators are waited for; the longer when one was never looked at. One that was silent at the last
look is not waited for: its answer counts when it comes."""

LOOK_MAX_S = 5.0
"""An initiator that has said nothing for so long is silent: it was sent several datagrams."""

REMEMBERED_S = 2 * LOOK_MAX_S
"""What was found longer ago says nothing of now: the initiator is looked at as if for the first time."""

LOOKS_MAX = 4096
"""Initiators whose last answer is remembered, over all channels; the one looked at longest ago goes first."""

ROWS_FULL_MAX = 256
"""Subscribers of a channel up to which rows are asked for in full; over it only for those that fail."""


@dataclass(slots=True)
class _Look:
    """A look at one initiator: what the last one found, and the one that is under way."""

    said: Said
    ended_s: float = float("-inf")
    """When the last one ended."""
    task: asyncio.Task[None] | None = None


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
        self._matrix = matrix
        self._joins = joins
        self._began_s = context.now()
        self._looks: OrderedDict[tuple[bytes, bytes], _Look] = OrderedDict()
        context.rpc.serve(Op.HEALTH, self._serve)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"health_looks": (len(self._looks), LOOKS_MAX)}

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
            replica.leases.count(now),
            max(0, int((now - self._began_s) * 1000)),
            replica.too_old_ms() > 0,
        )

    def _shares(self, replica: Replica) -> list[Share]:
        windows = self._context.collector.windows(replica.channel_id)
        return shares_of(windows, self._context.now())

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
        said = await self._all(replica, contacts, began_s - context.now())
        now, view = context.now(), replica.initiators
        set_hash = view.hash if view is not None else bytes(16)
        shown = picture.initiators(said, set_hash, now)
        crowded = self._crowded(replica)
        subscribers = picture.subscribers(said, () if crowded else self._known(replica), crowded)
        listed = [one.vitals.subscribers for one in said if one.vitals is not None and crowded]
        channel = {
            "channel": replica.name,
            "as_of_ms": as_of_ms,
            "online": context.overlay.state()[0] == "online",
            "initiators": shown,
            "audience": max(len(subscribers), *listed, 0),
            "subscribers": subscribers[:SHOWN_MAX],
            "matrix": {one.contact.id.hex(): one.row.told() for one in said},
            "coordinator": self._coordinator(replica, said, set_hash),
            "pushes": picture.pushes(said),
            "series": picture.series(said, now, context.wall_ms()),
            "replication": picture.replication(said),
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

    async def _all(self, replica: Replica, contacts: Sequence[Contact], more_s: float) -> list[Said]:
        """What each of them says now, or said last; ``more_s``: to be waited longer than usual, or less."""
        looks = [self._look(replica, contact) for contact in contacts]
        new = [look for look in looks if look.ended_s == float("-inf")]
        tasks = [asyncio.shield(x.task) for x in looks if x.task and (x in new or x.said.answers)]
        try:
            async with asyncio.timeout((FIRST_WAIT_S if new else WAIT_S) + more_s):
                await asyncio.gather(*tasks)
        except TimeoutError:
            self._context.collector.count("health.not_waited_for")
        return [look.said for look in looks]

    def _look(self, replica: Replica, contact: Contact) -> _Look:
        """The look at one initiator that is under way, or a new one."""
        key = (replica.channel_id, contact.id)
        look, now = self._looks.pop(key, None), self._context.now()
        ended = look is None or look.task is None or look.task.done()
        if look is None or (ended and now - look.ended_s > REMEMBERED_S):
            look = _Look(Said(contact, False, TIMEOUT, Row(contact, TIMEOUT), now))
        if ended:
            look.task = self._context.tasks.spawn(self._ask(replica, contact, look), "health.look")
        self._looks[key] = look
        if len(self._looks) > LOOKS_MAX:
            self._looks.popitem(last=False)
        return look

    async def _ask(self, replica: Replica, contact: Contact, look: _Look) -> None:
        """Look at one initiator, which may be this node."""
        started, failing = self._context.now(), self._crowded(replica)
        if contact.public_key == self._context.identity.public_key:
            row = await self._matrix.row(replica, contact, failing)
            outcome = OK if replica.serves else "not_initiator"
            ours = (self.vitals(replica), self._shares(replica))
            look.said = Said(contact, True, outcome, row, started, 0.0, *ours)
            look.ended_s = self._context.now()
            return
        try:
            async with asyncio.timeout(LOOK_MAX_S):
                look.said = await self._heard(replica, contact, failing)
        except TimeoutError:
            self._context.collector.count("health.silent")
            look.said = Said(contact, False, TIMEOUT, Row(contact, TIMEOUT), started)
        look.ended_s = self._context.now()

    async def _heard(self, replica: Replica, contact: Contact, failing: bool) -> Said:
        shares: list[Share] = []
        found: list[tuple[Vitals, float]] = []

        async def page(after: int | None) -> tuple[list[Share], int | None]:
            asked = self._context.now()
            body = [replica.channel_id, after]
            answer = await self._context.rpc.request(contact, Op.HEALTH, body, prove=True)
            vitals, more, following = decode_page(Fields(answer), after is None)
            if vitals is not None:
                found.append((vitals, (self._context.now() - asked) * 1000))
            return more, following

        async def pages(_: Contact) -> None:
            await all_pages(page, shares, lambda after, before: after > before, PAGES_MAX)

        started = self._context.now()
        told, row = await asyncio.gather(
            self._questions.one(contact, pages, "health"), self._matrix.row(replica, contact, failing)
        )
        vitals, rtt_ms = found[0] if found else (None, told.elapsed_ms if told.outcome != TIMEOUT else None)
        return Said(contact, False, told.outcome, row, started, rtt_ms, vitals, tuple(shares))

"""``Coordination``: the initiator sets of this node's channels, kept and found again.

A set is kept for ``initiators_ttl_s`` and confirmed by the answers to renewals; it is dropped as soon as an
answer names another one, and a summary when an answer tells of a newer log. What is dropped is found
anew by the chain in ``loading``; when all of that fails, the channel is ``RECOVERING`` and the chain is gone
through again in the background.

Invariants: one load per channel runs at a time, a fresh one beside it, and one recovery; what a load
finds, or that it fails, counts for nothing when a set was found or confirmed since it began; a message
never waits for a load when there is a set at all; what was found last, and how, is kept with the channel.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import Any

from peernode.channel.coordinator import ACTIVE, FAILED, RECOVERING, Coordinator
from peernode.errors import Backpressure, PeerNodeError, Refused, RemoteProtocolError, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.disputes import STRANGER
from peernode.pubsub.inquiry import Inquiry
from peernode.pubsub.loading import RUMOURED_MAX, Load, Neighbourhood
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.pubsub.retry import TryAgain, retrying
from peernode.wire.contact import Contact

RECOVERY_TRIES_MAX = 64
"""Loads in the background until a channel is ``FAILED``; at 10 s on average that is ten minutes."""

RUMOURS_MAX = 16
"""Sets asked after at a time per channel: an answer each of the nodes that a message is published to."""

HINT = b"push"
"""What a push names is remembered apart from answers: it makes us ask, an answer makes us load."""

RECOVERY_BASE_S = 0.25
RECOVERY_CAP_S = 20.0


class Coordination:
    """The cache of initiator sets, and the chain that fills it."""

    def __init__(self, context: Context, around: Neighbourhood) -> None:
        self._context = context
        self._around = around
        self._inquiry = Inquiry(context)
        self._loads: dict[tuple[bytes, bool], asyncio.Task[Coordinator]] = {}
        self._recoveries: dict[bytes, None] = {}
        self._rumours: dict[tuple[bytes, bytes], asyncio.Task[None]] = {}

    # -- the cache ---------------------------------------------------------------------------

    def is_fresh(self, replica: Replica) -> bool:
        """Whether there is a set that was confirmed within ``initiators_ttl_s``."""
        view = replica.initiators
        return view is not None and self._context.now() - view.at_s < self._context.config.initiators_ttl_s

    async def known(self, replica: Replica) -> InitiatorSet:
        """As ``initiators``, but a set that has grown old serves while the next renewal looks anew.

        So a message never waits for a lookup when there is a set at all.
        """
        cached = replica.initiators
        if cached is None:
            return await self.initiators(replica)
        if self.is_fresh(replica):
            self._context.collector.count("coordinator.hits")
        else:
            self._context.collector.count("coordinator.stale")
            replica.sync_due = True
        return cached

    async def initiators(self, replica: Replica, fresh: bool = False) -> InitiatorSet:
        """Who stores the channel; ``NO_INITIATOR`` when nobody could be asked and no set is at hand."""
        cached = replica.initiators
        if cached is not None and not fresh and self.is_fresh(replica):
            self._context.collector.count("coordinator.hits")
            return cached
        found = await self.load(replica, fresh)
        if replica.initiators is None or (fresh and found.state != ACTIVE):
            raise PeerNodeError("NO_INITIATOR", replica.name)
        return replica.initiators  # could not ask: the old set is the best there is

    def newer(self, replica: Replica) -> None:
        """An answer told of a log that has what ours lacks: the summary is out of date."""
        if replica.coordinator is not None:
            replica.coordinator = None
            self._context.collector.count("coordinator.dropped_by_version")

    def differs(self, replica: Replica, teller: bytes, named: bytes) -> bool:
        """The node with public key ``teller`` named another set than ours; whether that is news.

        Then ours serves until the next load, which comes soon.
        """
        if not self.is_news(replica, teller, named):
            return False
        if self.is_fresh(replica) and not replica.serves:
            self._context.collector.count("coordinator.dropped_by_set")
        self.doubt(replica)
        return True

    def hinted(self, replica: Replica, teller: bytes, named: bytes) -> None:
        """A push named another set than ours: the next renewal asks the initiators, if this is news."""
        if not replica.serves and self.is_news(replica, teller, named, HINT):
            replica.sync_due = True
            replica.disputes.looked_into(self._context.now())

    def is_news(self, replica: Replica, teller: bytes, named: bytes, way: bytes = b"") -> bool:
        """Whether nobody has looked yet into this other set that a node named (``Disputes``)."""
        view = replica.initiators
        if view is None:
            return False
        who = way + (teller if view.holds(teller) else STRANGER)
        ttl_s = self._context.config.initiators_ttl_s
        news = replica.disputes.news(view.hash, who, named, self._context.now(), ttl_s)
        if not news:
            self._context.collector.count("coordinator.no_news")
        return news

    def confirmed(self, replica: Replica) -> None:
        """The initiators themselves agree with the cached set: it is fresh again, without a lookup."""
        view = replica.initiators
        if view is not None:
            replica.initiators = InitiatorSet(view.contacts, view.hash, True, self._context.now())
            replica.rumoured, replica.rumour, replica.load_state = [], b"", ACTIVE
            replica.found_s = self._context.now()

    def doubt(self, replica: Replica) -> None:
        """Others name another set: find out at the next renewal, which comes soon."""
        view = replica.initiators
        if view is not None and not replica.serves:
            replica.initiators = InitiatorSet(view.contacts, view.hash, view.answered, float("-inf"))
        replica.sync_due = True

    async def named_by(self, replica: Replica, contact: Contact, set_hash: bytes) -> list[Contact]:
        """Whom the set with this hash has beside ours, as ``contact``, who named it, says.

        Asked once per channel and set, however many messages wait for it; empty when it does not say.
        """
        if (
            replica.rumour != set_hash
            and len(self._rumours) < RUMOURS_MAX * self._context.config.channels_max
        ):
            key = (replica.channel_id, set_hash)
            task = self._rumours.get(key)
            if task is None:
                asking = self._ask_whom(replica, contact, set_hash)
                task = self._rumours[key] = self._context.tasks.spawn(asking, "coordinator.named_by")
                task.add_done_callback(lambda _: self._rumours.pop(key, None))
            await asyncio.shield(task)
        return replica.rumoured if replica.rumour == set_hash else []

    async def _ask_whom(self, replica: Replica, contact: Contact, set_hash: bytes) -> None:
        try:
            told = await self._inquiry.told_by(replica, contact)
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            self._context.collector.count(f"coordinator.{type(error).__name__}")
            return
        view, mine = replica.initiators, self._context.identity.public_key
        if told is None or view is None:
            return
        ours = dict.fromkeys([mine, *(c.public_key for c in view.contacts)])
        replica.rumoured = [c for c in told.initiators if c.public_key not in ours][:RUMOURED_MAX]
        replica.rumour = set_hash

    def summary(self, replica: Replica) -> Coordinator:
        """The channel's coordinator as this node has it now, asking nobody."""
        view, cached = replica.initiators, replica.coordinator
        log, subscribers = replica.log, replica.leases.digest()
        if cached is not None and view is not None and cached.set_hash == view.hash:
            ours = (log.root(), subscribers)
            news = cached.version > log.version or (cached.root, cached.subscribers) == ours
            if news and cached.state == replica.load_state:
                return cached
        contacts = view.contacts if view else replica.remembered or (self._context.me(),)
        set_hash = view.hash if view else make_set(list(contacts), False, 0.0).hash
        now = self._context.now()
        replica.coordinator = Coordinator(
            log.version, log.root(), subscribers, contacts, set_hash, replica.load_state, now
        )
        return replica.coordinator

    def told(self, replica: Replica) -> Coordinator:
        """As ``summary``, for others: a set that is not fresh, or being proven anew, is no opinion."""
        found, view = self.summary(replica), replica.initiators
        if view is not None and view.answered and self.is_fresh(replica) and not replica.recovering:
            return found
        return replace(found, state=RECOVERING)

    def diagnosis(self, replica: Replica) -> dict[str, Any]:
        """``summary`` with the traces of the last load and of the last join, JSON-able."""
        found, join = self.summary(replica), replica.join_trace
        view = replica.initiators
        return {
            "channel": replica.name,
            "version": found.version,
            "root": found.root.hex(),
            "subscribers": found.subscribers.hex(),
            "initiators": [contact.id.hex() for contact in found.initiators],
            "set_hash": found.set_hash.hex(),
            "state": RECOVERING if replica.recovering else found.state,
            "updated_at": found.updated_at,
            "set_age_s": self._context.now() - view.at_s if view and view.at_s > 0 else None,
            "rumoured": [contact.id.hex() for contact in replica.rumoured],
            "trace": [asdict(step) for step in replica.load_trace],
            "join": join.told() if join is not None else None,
        }

    # -- the chain ---------------------------------------------------------------------------

    async def load(self, replica: Replica, fresh: bool = False) -> Coordinator:
        """The coordinator by the chain; ``RECOVERING`` when nobody could be asked. ``fresh``: look it up."""
        key = (replica.channel_id, fresh)
        task = self._loads.get(key)
        if task is None:
            task = self._loads[key] = self._context.tasks.spawn(
                self._load(replica, fresh), "coordinator.load"
            )
            task.add_done_callback(lambda _: self._loads.pop(key, None))
        return await asyncio.shield(task)

    async def _load(self, replica: Replica, fresh: bool) -> Coordinator:
        started = self._context.now()
        load = Load(self._context, self._around, self._inquiry, replica)
        chain = (load.lookup,) if fresh else (load.cache, load.local, load.known, load.lookup, load.others)
        view: InitiatorSet | None = None
        for step in chain:
            if (view := await step()) is not None:
                break
        decided = view is not None and view.at_s > float("-inf")
        if replica.initiators is not None and replica.found_s > started and not (fresh and decided):
            self._context.collector.count("coordinator.overtaken")  # it knows of older times than we do
            return self.summary(replica)
        replica.load_trace = tuple(load.trace)
        if view is None:
            if replica.load_state == ACTIVE:
                replica.load_state = RECOVERING
            self._context.collector.count("coordinator.recovering")
            self._recover(replica)
            return self.summary(replica)
        if replica.load_state != ACTIVE:
            replica.load_state, replica.sync_due = ACTIVE, True
            self._context.collector.count("coordinator.recovered")
        replica.initiators, replica.rumoured, replica.rumour = view, load.rumoured, b""
        replica.disputes.looked_into(self._context.now())
        told = load.told
        if decided:  # an undecided load has not seen anything
            replica.found_s = max(replica.found_s, view.at_s)
            replica.version_seen = (max(replica.log.version, told.version if told else 0), view.at_s)
        if told is not None and told.version > replica.log.version:
            replica.coordinator = Coordinator(
                told.version, told.root, told.subscribers, view.contacts, view.hash, ACTIVE, view.at_s
            )
        return self.summary(replica)

    def _recover(self, replica: Replica) -> None:
        """Go on trying in the background, once per channel."""
        if replica.member and replica.channel_id not in self._recoveries:
            self._recoveries[replica.channel_id] = None
            replica.load_state = RECOVERING
            self._context.tasks.spawn(self._keep_trying(replica), "coordinator.recover")

    async def _keep_trying(self, replica: Replica) -> None:
        retry = retrying(
            self._context.env.random, RECOVERY_TRIES_MAX, base_s=RECOVERY_BASE_S, slow_cap_s=RECOVERY_CAP_S
        )
        try:
            await asyncio.sleep(self._context.jittered(RECOVERY_BASE_S))
            await retry(self._try, replica)
        except TryAgain:
            replica.load_state = FAILED
            self._context.collector.count("coordinator.failed")
        finally:
            self._recoveries.pop(replica.channel_id, None)

    async def _try(self, replica: Replica) -> None:
        if replica.load_state == ACTIVE or not replica.member:
            return
        if (await self.load(replica)).state != ACTIVE:
            raise TryAgain

    def sizes(self, channels_max: int) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound: each channel has few at a time."""
        return {
            "coordinator_loads": (len(self._loads), 2 * channels_max),
            "coordinator_recoveries": (len(self._recoveries), channels_max),
            "coordinator_rumours": (len(self._rumours), RUMOURS_MAX * channels_max),
        }

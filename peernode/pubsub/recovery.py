"""``Recovery``: brings joined channels back after this node, or a part of the network, was away.

Reasons to begin: the node has its network again (``network``), its process was frozen (``sleep``), lost peers
answer again (``partition``): those near a channel concern that channel, many at once all channels. A run is:
look the initiators up anew, renew the leases, have every initiator probe us and a nonce come back through
another one, catch up with whoever has more. Only then is the channel ``ACTIVE`` again.

Invariants: nothing is called recovered that is not proven both ways with a quorum of the initiators;
one run per channel, ``AT_ONCE`` of them in their proof at a time, spread by jitter, none kept from it by what
another channel has to catch up with (``Backlog``); a reason that turns up during a run is answered by one
more pass, ``PASSES_MAX`` in a row at most, then by a run of its own; a run that fails is tried again with
growing pauses until it succeeds or the channel is left, at once when there is a new reason.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from peernode.diagnostics.routes import LOCAL
from peernode.errors import PeerNodeError
from peernode.events import Recovered, Recovering
from peernode.pubsub.backlog import Backlog
from peernode.pubsub.context import Context
from peernode.pubsub.join import Joiner
from peernode.pubsub.joinproof import PROOF_WAIT_S, JoinProof
from peernode.pubsub.proofrun import ProofRun
from peernode.pubsub.replica import Replica
from peernode.pubsub.retry import backoff_s
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.subscription import Subscription
from peernode.pubsub.sync import CatchUp
from peernode.pubsub.turns import in_turns
from peernode.span import Span
from peernode.wire.contact import Contact

AT_ONCE = 8
"""Channels that are proven at a time; the others wait for their turn."""

SPREAD_S = 0.4
"""A run begins within this time, so that the peers of a whole side don't come in one instant."""

PASSES_MAX = 3
"""Passes of one run, when new reasons keep turning up; over it a run of its own begins, counted."""

RETRY_BASE_S = 0.5
RETRY_CAP_S = 20.0

LOST_MAX = 1024
"""Lost peers that are remembered; over it the one lost longest ago is taken for a newcomer."""

HEALED_WITHIN_S = 10.0
HEALED_MIN = 2
HEALED_SHARE = 0.25
"""When so large a part of the peers known comes back within that time, the network was in parts."""


@dataclass(slots=True)
class Run:
    """The recovery of one channel; ``again``: the reason that turned up since this pass began."""

    replica: Replica
    reason: str
    started_s: float
    again: str = ""
    attempts: int = 0
    route: dict[str, Any] = field(default_factory=dict)
    """Of the last pass."""
    hurried: asyncio.Event = field(default_factory=asyncio.Event)


class Recovery:
    """The recoveries of one node."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        subscriber: Subscriber,
        joiner: Joiner,
        catch_up: CatchUp,
    ) -> None:
        self._context = context
        self._storage = storage
        self._subscriber = subscriber
        self._joiner = joiner
        self._backlog = Backlog(context, catch_up)
        self._proof = JoinProof(context, catch_up)
        self._runs: dict[bytes, Run] = {}
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._lost: OrderedDict[bytes, None] = OrderedDict()
        self._found_s: deque[float] = deque(maxlen=LOST_MAX)
        self.on_recovered: list[Callable[[Replica], None]] = []
        """Told when a channel is back, proven both ways."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "recoveries": (len(self._runs), self._context.config.channels_max),
            "recovery_lost": (len(self._lost), LOST_MAX),
        }

    # -- reasons -----------------------------------------------------------------------------

    def all(self, reason: str) -> None:
        """Recover every joined channel."""
        for replica in list(self._storage.replicas.values()):
            self.begin(replica, reason)

    def begin(self, replica: Replica, reason: str) -> None:
        """Recover one channel; a join that is not confirmed yet goes on by itself."""
        if not replica.joined:
            return
        run = self._runs.get(replica.channel_id)
        if run is not None:
            run.again = reason
            run.hurried.set()
            return
        run = self._runs[replica.channel_id] = Run(replica, reason, self._context.now())
        replica.recovering = True
        self._context.tell(Recovering(replica.name, reason))
        self._context.tasks.spawn(self._run(run), "recovery")

    def peer_changed(self, kind: str, contact: Contact) -> None:
        """A peer left the routing table, or is (again) in it."""
        if kind == "left":
            self._lost[contact.public_key] = None
            self._lost.move_to_end(contact.public_key)
            if len(self._lost) > LOST_MAX:
                self._lost.popitem(last=False)
            return
        if contact.public_key not in self._lost:
            return
        del self._lost[contact.public_key]
        now = self._context.now()
        self._found_s.append(now)
        found = sum(1 for at_s in self._found_s if now - at_s <= HEALED_WITHIN_S)
        if found >= max(HEALED_MIN, HEALED_SHARE * len(self._context.overlay.peers())):
            self._found_s.clear()
            self.all("partition")
            return
        self._context.tasks.spawn(self._recover_near(contact), "recovery.near")

    async def _recover_near(self, contact: Contact) -> None:
        """The channels that a peer who is back is close to, though it is not in their sets."""
        async for replica in in_turns(self._storage.replicas.values()):
            view = replica.initiators
            if not replica.joined or (view is not None and view.holds(contact.public_key)):
                continue
            if contact in self._storage.closest(replica.channel_id, self._context.config.replicas):
                self.begin(replica, "partition")

    # -- runs --------------------------------------------------------------------------------

    async def _run(self, run: Run) -> None:
        replica, trace = run.replica, self._context.operation_id()
        span = self._context.collector.begin("recovery", replica.name, trace)
        try:
            with span:
                await asyncio.sleep(SPREAD_S * self._context.env.random.random())
                proven = await self._until_proven(run)
        finally:
            self._runs.pop(replica.channel_id, None)
            replica.recovering = False
        if proven is None:
            span.end("left", method=LOCAL)
            return
        elapsed_ms = (self._context.now() - run.started_s) * 1000
        span.end("ok", reason=run.reason, attempts=run.attempts, reached=proven, **run.route)
        self._context.tell(Recovered(replica.name, run.reason, elapsed_ms, proven > 0))
        for heard in self.on_recovered:
            heard(replica)
        if run.again:
            self._context.collector.count("recovery.passes_full")
            self.begin(replica, run.again)

    async def _until_proven(self, run: Run) -> int | None:
        """How many initiators have proven both ways in the end; None when the channel was left."""
        passes = failures = 0
        while run.replica.joined:
            run.again = ""
            run.hurried.clear()
            run.attempts += 1
            span = self._context.collector.begin("recovery.attempt", run.replica.name)
            try:
                with span:
                    async with self._gate:
                        taken, proven = await self._attempt(run, span)
                    await self._backlog.fetch(run.replica, taken)
            except PeerNodeError as error:
                span.end(error.code, **run.route)
                failures += 1
                await self._rest(run, failures)
                continue
            span.end("ok", reached=proven, **run.route)
            passes += 1
            if not run.replica.joined:
                break
            if not run.again or passes >= PASSES_MAX:
                return proven
        return None

    async def _rest(self, run: Run, failures: int) -> None:
        """Wait before the next try; a new reason ends the wait."""
        pause_s = backoff_s(self._context.env.random, failures, RETRY_BASE_S, RETRY_CAP_S)
        try:
            async with asyncio.timeout(pause_s):
                await run.hurried.wait()
        except TimeoutError:
            return

    async def _attempt(self, run: Run, span: Span) -> tuple[Subscription, int]:
        """Who has taken our lease, and how many others have proven that they reach us; 0: there are none."""
        replica, run.route = run.replica, {"method": LOCAL}
        if not await self._context.overlay.wait_ready(PROOF_WAIT_S):
            raise PeerNodeError("NO_BOOTSTRAP")
        proof = ProofRun(self._context, replica, span)
        self._joiner.proving[replica.channel_id] = proof.proofs
        begun: list[Subscription] = []
        try:
            proof.begin("find")
            await self._subscriber.initiators(replica, fresh=True)
            proof.done("find")
            proof.begin("subscribe")
            taken = await self._subscriber.join(replica, begun)  # says that it wants to be probed anew
            keys = [contact.public_key for contact in taken.view.contacts]
            if not taken.quorum:
                proof.note("subscribe", taken.lack, keys, taken.holders)
                raise taken.error(replica.name)
            proof.done("subscribe", "", keys, taken.holders)
            await self._proof.run(proof, taken)
        except PeerNodeError as error:
            proof.attempt_failed(error, "")
            for subscription in begun:
                subscription.cancel()
            raise
        except BaseException:
            for subscription in begun:
                subscription.cancel()
            raise
        finally:
            run.route = proof.route()
            self._joiner.proving.pop(replica.channel_id, None)
        return taken, sum(1 for key in proof.proofs.reached_by if taken.view.holds(key))

"""``Joiner``: from a channel's name to a subscription that is proven both ways.

Invariants: a join is confirmed only when ``JoinProof`` has proven it; a failed attempt is cancelled before
the next, with what it had asked of others; at most ``join_attempts_max`` attempts fall into the budget; at
``join_timeout_s`` the person hears where it hangs, and it goes on in the background until it succeeds or the
channel is left, over restarts too. There a peer that appears cuts the pause between two attempts short, so
that nobody waits who could be in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peernode.channel.coordinator import ACTIVE
from peernode.diagnostics.codes import info_of
from peernode.errors import PeerNodeError
from peernode.events import JoinDelayed, Joined
from peernode.identity import node_id_of
from peernode.pubsub.context import Context
from peernode.pubsub.joinlog import JoinLog
from peernode.pubsub.joinproof import PROOF_WAIT_S, JoinProof
from peernode.pubsub.joinrun import REACHED_MAX, STEPS, JoinRun, Proofs
from peernode.pubsub.replica import Replica
from peernode.pubsub.retry import TryAgain, pause, retrying
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.subscription import Subscription
from peernode.pubsub.sync import CatchUp
from peernode.span import RETRY, spent

RETRY_CAP_S = 20.0
"""The longest pause between attempts in the background."""

HURRIED_S, HURRIES_DOUBLE = 1.0, 5
"""The longest pause after a peer has appeared, jittered from nothing on; twice as long each time in a row."""


class Joiner:
    """Joins channels, and keeps at it."""

    def __init__(
        self, context: Context, storage: PubSubStorage, subscriber: Subscriber, catch_up: CatchUp
    ) -> None:
        self._context = context
        self._storage = storage
        self._subscriber = subscriber
        self._proof = JoinProof(context, catch_up)
        self.log = JoinLog(context)
        self.runs: dict[bytes, JoinRun] = {}
        self.proving: dict[bytes, Proofs] = {}
        """By channel id: the proofs of a recovery that is on its way."""
        self.on_joined: list[Callable[[Replica], None]] = []

    async def join(self, name: str) -> Joined:
        """Join a channel; raises the step's code after ``join_timeout_s`` while it goes on.

        The event that says so comes before.
        """
        replica = await self._storage.open(name)
        run = self.start(replica)
        try:
            async with asyncio.timeout(self._context.config.join_timeout_s):
                return await asyncio.shield(run.confirmed)
        except TimeoutError:
            self._delayed(run)
            raise run.hanging() from None

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables of the joins and recoveries on their way are, with their bound."""
        proofs = [*(run.proofs for run in self.runs.values()), *self.proving.values()]
        return {"reached_by": (max((len(each.reached_by) for each in proofs), default=0), REACHED_MAX)}

    def start(self, replica: Replica) -> JoinRun:
        """Begin to join in the background, or the join that is already on its way."""
        run = self.runs.get(replica.channel_id)
        if run is None:
            replica.joining = True
            run = self.runs[replica.channel_id] = JoinRun(self._context, replica)
            self.log.begun(replica.channel_id, run.trace)
            run.task = self._context.tasks.spawn(self._run(run), "join")
            self._context.tasks.spawn(self._watch(run), "join.watch")
        return run

    def probed(self, channel_id: bytes, public_key: bytes, nonce: bytes) -> None:
        """A probe for the channel came in: it counts for the join or recovery that waits for it."""
        run = self.runs.get(channel_id)
        for proofs in (run.proofs if run is not None else None, self.proving.get(channel_id)):
            if proofs is not None:
                proofs.probed(public_key, nonce)

    def cancel(self, replica: Replica) -> None:
        """The channel was left."""
        run = self.runs.pop(replica.channel_id, None)
        replica.joining = False
        if run is not None:
            run.span.end("left", attempts=run.attempts, **run.route())
            if run.task is not None:
                run.task.cancel()
            run.ended("left")
            run.fail(PeerNodeError("NOT_A_MEMBER", replica.name))

    async def _watch(self, run: JoinRun) -> None:
        """Also when nobody waits for it, at the end of the budget say where it hangs."""
        await asyncio.sleep(self._context.config.join_timeout_s)
        self._delayed(run)

    def _delayed(self, run: JoinRun) -> None:
        if run.delayed or run.confirmed.done() or self.runs.get(run.replica.channel_id) is not run:
            return
        run.delayed = True
        run.ended("delayed")
        error = info_of(run.hanging())
        about = {"step": run.step, **run.route()}
        collector = self._context.collector
        collector.happened("join.delayed", run.replica.name, error.code, run.trace.id, **about)
        self._context.tell(JoinDelayed(run.replica.name, run.step, run.elapsed_ms(), error))

    async def _run(self, run: JoinRun) -> None:
        quick = self._context.config.join_attempts_max
        retry = retrying(
            self._context.env.random,
            None,
            slow_cap_s=RETRY_CAP_S,
            quick=quick,
            wait_for=lambda seconds: self._rest(run, seconds),
        )
        try:
            with run.span:
                joined: Joined = await retry(self._try, run)
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                run.ended("INTERNAL")  # or it would hang for ever in the list of joins
            run.fail(PeerNodeError("INTERNAL"))
            self.runs.pop(run.replica.channel_id, None)
            raise
        self.runs.pop(run.replica.channel_id, None)
        run.ended("ok")
        run.replica.joining, run.replica.joined = False, True
        run.span.end("ok", attempts=run.attempts, **run.route())
        self._context.tell(joined)
        run.confirmed.set_result(joined)
        for heard in self.on_joined:
            heard(run.replica)

    async def _try(self, run: JoinRun) -> Joined:
        """One attempt; ``TryAgain`` when it failed, and nothing of it goes on."""
        span = self._context.collector.begin("join.attempt", run.replica.name)
        run.begin_attempt()
        run.hurried.clear()
        taken: list[Subscription] = []
        try:
            with span:
                joined = await self._attempt(run, taken)
            span.end("ok", number=run.attempts, **run.route())
            return joined
        except PeerNodeError as error:
            run.attempt_failed(error, info_of(error).message)
            span.end(error.code, number=run.attempts, step=run.step, **run.route())
            raise TryAgain(self._pause_s(run)) from error
        finally:
            if not run.finished.keys() >= dict.fromkeys(STEPS).keys():
                for subscription in taken:
                    subscription.cancel()

    def _pause_s(self, run: JoinRun) -> float | None:
        """After the last attempt that the budget allows, nothing before its end; else as usual."""
        config = self._context.config
        left_s = config.join_timeout_s - run.elapsed_ms() / 1000
        return left_s if run.attempts == config.join_attempts_max and left_s > 0 else None

    def hurry(self) -> None:
        """A peer has appeared: joins in the background need not sleep, but where there are too few places."""
        for run in self.runs.values():
            if run.code != "NO_PLACE":
                run.hurried.set()

    async def _rest(self, run: JoinRun, seconds: float) -> None:
        """The pause before the next attempt; one beyond the budget is shorter when a peer has appeared.

        With each attempt in a row that it was cut short for in vain it is cut short by less.
        """
        end_s = self._context.now() + seconds
        budget_s = self._context.config.join_timeout_s - run.elapsed_ms() / 1000
        await pause(min(seconds, max(0.0, budget_s)))
        left_s = end_s - self._context.now()
        if left_s <= 0:
            return
        try:
            with spent(RETRY):
                async with asyncio.timeout(left_s):
                    await run.hurried.wait()
        except TimeoutError:
            run.hurries = 0
            return
        self._context.collector.count("join.hurried")
        longest_s = HURRIED_S * 2.0 ** min(run.hurries, HURRIES_DOUBLE)
        run.hurries += 1
        left_s = end_s - self._context.now()
        await pause(max(0.0, min(left_s, longest_s * self._context.env.random.random())))

    async def _attempt(self, run: JoinRun, taken: list[Subscription]) -> Joined:
        run.begin("node")
        if not await self._context.overlay.wait_ready(PROOF_WAIT_S):
            raise PeerNodeError("NO_BOOTSTRAP")
        run.done("node")
        run.begin("find")
        found = await self._storage.load_coordinator_resilient(run.replica)
        keys = [contact.public_key for contact in found.initiators]
        if found.state != ACTIVE:
            run.note("find", "NO_INITIATOR", keys, [])
            raise PeerNodeError("NO_INITIATOR", run.replica.name)
        run.done("find", f"{len(keys)}", keys, keys)
        run.begin("subscribe", f"0/{len(keys)}")
        subscription = await self._subscriber.join(run.replica, taken)
        keys = [contact.public_key for contact in subscription.view.contacts]
        if not subscription.quorum:
            run.replica.forget_initiators()
            run.note("subscribe", subscription.lack, keys, subscription.holders)
            raise subscription.error(run.replica.name)
        holders = subscription.holders
        run.done("subscribe", f"{len(holders)}/{len(keys)}", keys, holders)
        await self._proof.run(run, subscription)
        return self._confirmation(run, subscription)

    def _confirmation(self, run: JoinRun, taken: Subscription) -> Joined:
        now = self._context.now()
        mine = self._context.identity.node_id
        known = dict.fromkeys([mine, *run.replica.subscribers])
        known.update((lease.subscriber_id, None) for lease in run.replica.leases.live(now))
        return Joined(
            channel=run.replica.name,
            created=not taken.known,
            alone=not taken.view.others(self._context.identity.public_key),
            elapsed_ms=run.elapsed_ms(),
            initiators=tuple(node_id_of(c.public_key).hex() for c in taken.view.contacts),
            subscribers=tuple(subscriber.hex() for subscriber in known),
        )

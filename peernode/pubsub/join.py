"""``Joiner``: from a channel's name to a subscription that is proven both ways.

The steps are data (``STEPS``); each reports when it begins and ends. Invariants: a join is confirmed
only when a quorum of initiators has reached this node with a probe and a probe of ours has come back
through another node (alone on the network: said so); a failed attempt is cancelled before the next;
at ``join_timeout_s`` the person hears where it hangs, and it goes on in the background until it
succeeds or the channel is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from peernode.channel.coordinator import RECOVERING
from peernode.diagnostics.codes import error_info, info_of
from peernode.errors import Backpressure, PeerNodeError, Refused, RpcTimeout
from peernode.events import JoinDelayed, Joined, JoinProgress
from peernode.identity import node_id_of
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.retry import TryAgain, retrying
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber, Subscription
from peernode.pubsub.sync import CatchUp
from peernode.wire.ops import Op

STEPS = ("node", "find", "subscribe", "inbound", "outbound", "history")
"""Starting the node, finding the initiators, subscribing, reached by them, heard by them, recent messages."""

STEP_CODES = {
    "node": "NO_BOOTSTRAP",
    "find": "NO_INITIATOR",
    "subscribe": "NO_INITIATOR",
    "inbound": "UNREACHABLE_BY_INITIATORS",
    "outbound": "SEND_PATH_BROKEN",
    "history": "TIMEOUT",
}

PROOF_WAIT_S = 2.0
"""How long one attempt waits for the probes of a step: four sends at an unknown peer's first RTO."""

RETRY_CAP_S = 20.0
"""The longest pause between attempts in the background."""


@dataclass(slots=True)
class Proofs:
    """The probes of one join: who reached us, and which of our nonces came back."""

    reached_by: dict[bytes, None] = field(default_factory=dict)
    echoes: dict[bytes, bool] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, satisfied: Callable[[], bool]) -> bool:
        """Wait until the condition holds, at most ``PROOF_WAIT_S``."""
        try:
            async with asyncio.timeout(PROOF_WAIT_S):
                while not satisfied():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


class JoinRun:
    """One join of one channel; ``step`` is where it stands."""

    def __init__(self, context: Context, replica: Replica) -> None:
        self._context = context
        self.replica = replica
        self.started_s = context.now()
        self.finished: dict[str, None] = {}
        self.proofs = Proofs()
        self.confirmed: asyncio.Future[Joined] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None
        self.delayed = False
        self.attempts = 0

    @property
    def step(self) -> str:
        """The first step that is not finished: where the join stands, or hangs."""
        return next((step for step in STEPS if step not in self.finished), STEPS[-1])

    def fail(self, error: PeerNodeError) -> None:
        """Whoever waits for the join hears that it will not come."""
        if not self.confirmed.done():
            self.confirmed.set_exception(error)
            self.confirmed.exception()  # nobody need be waiting

    def elapsed_ms(self) -> float:
        """Since the join was asked for."""
        return (self._context.now() - self.started_s) * 1000

    def progress(self, step: str, detail: str, done: bool) -> None:
        """Tell where the join stands."""
        if done:
            self.finished[step] = None
        index = STEPS.index(step) + 1
        name = self.replica.name
        self._context.tell(JoinProgress(name, step, index, len(STEPS), self.elapsed_ms(), detail, done))


class Joiner:
    """Joins channels, and keeps at it."""

    def __init__(
        self, context: Context, storage: PubSubStorage, subscriber: Subscriber, catch_up: CatchUp
    ) -> None:
        self._context = context
        self._storage = storage
        self._subscriber = subscriber
        self._catch_up = catch_up
        self.runs: dict[bytes, JoinRun] = {}
        self.on_joined: list[Callable[[Replica], None]] = []

    async def join(self, name: str) -> Joined:
        """Join a channel; raises the step's code after ``join_timeout_s`` while it goes on."""
        replica = await self._storage.open(name)
        run = self.start(replica)
        try:
            async with asyncio.timeout(self._context.config.join_timeout_s):
                return await asyncio.shield(run.confirmed)
        except TimeoutError:
            raise PeerNodeError(STEP_CODES[run.step], name, step=run.step) from None

    def start(self, replica: Replica) -> JoinRun:
        """Begin to join in the background, or the join that is already on its way."""
        run = self.runs.get(replica.channel_id)
        if run is None:
            replica.joining = True
            run = self.runs[replica.channel_id] = JoinRun(self._context, replica)
            run.task = self._context.tasks.spawn(self._run(run), "join")
            self._context.tasks.spawn(self._watch(run), "join.watch")
        return run

    def cancel(self, replica: Replica) -> None:
        """The channel was left."""
        run = self.runs.pop(replica.channel_id, None)
        replica.joining = False
        if run is not None:
            if run.task is not None:
                run.task.cancel()
            run.fail(PeerNodeError("NOT_A_MEMBER", replica.name))

    async def _watch(self, run: JoinRun) -> None:
        """At the end of the budget, say where it hangs."""
        await asyncio.sleep(self._context.config.join_timeout_s)
        if run.confirmed.done() or self.runs.get(run.replica.channel_id) is not run:
            return
        run.delayed = True
        error = error_info(STEP_CODES[run.step], step=run.step)
        self._context.collector.record("join", run.replica.name, error.code, run.started_s, step=run.step)
        self._context.tell(JoinDelayed(run.replica.name, run.step, run.elapsed_ms(), error))

    async def _run(self, run: JoinRun) -> None:
        quick = self._context.config.join_attempts_max
        retry = retrying(self._context.env.random, None, slow_cap_s=RETRY_CAP_S, quick=quick)
        try:
            joined: Joined = await retry(self._try, run)
        except BaseException:
            run.fail(PeerNodeError("INTERNAL"))
            self.runs.pop(run.replica.channel_id, None)
            raise
        self.runs.pop(run.replica.channel_id, None)
        run.replica.joining, run.replica.joined = False, True
        self._context.collector.record("join", run.replica.name, "ok", run.started_s, attempts=run.attempts)
        self._context.tell(joined)
        run.confirmed.set_result(joined)
        for heard in self.on_joined:
            heard(run.replica)

    async def _try(self, run: JoinRun) -> Joined:
        """One attempt; ``TryAgain`` when it failed."""
        started = self._context.now()
        run.attempts += 1
        run.finished.clear()
        try:
            return await self._attempt(run)
        except PeerNodeError as error:
            collector = self._context.collector
            collector.record("join.attempt", run.replica.name, error.code, started, step=run.step)
            run.progress(run.step, info_of(error).message, False)
            raise TryAgain from error

    async def _attempt(self, run: JoinRun) -> Joined:
        run.progress("node", "", False)
        if not await self._context.overlay.wait_ready(PROOF_WAIT_S):
            raise PeerNodeError("NO_BOOTSTRAP")
        run.progress("node", "", True)
        run.progress("find", "", False)
        found = await self._storage.load_coordinator_resilient(run.replica)
        if found.state == RECOVERING:
            raise PeerNodeError("NO_INITIATOR", run.replica.name)
        run.progress("find", f"{len(found.initiators)}", True)
        run.progress("subscribe", f"0/{len(found.initiators)}", False)
        taken = await self._subscriber.subscribe(run.replica)
        if not taken.quorum:
            run.replica.forget_initiators()
            raise PeerNodeError("NO_INITIATOR", run.replica.name)
        run.progress("subscribe", f"{len(taken.accepted)}/{len(taken.view.contacts)}", True)
        try:
            async with asyncio.TaskGroup() as group:
                for step in (self._inbound, self._outbound, self._history):
                    group.create_task(step(run, taken), name="join.step")
        except BaseExceptionGroup as failed:
            for error in failed.exceptions:
                if isinstance(error, PeerNodeError):
                    raise error from failed
            raise
        return self._confirmation(run, taken)

    async def _inbound(self, run: JoinRun, taken: Subscription) -> None:
        """A quorum of initiators must have reached us, themselves or by being us."""
        run.progress("inbound", "", False)
        mine = self._context.identity.public_key
        own = 1 if taken.view.holds(mine) else 0

        def satisfied() -> bool:
            reached = sum(1 for key in run.proofs.reached_by if taken.view.holds(key))
            return reached + own >= taken.view.quorum

        if not await run.proofs.wait(satisfied):
            raise PeerNodeError("UNREACHABLE_BY_INITIATORS", run.replica.name)
        run.progress("inbound", f"{len(run.proofs.reached_by) + own}/{len(taken.view.contacts)}", True)

    async def _outbound(self, run: JoinRun, taken: Subscription) -> None:
        """A nonce given to one initiator must come back, through another where there is one."""
        run.progress("outbound", "", False)
        mine = self._context.identity.public_key
        for contact in list(taken.accepted.values()):
            if contact.public_key == mine:
                continue
            nonce = self._context.env.random.randbytes(16)
            run.proofs.echoes[nonce] = False
            try:
                await self._context.rpc.request(contact, Op.ECHO, [run.replica.channel_id, nonce], prove=True)
            except (RpcTimeout, Refused, Backpressure) as error:
                self._context.collector.count(f"join.echo.{type(error).__name__}")
                continue
            if await run.proofs.wait(lambda nonce=nonce: run.proofs.echoes[nonce]):  # type: ignore[misc]
                run.progress("outbound", "", True)
                return
        if taken.view.others(mine):
            raise PeerNodeError("SEND_PATH_BROKEN", run.replica.name)
        run.progress("outbound", "alone", True)

    async def _history(self, run: JoinRun, taken: Subscription) -> None:
        """The recent messages, from the first initiator that can give them."""
        run.progress("history", "", False)
        count = 0
        for contact, _ in taken.behind[:3]:
            fetched = await self._catch_up.recent(run.replica, contact)
            if fetched is not None:
                count = fetched
                break
        run.progress("history", str(count), True)

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

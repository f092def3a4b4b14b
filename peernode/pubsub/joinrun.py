"""``JoinRun``: one join of one channel, from the first attempt to the last: where it stands, what it proved.

The steps are data (``STEPS``); each reports when it begins and ends, to the application and into the trace
that stays with the channel. Invariant: a proof counts for the attempt in which it came, for no later one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from peernode.diagnostics.routes import LOCAL, route_of
from peernode.errors import PeerNodeError
from peernode.events import Joined, JoinProgress
from peernode.identity import node_id_of
from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.pubsub.subscription import ANSWERED
from peernode.pubsub.traces import JoinStep, JoinTrace
from peernode.span import Span

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

METHODS = {
    "node": LOCAL,
    "find": "lookup",
    "subscribe": "direct",
    "inbound": "direct",
    "outbound": "initiator",
    "history": "pull",
}
"""By which way each step goes; a nonce that goes out comes back through another initiator."""

REACHED_MAX = 1024
"""Who has reached us within an attempt, initiators or not; over it the first one has to do so again."""


@dataclass(slots=True)
class Proofs:
    """The probes of one attempt: who reached us, and how our nonces came back."""

    reached_by: dict[bytes, None] = field(default_factory=dict)
    given: dict[bytes, bytes] = field(default_factory=dict)
    """Our nonces, and the public key of the initiator that each was given to."""
    through_another: bool = False
    """A nonce has come back from another node than the one that it was given to."""
    by_itself: bool = False
    """A nonce has come back from the very node that it was given to."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def probed(self, public_key: bytes, nonce: bytes) -> None:
        """A probe came in."""
        taker = self.given.get(nonce)
        self.by_itself = self.by_itself or taker == public_key
        self.through_another = self.through_another or taker not in (None, public_key)
        if public_key not in self.reached_by and len(self.reached_by) >= REACHED_MAX:
            del self.reached_by[next(iter(self.reached_by))]
        self.reached_by[public_key] = None
        self.changed.set()

    async def wait(self, satisfied: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while not satisfied():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True

    def forget(self) -> None:
        """A new attempt begins."""
        self.reached_by.clear()
        self.given.clear()
        self.through_another = self.by_itself = False


class JoinRun:
    """One join of one channel; ``step`` is where it stands."""

    operation = "join"
    """Its steps are recorded as ``join.find`` and so on."""

    def __init__(self, context: Context, replica: Replica, span: Span | None = None) -> None:
        """``span``: of what it is a part of; without one it is an operation of its own."""
        self._context = context
        self.replica = replica
        self.started_s = context.now()
        self.span = span or context.collector.begin("join", replica.name, context.operation_id())
        self.finished: dict[str, None] = {}
        self.proofs = Proofs()
        self.confirmed: asyncio.Future[Joined] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None
        self.delayed = False
        self.hurried = asyncio.Event()
        """Set when a peer has appeared since the last attempt began: another one is worth while."""
        self.hurries = 0
        """How many pauses in a row that has cut short."""
        self._failed: PeerNodeError | None = None
        """With what the last attempt failed."""
        self.trace = replica.join_trace = JoinTrace(self.span.trace)

    @property
    def attempts(self) -> int:
        """How many attempts have begun."""
        return self.trace.attempts

    @property
    def step(self) -> str:
        """The first step that is not finished: where the join stands, or hangs."""
        return next((step for step in STEPS if step not in self.finished), STEPS[-1])

    @property
    def code(self) -> str:
        """Why it hangs where it stands; while it asks again, what the initiators answered before."""
        return self.hanging().code

    def hanging(self) -> PeerNodeError:
        """The same with the step, and what else its texts need."""
        asks, failed = STEPS.index(self.step) <= STEPS.index("subscribe"), self._failed
        if failed is not None and failed.code in ANSWERED and asks:
            return PeerNodeError(failed.code, self.replica.name, **{**failed.params, "step": self.step})
        return PeerNodeError(STEP_CODES[self.step], self.replica.name, step=self.step)

    def begin_attempt(self) -> None:
        """Nothing of the last attempt counts any more."""
        self.trace.attempts += 1
        self.finished.clear()
        self.proofs.forget()

    def ended(self, outcome: str) -> None:
        """The join has come so far: ``ok``, ``left``, or ``delayed`` for the time being."""
        self.trace.outcome, self.trace.elapsed_ms = outcome, self.elapsed_ms()

    def fail(self, error: PeerNodeError) -> None:
        """Whoever waits for the join hears that it will not come."""
        if not self.confirmed.done():
            self.confirmed.set_exception(error)
            self.confirmed.exception()  # nobody need be waiting

    def elapsed_ms(self) -> float:
        """Since the join was asked for."""
        return (self._context.now() - self.started_s) * 1000

    def begin(self, step: str, detail: str = "") -> None:
        """A step begins."""
        self.trace.begin(step, self.elapsed_ms(), self.span.parts_ms())
        self._tell(step, detail, False)

    def done(
        self, step: str, detail: str = "", asked: Iterable[bytes] = (), answered: Iterable[bytes] = ()
    ) -> None:
        """A step has succeeded; ``asked`` and ``answered`` are public keys."""
        self.finished[step] = None
        self.note(step, "ok", asked, answered)
        self._tell(step, detail, True)

    def note(self, step: str, outcome: str, asked: Iterable[bytes], answered: Iterable[bytes]) -> None:
        """How a step ended, for the trace."""
        tried, heard = ([node_id_of(key).hex() for key in keys] for keys in (asked, answered))
        ended = self.trace.end(step, self.elapsed_ms(), outcome, tried, heard, self.span.parts_ms())
        if ended is not None:
            self._record(ended)

    def attempt_failed(self, error: PeerNodeError, message: str) -> None:
        """The attempt hangs where it stands, and another will follow."""
        self._failed = error
        for ended in self.trace.fail(self.step, self.elapsed_ms(), error.code, self.span.parts_ms()):
            self._record(ended)
        self._tell(self.step, message, False)

    def route(self) -> dict[str, Any]:
        """Of the whole: whom the last step that asked anybody has asked, and who answered."""
        last = next((each for each in reversed(self.trace.steps) if each.asked), None)
        return _route(last) if last is not None else {"method": LOCAL}

    def _record(self, ended: JoinStep) -> None:
        """A step of an attempt, as an operation of its own."""
        route = {**_route(ended), "attempt": ended.attempt}
        name, took_ms = f"{self.operation}.{ended.step}", ended.elapsed_ms or 0.0
        collector = self._context.collector
        collector.took(name, self.replica.name, ended.outcome, took_ms, ended.parts, self.trace.id, route)

    def _tell(self, step: str, detail: str, done: bool) -> None:
        index = STEPS.index(step) + 1
        name = self.replica.name
        self._context.tell(JoinProgress(name, step, index, len(STEPS), self.elapsed_ms(), detail, done))


def _route(step: JoinStep) -> dict[str, Any]:
    asked, heard = ([bytes.fromhex(node) for node in nodes] for nodes in (step.asked, step.answered))
    return route_of(METHODS[step.step], asked, heard)

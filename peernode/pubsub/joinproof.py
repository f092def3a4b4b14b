"""``JoinProof``: the last three steps of a join, side by side: inbound, outbound, history.

Invariants: a quorum of the initiators has reached this node with a probe; the highest-ranked that took the
lease (it is the one that pushes first) is among them, or was waited for (``docs/adr/0032``); a nonce of ours
has come back through another initiator than the one that it was given to, except in so small a set that this
can't be expected (``ITSELF_MAX``); the newest messages are waited for a limited time only, because the older
ones follow anyway.
"""

from __future__ import annotations

import asyncio

from peernode.channel.assignment import rank
from peernode.errors import Backpressure, PeerNodeError, Refused, RpcTimeout
from peernode.pubsub.context import Context
from peernode.pubsub.joinrun import JoinRun
from peernode.pubsub.subscription import Subscription
from peernode.pubsub.sync import CatchUp
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

PROOF_WAIT_S = 2.0
"""How long one attempt waits for the probes of a step: four sends at an unknown peer's first RTO."""

HEDGE_RTOS = 2.0
"""After so many timeouts without our nonce, another initiator is asked as well."""

ITSELF_MAX = 2
"""With so few other initiators a nonce counts that is brought back by whom it was given to.

With one there is nobody else. Of two, one may never reach us, behind its address translator, and the other
one and we are a quorum of the three. In larger sets a quorum that reaches us has two others in it."""

HISTORY_FROM_MAX = 3
"""Initiators tried for the newest messages."""


class JoinProof:
    """Proves a subscription both ways."""

    def __init__(self, context: Context, catch_up: CatchUp) -> None:
        self._context = context
        self._catch_up = catch_up

    async def run(self, run: JoinRun, taken: Subscription) -> None:
        """All three steps; raises the code of the first that fails, and the others are cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for step in (self._inbound, self._outbound, self._history):
                    group.create_task(step(run, taken), name="join.step")
        except BaseExceptionGroup as failed:
            for error in failed.exceptions:
                if isinstance(error, PeerNodeError):
                    raise error from failed
            raise

    def _by_rank(self, run: JoinRun, taken: Subscription) -> list[bytes]:
        """The initiators' keys, who pushes to us first in front."""
        keys = [contact.public_key for contact in taken.view.contacts]
        return rank(self._context.identity.node_id, run.replica.channel_id, keys)

    async def _inbound(self, run: JoinRun, taken: Subscription) -> None:
        """A quorum of initiators must have reached us, themselves or by being us."""
        run.begin("inbound")
        mine = self._context.identity.public_key
        order = self._by_rank(run, taken)

        def reached() -> list[bytes]:
            return [key for key in order if key == mine or key in run.proofs.reached_by]

        def first_reached() -> bool:
            first = next((key for key in order if key in taken.accepted), mine)
            return first == mine or first in run.proofs.reached_by

        def quorum() -> bool:
            return len(reached()) >= taken.view.quorum

        if not await run.proofs.wait(lambda: quorum() and first_reached(), PROOF_WAIT_S):
            if not quorum():
                run.note("inbound", "UNREACHABLE_BY_INITIATORS", order, reached())
                raise PeerNodeError("UNREACHABLE_BY_INITIATORS", run.replica.name)
            # It takes leases and never probes: such a one must not keep everybody out (docs/adr/0032).
            self._context.collector.count("join.first_unproven")
        run.done("inbound", f"{len(reached())}/{len(order)}", order, reached())

    async def _outbound(self, run: JoinRun, taken: Subscription) -> None:
        """A nonce given to one initiator must come back through another, where that can be expected."""
        run.begin("outbound")
        mine = self._context.identity.public_key
        takers = [taken.accepted[key] for key in self._by_rank(run, taken) if key in taken.accepted]
        takers = [contact for contact in takers if contact.public_key != mine]
        until_s = self._context.now() + PROOF_WAIT_S
        asked: list[bytes] = []

        itself_counts = len(taken.view.others(mine)) <= ITSELF_MAX

        def back() -> bool:
            return run.proofs.through_another or (itself_counts and run.proofs.by_itself)

        async with asyncio.TaskGroup() as group:
            echoes: list[asyncio.Task[None]] = []
            for contact in takers:
                asked.append(contact.public_key)
                echoes.append(group.create_task(self._echo(run, contact), name="join.echo"))
                left_s = max(0.0, until_s - self._context.now())
                hedge_s = HEDGE_RTOS * self._context.rpc.median_rto_s()
                last = contact is takers[-1]
                if await run.proofs.wait(back, left_s if last else min(left_s, hedge_s)):
                    break
            for echo in echoes:
                echo.cancel()
        if back():
            run.done("outbound", "", asked, asked[-1:])
        elif taken.view.others(mine):
            run.note("outbound", "SEND_PATH_BROKEN", asked, [])
            raise PeerNodeError("SEND_PATH_BROKEN", run.replica.name)
        else:
            run.done("outbound", "alone")

    async def _echo(self, run: JoinRun, contact: Contact) -> None:
        nonce = self._context.env.random.randbytes(16)
        run.proofs.given[nonce] = contact.public_key
        try:
            await self._context.rpc.request(contact, Op.ECHO, [run.replica.channel_id, nonce], prove=True)
        except (RpcTimeout, Refused, Backpressure) as error:
            self._context.collector.count(f"join.echo.{type(error).__name__}")

    async def _history(self, run: JoinRun, taken: Subscription) -> None:
        """The recent messages, from the first initiator that can give them."""
        run.begin("history")
        count, asked = 0, list[bytes]()
        try:
            async with asyncio.timeout(PROOF_WAIT_S):
                for contact, _ in taken.behind[:HISTORY_FROM_MAX]:
                    asked.append(contact.public_key)
                    fetched = await self._catch_up.recent(run.replica, contact)
                    if fetched is not None:
                        count = fetched
                        break
        except TimeoutError:
            self._context.collector.count("join.history_later")
        run.done("history", str(count), asked, asked[-1:])

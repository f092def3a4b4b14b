"""``Examination``: the doctor's steps in their order, on a running node.

Invariants: no step keeps another from running, not even by a bug (told as ``INTERNAL``, and logged);
each wait has a bound, ``STEP_MAX_S`` if no other, and all of them together end within ``TOTAL_MAX_S``; the
steps are told in the order of ``STEPS``, whatever runs beside each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from peernode.doctor.network import NetworkSteps
from peernode.doctor.steps import Finding, Step, failed, skipped, step_of
from peernode.doctor.storehealth import disk, store_of_file, store_of_node
from peernode.environment import Address
from peernode.pubsub.context import Context
from peernode.pubsub.storage import PubSubStorage

LOG = logging.getLogger("peernode.doctor")

STEP_MAX_S = 5.0
"""HELLO and PING give up after 3.75 s, a lookup that long has failed."""

ASKING_MAX_S = 8.0
"""Steps that wait for two answers, one after the other; they run beside each other."""

DISK_STEP_MAX_S = 15.0
"""A check and a write; it runs beside all others."""

READY_MAX_S = 1.5
"""So long a node that has just started may take until somebody answers."""

INSIDE_MAX_S = 8.0
"""And then until it knows its neighbours; before that it waits for a stranger's PING, which proves most."""

TOTAL_MAX_S = 30.0
ADDRESSES_MAX = 16
"""Addresses examined at once; further ones are left out."""

OnStep = Callable[[Step], None]


class Examination:
    """One run; ``run`` is called once."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        addresses: Sequence[Address] = (),
        channel: str = "",
        database: Path | None = None,
        own: bool = True,
        unknown: Sequence[Address] = (),
    ) -> None:
        """``addresses``: by default the configured ones; ``database``: a file, the node's ``own`` or not.

        ``unknown``: configured ones whose names lead nowhere.
        """
        self._context = context
        self._network = NetworkSteps(context, storage)
        known = [each.address for each in context.overlay.bootstraps()]
        self._addresses = list(addresses or known)[:ADDRESSES_MAX]
        self._unknown = unknown[:ADDRESSES_MAX]
        self._channel = channel
        self._database = database
        self._own = own

    async def run(self, on_step: OnStep | None = None) -> list[Step]:
        """All steps; ``on_step`` is told of each as soon as those before it have ended."""
        steps: list[Step] = []

        def ended(*found: Step) -> None:
            for each in found:
                steps.append(each)
                if on_step is not None:
                    on_step(each)

        store = asyncio.ensure_future(self._store())
        try:
            ended(await self._step("socket", self._network.socket))
            ended(*await self._bootstraps())
            await self._enter()
            await self._ask_peers()
            network = self._network
            for name, look in (
                ("version", network.version),
                ("address", network.address),
                ("nat", network.nat),
                ("clock", network.clock),
                ("reachable", network.reachable),  # before a lookup, which makes acquaintances of strangers
            ):
                ended(await self._step(name, look))
            asking = (
                self._step("lookup", network.lookup),
                self._step("channel", self._find_channel, within_s=ASKING_MAX_S),
            )
            ended(*await asyncio.gather(*asking))
            ended(await store)
            ended(await self._step("disk", self._disk))
        finally:
            store.cancel()
            await asyncio.gather(store, return_exceptions=True)
        return steps

    async def _step(
        self,
        name: str,
        look: Callable[[], Awaitable[Finding]],
        subject: str = "",
        within_s: float = STEP_MAX_S,
    ) -> Step:
        clock = self._context.env.clock
        started_s = clock.monotonic()
        try:
            async with asyncio.timeout(within_s):
                found = await look()
        except TimeoutError:
            found = failed("TIMEOUT", "step.timeout", seconds=round(within_s), step=name)
        except Exception:
            LOG.exception("the doctor's step %s failed", name)
            found = failed("INTERNAL", "step.broken")
        return step_of(name, subject, found, clock.monotonic() - started_s)

    async def _bootstraps(self) -> list[Step]:
        """All addresses at once; that one of several is silent only warns."""
        lost = [
            await self._step("bootstrap", partial(_no_such_name, host), f"{host}:{port}")
            for host, port in self._unknown
        ]
        if not self._addresses:
            return lost or [await self._step("bootstrap", _no_address)]

        def looking(address: Address) -> Callable[[], Awaitable[Finding]]:
            return lambda: self._network.bootstrap(address)

        answers = await asyncio.gather(
            *(
                self._step("bootstrap", looking(address), f"{address[0]}:{address[1]}")
                for address in self._addresses
            )
        )
        found = [*lost, *answers]
        if not any(step.result == "ok" for step in found):
            return found
        return [_softened(step) for step in found]

    async def _enter(self) -> None:
        overlay = self._context.overlay
        if not overlay.alone and await overlay.wait_ready(READY_MAX_S):
            await overlay.wait_inside(INSIDE_MAX_S)

    async def _ask_peers(self) -> None:
        try:
            async with asyncio.timeout(STEP_MAX_S):
                await self._network.heard.ask(self._context)
        except TimeoutError:
            self._context.collector.count("doctor.slow")

    async def _find_channel(self) -> Finding:
        if not self._channel:
            return skipped("channel.unnamed")
        return await self._network.channel(self._channel)

    async def _store(self) -> Step:
        context, path = self._context, self._database

        async def look() -> Finding:
            if self._own:
                return await store_of_node(context.store, context.env.clock, path)
            if path is None:
                return skipped("store.unnamed")
            return await store_of_file(path, context.identity.node_id, context.env.clock)

        return await self._step("store", look, within_s=DISK_STEP_MAX_S)

    async def _disk(self) -> Finding:
        return await asyncio.to_thread(disk, self._database) if self._database else disk(None)


async def _no_such_name(host: str) -> Finding:
    return failed("ADDRESS_UNKNOWN", "bootstrap.unknown", host=host)


async def _no_address() -> Finding:
    return skipped("bootstrap.none")


def _softened(step: Step) -> Step:
    if step.result != "failed":
        return step
    found = Finding("warning", step.says, step.values, step.code).adding("bootstrap.others")
    return step_of(step.name, step.subject, found, step.elapsed_ms / 1000)

"""Simulated machines: each has its own clock, randomness and sockets, and can lose its power.

Idea: a ``SimHost`` is a place where code runs. A crash freezes all of that code for ever and takes
its sockets away; a restart is a new life of the same machine: same address, same disk (which
belongs to whoever keeps it), a new random stream, no memory.

How a test uses it::

    with SimWorld(seed=1, one_way_ms=(10, 40), loss=0.05) as world:
        alice, bob = world.host(), world.host()

        async def main() -> None:
            socket = await alice.env.open_datagrams((alice.local_ip, 7000), print)
            await bob.call(some_coroutine(bob.env))       # runs as bob's code: a crash stops it
            await asyncio.sleep(5)                        # virtual seconds
            bob.crash()

        world.run(main())

Invariants: ``run`` raises when anything failed that nobody awaited, when the run can't go on and when
it takes too many steps. After ``with`` every task has ended. Randomness of a host depends on seed,
host and life only, not on what other hosts do.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

from peernode.environment import Address, DatagramEndpoint, DatagramReceiver
from peernode.simulation.world.clocks import SimClock
from peernode.simulation.world.latency import Uniform
from peernode.simulation.world.links import Link
from peernode.simulation.world.loop import HOST, SimLoop, SimulationError
from peernode.simulation.world.nat import NAT_KINDS, Translator
from peernode.simulation.world.network import NetworkSettings, SimEndpoint, SimNetwork

T = TypeVar("T")

COLLECTED_AFTER = (20_000, 20, 100)
"""``gc`` thresholds of a run: next to nothing here is cyclic, and at Python's own (700, 10, 10) looking for
it took a fifth of the time at 800 nodes."""

STEPS_MAX = 50_000_000


class HostCrashed(Exception):
    """The host whose code was awaited from outside lost its power."""


class SimEnvironment:
    """What one life of a host gives to its node; a ``peernode.environment.Environment``."""

    def __init__(self, host: SimHost, clock: SimClock, rng: random.Random) -> None:
        self.clock = clock
        self.random = rng
        self._host = host

    async def open_datagrams(self, local: Address, receiver: DatagramReceiver) -> DatagramEndpoint:
        """Bind a socket of the simulated host; raises ``OSError`` as a kernel would."""
        return self._host.bind(local, receiver)


class SimHost:
    """One machine. ``ip`` is how others see it, ``local_ip`` what it may bind to."""

    def __init__(self, world: SimWorld, index: int, nat: str) -> None:
        self.index = index
        self.name = f"h{index}"
        self.ip = f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}"
        self.local_ip = self.ip if nat == "none" else "192.168.0.2"
        self.translator: Translator | None = None
        if nat != "none":
            rng = random.Random(f"{world.seed}/nat/{index}")  # noqa: S311 - seeded on purpose
            self.translator = Translator(self.ip, nat, rng)
        self.uplink = Link()
        self.downlink = Link()
        self.life = 0
        self.up = True
        self.endpoints: dict[int, SimEndpoint] = {}
        self._world = world
        self._awaited: dict[int, asyncio.Future[Any]] = {}
        self._calls = 0
        self._pauses = 0
        self.clock = SimClock(world.loop)
        self._begin_life()

    def _begin_life(self) -> None:
        self.key = (self.index, self.life)
        self.context = contextvars.copy_context()
        self.context.run(HOST.set, self.key)
        rng = random.Random(f"{self._world.seed}/host/{self.index}/{self.life}")  # noqa: S311 - seeded on purpose
        self.env = SimEnvironment(self, self.clock, rng)

    def bind(self, local: Address, receiver: DatagramReceiver) -> SimEndpoint:
        """Open a socket; port 0 takes a free one."""
        if not self.up:
            raise SimulationError(f"{self.name} has no power")
        return self._world.network.bind(self, local, receiver)

    # -- running code as this host ------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start ``coroutine`` as code of this host; after a crash the task never ends."""
        if not self.up:
            coroutine.close()
            raise SimulationError(f"{self.name} has no power")
        return self._world.loop.create_task(coroutine, context=self.context.copy())

    async def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run ``coroutine`` as code of this host and wait; raises ``HostCrashed`` at a crash."""
        self._calls += 1
        call = self._calls
        outcome: asyncio.Future[T] = self._world.loop.create_future()
        self._awaited[call] = outcome
        task = self.spawn(coroutine)
        task.add_done_callback(lambda done: _copy_outcome(done, outcome))
        try:
            return await outcome
        finally:
            self._awaited.pop(call, None)
            if outcome.cancelled():
                task.cancel()

    # -- power --------------------------------------------------------------------------------

    def crash(self) -> None:
        """Cut the power: no code of this life runs again, its sockets are gone."""
        if not self.up:
            return
        self.up = False
        self._pauses = 0
        self._world.network.trace.note(f"CRASH {self.name}")
        self._world.loop.freeze(self.key)
        for endpoint in list(self.endpoints.values()):
            endpoint.close()
        for outcome in self._awaited.values():
            if not outcome.done():
                outcome.set_exception(HostCrashed(self.name))

    def restart(self) -> None:
        """Power on: a new life without memory; ``env`` is a new one."""
        if self.up:
            raise SimulationError(f"{self.name} is running already")
        self.up = True
        self.life += 1
        self._world.network.trace.note(f"RESTART {self.name}")
        self._begin_life()

    def pause(self) -> None:
        """Stop running its code, keep its sockets; time goes on for the others."""
        if self.up:
            self._pauses += 1
            self._world.network.trace.note(f"PAUSE {self.name}")
            self._world.loop.freeze(self.key)

    def resume(self) -> None:
        """Take a ``pause`` back; after the last, go on with what the sockets have collected."""
        if not self.up or not self._pauses:
            return
        self._pauses -= 1
        if self._pauses:
            return
        self._world.network.trace.note(f"RESUME {self.name}")
        self._world.loop.thaw(self.key)
        for endpoint in list(self.endpoints.values()):
            waiting, endpoint.waiting, endpoint.waiting_bytes = endpoint.waiting, [], 0
            for data, source in waiting:
                self._world.network.hand_over(endpoint, data, source)

    def skew(self, offset_ms: int) -> None:
        """Make the wall clock wrong by ``offset_ms``, across restarts too."""
        self.clock.go_wrong("skew", offset_ms)


class SimWorld:
    """Loop, network and hosts of one run; the hosts' addresses are 10.0.0.1, 10.0.0.2, …

    ``settings`` replaces all that the keywords before it say about the network.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        one_way_ms: tuple[float, float] = (10.0, 40.0),
        jitter_ms: float = 0.0,
        loss: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        settings: NetworkSettings | None = None,
        trace: bool = False,
        steps_max: int = STEPS_MAX,
    ) -> None:
        self.seed = seed
        self.loop = SimLoop(steps_max)
        settings = settings or NetworkSettings(Uniform(one_way_ms), jitter_ms, loss, duplicate, reorder)
        self.network = SimNetwork(self.loop, seed, settings, trace)
        self.hosts: list[SimHost] = []

    def host(self, nat: str = "none") -> SimHost:
        """A new machine; ``nat`` is one of ``NAT_KINDS``."""
        if nat not in NAT_KINDS:
            raise ValueError(f"nat {nat!r} is none of {', '.join(NAT_KINDS)}")
        host = SimHost(self, len(self.hosts) + 1, nat)
        self.hosts.append(host)
        self.network.hosts[host.ip] = host
        return host

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run ``main`` as the observer's code and raise if anything failed meanwhile."""
        result = self.run_unjudged(main)
        if self.loop.failures:
            raise _first_failure(self.loop)
        return result

    def run_unjudged(self, main: Coroutine[Any, Any, T]) -> T:
        """Run ``main``; failures of other code stay in ``loop.failures`` for the caller."""
        asyncio.set_event_loop(self.loop)
        thresholds = gc.get_threshold()
        gc.set_threshold(*COLLECTED_AFTER)
        try:
            result = self.loop.run_until_complete(main)
            gc.collect()  # an exception that nobody retrieved shows when its future is collected
            return result
        finally:
            gc.set_threshold(*thresholds)
            asyncio.set_event_loop(None)

    def close(self) -> None:
        """End every task; dead hosts unwind too, into a network that carries nothing."""
        if self.loop.is_closed():
            return
        self.network.closed = True
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.unwind()
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    def __enter__(self) -> SimWorld:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _copy_outcome(done: asyncio.Task[T], outcome: asyncio.Future[T]) -> None:
    if outcome.done():
        return
    if done.cancelled():
        outcome.cancel()
    elif (error := done.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())


def _first_failure(loop: SimLoop) -> SimulationError:
    first = loop.failures[0]
    more = f" (and {len(loop.failures) - 1} more)" if len(loop.failures) > 1 else ""
    failure = SimulationError(
        f"at {first['at_s']:.3f} s: {first['message']}: {first.get('exception')!r}{more}"
    )
    failure.__cause__ = first.get("exception")
    return failure

"""Nodes for the tests of this folder: real UDP on loopback, with faults by a seeded plan.

``FaultyEnvironment`` wraps the real one: what it sends may be lost (by probability, or by a rule),
and all datagrams are recorded. Everything above the socket is what ships.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from peernode.clock import SystemClock
from peernode.config import NodeConfig
from peernode.environment import Address, DatagramEndpoint, DatagramReceiver
from peernode.identity import Identity
from peernode.rpc.rpc import Caller, Rpc
from peernode.rpc.transport import SystemEnvironment
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, encode_ip
from peernode.wire.ops import Op

FAST = NodeConfig(rto_initial_s=0.03, rto_min_s=0.03, rto_max_s=0.2)
"""For tests in which something is lost: it is soon sent again."""

PATIENT = NodeConfig(rto_initial_s=5.0, rto_min_s=5.0, rto_max_s=5.0)
"""For tests that count datagrams: a slow machine is not taken for loss."""


class StoppableClock:
    """The system's clock, until it is stopped."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._stopped_at: float | None = None

    def monotonic(self) -> float:
        return self._system.monotonic() if self._stopped_at is None else self._stopped_at

    def wall_ms(self) -> int:
        return self._system.wall_ms()

    def stop(self) -> None:
        """No time passes from now on, for who reads this clock."""
        self._stopped_at = self.monotonic()


class FaultyEndpoint:
    """An endpoint whose datagrams may be lost on the way out."""

    def __init__(self, inner: DatagramEndpoint, env: FaultyEnvironment) -> None:
        self._inner = inner
        self._env = env

    @property
    def address(self) -> Address:
        return self._inner.address

    def send(self, data: bytes, to: Address) -> None:
        self._env.sent.append((data, to))
        if not self._env.loses(data, to):
            self._inner.send(data, to)

    def close(self) -> None:
        self._inner.close()


class FaultyEnvironment:
    """The system's environment with seeded randomness, losses, and a record of what was sent."""

    def __init__(self, seed: int, loss: float = 0.0) -> None:
        self._system = SystemEnvironment()
        self._rng = random.Random(seed)
        self._loss_rng = random.Random(seed + 1)
        self.loss = loss
        self.clock = StoppableClock()
        self.drop: Callable[[bytes, Address], bool] = lambda data, to: False
        self.sent: list[tuple[bytes, Address]] = []
        self._endpoints: list[DatagramEndpoint] = []

    @property
    def random(self) -> random.Random:
        return self._rng

    def lose(self, loss: float, seed: int) -> None:
        """From now on lose this share of what is sent."""
        self.loss = loss
        self._loss_rng.seed(seed)

    def inject(self, data: bytes, to: Address) -> None:
        """Send any bytes from the node's own socket."""
        self._endpoints[0].send(data, to)

    def loses(self, data: bytes, to: Address) -> bool:
        return self._loss_rng.random() < self.loss or self.drop(data, to)

    async def open_datagrams(self, local: Address, receiver: DatagramReceiver) -> DatagramEndpoint:
        endpoint = await self._system.open_datagrams(local, receiver)
        self._endpoints.append(endpoint)
        return FaultyEndpoint(endpoint, self)


class TestNode:
    """An Rpc with its environment, a PING server, and a record of crashes."""

    __test__ = False

    def __init__(self, seed: int, config: NodeConfig = FAST, loss: float = 0.0) -> None:
        self.env = FaultyEnvironment(seed, loss)
        self.identity = Identity.from_seed(bytes([seed % 256]) * 32)
        self.crashes: list[BaseException] = []
        self.rpc = Rpc(self.identity, config, self.env, lambda name, error: self.crashes.append(error))
        self.rpc.serve(Op.PING, self._pong)

    @property
    def contact(self) -> Contact:
        return Contact(self.identity.public_key, *self.rpc.address)

    @property
    def counters(self) -> dict[str, int]:
        return self.rpc.counters

    def _pong(self, caller: Caller, body: Fields) -> list[Any]:
        ip, port = caller.contact.address
        return [1, 1, SystemClock().wall_ms(), encode_ip(ip), port, 0]


@asynccontextmanager
async def nodes(
    count: int, config: NodeConfig = PATIENT, loss: float = 0.0, **changes: Any
) -> AsyncIterator[list[TestNode]]:
    """``count`` started nodes; afterwards none has crashed and nothing is left of any."""
    made = [TestNode(seed, replace(config, **changes), loss) for seed in range(1, count + 1)]
    for node in made:
        await node.rpc.start()
    try:
        yield made
    finally:
        for node in made:
            await node.rpc.close()
    for node in made:
        assert node.crashes == []
        left = node.rpc.sizes()
        assert {name: left[name] for name in ("working", "requests", "greetings", "proofs", "tasks")} == {
            "working": 0,
            "requests": 0,
            "greetings": 0,
            "proofs": 0,
            "tasks": 0,
        }


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other tasks bring about; the test's own timeout is the bound."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  (what is awaited has no event of its own)
            await asyncio.sleep(0.001)

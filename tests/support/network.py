"""A network that tests can hold, cut, block or slow, per user, at the datagram transport; no node knows.

``environment`` is what ``NODE_ENVIRONMENT`` names in test settings: the system's environment with a
``Gate`` in front of every socket. The gates are those of this process, so the hook works where the
nodes live.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable

from peernode.clock import Clock
from peernode.environment import Address, DatagramEndpoint, DatagramReceiver
from peernode.rpc.transport import SystemEnvironment

MODES = ("open", "hold", "cut")
HELD_MAX = 100_000

_gates: dict[str, Gate] = {}


class Gate:
    """All datagrams of one owner's node, both ways; beyond ``HELD_MAX`` a held one is lost."""

    def __init__(self) -> None:
        self.mode = "open"
        self.delay_s = 0.0
        """So much later each datagram that comes in is there."""
        self.addresses: set[Address] = set()
        """Where the owner's node listens, or has listened."""
        self.blocked: set[str] = set()
        """Owners between whom and this one nothing passes, here and at the other's gate."""
        self._held: deque[Callable[[], None]] = deque()

    def lets(self, other: Address) -> bool:
        """Whether anything passes between this owner and that address."""
        return not any(other in gate(owner).addresses for owner in self.blocked)

    def receive(self, action: Callable[[], None]) -> None:
        """Let a datagram in, in time or late."""
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self.pass_on, action)
        else:
            self.pass_on(action)

    def pass_on(self, action: Callable[[], None]) -> None:
        """Let a datagram through now, later or never."""
        if self.mode == "open":
            action()
        elif self.mode == "hold" and len(self._held) < HELD_MAX:
            self._held.append(action)

    def set(self, mode: str) -> None:
        """Change the mode; opening lets through what was held, in order, and cutting loses it."""
        self.mode = mode
        held, self._held = self._held, deque()
        if mode == "hold":
            self._held = held
        elif mode == "open":
            for action in held:
                action()


def gate(owner: str) -> Gate:
    """The gate of an owner's node; the host node's owner is the empty string."""
    return _gates.setdefault(owner, Gate())


def set_mode(owner: str, mode: str) -> None:
    """Hold, cut or open one owner's network, or with ``*`` that of every node there is."""
    if mode not in MODES:
        raise ValueError(f"mode {mode!r}: not one of {', '.join(MODES)}")
    for each in [*_gates.values()] if owner == "*" else [gate(owner)]:
        each.set(mode)


def block(owner: str, others: list[str]) -> None:
    """Let nothing pass between one owner's node and these others', and everything that was blocked before."""
    gate(owner).blocked = set(others)


def slow(owner: str, delay_s: float) -> None:
    """Delay what comes in to one owner's node, or with ``*`` to every node there is."""
    for each in [*_gates.values()] if owner == "*" else [gate(owner)]:
        each.delay_s = delay_s


class GatedEndpoint:
    """A socket behind a gate."""

    def __init__(self, gate: Gate, endpoint: DatagramEndpoint) -> None:
        self._gate = gate
        self._endpoint = endpoint

    @property
    def address(self) -> Address:
        """The address of the socket."""
        return self._endpoint.address

    def send(self, data: bytes, to: Address) -> None:
        """Send through the gate."""
        if self._gate.lets(to):
            self._gate.pass_on(lambda: self._endpoint.send(data, to))

    def close(self) -> None:
        """Close the socket; what is held is lost."""
        self._endpoint.close()


class GatedEnvironment:
    """The system's environment behind a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._system = SystemEnvironment()

    @property
    def clock(self) -> Clock:
        """The system's clocks."""
        return self._system.clock

    @property
    def random(self) -> random.Random:
        """The system's randomness."""
        return self._system.random

    async def open_datagrams(self, local: Address, receiver: DatagramReceiver) -> DatagramEndpoint:
        """Bind a socket; both directions pass the gate."""

        def received(data: bytes, source: Address) -> None:
            if self._gate.lets(source):
                self._gate.receive(lambda: receiver(data, source))

        endpoint = await self._system.open_datagrams(local, received)
        self._gate.addresses.add(endpoint.address)
        return GatedEndpoint(self._gate, endpoint)


def environment(owner: str) -> GatedEnvironment:
    """What test settings name in ``NODE_ENVIRONMENT``."""
    return GatedEnvironment(gate(owner))

"""A network that tests can hold or cut, per user, at the datagram transport; nothing above knows.

``environment`` is what ``NODE_ENVIRONMENT`` names in test settings: the system's environment with a
``Gate`` in front of every socket. The gates are those of this process, so the hook works where the
nodes live.
"""

from __future__ import annotations

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
        self._held: deque[Callable[[], None]] = deque()

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
            self._gate.pass_on(lambda: receiver(data, source))

        return GatedEndpoint(self._gate, await self._system.open_datagrams(local, received))


def environment(owner: str) -> GatedEnvironment:
    """What test settings name in ``NODE_ENVIRONMENT``."""
    return GatedEnvironment(gate(owner))

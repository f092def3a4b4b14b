"""A network of datagrams between simulated hosts: delay, loss, address translation, disturbances.

Idea: a datagram's fate is drawn when it is sent and looked at again when it arrives; every step of
it goes into one running hash, so that two runs can be compared by 16 bytes.

Invariants:

* the one-way delay of a pair is fixed for the run (``latency``); only jitter and reordering are drawn
  per datagram;
* what a fault does to the network is a ``Disturbance`` that is put in and taken out, never a change
  of these settings, so faults overlap freely;
* a datagram waits for its sender's line, then travels, then waits for its receiver's (``links``); what
  never leaves a host passes neither and is never lost;
* sending never raises; a datagram to nobody is lost. What a paused host can't take yet waits in
  its socket, ``SOCKET_BUFFER_BYTES_MAX`` at most; more is lost, as a kernel does it.
"""

from __future__ import annotations

import contextvars
import errno
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from peernode.environment import Address, DatagramReceiver
from peernode.simulation.world.disturbances import Disturbance
from peernode.simulation.world.latency import Delays, Model, Uniform
from peernode.simulation.world.loop import SimLoop
from peernode.simulation.world.trace import Trace

if TYPE_CHECKING:
    from peernode.simulation.world.host import SimHost

DATAGRAM_BYTES_MAX = 65_507
FRAGMENT_BYTES = 1_472
"""A larger datagram travels in fragments, of which each may be lost."""
REORDER_EXTRA_MS = 200.0
"""A reordered datagram is held up by a uniform part of this."""
SOCKET_BUFFER_BYTES_MAX = 1 << 20
_EPHEMERAL_FROM = 49_152
_NOBODY = contextvars.Context()

Tap = Callable[[Address, Address, bytes], bool]
"""Told of source, target and payload of each datagram that has come through the network."""


class Wire(Protocol):
    """An observer of every datagram, by the key of the host's life."""

    def sent(self, key: tuple[int, int], source: Address, data: bytes, target: Address) -> None:
        """The host sends; ``source`` is where it claims to be. Told before anything is drawn."""
        ...

    def received(self, key: tuple[int, int], source: Address, data: bytes) -> None:
        """The host is about to be given a datagram."""
        ...


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How the undisturbed network behaves; ``loss``, ``duplicate`` and ``reorder`` are fractions."""

    latency: Model = field(default_factory=Uniform)
    jitter_ms: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0


class SimEndpoint:
    """A bound socket of a simulated host; implements ``peernode.environment.DatagramEndpoint``."""

    def __init__(self, network: SimNetwork, host: SimHost, port: int, receiver: DatagramReceiver) -> None:
        self.host = host
        self.port = port
        self.receiver = receiver
        self.open = True
        self.waiting: list[tuple[bytes, Address]] = []
        self.waiting_bytes = 0
        self._network = network

    @property
    def address(self) -> Address:
        """The local address; behind an address translator others see another one."""
        return (self.host.local_ip, self.port)

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram, or lose it."""
        if self.open:
            self._network.send(self, bytes(data), (to[0], to[1]))

    def close(self) -> None:
        """Unbind; nothing is received any more."""
        if self.open:
            self.open = False
            self._network.unbind(self)


class SimNetwork:
    """Carries datagrams between hosts; counts and notes all it does."""

    def __init__(self, loop: SimLoop, seed: int, settings: NetworkSettings, trace: bool = False) -> None:
        self.settings = settings
        self.hosts: dict[str, SimHost] = {}
        self.sent = self.delivered = self.dropped = self.bytes = self.largest = 0
        self.disturbances: dict[int, Disturbance] = {}
        self.disturbed: dict[int, int] = {}
        self.taps: dict[int, Tap] = {}
        self.wire: Wire | None = None
        self.counts: Counter[str] = Counter()
        """How often what is rare happened, for the run's coverage."""
        self.closed = False
        self.trace = Trace(loop, trace)
        self._loop = loop
        self._uneven = bool(settings.loss or settings.duplicate)
        self._delays = Delays(settings.latency, seed)
        self._rng = random.Random(f"{seed}/network")  # noqa: S311 - seeded on purpose
        self._bound: dict[Address, SimEndpoint] = {}
        self._note_datagram = self.trace.datagram
        self._disturbances_made = 0

    # -- disturbances -------------------------------------------------------------------------

    def disturb(self, disturbance: Disturbance) -> int:
        """Put ``disturbance`` in; the number returned takes it out again."""
        self._disturbances_made += 1
        self.disturbances[self._disturbances_made] = disturbance
        return self._disturbances_made

    def calm(self, number: int) -> None:
        """Take a disturbance out."""
        self.disturbances.pop(number, None)

    # -- delays -------------------------------------------------------------------------------

    def one_way_ms(self, first_ip: str, second_ip: str) -> float:
        """The undisturbed delay from one host to another, without jitter."""
        return self._delays.one_way_ms(self.hosts[first_ip].index, self.hosts[second_ip].index)

    def _delay_s(self, source: SimHost, target: SimHost) -> float:
        settings, rng = self.settings, self._rng
        delay_ms = self._delays.one_way_ms(source.index, target.index)
        if settings.jitter_ms:
            delay_ms += rng.expovariate(1 / settings.jitter_ms)
        if settings.reorder and rng.random() < settings.reorder:
            delay_ms += rng.random() * REORDER_EXTRA_MS
        for number, disturbance in self.disturbances.items():
            extra_ms = disturbance.extra_ms(source, target, rng)
            if extra_ms:
                delay_ms += extra_ms
                self._disturbed(number)
        return delay_ms / 1000

    # -- sockets ------------------------------------------------------------------------------

    def bind(self, host: SimHost, local: Address, receiver: DatagramReceiver) -> SimEndpoint:
        """Open a socket of ``host``; raises ``OSError`` like a kernel."""
        if local[0] not in (host.local_ip, "0.0.0.0"):  # noqa: S104 - simulated
            raise OSError(errno.EADDRNOTAVAIL, f"{local[0]} is not an address of {host.name}")
        port = local[1]
        if port == 0:
            port = next(p for p in range(_EPHEMERAL_FROM, 65_536) if p not in host.endpoints)
        if port in host.endpoints:
            raise OSError(errno.EADDRINUSE, f"port {port} of {host.name} is in use")
        endpoint = SimEndpoint(self, host, port, receiver)
        host.endpoints[port] = endpoint
        if host.translator is None:
            self._bound[(host.ip, port)] = endpoint
        return endpoint

    def unbind(self, endpoint: SimEndpoint) -> None:
        """Forget a socket; an address translator goes on remembering it."""
        endpoint.host.endpoints.pop(endpoint.port, None)
        if endpoint.host.translator is None:
            del self._bound[(endpoint.host.ip, endpoint.port)]

    def _endpoint_at(self, host: SimHost, source: Address, port: int) -> SimEndpoint | None:
        """The socket that a datagram from ``source`` reaches at ``port`` of the host's public address."""
        if host.translator is None:
            return self._bound.get((host.ip, port))
        inner = host.translator.inward(source, port, self._loop.time())
        return None if inner is None else host.endpoints.get(inner)

    # -- datagrams ----------------------------------------------------------------------------

    def send(self, endpoint: SimEndpoint, data: bytes, target: Address) -> None:
        """Send from a socket, through the host's address translator if it has one."""
        host = endpoint.host
        if host.translator is None:
            source = (host.ip, endpoint.port)
        else:
            source = host.translator.outward(endpoint.port, target, self._loop.time())
        self.carry(host, source, data, target)

    def carry(self, host: SimHost, source: Address, data: bytes, target: Address) -> None:
        """Draw the fate of one datagram that leaves ``host``; ``source`` is what it claims to be."""
        if self.closed:
            return
        if self.wire is not None:
            self.wire.sent(host.key, source, data, target)
        size = len(data)
        self.sent += 1
        self.bytes += size
        if size > self.largest:
            self.largest = size
        receiver = self.hosts.get(target[0])
        if receiver is None or size > DATAGRAM_BYTES_MAX:
            self._drop("NOWHERE", source, target, data)
            return
        wait_s = 0.0
        if host.uplink.bytes_per_s is not None and receiver is not host:
            queued_s = host.uplink.take(size, self._loop.time())
            if queued_s is None:
                self.counts["uplink full"] += 1
                self._drop("FULL", source, target, data)
                return
            wait_s = queued_s
        copies = 1
        if self._uneven or self.disturbances:
            if self._is_lost(host, receiver, size):
                self._drop("DROP", source, target, data)
                return
            copies = self._copies(host, receiver)
        self._note_datagram("SEND", source, target, data)
        for _ in range(copies):
            delay_s = self._delay_s(host, receiver) + wait_s
            self._loop.call_later(delay_s, self._arrive, receiver, source, target, data, context=_NOBODY)

    def _drop(self, kind: str, source: Address, target: Address, data: bytes) -> None:
        self.dropped += 1
        self._note_datagram(kind, source, target, data)

    def _copies(self, source: SimHost, target: SimHost) -> int:
        duplicate = self.settings.duplicate
        copies = 2 if duplicate and self._rng.random() < duplicate else 1
        for number, disturbance in self.disturbances.items():
            more = disturbance.copies(source, target, self._rng)
            if more:
                copies += more
                self._disturbed(number)
        return copies

    def _is_lost(self, source: SimHost, target: SimHost, size: int) -> bool:
        loss = self.settings.loss
        if loss and source is not target:
            fragments = -(-size // FRAGMENT_BYTES)
            if self._rng.random() < 1 - (1 - loss) ** max(1, fragments):
                return True
        for number, disturbance in self.disturbances.items():
            if disturbance.drops(source, target, self._rng):
                self._disturbed(number)
                return True
        return False

    def _disturbed(self, number: int) -> None:
        self.disturbed[number] = self.disturbed.get(number, 0) + 1

    def _arrive(self, host: SimHost, source: Address, target: Address, data: bytes) -> None:
        """At the far end of the network: ``host``'s own line comes next."""
        taken = [tap(source, target, data) for tap in self.taps.values()] if self.taps else ()
        if True in taken:  # each has heard it
            self._drop("TAKEN", source, target, data)
            return
        if host.downlink.bytes_per_s is None or source[0] == host.ip:
            self._reach(host, source, target, data)
        elif (wait_s := host.downlink.take(len(data), self._loop.time())) is None:
            self.counts["downlink full"] += 1
            self._drop("FULL", source, target, data)
        else:
            self._loop.call_later(wait_s, self._reach, host, source, target, data, context=_NOBODY)

    def _reach(self, host: SimHost, source: Address, target: Address, data: bytes) -> None:
        endpoint = self._endpoint_at(host, source, target[1])
        if self.closed or endpoint is None:
            self._drop("LOST", source, target, data)
        elif self._loop.is_frozen(host.key):
            if endpoint.waiting_bytes + len(data) > SOCKET_BUFFER_BYTES_MAX:
                self._drop("OVERFLOW", source, target, data)
            else:
                self._note_datagram("HELD", source, target, data)
                endpoint.waiting.append((data, source))
                endpoint.waiting_bytes += len(data)
        else:
            self._note_datagram("RECV", source, target, data)
            self.hand_over(endpoint, data, source)

    def hand_over(self, endpoint: SimEndpoint, data: bytes, source: Address) -> None:
        """Give a datagram to its receiver, in the receiver's own context."""
        self.delivered += 1
        if self.wire is not None:
            self.wire.received(endpoint.host.key, source, data)
        try:
            endpoint.host.context.run(endpoint.receiver, data, source)
        except Exception as error:  # noqa: BLE001 - a receiver must not raise: the run fails
            self._loop.call_exception_handler({"message": "a datagram receiver raised", "exception": error})

"""A network of datagrams between simulated hosts: delay, loss, address translation, disturbances.

Idea: a datagram's fate is drawn when it is sent and looked at again when it arrives; every step of
it goes into one running hash, so that two runs can be compared by 16 bytes.

Invariants:

* the one-way delay of a pair is symmetric, fixed for the run and a function of the seed and the two
  addresses alone; only jitter and reordering are drawn per datagram;
* what a fault does to the network is a ``Disturbance`` that is put in and taken out, never a change
  of these settings, so faults overlap freely;
* sending never raises; a datagram to nobody is lost. What a paused host can't take yet waits in
  its socket, ``SOCKET_BUFFER_BYTES_MAX`` at most; more is lost, as a kernel does it.
"""

from __future__ import annotations

import contextvars
import errno
import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from peernode.environment import Address, DatagramReceiver
from peernode.simulation.loop import SimLoop

if TYPE_CHECKING:
    from peernode.simulation.host import SimHost

DATAGRAM_BYTES_MAX = 65_507
FRAGMENT_BYTES = 1_472
"""A larger datagram travels in fragments, of which each may be lost."""
REORDER_EXTRA_MS = 200.0
"""A reordered datagram is held up by a uniform part of this."""
NAT_MAPPING_S = 120.0
"""An address translator forgets whom a host wrote to after this long."""
SOCKET_BUFFER_BYTES_MAX = 1 << 20
_EPHEMERAL_FROM = 49_152
_NAT_PORTS = (20_000, 60_000)
_NOBODY = contextvars.Context()


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How the undisturbed network behaves; ``loss``, ``duplicate`` and ``reorder`` are fractions."""

    one_way_ms: tuple[float, float] = (10.0, 40.0)
    jitter_ms: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0


class Disturbance(Protocol):
    """What a fault does to datagrams while it lasts."""

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Whether a datagram on this way is lost."""
        ...

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """Delay added to a datagram on this way."""
        ...


class SimEndpoint:
    """A bound socket of a simulated host; implements ``peernode.environment.DatagramEndpoint``."""

    def __init__(self, network: SimNetwork, host: SimHost, port: int, receiver: DatagramReceiver) -> None:
        self.host = host
        self.port = port
        self.receiver = receiver
        self.open = True
        self.waiting: list[tuple[bytes, Address]] = []
        self.waiting_bytes = 0
        self.mapped: dict[Address | None, int] = {}
        self.allowed: dict[tuple[int, str | Address | None], float] = {}
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
    """Carries datagrams between hosts; counts, hashes and optionally writes down all it does."""

    def __init__(self, loop: SimLoop, seed: int, settings: NetworkSettings, trace: bool = False) -> None:
        self.settings = settings
        self.hosts: dict[str, SimHost] = {}
        self.sent = self.delivered = self.dropped = self.bytes = self.largest = 0
        self.disturbances: dict[int, Disturbance] = {}
        self.disturbed: dict[int, int] = {}
        self.closed = False
        self.trace: list[str] | None = [] if trace else None
        self._loop = loop
        self._seed = seed
        self._rng = random.Random(f"{seed}/network")  # noqa: S311 - seeded on purpose
        self._bound: dict[Address, SimEndpoint] = {}
        self._delays_ms: dict[tuple[str, str], float] = {}
        self._hash = hashlib.blake2b(digest_size=16)
        self._disturbances_made = 0

    # -- what happens, for the trace ----------------------------------------------------------

    def note(self, what: str) -> None:
        """Put a line into the trace and its hash."""
        line = f"{self._loop.time():.9f} {what}"
        self._hash.update(line.encode() + b"\n")
        if self.trace is not None:
            self.trace.append(line)

    def trace_hash(self) -> str:
        """Hash of everything noted so far, as hex."""
        return self._hash.hexdigest()

    def _note_datagram(self, kind: str, source: Address, target: Address, data: bytes) -> None:
        line = (
            f"{self._loop.time():.9f} {kind} {source[0]}:{source[1]}>{target[0]}:{target[1]} {len(data)} "
            f"{hashlib.blake2b(data, digest_size=6).hexdigest()}"
        )
        self._hash.update(line.encode() + b"\n")
        if self.trace is not None:
            self.trace.append(line)

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
        """The undisturbed delay between two hosts, without jitter; 0.05 ms within one."""
        if first_ip == second_ip:
            return 0.05
        pair = (first_ip, second_ip) if first_ip < second_ip else (second_ip, first_ip)
        delay = self._delays_ms.get(pair)
        if delay is None:
            drawn = hashlib.blake2b(f"{self._seed}/{pair[0]}/{pair[1]}".encode(), digest_size=8).digest()
            low, high = self.settings.one_way_ms
            delay = low + (high - low) * (int.from_bytes(drawn, "big") / 2**64)
            self._delays_ms[pair] = delay
        return delay

    def _delay_s(self, source: SimHost, target: SimHost) -> float:
        settings, rng = self.settings, self._rng
        delay_ms = self.one_way_ms(source.ip, target.ip)
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
        if host.nat == "none":
            self._bound[(host.ip, port)] = endpoint
        return endpoint

    def unbind(self, endpoint: SimEndpoint) -> None:
        """Forget a socket and what its address translator knew."""
        endpoint.host.endpoints.pop(endpoint.port, None)
        ports: Iterable[int] = endpoint.mapped.values() if endpoint.mapped else (endpoint.port,)
        for port in ports:
            if self._bound.get((endpoint.host.ip, port)) is endpoint:
                del self._bound[(endpoint.host.ip, port)]

    def _seen_as(self, endpoint: SimEndpoint, target: Address) -> Address:
        """The source address on the wire; opens the translator's way back."""
        host = endpoint.host
        if host.nat == "none":
            return (host.ip, endpoint.port)
        key = target if host.nat == "symmetric" else None
        port = endpoint.mapped.get(key)
        if port is None:
            port = endpoint.port if key is None else self._rng.randrange(*_NAT_PORTS)
            while (host.ip, port) in self._bound:
                port = self._rng.randrange(*_NAT_PORTS)
            endpoint.mapped[key] = port
            self._bound[(host.ip, port)] = endpoint
        endpoint.allowed[(port, _filter_key(host.nat, target))] = self._loop.time()
        return (host.ip, port)

    def _admits(self, endpoint: SimEndpoint, source: Address, port: int) -> bool:
        nat = endpoint.host.nat
        if nat == "none":
            return True
        last = endpoint.allowed.get((port, _filter_key(nat, source)))
        return last is not None and self._loop.time() - last <= NAT_MAPPING_S

    # -- datagrams ----------------------------------------------------------------------------

    def send(self, endpoint: SimEndpoint, data: bytes, target: Address) -> None:
        """Draw the fate of one datagram."""
        if self.closed:
            return
        source = self._seen_as(endpoint, target)
        self.sent += 1
        self.bytes += len(data)
        self.largest = max(self.largest, len(data))
        receiver = self.hosts.get(target[0])
        if receiver is None or len(data) > DATAGRAM_BYTES_MAX:
            self.dropped += 1
            self._note_datagram("NOWHERE", source, target, data)
            return
        if self._is_lost(endpoint.host, receiver, len(data)):
            self.dropped += 1
            self._note_datagram("DROP", source, target, data)
            return
        self._note_datagram("SEND", source, target, data)
        duplicate = self.settings.duplicate
        copies = 2 if duplicate and self._rng.random() < duplicate else 1
        for _ in range(copies):
            delay_s = self._delay_s(endpoint.host, receiver)
            self._loop.call_later(delay_s, self._arrive, source, target, data, context=_NOBODY)

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

    def _arrive(self, source: Address, target: Address, data: bytes) -> None:
        endpoint = self._bound.get(target)
        if self.closed or endpoint is None or not self._admits(endpoint, source, target[1]):
            self.dropped += 1
            self._note_datagram("LOST", source, target, data)
        elif self._loop.is_frozen(endpoint.host.key):
            full = endpoint.waiting_bytes + len(data) > SOCKET_BUFFER_BYTES_MAX
            self._note_datagram("OVERFLOW" if full else "HELD", source, target, data)
            if full:
                self.dropped += 1
            else:
                endpoint.waiting.append((data, source))
                endpoint.waiting_bytes += len(data)
        else:
            self._note_datagram("RECV", source, target, data)
            self.hand_over(endpoint, data, source)

    def hand_over(self, endpoint: SimEndpoint, data: bytes, source: Address) -> None:
        """Give a datagram to its receiver, in the receiver's own context."""
        self.delivered += 1
        try:
            endpoint.host.context.run(endpoint.receiver, data, source)
        except Exception as error:  # noqa: BLE001 - a receiver must not raise: the run fails
            self._loop.call_exception_handler({"message": "a datagram receiver raised", "exception": error})


def _filter_key(nat: str, other: Address) -> str | Address | None:
    """What of the other side's address an address translator looks at."""
    if nat == "full":
        return None
    return other[0] if nat == "address" else other

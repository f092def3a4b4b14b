"""The real environment: the host's clocks, its randomness, and a UDP socket that is drained.

Asyncio's own datagram transport reads one datagram per turn of the loop; draining up to
``DRAIN_MAX`` at each wake-up handles four times as many, and the bound keeps timers and other
sockets served. Sending never waits and never raises: what the kernel does not take is lost and
counted, as on any network, and retransmission covers it.
"""

from __future__ import annotations

import asyncio
import random
import socket

from peernode.clock import Clock, SystemClock
from peernode.environment import Address, DatagramEndpoint, DatagramReceiver

DRAIN_MAX = 64
"""Datagrams read at one wake-up of the socket."""

SOCKET_BUFFER_BYTES = 1 << 20
"""Asked of the kernel for each direction; it may grant less."""

_READ_BYTES = 2048  # longer than any datagram of ours, so that longer ones are seen to be too long


class UdpEndpoint:
    """An open UDP socket on the running loop."""

    def __init__(self, sock: socket.socket, receiver: DatagramReceiver) -> None:
        self._socket = sock
        self._receiver = receiver
        self._loop = asyncio.get_running_loop()
        self._address: Address = sock.getsockname()
        self._open = True
        self.lost = 0
        """Datagrams that the kernel did not take or give."""
        self._loop.add_reader(sock.fileno(), self._drain)

    @property
    def address(self) -> Address:
        """The address the socket is bound to."""
        return self._address

    def send(self, data: bytes, to: Address) -> None:
        """Send at once or lose it; after ``close`` everything is lost."""
        if not self._open:
            self.lost += 1
            return
        try:
            self._socket.sendto(data, to)
        except (OSError, OverflowError):  # full buffer, no route, an impossible port
            self.lost += 1

    def close(self) -> None:
        """Stop receiving and release the port, at once; calling it again does nothing."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _drain(self) -> None:
        for _ in range(DRAIN_MAX):
            if not self._open:  # the receiver may close us
                return
            try:
                data, source = self._socket.recvfrom(_READ_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error of an earlier send, reported here by some systems
                self.lost += 1
                continue
            self._receiver(data, source)


class SystemEnvironment:
    """Clock, randomness and sockets of the host; implements ``environment.Environment``."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._random = random.SystemRandom()

    @property
    def clock(self) -> Clock:
        """The host's clocks."""
        return self._clock

    @property
    def random(self) -> random.Random:
        """The operating system's randomness."""
        return self._random

    async def open_datagrams(self, local: Address, receiver: DatagramReceiver) -> DatagramEndpoint:
        """Bind a UDP socket; ``OSError`` when the address is taken or not ours."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            sock.bind(local)
            return UdpEndpoint(sock, receiver)
        except BaseException:
            sock.close()
            raise

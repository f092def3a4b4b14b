"""Everything a node takes from the outside world, in one object that tests replace.

Clock, random source and datagram sockets come from here and nowhere else (``tests/test_tidy.py``
enforces it); waiting is done with asyncio, whose loop belongs to the environment too. That is what
lets the engine that ships run unchanged on the virtual clock and network of
``peernode.simulation``. The disk is the ``Store`` that a node is given.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from peernode.clock import Clock

Address = tuple[str, int]
"""An IPv4 address in dotted form and a UDP port."""


def prefix_of(address: Address) -> str | None:
    """What counts as one source, the /24 of ``address``; ``None`` for loopback, which is exempt."""
    ip = address[0]
    return None if ip.startswith("127.") else ip.rpartition(".")[0]


DatagramReceiver = Callable[[bytes, Address], None]
"""Called once per received datagram with payload and source; must not raise."""


class DatagramEndpoint(Protocol):
    """An open datagram socket."""

    @property
    def address(self) -> Address:
        """The local address the socket is bound to."""
        ...

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram; a full buffer or an unreachable host is loss, never an exception."""
        ...

    def close(self) -> None:
        """Release the socket; nothing is received after this returns."""
        ...


class Environment(Protocol):
    """Clock, randomness and sockets for one node."""

    @property
    def clock(self) -> Clock:
        """The node's clocks."""
        ...

    @property
    def random(self) -> random.Random:
        """The only source of randomness: ids, nonces, keys, jitter."""
        ...

    async def open_datagrams(self, local: Address, receiver: DatagramReceiver) -> DatagramEndpoint:
        """Bind a datagram socket (port 0: a free one); raises ``OSError`` when it can't."""
        ...


class Neighbourhood(Protocol):
    """A way to find nodes on the same network; given to real nodes, see ``peernode.overlay.lan``."""

    async def start(
        self, network_id: bytes, name: str, own: Address, found: Callable[[Address], None]
    ) -> bool:
        """Announce the node ``name``, unique on this network; ``found`` is told each other place heard of.

        False: nobody could reach this node anyway. Raises ``OSError`` where multicast does not work.
        """
        ...

    async def stop(self) -> None:
        """Take it back; also after a ``start`` that failed or was cancelled. It may be started again then."""
        ...

    def outdated(self) -> bool:
        """Whether this node is at other addresses now than those that it announced."""
        ...

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full its tables are, each with its bound."""
        ...

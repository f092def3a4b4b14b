"""What faults do to datagrams while they last; hosts are known by their index in the network."""

from __future__ import annotations

import random

from peernode.simulation.host import SimHost


class Partition:
    """Hosts of different groups can't reach each other; who is in none is in group 0."""

    def __init__(self, group_of: dict[int, int]) -> None:
        self._group_of = group_of

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Whether the two are in different groups."""
        return self._group_of.get(source.index, 0) != self._group_of.get(target.index, 0)

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """Nothing."""
        return 0.0


class Block:
    """One way only: what the senders send does not arrive at the receivers."""

    def __init__(self, senders: frozenset[int], receivers: frozenset[int]) -> None:
        self._senders = senders
        self._receivers = receivers

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Whether this way is blocked."""
        return source is not target and source.index in self._senders and target.index in self._receivers

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """Nothing."""
        return 0.0


class Loss:
    """A fraction of what goes from or to the hosts gets lost."""

    def __init__(self, hosts: frozenset[int], fraction: float) -> None:
        self._hosts = hosts
        self._fraction = fraction

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Draw it."""
        concerned = source.index in self._hosts or target.index in self._hosts
        return concerned and source is not target and rng.random() < self._fraction

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """Nothing."""
        return 0.0


class Latency:
    """What goes from or to the hosts takes longer."""

    def __init__(self, hosts: frozenset[int], extra_ms: float, jitter_ms: float) -> None:
        self._hosts = hosts
        self._extra_ms = extra_ms
        self._jitter_ms = jitter_ms

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Never."""
        return False

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """The fixed part and a drawn one."""
        if source is target or (source.index not in self._hosts and target.index not in self._hosts):
            return 0.0
        return self._extra_ms + (rng.expovariate(1 / self._jitter_ms) if self._jitter_ms else 0.0)

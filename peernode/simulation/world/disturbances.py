"""What faults do to datagrams while they last; hosts are known by their index in the network.

Idea: a fault puts a ``Disturbance`` into the network and takes it out again; it never changes the
network's settings, so faults overlap freely. What a kind does not do, it inherits as nothing.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peernode.simulation.world.host import SimHost


class Disturbance:
    """Nothing at all; each kind replaces what it does."""

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Whether a datagram on this way is lost."""
        return False

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """Delay added to a datagram on this way."""
        return 0.0

    def copies(self, source: SimHost, target: SimHost, rng: random.Random) -> int:
        """How many more times a datagram on this way arrives."""
        return 0


class _OfHosts(Disturbance):
    """Concerns what goes from or to some hosts, but not within one."""

    def __init__(self, hosts: frozenset[int]) -> None:
        self._hosts = hosts

    def _concerns(self, source: SimHost, target: SimHost) -> bool:
        return source is not target and (source.index in self._hosts or target.index in self._hosts)


class Partition(Disturbance):
    """Hosts of different groups can't reach each other; who is in none is in group 0."""

    def __init__(self, group_of: dict[int, int]) -> None:
        self._group_of = group_of

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Whether the two are in different groups."""
        return self._group_of.get(source.index, 0) != self._group_of.get(target.index, 0)


class Block(Disturbance):
    """One way only: what the senders send does not arrive at the receivers."""

    def __init__(self, senders: frozenset[int], receivers: frozenset[int]) -> None:
        self._senders = senders
        self._receivers = receivers

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Whether this way is blocked."""
        return source is not target and source.index in self._senders and target.index in self._receivers


class Withholding(Disturbance):
    """The hosts silently don't send a fraction of what they should."""

    def __init__(self, senders: frozenset[int], fraction: float) -> None:
        self.off = False
        self.hushed: dict[int, None] = {}
        """Hosts that none of it gets to at the moment."""
        self._senders = senders
        self._fraction = fraction

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Draw it."""
        if self.off or source is target or source.index not in self._senders:
            return False
        return target.index in self.hushed or rng.random() < self._fraction


class Loss(_OfHosts):
    """A fraction of what goes from or to the hosts gets lost."""

    def __init__(self, hosts: frozenset[int], fraction: float) -> None:
        super().__init__(hosts)
        self._fraction = fraction

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        """Draw it."""
        return self._concerns(source, target) and rng.random() < self._fraction


class Latency(_OfHosts):
    """What goes from or to the hosts takes longer."""

    def __init__(self, hosts: frozenset[int], extra_ms: float, jitter_ms: float) -> None:
        super().__init__(hosts)
        self._extra_ms = extra_ms
        self._jitter_ms = jitter_ms

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """The fixed part and a drawn one."""
        if not self._concerns(source, target):
            return 0.0
        return self._extra_ms + (rng.expovariate(1 / self._jitter_ms) if self._jitter_ms else 0.0)


class Duplication(_OfHosts):
    """A fraction of what goes from or to the hosts arrives twice."""

    def __init__(self, hosts: frozenset[int], fraction: float) -> None:
        super().__init__(hosts)
        self._fraction = fraction

    def copies(self, source: SimHost, target: SimHost, rng: random.Random) -> int:
        """Draw it."""
        return int(self._concerns(source, target) and rng.random() < self._fraction)


class Reordering(_OfHosts):
    """A fraction of what goes from or to the hosts is held up, so that later ones overtake it."""

    def __init__(self, hosts: frozenset[int], fraction: float, extra_ms: float) -> None:
        super().__init__(hosts)
        self._fraction = fraction
        self._extra_ms = extra_ms

    def extra_ms(self, source: SimHost, target: SimHost, rng: random.Random) -> float:
        """A uniform part of the longest time, for the fraction."""
        if not self._concerns(source, target) or rng.random() >= self._fraction:
            return 0.0
        return rng.random() * self._extra_ms

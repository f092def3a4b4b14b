"""How far apart hosts are: the undisturbed one-way delay of a pair, fixed for the run.

Idea: a model is written down as frozen values (``Uniform``, ``Matrix``, ``Clusters``), and ``Delays``
answers for one run what the delay between two hosts is. Hosts are known by their index in the
network, from 1.

Invariants: a delay is a function of the seed and the two indices alone; ``Uniform`` and ``Clusters`` are
symmetric, a ``Matrix`` is what its file says. Nothing is kept per pair: an answer is a few
operations on integers, so 10,000 hosts cost no more memory than 10,000 numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

Span = tuple[float, float]

SELF_MS = 0.05
"""Delay within one host."""
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Uniform:
    """Each pair's delay is drawn evenly from one range."""

    one_way_ms: Span = (10.0, 40.0)


@dataclass(frozen=True, slots=True)
class Matrix:
    """``rows[a][b]`` is the delay from a to b; hosts take the rows round robin."""

    rows: tuple[tuple[float, ...], ...]
    path: str = ""
    """The file that it was read from."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A share of the hosts that are close to each other."""

    share: float
    within_ms: Span


@dataclass(frozen=True, slots=True)
class Clusters:
    """Pairs of one cluster draw from its own range, all others from ``between_ms``."""

    clusters: tuple[Cluster, ...]
    between_ms: Span


Model = Uniform | Matrix | Clusters


class Delays:
    """The delays of one run."""

    def __init__(self, model: Model, seed: int) -> None:
        self.model = model
        self._seed = seed
        self._salts: list[int] = []
        self._clusters: list[int] = []
        self._sizes = [0] * len(model.clusters) if isinstance(model, Clusters) else []

    def one_way_ms(self, first: int, second: int) -> float:
        """From host ``first`` to host ``second``."""
        if first == second:
            return SELF_MS
        model = self.model
        if type(model) is Matrix:
            size = len(model.rows)
            return model.rows[(first - 1) % size][(second - 1) % size]
        low, high = model.one_way_ms if type(model) is Uniform else self._span(first, second)
        return low + (high - low) * self._fraction(first, second)

    def _fraction(self, first: int, second: int) -> float:
        """A number from 0 to below 1 that belongs to the pair."""
        salts = self._salts
        while len(salts) <= first or len(salts) <= second:
            drawn = hashlib.blake2b(f"{self._seed}/delay/{len(salts)}".encode(), digest_size=8).digest()
            salts.append(int.from_bytes(drawn, "big"))
        mixed = (salts[first] + salts[second]) & _MASK
        mixed = (mixed ^ mixed >> 29) * _GOLDEN & _MASK
        return (mixed >> 11) / (1 << 53)

    def _span(self, first: int, second: int) -> Span:
        assert isinstance(self.model, Clusters)
        mine = self.cluster_of(first)
        return (
            self.model.clusters[mine].within_ms if mine == self.cluster_of(second) else self.model.between_ms
        )

    def cluster_of(self, host: int) -> int:
        """Which cluster a host is in, placed in the order of the indices: shares hold at every count."""
        assert isinstance(self.model, Clusters)
        placed, clusters = self._clusters, self.model.clusters
        while len(placed) < host:
            lacking = [
                cluster.share * (len(placed) + 1) - size
                for cluster, size in zip(clusters, self._sizes, strict=True)
            ]
            chosen = lacking.index(max(lacking))
            self._sizes[chosen] += 1
            placed.append(chosen)
        return placed[host - 1]

"""The keys of ``[nodes]``: how many there are, and what machines and lines they have.

A node is *spare* when it has no power until a fault gives it the place of one that is gone for good.
"""

from __future__ import annotations

from dataclasses import dataclass

from peernode.config import NodeConfig
from peernode.simulation.faults.keys import DAY_MS, DRIFT_PPM_MAX, KBIT_S_MAX, KBIT_S_MIN
from peernode.simulation.schema import Table
from peernode.simulation.world.nat import NAT_KINDS

NODES_MAX = 10_000
SMALL_CHANNEL_MAX = NodeConfig().small_channel_max
"""As the engine ships: a list of more would not fit its datagram."""


@dataclass(frozen=True, slots=True)
class When:
    """Beginning at ``at_s`` and spread evenly over ``over_s``; 0: all at once."""

    at_s: float
    over_s: float


@dataclass(frozen=True, slots=True)
class NodesSpec:
    """How many nodes, which of them are known to the others, and what they are behind."""

    count: int
    bootstrap: int
    nat: tuple[tuple[str, float], ...]
    online: When
    up_kbit_s: tuple[float, float] | None = None
    """What a node's line can carry, drawn from the range; None: anything."""
    down_kbit_s: tuple[float, float] | None = None
    clock_skew_ms: float = 0.0
    """Each wall clock is wrong by up to so much, either way."""
    clock_drift_ppm: float = 0.0
    """Each oscillator is wrong by up to so much, either way."""
    spare: int = 0
    """The last so many have no power until a fault ``replace`` gives them the place of others."""
    small_channel_max: int = SMALL_CHANNEL_MAX
    """In a channel of more subscribers nobody lists them; a low bound has few nodes do as thousands would."""

    @property
    def starting(self) -> int:
        """How many there are from the start."""
        return self.count - self.spare


def read_when(table: Table, duration_s: float) -> When:
    """A time that ends before ``duration_s``."""
    when = When(table.number("at_s", 0.0), table.number("over_s", 0.0))
    table.done()
    if when.at_s + when.over_s >= duration_s:
        last_s = f"the last one, at {when.at_s + when.over_s:g} s"
        table.refuse("over_s" if when.over_s else "at_s", f"{last_s}, is after the end at {duration_s:g} s")
    return when


def read_nodes(table: Table, duration_s: float) -> NodesSpec:
    """All of ``[nodes]``."""
    count = table.integer("count", low=1, high=NODES_MAX)
    nat = table.table("nat")
    shares = tuple((kind, nat.number(kind, low=0.0, high=1.0)) for kind in NAT_KINDS if kind in nat)
    nat.done(*NAT_KINDS)
    if shares and abs(sum(share for _, share in shares) - 1) > 1e-6:
        table.refuse("nat", "the shares must sum up to 1")
    spare = table.integer("spare", 0, 0, count - 1)
    nodes = NodesSpec(
        count=count,
        bootstrap=table.integer("bootstrap", 1, 1, count - spare),
        nat=shares or (("none", 1.0),),
        online=read_when(table.table("online"), duration_s),
        up_kbit_s=_read_rate(table, "up_kbit_s"),
        down_kbit_s=_read_rate(table, "down_kbit_s"),
        clock_skew_ms=table.number("clock_skew_ms", 0.0, 0.0, DAY_MS),
        clock_drift_ppm=table.number("clock_drift_ppm", 0.0, 0.0, DRIFT_PPM_MAX),
        spare=spare,
        small_channel_max=table.integer("small_channel_max", SMALL_CHANNEL_MAX, 1, SMALL_CHANNEL_MAX),
    )
    table.done()
    return nodes


def _read_rate(table: Table, key: str) -> tuple[float, float] | None:
    if key not in table:
        return None
    if isinstance(table.raw(key), list):
        return table.span(key, low=KBIT_S_MIN, high=KBIT_S_MAX)
    rate = table.number(key, low=KBIT_S_MIN, high=KBIT_S_MAX)
    return rate, rate

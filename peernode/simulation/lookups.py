"""Lookups that a scenario asks for: whom nodes find when they ask for the nodes closest to an id.

Idea: random ids and the ids of the scenario's channels in turn, by nodes drawn by the seed. A lookup is
right when it finds every honest node among those that are truly closest: of all that run at both its
ends, the looker left out, as many as a channel has replicas. Invariant: what a hostile node finds counts
for nothing, and whether a hostile node is found neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from peernode.simulation.schema import Table

LOOKUPS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class LookupsSpec:
    """``count`` lookups from ``start_s`` on, one each ``every_s``."""

    count: int
    start_s: float
    every_s: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """One that was made; nodes by index."""

    at_s: float
    node: int
    target: str
    """An id in hex."""
    closest: tuple[int, ...]
    """The nodes truly closest that ran all the time, hostile ones too."""
    found: tuple[int, ...] | None
    """Whom the looker was told; None: it was without power before the end."""


def read_lookups(table: Table, duration_s: float) -> LookupsSpec:
    """One ``[[lookups]]``."""
    spec = LookupsSpec(
        count=table.integer("count", low=1, high=LOOKUPS_MAX),
        start_s=table.number("start_s"),
        every_s=table.number("every_s", 0.1),
    )
    table.done()
    last_s = spec.start_s + (spec.count - 1) * spec.every_s
    if last_s >= duration_s:
        table.refuse("count", f"the last one, at {last_s:g} s, is after the end at {duration_s:g} s")
    return spec


def judged(lookups: Iterable[Lookup], hostile: Iterable[int]) -> dict[str, int]:
    """``tried`` by honest nodes that ran on, and how many of these were ``right``."""
    bad = frozenset(hostile)
    honest = [item for item in lookups if item.node not in bad and item.found is not None]
    right = sum(1 for item in honest if bad.union(item.found or ()).issuperset(item.closest))
    return {"tried": len(honest), "right": right}

"""When the tries of several nodes began, on one clock, and none before what made it happen.

A node tells how long ago each try ended, by its own clock; where its hands stand does not matter. But when it
said so is known only to lie between asking and hearing: on a slow path a try may seem to have begun before
the author's own first one, from which all come. Within that doubt the times are moved so that none does; one
that still would is put beside the author's first and marked.

Pure. Invariants: no node's tries are moved by more than its doubt, all of them alike, unless marked; the
order of one node's own tries stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Placed:
    """One node's tries (``at_ms``: when each began) and by how much all of them may be off."""

    node: str
    outcome: str
    tries: list[dict[str, Any]] = field(default_factory=list)
    doubt_ms: int = 0

    @property
    def begins_ms(self) -> int | None:
        """When the first of them began."""
        return min((one["at_ms"] for one in self.tries), default=None)

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "id": self.node,
            "outcome": self.outcome,
            "uncertain_ms": self.doubt_ms,
            "attempts": self.tries,
        }


def in_order(nodes: Sequence[Placed], authors: Collection[str]) -> None:
    """Move the tries of nodes that came from others; ``authors``: who wrote the message, as far as known."""
    for one in (one for node in nodes for one in node.tries):
        one["doubtful"] = False
    wrote = [node for node in nodes if node.node in authors and node.tries]
    first = min(wrote, key=lambda node: node.begins_ms or 0, default=None)
    if first is None or first.begins_ms is None:
        return
    for node in nodes:
        if node is not first and node.begins_ms is not None:
            _move(node, min(node.doubt_ms, max(0, first.begins_ms - node.begins_ms)))
    early_ms = max(first.begins_ms - node.begins_ms for node in nodes if node.begins_ms is not None)
    _move(first, -min(first.doubt_ms, early_ms))
    for node in nodes:
        for one in node.tries:
            one["doubtful"] = one["at_ms"] < first.begins_ms
            one["at_ms"] = max(one["at_ms"], first.begins_ms)


def _move(node: Placed, by_ms: int) -> None:
    for one in node.tries:
        one["at_ms"] += by_ms

"""``Claim``: what an author's node said of one of its messages at one moment, and what disks said to it."""

from __future__ import annotations

from dataclasses import dataclass

ACKNOWLEDGED = ("sent", "delivered")


@dataclass(frozen=True, slots=True)
class Claim:
    """``stored`` copies of ``initiators``, ``delivered`` of ``audience``; an event, or asked at a start."""

    at_s: float
    state: str
    """Empty: the node has started and knows nothing of it."""
    stored: int
    initiators: int
    delivered: int
    held: int
    """Disks that had it when word of that must have left them, to be with the author by now."""
    taken: int
    """Disks of others than the author that had it, likewise."""
    life: int = 0
    """The author's life in which it was said."""
    audience: int = 0
    names: tuple[str, ...] = ()
    """Ids of the nodes that are named as having it."""
    unfounded: tuple[str, ...] = ()
    """Those of them whose disk could not have said so."""

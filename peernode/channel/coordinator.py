"""The coordinator: a channel's summary, derived from its log and subscribers.

Invariant: it can be lost and rebuilt at any time; it schedules work, safety never depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from peernode.wire.contact import Contact

ACTIVE = "ACTIVE"
RECOVERING = "RECOVERING"
"""Nobody could be asked; what is told is what this node holds by itself."""


@dataclass(frozen=True, slots=True)
class Coordinator:
    """``state`` is ``ACTIVE`` or ``RECOVERING``; ``updated_at`` monotonic seconds."""

    version: int
    root: bytes
    subscribers: bytes
    initiators: tuple[Contact, ...]
    set_hash: bytes
    state: str
    updated_at: float

"""The rows that reads of a ``Store`` return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel that this node takes part in: as a member, as one who stores it, or both."""

    channel_id: bytes
    name: str
    member: bool
    stored: bool


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An own message that not enough nodes hold yet; ``id`` is the message's."""

    id: bytes
    channel_id: bytes
    raw: bytes
    text: str
    state: str
    error_code: str
    created_ms: int


@dataclass(frozen=True, slots=True)
class StreamRow:
    """What the keys of a message's row say, which hold even when its bytes are damaged."""

    seq: int
    digest: bytes
    kind: int
    at_ms: int
    """The message's own time, of which its place in the order tells."""
    cost: int
    """What the row is charged as (``quota.cost_of_raw``)."""

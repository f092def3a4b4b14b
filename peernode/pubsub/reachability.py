"""``InitiatorReachabilityMonitor``: which subscribers this initiator reaches, and how well.

One record per (channel, subscriber): written by every push and probe, read by delivery and by the
channel's diagnosis. Invariants: a record exists only for a subscriber that was tried; at most
``RECORDS_MAX`` of them, the one tried longest ago is dropped first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact

RECORDS_MAX = 16_384
"""Records kept at most."""


@dataclass(slots=True)
class Reachability:
    """What is known of the path to one subscriber; times are monotonic seconds."""

    subscriber: str
    reachable: bool = False
    push_ms: float = 0.0
    last_success_s: float | None = None
    last_test_s: float = 0.0
    failures: int = 0


class InitiatorReachabilityMonitor:
    """The rows of the reachability matrix that this node can speak for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._records: OrderedDict[tuple[bytes, bytes], Reachability] = OrderedDict()

    def pushed(self, replica: Replica, contact: Contact, ok: bool, started_s: float) -> None:
        """A push or probe that began at ``started_s`` has ended."""
        key = (replica.channel_id, contact.id)
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = Reachability(contact.id.hex())
            if len(self._records) > RECORDS_MAX:
                self._records.popitem(last=False)
        self._records.move_to_end(key)
        now = self._context.now()
        record.last_test_s = now
        record.reachable = ok
        if ok:
            record.push_ms = (now - started_s) * 1000
            record.last_success_s = now
            record.failures = 0
        else:
            record.failures += 1

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"reachability": (len(self._records), RECORDS_MAX)}

    def proven(self, replica: Replica, subscriber: bytes) -> bool:
        """Whether the last try to reach the subscriber succeeded."""
        record = self._records.get((replica.channel_id, subscriber))
        return record is not None and record.reachable

    def row(self, replica: Replica) -> list[Reachability]:
        """This node's records of one channel."""
        return [record for (channel, _), record in self._records.items() if channel == replica.channel_id]

"""``InitiatorReachabilityMonitor``: which subscribers this node reaches, how well, and which way round.

One record per subscriber, for a path is between two nodes, whatever channels they share. It is written by
every push and probe, by every answer and every request of that peer, and by what it says through a relay.
A try is *failed* when nothing came back; a refusal is an answer. While tries fail, two facts tell which
way is broken: a request that comes from the subscriber after the first failed try (we hear it), and its
word through a relay that our tries arrive there (it hears us).

Invariants: a record exists only for a subscriber that was tried; at most ``RECORDS_MAX`` of them, the one
tried longest ago is dropped first; what proves a path is an answer to us, never a claim.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from peernode.pubsub.context import Context
from peernode.pubsub.replica import Replica
from peernode.wire.contact import Contact

RECORDS_MAX = 16_384
"""Records kept at most."""

ALTERNATIVES_MAX = 8
"""Nodes remembered per subscriber that reached it when we could not."""

ALTERNATIVE_S = 60.0
"""So long somebody who reached it is believed to reach it still."""

RELAY_EVERY_S = 5.0
"""While nobody is known to reach a subscriber, pushes look for a relay so often at most."""

BOTH, HEARD, HEARS, NEITHER, UNKNOWN = "both", "heard", "hears", "neither", "unknown"
"""Ways that work: both; only from it to us; only from us to it; none that we know of; never tried."""


@dataclass(slots=True)
class Reachability:
    """What is known of the path to one subscriber; times are monotonic seconds."""

    subscriber: str
    reachable: bool = False
    push_ms: float = 0.0
    """The last push or probe that was answered."""
    smoothed_ms: float = 0.0
    """The same, smoothed as a round trip is (RFC 6298, section 2)."""
    last_success_s: float | None = None
    last_test_s: float = 0.0
    failures: int = 0
    """Tries in a row that nothing came back from."""
    failing_since_s: float | None = None
    """When the first of them began."""
    heard_s: float | None = None
    """When it last sent us a request of its own."""
    repeated_s: float | None = None
    """When it last repeated one that was answered: perhaps our answers do not arrive."""
    hears_us_s: float | None = None
    """When it last had a datagram of ours, by its own word through a relay."""
    seen: Contact | None = None
    """Where its last request came from."""
    repairs: int = 0
    in_vain: int = 0
    """Repairs tried since the tries fail."""
    repaired_s: float = 0.0
    """When the last of them ended."""
    relayed_s: float | None = None
    alternatives: OrderedDict[bytes, float] = field(default_factory=OrderedDict)
    """Id of a node -> when it last reached the subscriber."""

    @property
    def direction(self) -> str:
        """Which ways work, by what came through since the first failed try.

        What was under way when the path broke still came through: of two ways the later word stands.
        """
        if self.reachable:
            return BOTH
        since_s = self.failing_since_s
        if since_s is None:
            return UNKNOWN
        heard_s = self.heard_s if self.heard_s is not None else float("-inf")
        hears_us_s = self.hears_us_s if self.hears_us_s is not None else float("-inf")
        if heard_s > since_s and heard_s >= hears_us_s:
            return HEARD
        return HEARS if hears_us_s >= since_s else NEITHER

    @property
    def doubtful(self) -> bool:
        """Whether a request that we had answered has come again since the path was last proven."""
        proven_s = self.last_success_s if self.last_success_s is not None else float("-inf")
        return self.repeated_s is not None and self.repeated_s > proven_s

    @property
    def asymmetric(self) -> bool:
        """Whether exactly one way is known to work."""
        return self.direction in (HEARD, HEARS)


class InitiatorReachabilityMonitor:
    """The row of the reachability matrix that this node can speak for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._records: OrderedDict[bytes, Reachability] = OrderedDict()
        context.rpc.on_answered.append(self._answered)
        context.rpc.on_request.append(self._requested)
        context.rpc.on_repeated.append(self._repeated)

    def get(self, subscriber: bytes) -> Reachability | None:
        """What is known of a subscriber, by its id."""
        return self._records.get(subscriber)

    def _obtain(self, subscriber: bytes) -> Reachability:
        record = self._records.get(subscriber)
        if record is None:
            record = self._records[subscriber] = Reachability(subscriber.hex())
            if len(self._records) > RECORDS_MAX:
                self._records.popitem(last=False)
        self._records.move_to_end(subscriber)
        return record

    def pushed(self, contact: Contact, answered: bool, started_s: float) -> None:
        """A push or probe that began at ``started_s`` has ended; ``answered``: with any status."""
        record = self._obtain(contact.id)
        now = self._context.now()
        record.last_test_s = now
        if answered:
            record.push_ms = took_ms = (now - started_s) * 1000
            first = record.smoothed_ms == 0.0
            record.smoothed_ms = took_ms if first else record.smoothed_ms + (took_ms - record.smoothed_ms) / 8
            self._succeeded(record, now)
            return
        if record.last_success_s is not None and record.last_success_s > started_s:
            return  # another answer came while this one was waited for
        record.failures += 1
        if record.failing_since_s is None:
            record.failing_since_s = started_s
            self._context.collector.count("reach.lost")
        record.reachable = False

    def _succeeded(self, record: Reachability, now: float) -> None:
        if record.failing_since_s is not None:
            self._context.collector.count("reach.regained")
        record.reachable, record.failures, record.failing_since_s = True, 0, None
        record.in_vain = 0
        record.last_success_s = now

    def _answered(self, contact: Contact, elapsed_s: float) -> None:
        """Any answer proves the path both ways."""
        record = self._records.get(contact.id)
        if record is not None:
            self._succeeded(record, self._context.now())

    def _requested(self, contact: Contact, proven: bool) -> None:
        record = self._records.get(contact.id)
        if record is None:
            return
        before = record.asymmetric
        record.heard_s, record.seen = self._context.now(), contact
        self._note_asymmetry(record, before)

    def _repeated(self, contact: Contact) -> None:
        record = self._records.get(contact.id)
        if record is not None:
            record.repeated_s = self._context.now()

    def _note_asymmetry(self, record: Reachability, before: bool) -> None:
        if record.asymmetric and not before:
            self._context.collector.count("reach.asymmetric")

    def vouched(self, subscriber: bytes, by: bytes, heard_ms: int | None = None) -> None:
        """Node ``by`` has reached the subscriber, which says how long ago it last heard us itself."""
        record = self._records.get(subscriber)
        if record is None:
            return
        now, before = self._context.now(), record.asymmetric
        record.alternatives[by] = now
        record.alternatives.move_to_end(by)
        if len(record.alternatives) > ALTERNATIVES_MAX:
            record.alternatives.popitem(last=False)
        if heard_ms is not None:
            record.hears_us_s = now - heard_ms / 1000
        self._note_asymmetry(record, before)

    def alternatives(self, subscriber: bytes) -> list[bytes]:
        """Ids of nodes that reached a subscriber lately when we could not, the latest first."""
        record = self._records.get(subscriber)
        if record is None:
            return []
        oldest_s = self._context.now() - ALTERNATIVE_S
        return [node for node, at_s in reversed(record.alternatives.items()) if at_s >= oldest_s]

    def may_relay(self, subscriber: bytes) -> bool:
        """Whether a push should ask others to reach it now; counts as asking when it should."""
        record, now = self._obtain(subscriber), self._context.now()
        lately = record.relayed_s is not None and now - record.relayed_s < RELAY_EVERY_S
        if lately and not self.alternatives(subscriber):
            return False
        record.relayed_s = now
        return True

    def proven(self, replica: Replica, subscriber: bytes) -> bool:
        """Whether the last try to reach the subscriber succeeded."""
        record = self._records.get(subscriber)
        return record is not None and record.reachable

    def failing(self, subscriber: bytes) -> bool:
        """Whether nothing has come back since a try failed."""
        record = self._records.get(subscriber)
        return record is not None and record.failing_since_s is not None

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        longest = max((len(record.alternatives) for record in self._records.values()), default=0)
        return {
            "reachability": (len(self._records), RECORDS_MAX),
            "alternatives": (longest, ALTERNATIVES_MAX),
        }

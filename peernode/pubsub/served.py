"""How long a peer's disk took of a request's round trip: it says so, and whoever asked counts it as that.

Without that the time of another node's slow disk looks like a slow network, or like loss once it is longer
than the timeout. Invariants: an answer without it, of an earlier version, says nothing; what is claimed moves
no more than the request's own time, and parts still add up to the whole; nothing but diagnosis hangs on it.
"""

from __future__ import annotations

from peernode.diagnostics.collector import DiagnosticCollector
from peernode.span import DISK, PARTS, Span
from peernode.wire.codec import Fields

SERVED_MAX_US = 1 << 36
"""What is told at most: the better part of a day."""


def served_us(span: Span) -> int:
    """What an answer says of the disk's time; ``span``: of the work that the request has made."""
    return min(round(span.parts_ms().get(PARTS[DISK], 0.0) * 1000), SERVED_MAX_US)


def hear_served(answer: Fields, span: Span, collector: DiagnosticCollector) -> None:
    """Take the answer's last field, if it is there, into account in the span of the request."""
    if not answer.more:
        return
    told = answer.take()
    if type(told) is not int or not 0 <= told <= SERVED_MAX_US:
        collector.count("served.malformed")
        return
    span.was_served(told / 1e6)

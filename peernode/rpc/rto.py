"""How long to wait for an answer before sending again, per peer (RFC 6298).

The timeout follows the measured round trips: ``SRTT + max(4 x RTTVAR, G)``. Karn's rule: a request that was
sent twice yields no sample, since nobody knows which sending was answered; instead the timeout that
it ended with is kept until a clean sample comes. Without that, a path that became slower than the
timeout would never yield a sample again.

A peer never measured starts from the median of the peers measured lately: paths of one node
resemble each other more than any constant. The loop's own lag is added to the lower bound, or a
busy node would take its own slowness for loss; no timeout is longer than ``rto_max_s`` for that. Over
``STOOD_STILL_S`` the process was frozen, not slow: neither such a delay nor such a round trip is a measure.
Answers that come in time show that the loop is no longer late, as timers that fire in time do.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Collection

from peernode.config import NodeConfig

MEASURED_MAX = 64
"""Peers whose timeout counts for the median, the most recently measured ones."""

GRANULARITY_S = 0.02
"""The least that is added to the smoothed round trip (RFC 6298, section 2.3; as RFC 9002's max_ack_delay).

Some answers wait for a disk and some do not: on a path without jitter the others' variance knows
nothing of that, and every answer from a disk would come after it was asked for again.
"""

STOOD_STILL_S = 5.0
"""A loop that comes so late did not run at all: a laptop slept, a process was stopped."""

_LAG_DECAY = 0.875


class PeerRto:
    """Smoothed round trip and timeout of one peer, in seconds."""

    __slots__ = ("backed_off_s", "rttvar_s", "srtt_s")

    def __init__(self) -> None:
        self.srtt_s: float | None = None
        self.rttvar_s = 0.0
        self.backed_off_s = 0.0
        """The timeout that the last ambiguous exchange ended with; 0 after a clean sample."""

    def sample(self, rtt_s: float) -> None:
        """Take in a round trip of a request that was sent once."""
        if self.srtt_s is None:
            self.srtt_s = rtt_s
            self.rttvar_s = rtt_s / 2
        else:
            self.rttvar_s += (abs(self.srtt_s - rtt_s) - self.rttvar_s) / 4
            self.srtt_s += (rtt_s - self.srtt_s) / 8
        self.backed_off_s = 0.0

    def measured_s(self) -> float | None:
        """The timeout that the samples call for, unbounded; ``None`` without samples."""
        return None if self.srtt_s is None else self.srtt_s + max(4 * self.rttvar_s, GRANULARITY_S)


def _median(values: Collection[float]) -> float:
    """The same as ``statistics.median``, without its care for other kinds of numbers: asked all the time."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class RtoTable:
    """Timeouts within the node's bounds, and what all of its paths have in common."""

    def __init__(self, config: NodeConfig) -> None:
        self._initial_s = config.rto_initial_s
        self._min_s = config.rto_min_s
        self._max_s = config.rto_max_s
        self._measured: OrderedDict[bytes, float] = OrderedDict()
        self._median_s: float | None = None
        self._lag_s = 0.0

    def sample(self, key: bytes, peer: PeerRto, rtt_s: float, timeout_s: float = math.inf) -> None:
        """Take in a clean round trip of the peer with public key ``key``; it shows the loop's lag as well.

        Later than its timer (``timeout_s``) it came only if this loop was late, by no doing of the path.
        """
        if rtt_s > STOOD_STILL_S:
            return
        rtt_s = min(rtt_s, timeout_s)
        peer.sample(rtt_s)
        self._lag_s = max(self._lag_s * _LAG_DECAY, min(self._lag_s, rtt_s))
        self._measured[key] = peer.measured_s() or 0.0
        self._measured.move_to_end(key)
        if len(self._measured) > MEASURED_MAX:
            self._measured.popitem(last=False)
        self._median_s = None

    def late_answer(self, peer: PeerRto, elapsed_s: float) -> None:
        """An answer came ``elapsed_s`` after the first of several sendings, when nobody waited any more."""
        peer.backed_off_s = max(peer.backed_off_s, min(elapsed_s + GRANULARITY_S, self._max_s))

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"measured": (len(self._measured), MEASURED_MAX)}

    def late(self, lag_s: float) -> None:
        """A timer of ours fired ``lag_s`` after its time: how slow this loop is now."""
        if lag_s > STOOD_STILL_S:
            return
        self._lag_s = max(lag_s, self._lag_s * _LAG_DECAY, 0.0)

    @property
    def lag_s(self) -> float:
        """How late this loop is at present, in seconds."""
        return self._lag_s

    def median_s(self) -> float:
        """The median timeout of the peers measured lately, or the configured start."""
        if self._median_s is None:
            self._median_s = _median(self._measured.values()) if self._measured else self._initial_s
        return self._bounded(self._median_s)

    def first_s(self, peer: PeerRto) -> float:
        """How long to wait for ``peer`` after the first sending of a request."""
        return self._bounded(max(self.measured_s(peer), peer.backed_off_s))

    def measured_s(self, peer: PeerRto) -> float:
        """The same by its clean samples alone."""
        measured_s = peer.measured_s()
        return self._bounded(self.median_s() if measured_s is None else measured_s)

    def after_s(self, first_s: float, sends: int) -> float:
        """How long to wait after the ``sends``-th sending: doubled each time, up to the bound."""
        return min(first_s * 2.0 ** (sends - 1), max(self._max_s, first_s))

    def patience_s(self, sends: int) -> float:
        """How long who has measured no path waits in all, of so many sendings."""
        return sum(self.after_s(self._initial_s, sent) for sent in range(1, sends + 1))

    def _bounded(self, rto_s: float) -> float:
        return min(max(self._min_s + self._lag_s, rto_s), self._max_s)

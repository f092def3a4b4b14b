"""``EndedRequests``: what requests that have ended still tell of their path.

A timeout that is too short yields no sample: a request that was sent twice is ambiguous (Karn), and one that
was given up yields none at all. On a line whose queue has grown, nothing would then ever be measured again,
and all that is sent again too early keeps the queue long: congestion collapse (RFC 2914, section 5). So an
ended request is remembered, and an answer that comes later settles what could not be known before:

- given up, sent once: how late the answer came is exact, but for what this loop itself was late;
- given up, sent several times: it came so long after the first sending, and the next requests wait so long;
- answered, sent several times, answered again: something was sent again too early, so the first answer counts
  as one to the first sending (the idea of RFC 4015, Eifel). Where that one was lost it is too long a sample,
  which the next clean ones mend; too short a one would keep the queue full.

Invariants: each request tells at most once; at most ``ENDED_MAX`` are remembered, the oldest goes first, and
none is heard after ``STOOD_STILL_S``, when it tells of a process that stood still; what comes is no proof of
anything but the path's time, and never shortens a timeout that was not measured.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from peernode.rpc.peers import Peer
from peernode.rpc.rto import STOOD_STILL_S, RtoTable

ENDED_MAX = 2048
"""Requests that are remembered: at 64 a second to 32 peers, half a second more than a round trip may take."""


@dataclass(slots=True)
class _Ended:
    """A request that has ended."""

    public_key: bytes
    started_at: float
    sends: int
    answered_s: float | None
    """How long after the first sending the answer came; ``None``: given up."""


class EndedRequests:
    """See the module."""

    def __init__(self, rtos: RtoTable) -> None:
        self._rtos = rtos
        self._ended: OrderedDict[int, _Ended] = OrderedDict()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"ended_requests": (len(self._ended), ENDED_MAX)}

    def note(
        self, request_id: int, peer: Peer, started_at: float, sends: int, answered_s: float | None
    ) -> None:
        """A request to ``peer`` has ended; one that was answered after one sending tells nothing more."""
        if answered_s is not None and sends == 1:
            return
        self._ended[request_id] = _Ended(peer.public_key, started_at, sends, answered_s)
        if len(self._ended) > ENDED_MAX:
            self._ended.popitem(last=False)

    def answered(self, request_id: int, peer: Peer, now: float) -> bool:
        """An answer to no request in flight came from ``peer``; whether it tells something of the path."""
        ended = self._ended.get(request_id)
        if ended is None or ended.public_key != peer.public_key:
            return False
        del self._ended[request_id]
        elapsed_s = now - ended.started_at if ended.answered_s is None else ended.answered_s
        if elapsed_s > STOOD_STILL_S:
            return False
        if ended.answered_s is None and ended.sends == 1:
            # It may have waited for us: a late loop gives up first and reads the answer then.
            self._rtos.sample(peer.public_key, peer.rto, max(0.0, elapsed_s - self._rtos.lag_s))
        elif ended.answered_s is not None:
            self._rtos.sample(peer.public_key, peer.rto, elapsed_s)
        else:
            self._rtos.late_answer(peer.rto, elapsed_s)
        return True

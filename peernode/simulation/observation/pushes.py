"""Pushes to nodes that have long been unable to renew a lease.

Idea: whoever has been without power, or apart from the pusher, for longer than a lease lasts can't have
renewed it there. A push to it after that is one that no lease allows. What counts is when a datagram of it
last went out: a push may be begun in time, wait for its turn, and go when the lease has long ended.

Invariants: what was never sent is no push; only such pushes are kept, ``KEPT_MAX`` at most.
"""

from __future__ import annotations

from peernode.diagnostics.records import Attempt
from peernode.simulation.evidence import Evidence, LatePush

PUSHES = ("initiator", "alternative", "relay")
"""Methods of attempts that a lease allows; an author's own ``direct`` push goes by what it was told."""

LEASE_S = 60.0
KEPT_MAX = 1_000


class PushWatch:
    """The pushes of one run."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._index_of: dict[str, int] = {}

    def attempted(self, by: int, message: str, attempt: Attempt) -> None:
        """Node ``by`` has ended an attempt to bring a message to a peer."""
        sent_s = attempt.sent_s
        if attempt.method not in PUSHES or sent_s is None or len(self._evidence.late_pushes) >= KEPT_MAX:
            return
        if len(self._index_of) < len(self._evidence.node_ids):
            self._index_of = {node_id: index for index, node_id in enumerate(self._evidence.node_ids)}
        to = self._index_of.get(attempt.peer)
        if to is None:
            return
        away_s = self._evidence.away_since_s(by, to, sent_s)
        if away_s is not None and sent_s - away_s > LEASE_S:
            self._evidence.late_pushes.append(LatePush(sent_s, by, to, away_s, message))

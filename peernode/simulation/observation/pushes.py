"""Pushes to nodes that have long been unable to renew a lease.

Idea: whoever has been without power, or apart from the pusher, for longer than a lease lasts can't have
renewed it there. A push to it after that is one that no lease allows.

Invariant: only such pushes are kept, ``KEPT_MAX`` at most.
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
        if attempt.method not in PUSHES or len(self._evidence.late_pushes) >= KEPT_MAX:
            return
        if len(self._index_of) < len(self._evidence.node_ids):
            self._index_of = {node_id: index for index, node_id in enumerate(self._evidence.node_ids)}
        to = self._index_of.get(attempt.peer)
        if to is None:
            return
        began_s = attempt.at_s - attempt.elapsed_ms / 1000
        away_s = self._evidence.away_since_s(by, to, began_s)
        if away_s is not None and began_s - away_s > LEASE_S:
            self._evidence.late_pushes.append(LatePush(began_s, by, to, away_s, message))

"""``ProofRun``: one pass of a recovery in the form in which joins prove themselves.

Invariants: its steps are recorded as ``recovery.find`` and so on and told to nobody; the trace of the join
stays with the channel.
"""

from __future__ import annotations

from peernode.pubsub.context import Context
from peernode.pubsub.joinrun import JoinRun
from peernode.pubsub.replica import Replica
from peernode.span import Span


class ProofRun(JoinRun):
    """See the module; ``span``: of the pass."""

    operation = "recovery"

    def __init__(self, context: Context, replica: Replica, span: Span) -> None:
        joined = replica.join_trace
        super().__init__(context, replica, span)
        replica.join_trace = joined

    def _tell(self, step: str, detail: str, done: bool) -> None:
        """Nobody waits for it step by step."""

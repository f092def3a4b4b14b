"""``Checkup``: what one can ask about a channel's condition, each question with what answers and serves it.

Only the wiring is here. Invariant: a question goes to the network only when somebody asks it.
"""

from __future__ import annotations

from typing import Any

from peernode.pubsub.channelhealth import ChannelDiagnostics
from peernode.pubsub.context import Context
from peernode.pubsub.joinlog import JoinLog
from peernode.pubsub.matrix import Matrix
from peernode.pubsub.mending import Mending
from peernode.pubsub.probing import Probing
from peernode.pubsub.questions import Questions
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.replica import Replica
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.tracing import Tracing


class Checkup:
    """See the module."""

    def __init__(
        self,
        context: Context,
        storage: PubSubStorage,
        monitor: InitiatorReachabilityMonitor,
        probing: Probing,
        joins: JoinLog,
    ) -> None:
        self._questions = questions = Questions(context, storage)
        self.matrix = Matrix(context, storage, monitor, questions)
        self.channels = ChannelDiagnostics(context, storage, questions, self.matrix, joins)
        self.tracing = Tracing(context, storage, questions)
        self._mending = Mending(context, storage, questions, monitor, probing)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {**self.channels.sizes(), **self._mending.sizes(), **self._questions.sizes()}

    async def repair(self, replica: Replica, subscriber: bytes) -> dict[str, Any]:
        """Have the paths to one subscriber tested and repaired now; what each initiator found, JSON-able."""
        return await self._mending.now(replica, subscriber)

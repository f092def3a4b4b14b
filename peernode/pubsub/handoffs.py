"""``Handoffs``: initiators come and go (protocol, section 11), as operations with a duration and an outcome.

``handoff.take``: from becoming an initiator until this node holds all that another one holds;
``handoff.give``: from being replaced until each of the present initiators holds all that is held here.

Invariants: one of each per channel, none for one that is not stored any more; recording changes nothing.
"""

from __future__ import annotations

from peernode.diagnostics.routes import route_of
from peernode.pubsub.context import Context
from peernode.span import Span
from peernode.wire.contact import Contact

TAKING_MAX = 4096
"""Hand-offs to this node under way; one over it is counted and not recorded."""


class Handoffs:
    """See the module."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._taking: dict[bytes, Span] = {}

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the table is, with its bound."""
        return {"handoffs": (len(self._taking), TAKING_MAX)}

    def became_initiator(self, channel_id: bytes, name: str) -> None:
        """This node, which knows the channel, takes the place of another one."""
        self._context.collector.count("storage.became_initiator")
        self.begin(channel_id, name)

    def begin(self, channel_id: bytes, name: str) -> None:
        """This node is an initiator of a channel that others have stored before."""
        if channel_id in self._taking:
            return
        if len(self._taking) >= TAKING_MAX:
            self._context.collector.count("handoffs.full")
            return
        trace = self._context.operation_id()
        self._taking[channel_id] = self._context.collector.begin("handoff.take", name, trace)

    def taking(self, channel_id: bytes) -> Span | None:
        """The hand-off to this node that is under way."""
        return self._taking.get(channel_id)

    def taken(self, channel_id: bytes, giver: Contact) -> None:
        """We hold all that another holder does."""
        if (span := self._taking.pop(channel_id, None)) is not None:
            span.end("ok", **route_of("pull", [giver.id], [giver.id]))

    def ended(self, channel_id: bytes) -> None:
        """This node is no initiator any more, before it had everything."""
        if (span := self._taking.pop(channel_id, None)) is not None:
            span.end("left", **route_of("pull", []))

    def give(self, name: str) -> Span:
        """Others have taken this node's place: from now on they are told what there is."""
        return self._context.collector.begin("handoff.give", name, self._context.operation_id())

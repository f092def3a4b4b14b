"""``NodeHealth``: how channels, messages and paths are, by the word of all; part of ``PeerNode``.

Unlike ``NodeInsight`` this asks other nodes. Invariants: nothing here changes a channel; what is told is
JSON-able and holds no text, key or address; each answer comes within seconds, whatever the network does.
"""

from __future__ import annotations

from typing import Any

from peernode.channel.hlc import hlc_ms
from peernode.channel.ids import channel_id_of, normalise_name
from peernode.channel.message import Message
from peernode.diagnostics.operationreport import operation_report
from peernode.diagnostics.records import Wanted
from peernode.diagnostics.report import failure_report
from peernode.diagnostics.windows import Tally
from peernode.errors import PeerNodeError
from peernode.identity import node_id_of
from peernode.people import node_id_bytes
from peernode.pubsub.context import Context, id_bytes, uuid_text
from peernode.pubsub.replica import Replica
from peernode.pubsub.service import PubSub

REPORTED_MAX = 1024
"""Records of this node that a report on one of its operations is made of, the newest."""

RECORDS_MAX = 64
"""Records of this node in the trace of one message."""


class NodeHealth:
    """See the module."""

    _context: Context
    _pubsub: PubSub

    def _held(self, name: str) -> Replica:
        """A channel that is joined or stored here."""
        replica = self._pubsub.storage.by_name(name)
        if replica is None:
            raise PeerNodeError("NOT_A_MEMBER", name)
        return replica

    def clock_ahead_ms(self) -> int:
        """By how much this node's corrected clock, that of ``channel_health`` and ``trace_of``, is ahead.

        Of the clock of its machine, by which its records are, its joins and the reports on its operations.
        """
        return self._context.rpc.clock_offset_ms()

    async def channel_health(self, name: str) -> dict[str, Any]:
        """How a channel is that is joined or stored here: verdict, initiators, subscribers, matrix, pushes.

        Its initiators are asked over the network and waited for at most 2 s.
        """
        return await self._pubsub.checkup.channels.health(self._held(name))

    def joins_of(self, name: str) -> list[dict[str, Any]]:
        """The last joins of a channel by this node, the oldest first, also of one that it has left.

        As ``JoinTrace.told`` with ``at_ms``, by the machine's clock, and ``node``: for whoever has several
        nodes and puts their joins together (``peernode.diagnostics.joins``). Asks nobody.
        ``failure_report`` tells more of one.
        """
        return self._pubsub.joiner.log.told(channel_id_of(self._context.network_id, normalise_name(name)))

    def pushes_of(self, name: str, window: str, wall_ms: int) -> list[tuple[int, Tally]]:
        """The slices of one of ``SPANS`` in which this node pushed something of a channel. Asks nobody.

        Each with its beginning, in ms of the clock by which it is ``wall_ms`` now.
        """
        windows = self._context.collector.windows(
            channel_id_of(self._context.network_id, normalise_name(name))
        )
        return windows.series(window, self._context.now(), wall_ms)

    def failure_report(self, trace: str) -> dict[str, Any] | None:
        """What became of a join, renewal, repair or recovery of this node, by its trace; None: none is kept.

        Attempts, the ways to each peer, where they failed, the likeliest cause with its remedy
        (``peernode.diagnostics.operationreport``). Of a message ``trace_of`` tells it, which asks others.
        """
        collector = self._context.collector
        return operation_report(collector.records(Wanted(trace=trace), REPORTED_MAX))

    async def repair_now(self, name: str, subscriber: str) -> dict[str, Any]:
        """Have all initiators test and repair their paths to a subscriber (its node id in hex).

        What each of them found; takes up to ten seconds. Raises ``PeerNodeError``.
        """
        replica, subscriber_id = self._held(name), node_id_bytes(subscriber)
        return await self._pubsub.checkup.repair(replica, subscriber_id)

    def author_of(self, name: str, message_id: str) -> str | None:
        """The node id of whoever wrote a message that is held here; None when it is not. Asks nobody."""
        held = self._pubsub.checkup.tracing.held(self._held(name), id_bytes(message_id))
        return node_id_of(Message.trusted(held[0]).author).hex() if held else None

    async def trace_of(self, name: str, message_id: str) -> dict[str, Any]:
        """Every try to bring a message to somebody, as all who took part in it tell."""
        replica, tracing = self._held(name), self._pubsub.checkup.tracing
        raw_id = id_bytes(message_id)
        nodes = await tracing.trace(replica, raw_id)
        records = self._context.collector.records(Wanted(trace=uuid_text(raw_id)), RECORDS_MAX)
        message = next((Message.trusted(raw) for raw in tracing.held(replica, raw_id)), None)
        author = node_id_of(message.author).hex() if message else None
        begun_ms = [one["at_ms"] for node in nodes if node["id"] == author for one in node["attempts"]]
        return {
            "id": uuid_text(raw_id),
            "channel": replica.name,
            "digest": message.digest.hex() if message else None,
            "author": author,
            "at_ms": min([hlc_ms(message.hlc), *begun_ms]) if message else None,
            "claimed_ms": hlc_ms(message.hlc) if message else None,
            "nodes": nodes,
            "report": failure_report(nodes),
            "records": [record.told() for record in records],
        }

"""``NodeInsight``: what a running node says of itself when asked; the reading half of ``PeerNode``.

Invariants: nothing here changes the node; what comes without ``await`` asks nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from peernode.census import census, stored
from peernode.diagnostics.collector import ALL, EXCHANGES_MAX
from peernode.diagnostics.jsonlines import LineWriter
from peernode.diagnostics.records import Attempt, Record, Wanted
from peernode.doctor.examination import Examination
from peernode.doctor.steps import Step
from peernode.environment import Address
from peernode.errors import Refused
from peernode.events import NodeState
from peernode.overlay.overlay import SEARCHING
from peernode.pubsub.context import Context
from peernode.pubsub.service import PubSub
from peernode.rpc.pending import Outcome, Pending
from peernode.wire.codec import Fields
from peernode.wire.ops import Status


class NodeInsight:
    """See the module."""

    _context: Context
    _pubsub: PubSub

    @property
    def address(self) -> Address:
        """The local address of the node's socket."""
        return self._context.rpc.address

    @property
    def node_id(self) -> str:
        """The node id in hex."""
        return self._context.identity.node_id.hex()

    @property
    def state(self) -> NodeState:
        """Whether the node has a network, and if not, why."""
        state, reason = self._context.overlay.state()
        return NodeState(state, len(self._context.overlay.table.live()), reason)

    def known_channels(self) -> dict[str, bool]:
        """Each channel that is joined or stored here, and whether it is joined."""
        return {replica.name: replica.joined for replica in self._pubsub.storage.replicas.values()}

    def standing(self) -> dict[str, Any]:
        """Where the node stands in the network: addresses, peers, routing table, bootstraps; JSON-able."""
        rpc, overlay = self._context.rpc, self._context.overlay
        state, reason = overlay.state()
        return {
            "id": self.node_id,
            "address": list(rpc.address),
            "external": list(rpc.external) if rpc.external else None,
            "public": overlay.public,
            "state": state,
            "reason": reason,
            "searching": reason == SEARCHING,
            "peers": [{"id": c.id.hex(), "address": [c.ip, c.port]} for c in overlay.peers()],
            "bootstraps": [each.shown() for each in overlay.bootstraps()],
            "buckets": overlay.table.occupancy(),
        }

    async def subscribers(self, name: str) -> dict[str, list[str]]:
        """Each initiator's own list of subscribers; one that does not answer is left out."""
        return await self._pubsub.subscribers(name)

    async def reachability(self, name: str) -> dict[str, Any]:
        """Which initiator of a channel reaches which subscriber, how well and which way: JSON-able."""
        return await self._pubsub.matrix.matrix(self._pubsub.storage.member(name))

    async def examine(
        self,
        addresses: Sequence[Address] = (),
        channel: str = "",
        database: Path | None = None,
        own: bool = True,
        on_step: Callable[[Step], None] | None = None,
        unknown: Sequence[Address] = (),
    ) -> list[Step]:
        """What works between this node and the others and on its disk, step by step (``peernode.doctor``).

        ``addresses`` to say HELLO to, by default those to start from; ``channel``: to find, too;
        ``database``: the file this node keeps (``own``), or another's. ``on_step`` hears of each step.
        ``unknown``: addresses to start from whose names lead nowhere.
        """
        storage = self._pubsub.storage
        found = Examination(self._context, storage, addresses, channel, database, own, unknown)
        return await found.run(on_step)

    def counters(self) -> dict[str, int]:
        """What the node counted of its traffic since it was made."""
        return dict(self._context.rpc.counters)

    def happened(self) -> dict[str, int]:
        """How often each thing happened beside the traffic, since the node was made."""
        return dict(self._context.collector.counters)

    @property
    def diagnostic(self) -> bool:
        """Whether the node keeps a record of everything, of each request as well, and writes them down."""
        return self._context.collector.diagnostic

    @diagnostic.setter
    def diagnostic(self, on: bool) -> None:
        self._context.collector.diagnostic = on
        self._context.rpc.listen_in(self._exchanged if on else None)

    def _exchanged(self, pending: Pending, outcome: Outcome) -> None:
        """A request of ours has come to its end, in diagnostic mode."""
        said = "ok" if isinstance(outcome, Fields) else "timeout"
        if isinstance(outcome, Refused):
            said = Status(outcome.status).name if outcome.status in list(Status) else "refused"
        elapsed_s = self._context.now() - pending.started_at
        peer = pending.contact.id.hex()
        self._context.collector.exchanged(pending.op.name, peer, said, elapsed_s, pending.sends)

    def write_records(self, lines: LineWriter) -> None:
        """From now on have every record written as a JSON line while the mode is on."""
        collector, node_id = self._context.collector, self.node_id

        def write(record: Record) -> None:
            if collector.diagnostic and not lines.put(node_id, record):
                collector.count("diagnostics.lines_lost")

        collector.on_record.append(write)

    def records(self, wanted: Wanted = ALL, limit: int = 256) -> list[dict[str, Any]]:
        """The newest of the operations that are wanted, JSON-able, in the order in which they ended."""
        return [record.told() for record in self._context.collector.records(wanted, limit)]

    def exchanges(self) -> list[Record]:
        """The last single requests of this node, which are kept in diagnostic mode only."""
        return self._context.collector.records(Wanted(operations=("rpc",)), EXCHANGES_MAX)

    def attempts(self, digest: str) -> list[Attempt]:
        """The attempts to bring a message (its digest in hex) to its initiators and subscribers."""
        return self._context.collector.attempts(digest)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full every bounded table, queue and cache is, each with its bound."""
        context = self._context
        parts = {
            "rpc": context.rpc.bounds(),
            "overlay": context.overlay.sizes(),
            "pubsub": self._pubsub.sizes(),
            "diagnostics": context.collector.sizes(),
        }
        return {f"{part}.{name}": size for part, sizes in parts.items() for name, size in sizes.items()}

    def leaseholders(self, name: str) -> list[str]:
        """Node ids with a live lease of a channel at this node, by its own table alone."""
        replica = self._pubsub.storage.by_name(name)
        return [x.subscriber_id.hex() for x in replica.leases.live(self._context.now())] if replica else []

    def coordinator(self, name: str) -> dict[str, Any]:
        """What this node knows of a channel, and how its last load and join went; JSON-able, asks nobody."""
        return self._pubsub.coordinator(name)

    def census(self) -> dict[str, int]:
        """How much of each thing there is at this node, asking nobody (``peernode.census``)."""
        return census(self._context, self._pubsub)

    def stored_channels(self) -> set[str]:
        """The channels that it stores as an initiator, but for those in which servers test themselves."""
        return stored(self._pubsub)

    def on_record(self, listener: Callable[[Record], None]) -> None:
        """Tell ``listener`` of each operation that has ended and is kept."""
        self._context.collector.on_record.append(listener)

    def on_attempt(self, listener: Callable[[str, Attempt], None]) -> None:
        """Tell ``listener`` of each attempt when it has ended, with the message's digest in hex."""
        self._context.collector.on_attempt.append(listener)

    def diagnostics(self) -> dict[str, Any]:
        """What an administrator or a failed test wants to see; JSON-able, without any text."""
        context = self._context
        return {
            "node_id": self.node_id,
            "address": list(self.address),
            "state": self.state.state,
            "peers": [[c.id.hex(), c.ip, c.port] for c in context.overlay.peers()],
            "bootstraps": [each.shown() for each in context.overlay.bootstraps()],
            "rpc": self.counters(),
            "channels": self._pubsub.diagnostics(),
            **context.collector.snapshot(),
        }

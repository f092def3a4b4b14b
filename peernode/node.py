"""``PeerNode``: one running peer, put together from its parts.

The application calls ``join``, ``publish`` and their kin, and hears of everything else by events.
Invariants: nothing is accepted that is not durable; after ``stop`` no task, socket or timer of the
node is left; what was accepted before a stop or a crash goes on at the next start.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from peernode.channel.draft import Draft
from peernode.channel.hlc import Hlc
from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.config import NodeConfig
from peernode.diagnostics.codes import error_info
from peernode.diagnostics.collector import DiagnosticCollector
from peernode.environment import Address, Environment, Neighbourhood
from peernode.errors import PeerNodeError
from peernode.events import (
    ChatMessage,
    Event,
    Joined,
    Left,
    NodeState,
    OutboxState,
    ReadState,
    Trouble,
)
from peernode.files import NodeFiles
from peernode.health import NodeHealth
from peernode.identity import Identity, network_id_of
from peernode.overlay.overlay import Overlay
from peernode.overlay.stored_peers import StoredPeers
from peernode.people import NodePeople
from peernode.pubsub.context import Context, id_bytes
from peernode.pubsub.search import Found, search
from peernode.pubsub.service import PubSub
from peernode.rpc.bearings import CorrectedClock
from peernode.rpc.rpc import Rpc
from peernode.store.base import Store
from peernode.tasks import Tasks
from peernode.wire.sealing import Sealer

LOG = logging.getLogger("peernode")

STATE_TICK_S = 0.5
"""How often the node's own state is looked at."""

FROZEN_S = 5.0
"""A tick that comes so late means that the process stood still: others may have given us up."""


class PeerNode(NodePeople, NodeFiles, NodeHealth):
    """One peer node. Construct it, ``start`` it, ``stop`` it; it is not started twice."""

    def __init__(
        self,
        config: NodeConfig,
        env: Environment,
        store: Store,
        identity: Identity,
        on_event: Callable[[Event], None],
        on_crash: Callable[[str, BaseException], None] | None = None,
        sealer: type[Sealer] = Sealer,
        lan: Neighbourhood | None = None,
    ) -> None:
        """``sealer``: stands in for cryptography in large simulations; ``lan``: finds nodes nearby."""
        self._tell = on_event
        self._report_crash = on_crash
        self._told: NodeState | None = None
        tasks = Tasks(self._crashed)
        rpc = Rpc(identity, config, env, self._crashed, sealer)
        overlay = Overlay(rpc, config, env, StoredPeers(store), self._crashed, lan)
        collector = DiagnosticCollector(env.clock, config.traces_max)
        network_id = network_id_of(config.network)
        self._context = context = Context(
            config,
            env,
            identity,
            network_id,
            rpc,
            overlay,
            store,
            tasks,
            Hlc(CorrectedClock(env.clock, rpc.corrected_wall_ms)),
            collector,
            self._tell,
        )
        self._pubsub = PubSub(context)

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the socket and go to work; ``NODE_START_FAILED`` when the address can't be had."""
        context = self._context
        try:
            await context.rpc.start()
        except OSError as error:
            raise PeerNodeError("NODE_START_FAILED", str(error), reason=str(error)) from error
        self._pubsub.start()
        await context.overlay.start()
        context.tasks.spawn(self._watch_state(), "state")

    async def stop(self) -> None:
        """End everything; what is accepted stays for the next start."""
        context = self._context
        await context.tasks.close()
        await self._pubsub.stop()
        await context.overlay.stop()
        await context.rpc.close()

    def _crashed(self, name: str, error: BaseException) -> None:
        """A task ended by an exception that nobody expected: a bug, told and never hidden."""
        LOG.error("task %s ended unexpectedly", name, exc_info=error)
        self._context.collector.count("tasks.crashed")
        self._tell(Trouble(error_info("INTERNAL"), {"task": name, "error": repr(error)}))
        if self._report_crash is not None:
            self._report_crash(name, error)

    async def _watch_state(self) -> None:
        while True:
            state = self.state
            if state != self._told:
                recovered = (
                    self._told is not None and self._told.state != "online" and state.state == "online"
                )
                self._told = state
                self._tell(state)
                self._context.collector.happened("node", self.node_id, state=state.state, peers=state.peers)
                if recovered:
                    self._pubsub.recover("network")
            self._pubsub.health_watch.look()
            if await self._context.frozen(STATE_TICK_S, FROZEN_S):
                self._pubsub.recover("sleep")

    # -- what the application asks for -------------------------------------------------------

    async def join(self, name: str) -> Joined:
        """Join a channel, creating it when nobody holds it; progress comes as events."""
        replica = self._pubsub.storage.by_name(name)
        if replica is not None and replica.joined and not replica.leaving:
            return self._pubsub.joined(replica)
        return await self._pubsub.joiner.join(name)

    async def leave(self, name: str) -> None:
        """Leave a channel: no more pushes; what is stored for others stays.

        ``PeerNodeError``, ``STORE_FULL`` for one: it could not be written down, and nothing has changed.
        """
        replica = self._pubsub.storage.member(name)
        replica.leaving += 1
        try:
            if not await self._pubsub.storage.close_membership(replica):
                return
        finally:
            replica.leaving -= 1
        self._pubsub.joiner.cancel(replica)
        self._pubsub.health_watch.left(replica)
        self._context.tasks.spawn(self._pubsub.subscriber.leave(replica), "leave")
        self._tell(Left(replica.name))

    async def publish(
        self, name: str, message_id: str | None, text: str, reply_to: str | None = None
    ) -> OutboxState:
        """Accept a message: durable in the outbox when this returns; its progress comes as events.

        ``reply_to`` is the id of the message that it answers. The same id with the same words is the same
        message. Raises ``PeerNodeError``.
        """
        kind = Kind.REPLY if reply_to else Kind.TEXT
        return await self._say(name, message_id, Draft(kind, text), reply_to)

    async def edit(self, name: str, message_id: str | None, target: str, text: str) -> OutboxState:
        """As ``publish``: give an own message, ``target``, another text."""
        return await self._say(name, message_id, Draft(Kind.EDIT, text), target)

    async def delete(self, name: str, message_id: str | None, target: str) -> OutboxState:
        """As ``publish``: have nobody show an own message, ``target``, any more."""
        return await self._say(name, message_id, Draft(Kind.DELETE), target)

    async def react(
        self, name: str, message_id: str | None, target: str, emoji: str, on: bool
    ) -> OutboxState:
        """As ``publish``: set an emoji at a message, ``target``, or take it back."""
        return await self._say(name, message_id, Draft(Kind.REACTION, emoji=emoji, on=on), target)

    async def _say(self, name: str, message_id: str | None, draft: Draft, about: str | None) -> OutboxState:
        raw_id = id_bytes(message_id) if message_id else self._context.new_id()
        if about:
            draft = replace(draft, target=self._pubsub.target(name, draft.kind, id_bytes(about)))
        return await self._pubsub.publish(name, raw_id, draft)

    async def retry(self, message_id: str) -> OutboxState:
        """Send a failed message again, the same bytes; its state now."""
        return await self._pubsub.publisher.retry(id_bytes(message_id))

    def has_said(self, name: str, message_id: str) -> bool:
        """Whether something of our own has been accepted under this id and is held, discarded or not."""
        channel_id = self._pubsub.storage.member(name).channel_id
        held = self._context.store.by_id(channel_id, id_bytes(message_id))
        return any(Message.trusted(raw).author == self._context.identity.public_key for raw in held)

    async def discard(self, message_id: str) -> None:
        """Give a message up; should it have got out, nobody shows it."""
        await self._pubsub.publisher.discard(id_bytes(message_id))

    async def mark_read(self, name: str, upto: str) -> ReadState:
        """Everything up to an order string was read; durable when this returns. Marks never go back."""
        return await self._pubsub.reading.mark(self._pubsub.storage.member(name), bytes.fromhex(upto))

    def read_state(self, name: str) -> ReadState:
        """How far a joined channel was read, and what came since."""
        return self._pubsub.reading.state(self._pubsub.storage.member(name))

    async def search(self, name: str, words: str, before: str | None = None, limit: int = 50) -> Found:
        """Messages of a joined channel with all these words, newest first, from the own store."""
        return await search(self._pubsub.storage.member(name), words, before, limit)

    def history(self, name: str, before: str | None = None, limit: int = 50) -> list[ChatMessage]:
        """Messages of a joined channel before an order string that were told, oldest first."""
        replica = self._pubsub.storage.member(name)
        return replica.timeline.page(bytes.fromhex(before) if before else None, limit)

    def newest(self, name: str) -> str:
        """The order string of a joined channel's newest message here, told yet or not; empty without one."""
        page = self._pubsub.storage.member(name).timeline.page(None, 1, untold=True)
        return page[-1].order if page else ""

    def outbox(self) -> list[OutboxState]:
        """What is not yet safe, oldest first, and what got through lately."""
        outbox = self._pubsub.outbox
        entries = [*outbox.done.values(), *outbox.waiting.values()]
        return [entry.snapshot() for entry in entries if entry.shown]

    def channels(self) -> dict[str, bool]:
        """Names of the channels this node is a member of, and whether the join is confirmed."""
        return {r.name: r.joined for r in self._pubsub.storage.replicas.values() if r.member}

    def log_ids(self, name: str) -> list[str]:
        """Ids of the channel's visible messages in their final order."""
        replica = self._pubsub.storage.member(name)
        return [message.id for message in replica.timeline.page(None, 1 << 30, untold=True)]

    def root(self, name: str) -> str:
        """The digest of all that the channel's log holds here, in hex: equal logs have equal roots."""
        return self._pubsub.storage.member(name).log.root().hex()

    def add_bootstraps(self, addresses: Iterable[Address]) -> None:
        """Start from these addresses as well: they were configured by names that are known only now."""
        self._context.overlay.add_bootstraps(addresses)

    async def closest(self, target: str, want: int) -> list[str]:
        """Ids of the ``want`` other nodes closest to ``target`` (an id in hex), found by asking others."""
        found = await self._context.overlay.lookup(bytes.fromhex(target), want)
        return [contact.id.hex() for contact in found.closest]

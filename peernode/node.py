"""``PeerNode``: one running peer, put together from its parts.

The application calls ``join``, ``publish`` and their kin, and hears of everything else by events.
Invariants: nothing is accepted that is not durable; after ``stop`` no task, socket or timer of the
node is left; what was accepted before a stop or a crash goes on at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from typing import Any

from peernode.channel.hlc import Hlc
from peernode.channel.message import Kind
from peernode.config import NodeConfig
from peernode.diagnostics.codes import error_info
from peernode.diagnostics.collector import DiagnosticCollector
from peernode.environment import Address, Environment
from peernode.errors import PeerNodeError
from peernode.events import ChatMessage, Event, Joined, Left, NodeState, OutboxState, Trouble
from peernode.identity import Identity, network_id_of
from peernode.overlay.overlay import Overlay
from peernode.pubsub.archive import Archive
from peernode.pubsub.audience import Audience, fetch_subscribers
from peernode.pubsub.context import Context
from peernode.pubsub.delivery import MessageDelivery
from peernode.pubsub.ingest import Ingest
from peernode.pubsub.intake import Intake
from peernode.pubsub.join import Joiner
from peernode.pubsub.membership import Membership
from peernode.pubsub.publish import Publisher
from peernode.pubsub.reachability import InitiatorReachabilityMonitor
from peernode.pubsub.renewal import Renewal
from peernode.pubsub.replica import Replica
from peernode.pubsub.replication import Replication
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.subscribe import Subscriber
from peernode.pubsub.sync import FAILURES, CatchUp
from peernode.rpc.rpc import Rpc
from peernode.store.base import PutMeta, PutPeers, Store
from peernode.tasks import Tasks
from peernode.wire.contact import Contact

LOG = logging.getLogger("peernode")

STATE_TICK_S = 0.5
"""How often the node's own state is looked at."""


class PeerNode:
    """One peer node. Construct it, ``start`` it, ``stop`` it; it is not started twice."""

    def __init__(
        self,
        config: NodeConfig,
        env: Environment,
        store: Store,
        identity: Identity,
        on_event: Callable[[Event], None],
        on_crash: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self._on_event = on_event
        self._report_crash = on_crash
        self._told: NodeState | None = None
        tasks = Tasks(self._crashed)
        rpc = Rpc(identity, config, env)
        overlay = Overlay(rpc, config, env, _PeerCache(store))
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
            Hlc(env.clock),
            collector,
            self._tell,
        )
        self._build(context)

    def _build(self, context: Context) -> None:
        self._storage = PubSubStorage(context)
        self._ingest = Ingest(context)
        self._monitor = InitiatorReachabilityMonitor(context)
        self._delivery = MessageDelivery(context, self._monitor)
        self._audience = Audience(context, self._delivery)
        self._publisher = Publisher(context, self._storage, self._ingest, self._delivery, self._audience)
        self._catch_up = CatchUp(context, self._ingest)
        self._subscriber = Subscriber(context, self._storage, self._audience)
        self._joiner = Joiner(context, self._storage, self._subscriber, self._catch_up)
        self._membership = Membership(context, self._storage, self._joiner, self._monitor)
        self._replication = Replication(context, self._storage, self._catch_up)
        Archive(context, self._storage)
        Intake(context, self._storage, self._ingest, self._delivery, self._publisher)
        self._renewal = Renewal(
            context, self._storage, self._subscriber, self._joiner, self._catch_up, self._publisher
        )
        self._wire()

    def _wire(self) -> None:
        """Who hears of what."""
        self._ingest.on_stored.append(self._delivery.stored)
        self._delivery.on_ack.append(self._publisher.acked)
        self._membership.on_subscribers.append(self._replication.soon)
        self._membership.on_other_root.append(self._renewal.other_root)
        self._joiner.on_joined.append(self._after_join)
        self._context.overlay.on_change.append(self._peer_changed)

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the socket and go to work; ``NODE_START_FAILED`` when the address can't be had."""
        context = self._context
        try:
            await context.rpc.start()
        except OSError as error:
            raise PeerNodeError("NODE_START_FAILED", str(error), reason=str(error)) from error
        self._storage.load()
        self._publisher.load()
        await context.overlay.start()
        context.tasks.spawn(self._replication.run(), "replication")
        context.tasks.spawn(self._renewal.run(), "renewals")
        context.tasks.spawn(self._watch_state(), "state")
        for replica in self._storage.replicas.values():
            self._storage.local_view(replica)
            if replica.member:
                self._joiner.start(replica)
        if not any(replica.member for replica in self._storage.replicas.values()):
            self._publisher.resume()

    async def stop(self) -> None:
        """End everything; what is accepted stays for the next start."""
        context = self._context
        await context.tasks.close()
        self._delivery.reports.close()
        for replica in self._storage.replicas.values():
            replica.timeline.close()
        await context.overlay.stop()
        await context.rpc.close()

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
        return NodeState(state, len(self._context.overlay.peers()), reason)

    def _tell(self, event: Event) -> None:
        self._on_event(event)

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
                if recovered:
                    self._recover()
            await asyncio.sleep(STATE_TICK_S)

    def _recover(self) -> None:
        """The network is back: leases first, then whatever waits to be sent."""
        self._renewal.all_now()
        self._publisher.resume()

    def _peer_changed(self, kind: str, contact: Contact) -> None:
        self._replication.changed(contact)
        if kind == "appeared":
            waiting = {
                entry.replica.channel_id: entry.replica for entry in self._publisher.outbox.waiting.values()
            }
            for replica in waiting.values():
                near = self._storage.closest(replica.channel_id, self._context.config.replicas)
                if contact in near:
                    replica.forget_initiators()
                    self._publisher.resume(replica)

    def _after_join(self, replica: Replica) -> None:
        self._publisher.resume(replica)
        if replica.serves:
            self._replication.soon(replica)  # the other initiators know subscribers that we don't
        self._context.tasks.spawn(self._settle_join(replica), "join.settle")

    async def _settle_join(self, replica: Replica) -> None:
        """After the newest messages, the older ones; and our name, where it isn't known yet."""
        view = replica.initiators
        for contact in view.others(self._context.identity.public_key) if view else []:
            if await self._catch_up.run(replica, contact) is not None:
                break
        name = self._context.config.display_name
        if name and replica.timeline.name_of(self._context.identity.public_key) != name:
            await self._publisher.publish(replica.name, self._new_id(), Kind.PROFILE, name)

    def _new_id(self) -> bytes:
        """A UUIDv7 (RFC 9562, section 5.7) from the node's own clock and randomness."""
        stamp = self._context.env.clock.wall_ms().to_bytes(6, "big")
        tail = bytearray(self._context.env.random.randbytes(10))
        tail[0] = 0x70 | tail[0] & 0x0F
        tail[2] = 0x80 | tail[2] & 0x3F
        return stamp + bytes(tail)

    # -- what the application asks for -------------------------------------------------------

    async def join(self, name: str) -> Joined:
        """Join a channel, creating it when nobody holds it; progress comes as events."""
        replica = self._storage.by_name(name)
        if replica is not None and replica.joined:
            return self._joined_already(replica)
        return await self._joiner.join(name)

    def _joined_already(self, replica: Replica) -> Joined:
        view = replica.initiators
        contacts = view.contacts if view else ()
        alone = len(contacts) <= 1
        listed = tuple(item.hex() for item in self._audience.known(replica))
        return Joined(
            replica.name, False, alone, 0.0, tuple(c.id.hex() for c in contacts), (*listed, self.node_id)
        )

    async def leave(self, name: str) -> None:
        """Leave a channel: no more pushes; what is stored for others stays."""
        replica = self._storage.member(name)
        self._joiner.cancel(replica)
        await self._storage.close_membership(replica)
        self._context.tasks.spawn(self._subscriber.leave(replica), "leave")
        self._tell(Left(replica.name))

    async def publish(self, name: str, message_id: str | None, text: str) -> OutboxState:
        """Accept a message: durable in the outbox when this returns; its progress comes as events."""
        raw_id = _id_bytes(message_id) if message_id else self._new_id()
        return await self._publisher.publish(name, raw_id, Kind.TEXT, text)

    async def retry(self, message_id: str) -> None:
        """Send a failed message again, the same bytes."""
        await self._publisher.retry(_id_bytes(message_id))

    async def discard(self, message_id: str) -> None:
        """Give a message up; should it have got out, nobody shows it."""
        await self._publisher.discard(_id_bytes(message_id))

    def history(self, name: str, before: str | None = None, limit: int = 50) -> list[ChatMessage]:
        """Messages of a joined channel before an order string, oldest first, from the own store."""
        replica = self._storage.member(name)
        return replica.timeline.page(bytes.fromhex(before) if before else None, limit)

    def outbox(self) -> list[OutboxState]:
        """What is not yet safe, oldest first, and what got through lately."""
        outbox = self._publisher.outbox
        entries = [*outbox.done.values(), *outbox.waiting.values()]
        return [entry.snapshot() for entry in entries if entry.text and entry.message.kind is Kind.TEXT]

    def channels(self) -> dict[str, bool]:
        """Names of the channels this node is a member of, and whether the join is confirmed."""
        return {r.name: r.joined for r in self._storage.replicas.values() if r.member}

    def names(self, name: str) -> dict[str, str]:
        """Display names by node id in a channel."""
        from peernode.identity import node_id_of

        known = self._storage.member(name).timeline.names
        return {node_id_of(author).hex(): text for author, (_, text) in known.items()}

    def log_ids(self, name: str) -> list[str]:
        """Ids of the channel's visible messages in their final order."""
        replica = self._storage.member(name)
        return [message.id for message in replica.timeline.page(None, 1 << 30)]

    async def subscribers(self, name: str) -> dict[str, list[str]]:
        """Each initiator's own list of subscribers; one that does not answer is left out."""
        replica = self._storage.member(name)
        view = await self._storage.initiators(replica, fresh=True)
        found: dict[str, list[str]] = {}
        for contact in view.contacts:
            if contact.id.hex() == self.node_id:
                live = replica.leases.live(self._context.now())
                found[self.node_id] = [lease.subscriber_id.hex() for lease in live]
                continue
            try:
                listed = await fetch_subscribers(self._context, replica, contact)
                found[contact.id.hex()] = [subscriber.id.hex() for _, _, subscriber in listed]
            except FAILURES as error:
                self._context.collector.count(f"subscribers.{type(error).__name__}")
        return found

    def diagnostics(self) -> dict[str, Any]:
        """What an administrator or a failed test wants to see; JSON-able, without any text."""
        context = self._context
        channels = []
        for replica in self._storage.replicas.values():
            view = replica.initiators
            channels.append(
                {
                    "name": replica.name,
                    "member": replica.member,
                    "joined": replica.joined,
                    "root": replica.log.root().hex(),
                    "messages": replica.log.version,
                    "initiators": [c.id.hex() for c in view.contacts] if view else [],
                    "subscribers": [
                        lease.subscriber_id.hex() for lease in replica.leases.live(context.now())
                    ],
                }
            )
        return {
            "node_id": self.node_id,
            "address": list(self.address),
            "state": self.state.state,
            "peers": [[c.id.hex(), c.ip, c.port] for c in context.overlay.peers()],
            "rpc": dict(context.rpc.counters),
            "channels": channels,
            **context.collector.snapshot(),
        }


class _PeerCache:
    """The overlay's memory across restarts, kept in the node's store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[bytes]:
        return self._store.peers()

    async def save(self, peers: list[bytes]) -> None:
        await self._store.commit(PutPeers(tuple(peers)))

    def met_others(self) -> bool:
        return self._store.meta("met_others") == b"1"

    async def set_met_others(self) -> None:
        await self._store.commit(PutMeta("met_others", b"1"))


def _id_bytes(text: str) -> bytes:
    try:
        return uuid.UUID(text).bytes
    except ValueError:
        raise PeerNodeError("BAD_FRAME", reason="A message id is a UUID.") from None

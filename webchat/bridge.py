"""The bridge from the app to the engine: the only module of the app that imports ``peernode``.

``PeerHost`` is one process's share of the network: a host node on the well-known port and one node per user,
all over one SQLite file. The nodes find and speak to each other over UDP like any others; no reference to a
node is ever handed to another. ``Peer`` is one user's node in the words of ``docs/api.md``: it takes plain
values, and turns the node's events into frames.

Invariants: what leaves this module is JSON; a failure leaves it as ``CommandError`` with a code of
the catalogue; events come out in the order in which the node gave them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.utils.module_loading import import_string

from peernode.channel.ids import normalise_name
from peernode.config import NodeConfig
from peernode.diagnostics.codes import error_info
from peernode.environment import Address, Environment
from peernode.errors import PeerNodeError
from peernode.identity import Identity, load_or_create
from peernode.node import PeerNode
from peernode.overlay.lan import lan_if
from peernode.rpc.transport import SystemEnvironment
from peernode.store.sqlite import SqliteDatabase
from webchat.background import Background
from webchat.chat.commands import CommandError
from webchat.chat.eventframes import UNTOLD, event_frame, message_fields, outbox_fields
from webchat.deployment import WILDCARDS, Deployment
from webchat.udp import PORT_TRIES_MAX, machine_id, ports_for, resolve

log = logging.getLogger("webchat.bridge")

SNAPSHOT_MESSAGES = 50
HOST = ""
"""The owner's name of the host node's environment; no account has an empty name."""

Emit = Callable[[dict[str, Any]], None]
T = TypeVar("T")


def system_environment(owner: str) -> Environment:
    """The environment of ``owner``'s node: this machine's clocks, randomness and sockets."""
    return SystemEnvironment()


def error_fields(error: CommandError) -> dict[str, Any]:
    """What a person reads about an error, with its detail and the wait when there is one."""
    fields = asdict(error_info(error.code, **error.params))
    if error.detail:
        fields["detail"] = error.detail
    if "retry_after" in error.params:
        fields["retry_after"] = error.params["retry_after"]
    return fields


def _refused(error: PeerNodeError) -> CommandError:
    return CommandError(error.code, error.detail, **error.params)


async def _done(operation: Awaitable[T]) -> T:
    try:
        return await operation
    except PeerNodeError as error:
        raise _refused(error) from error


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose node it is."""

    user_id: int
    name: str
    identity: Identity


class PeerHost:
    """The host node and the users' nodes of one process."""

    def __init__(self, deployment: Deployment, environment: str) -> None:
        """``environment`` is the dotted path of a function from an owner's name to an Environment."""
        self._deployment = deployment
        self._environment: Callable[[str], Environment] = import_string(environment)
        self._machine_id = machine_id(deployment)
        self._bootstrap: tuple[Address, ...] = ()
        self._database: SqliteDatabase | None = None
        self._node: PeerNode | None = None
        self._peers: dict[int, Peer] = {}
        self._ports: dict[int, int] = {}

    @property
    def address(self) -> Address:
        """Where the host node listens."""
        assert self._node is not None
        return self._node.address

    async def start(self) -> None:
        """Open the database and start the host node; raises ``CommandError``."""
        deployment = self._deployment
        self._bootstrap = await resolve(deployment.bootstrap)
        environment = self._environment(HOST)
        try:
            identity = load_or_create(deployment.keys / "host", environment.random)
            self._database = SqliteDatabase(deployment.data / "nodes.sqlite3")
        except PeerNodeError as error:
            raise _refused(error) from error
        config = await self._config("", deployment.udp_port, self._bootstrap)
        self._node = await self._started(config, environment, identity, _log_event)

    async def open(self, user_id: int, seed: bytes, name: str, emit: Emit) -> Peer:
        """Start a user's node; ``emit`` gets its events as frames. Raises ``CommandError``."""
        assert self._database is not None
        owner = _Owner(user_id, name, Identity.from_seed(seed))
        peer = Peer(emit)
        host, port = self.address
        contacts = (("127.0.0.1" if host in WILDCARDS else host, port), *self._bootstrap)
        ports = ports_for(self._deployment, user_id, tuple(self._ports.values()))
        refusal = CommandError("NODE_START_FAILED", reason="no port of STARLING_UDP_PORTS is free")
        for udp_port in ports[:PORT_TRIES_MAX]:
            config = await self._config(name, udp_port, contacts)
            environment = self._environment(name)
            try:
                peer.node = await self._started(config, environment, owner.identity, peer.on_event)
            except CommandError as error:
                refusal = error
                continue
            self._ports[user_id] = peer.node.address[1]
            self._peers[user_id] = peer
            return peer
        raise refusal

    def has_channels(self, seed: bytes) -> bool:
        """Whether the user of this seed is in a channel, so that the node should run."""
        assert self._database is not None
        return any(row.member for row in self._database.for_node(Identity.from_seed(seed).node_id).channels())

    async def stop(self) -> None:
        """Stop all nodes, the users' first, and close the database."""
        stops = [peer.stop() for peer in self._peers.values()]
        for outcome in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.error("a node did not stop cleanly", exc_info=outcome)
        self._peers.clear()
        if self._node is not None:
            await self._node.stop()
        if self._database is not None:
            self._database.close()

    async def _config(self, name: str, port: int, bootstrap: tuple[Address, ...]) -> NodeConfig:
        deployment, advertise = self._deployment, None
        if deployment.advertise_host:
            shown = deployment.advertise_port if not name else port
            advertise = next(iter(await resolve(((deployment.advertise_host, shown),))), None)
        return NodeConfig(
            network=deployment.network,
            listen=(deployment.udp_host or "0.0.0.0", port),  # noqa: S104 - chosen by the administrator
            advertise=advertise,
            bootstrap=bootstrap,
            machine_id=self._machine_id,
            display_name=name,
            keep_days=deployment.keep_days,
            keep_own_days=deployment.keep_own_days,
        )

    async def _started(
        self,
        config: NodeConfig,
        env: Environment,
        identity: Identity,
        on_event: Callable[[Any], None],
    ) -> PeerNode:
        assert self._database is not None
        lan = lan_if(self._deployment.lan and not config.display_name)  # the host node's word is enough
        node = PeerNode(config, env, self._database.for_node(identity.node_id), identity, on_event, lan=lan)
        try:
            await node.start()
        except (PeerNodeError, OSError) as error:
            await node.stop()
            if isinstance(error, PeerNodeError):
                raise _refused(error) from error
            host, port = config.listen
            raise CommandError("NODE_START_FAILED", reason=f"{host}:{port}: {error.strerror}") from error
        return node


def _log_event(event: Any) -> None:
    log.debug("host node: %s", event)


class Peer:
    """One user's node, and what a page must know about its joins that are still going on."""

    node: PeerNode

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._tasks = Background()
        self._joining: dict[str, dict[str, Any]] = {}
        self._told: dict[str, Any] = {"state": "offline", "peers": 0, "reason": "Starting …"}

    def on_event(self, event: Any) -> None:
        """Pass an event of the node on, and remember how far a join has got."""
        if type(event).__name__ in UNTOLD:
            return
        frame = event_frame(event)
        kind = frame["type"]
        if kind == "node.state":
            self._told = {name: frame[name] for name in self._told}
        elif kind == "channel.progress":
            self._join_of(frame["channel"])["steps"][frame["step"]] = frame
        elif kind == "channel.delayed":
            self._join_of(frame["channel"])["delayed"] = frame
        elif kind in ("channel.joined", "channel.left"):
            self._joining.pop(frame["channel"], None)
        self._emit(frame)

    def _join_of(self, channel: str) -> dict[str, Any]:
        return self._joining.setdefault(channel, {"steps": {}, "delayed": None})

    async def stop(self) -> None:
        """End the node; what it accepted is kept."""
        await self._tasks.close()
        await self.node.stop()

    def join(self, channel: str) -> None:
        """Begin to join; the outcome comes as events. Raises ``CommandError`` for an impossible name."""
        try:
            name = normalise_name(channel)
        except PeerNodeError as error:
            raise _refused(error) from error
        self._tasks.spawn(self._join(name), f"joining {name}")

    async def _join(self, channel: str) -> None:
        try:
            await self.node.join(channel)
        except PeerNodeError as error:
            # A join that takes too long has said so by an event; any other reason is told here.
            if self._joining.get(channel, {}).get("delayed") is None:
                problem = error_fields(_refused(error))
                self._emit({"type": "trouble", "error": problem, "context": {"channel": channel}})

    def leave(self, channel: str) -> None:
        """Begin to leave; ``channel.left`` follows. Raises ``CommandError`` for an unknown channel."""
        if channel not in self.node.channels() and channel not in self._joining:
            raise CommandError("CHANNEL_UNKNOWN", channel)
        self._tasks.spawn(_done(self.node.leave(channel)), f"leaving {channel}")

    async def send(self, channel: str, message_id: str, text: str) -> dict[str, Any]:
        """Have the node accept a message durably; the same id again is the same message."""
        return outbox_fields(await _done(self.node.publish(channel, message_id, text)))

    async def retry(self, message_id: str) -> dict[str, Any]:
        """Try a failed message again; the answer is its state now."""
        await _done(self.node.retry(message_id))
        return next(outbox_fields(state) for state in self.node.outbox() if state.id == message_id)

    async def discard(self, message_id: str) -> None:
        """Give a message up; other pages of the user learn it by an event."""
        channel = next((state.channel for state in self.node.outbox() if state.id == message_id), "")
        await _done(self.node.discard(message_id))
        self._emit({"type": "message.discarded", "id": message_id, "channel": channel})

    def history(self, channel: str, before: str | None, limit: int) -> dict[str, Any]:
        """A page of what the node holds, oldest first; ``more``: older ones may exist."""
        if channel not in self.node.channels():
            raise CommandError("CHANNEL_UNKNOWN", channel)
        page = self.node.history(channel, before, limit)
        return {"messages": [message_fields(message) for message in page], "more": len(page) == limit}

    def snapshot(self, *, messages: bool) -> dict[str, Any]:
        """Everything a page shows, read without awaiting so that it is of one moment."""
        host, port = self.node.address
        # The state as the events have told it, or a page would be ahead of the events that follow.
        node = {**self._told, "address": f"{host}:{port}", "node_id": self.node.node_id}
        names = dict.fromkeys((*self.node.channels(), *self._joining))
        return {"node": node, "channels": [self._channel(name, messages) for name in names]}

    def _channel(self, channel: str, messages: bool) -> dict[str, Any]:
        member = self.node.channels()  # those that a restarted node is still joining again are in it
        outbox = [outbox_fields(state) for state in self.node.outbox() if state.channel == channel]
        fields: dict[str, Any] = {"name": channel, "joined": member.get(channel, False), "outbox": outbox}
        if channel in self._joining:
            join = self._joining[channel]
            fields["progress"] = {"steps": list(join["steps"].values()), "delayed": join["delayed"]}
        if channel in member:
            fields["names"] = self.node.names(channel)
        if channel in member and messages:
            newest = self.node.history(channel, None, SNAPSHOT_MESSAGES)
            fields["messages"] = [message_fields(message) for message in newest]
        return fields

    def diagnostics(self) -> dict[str, Any]:
        """What the node knows about itself."""
        return self.node.diagnostics()

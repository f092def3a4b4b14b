"""The bridge from the app to the engine: the only module of the app that imports ``peernode``.

``PeerHost`` is one process's share of the network: a host node on the well-known port and one node per user,
over one SQLite file; they meet over UDP like any others. What a user's node does is in ``webchat.peer``.

Invariant: a failure of the engine leaves this module as ``CommandError`` with a code of the catalogue.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from django.utils.module_loading import import_string

from peernode.channel.filetree import FILE_MAX_BYTES as FILE_MAX_BYTES
from peernode.channel.ids import CANARY_PREFIX, joinable_name, normalise_name
from peernode.channel.ids import is_canary as is_canary
from peernode.channel.message import ORDER_KEY_BYTES as ORDER_KEY_BYTES
from peernode.config import NodeConfig
from peernode.diagnostics.codes import CATALOGUE as CATALOGUE
from peernode.diagnostics.codes import error_info
from peernode.diagnostics.joins import joins_told as joins_told
from peernode.diagnostics.jsonlines import LineWriter
from peernode.diagnostics.verdict import verdict as verdict
from peernode.diagnostics.windows import history as history
from peernode.doctor import storehealth as storehealth
from peernode.environment import Address, Environment
from peernode.errors import PeerNodeError
from peernode.events import Profile as Profile
from peernode.events import ReadState as ReadState
from peernode.identity import Identity, load_or_create
from peernode.node import PeerNode as PeerNode
from peernode.overlay.lan import lan_if
from peernode.pubsub.reading import UNREAD_MAX as UNREAD_MAX
from peernode.rpc.transport import SystemEnvironment
from peernode.store.base import ForgetNode
from peernode.store.sqlite import SqliteDatabase
from webchat.chat.commands import CommandError
from webchat.deployment import JOIN_TOLD_S, WILDCARDS, Deployment
from webchat.numbers import Numbers
from webchat.startpoints import StartPoints
from webchat.udp import PORT_TRIES_MAX, machine_id, ports_for, resolve

log = logging.getLogger("webchat.bridge")

HOST_NODE = 0
"""Its key beside the ids of accounts, which begin at 1."""

HOST = ""
"""The owner's name of the host node's environment; no account has an empty name."""

T = TypeVar("T")
OnEvent = Callable[[Any], None]
OnRecord = Callable[[str, Any], None]


def system_environment(owner: str) -> Environment:
    """The environment of ``owner``'s node: this machine's clocks, randomness and sockets."""
    return SystemEnvironment()


def node_id_of(seed: bytes) -> str:
    """The node id of a seed, in hex: what others know a user by."""
    return Identity.from_seed(seed).node_id.hex()


def error_fields(error: CommandError) -> dict[str, Any]:
    """What a person reads about an error, with its detail and the wait when there is one."""
    fields = asdict(error_info(error.code, **error.params))
    if error.detail:
        fields["detail"] = error.detail
    if "retry_after" in error.params:
        fields["retry_after"] = error.params["retry_after"]
    return fields


def catalogue_texts(code: str) -> tuple[str, str] | None:
    """Meaning and remedy of a code as they stand in the catalogue, values left open; None: no such code."""
    entry = CATALOGUE.get(code)
    return (entry.meaning, entry.remedy) if entry else None


def _refused(error: PeerNodeError) -> CommandError:
    return CommandError(error.code, error.detail, **error.params)


async def done(operation: Awaitable[T]) -> T:
    """What an operation of a node returns; what it refuses comes as ``CommandError``."""
    try:
        return await operation
    except PeerNodeError as error:
        raise _refused(error) from error


def channel_name(name: str, *, is_new: bool = False) -> str:
    """The one spelling of a channel's name; ``CommandError`` for one that people can't use.

    ``is_new``: also for one by which no channel is joined for the first time.
    """
    try:
        normal = joinable_name(name) if is_new else normalise_name(name)
    except PeerNodeError as error:
        raise _refused(error) from error
    if is_canary(normal):
        raise CommandError("CHANNEL_NAME_INVALID", "in channels of this name servers test themselves")
    return normal


class Client(Protocol):
    """Who speaks for a user's node."""

    node: PeerNode

    def on_event(self, event: Any) -> None:
        """The node tells something."""

    async def stop(self) -> None:
        """End the node."""


class PeerHost:
    """The host node and the users' nodes of one process."""

    def __init__(self, deployment: Deployment, environment: str) -> None:
        """``environment`` is the dotted path of a function from an owner's name to an Environment."""
        self._deployment = deployment
        self._environment: Callable[[str], Environment] = import_string(environment)
        self._machine_id = machine_id(deployment)
        self.start_points = StartPoints(deployment.bootstrap)
        self._database: SqliteDatabase | None = None
        self._node: PeerNode | None = None
        self._peers: dict[int, Client] = {}
        self._ports: dict[int, int] = {}
        self._lines = LineWriter(sys.stderr)
        self.numbers = Numbers()
        self.canary: Callable[[], dict[str, Any]] = lambda: {"state": "off", "code": ""}
        """How the last test message went; see ``webchat.canary``."""
        self.canary_channel = ""
        """Where this host tests itself; the name is a secret, so that nobody else writes there."""
        self.on_event: list[OnEvent] = [partial(log.debug, "host node: %s"), self.numbers.event]
        """Told of each event of the host node."""
        self.diagnostic = deployment.diagnostic
        """Whether nodes that start keep all their records, also in a flood."""
        self.on_record: list[OnRecord] = []
        """Told of each record of any node, with the node's id; must not raise."""

    @property
    def node(self) -> PeerNode:
        """The host node."""
        assert self._node is not None
        return self._node

    @property
    def database(self) -> Path:
        """The file of all nodes."""
        return self._deployment.data / "nodes.sqlite3"

    def nodes(self) -> list[PeerNode]:
        """All nodes that run here, the users' before the host's."""
        return [*(client.node for client in self._peers.values()), self.node]

    @property
    def address(self) -> Address:
        """Where the host node listens."""
        return self.node.address

    async def start(self) -> None:
        """Open the database and start the host node; raises ``CommandError``."""
        deployment = self._deployment
        await self.start_points.look_up()
        environment = self._environment(HOST)
        try:
            identity = load_or_create(deployment.keys / "host", environment.random)
            self._database = SqliteDatabase(self.database)
        except PeerNodeError as error:
            raise _refused(error) from error
        config = await self._config("", deployment.udp_port, self.start_points.known)
        secret = hashlib.sha256(b"starling canary" + identity.seed).hexdigest()
        self.canary_channel = f"{CANARY_PREFIX}{secret[:32]}"
        self._node = await self._started(config, environment, identity, self._host_event)
        self.numbers.watch(HOST_NODE, self._node)

    def _host_event(self, event: Any) -> None:
        for listener in self.on_event:
            listener(event)

    async def open(self, user_id: int, seed: bytes, name: str, client: Client) -> None:
        """Start a user's node for ``client``, who gets its events. Raises ``CommandError``."""
        assert self._database is not None
        identity, heard = Identity.from_seed(seed), self._heard_by(client)
        host, port = self.address
        contacts = (("127.0.0.1" if host in WILDCARDS else host, port), *self.start_points.known)
        refusal = CommandError("NODE_START_FAILED", reason="no port of STARLING_UDP_PORTS is free")
        for udp_port in ports_for(self._deployment, user_id, tuple(self._ports.values()))[:PORT_TRIES_MAX]:
            config = await self._config(name, udp_port, contacts)
            try:
                client.node = await self._started(config, self._environment(name), identity, heard)
            except CommandError as error:
                refusal = error
                continue
            self._peers[user_id], self._ports[user_id] = client, client.node.address[1]
            client.node.add_bootstraps(self.start_points.known)  # one may have become known meanwhile
            self.numbers.watch(user_id, client.node)
            return
        raise refusal

    def _heard_by(self, client: Client) -> OnEvent:
        def heard(event: Any) -> None:
            self.numbers.event(event)
            client.on_event(event)

        return heard

    def has_channels(self, seed: bytes) -> bool:
        """Whether the user of this seed is in a channel, so that the node should run."""
        assert self._database is not None
        return any(row.member for row in self._database.for_node(Identity.from_seed(seed).node_id).channels())

    def is_fresh(self, node_id: str) -> bool:
        """Whether the node with this id has neither a channel nor a message, so that nobody knows it."""
        assert self._database is not None
        store = self._database.for_node(bytes.fromhex(node_id))
        return all(is_canary(row.name) for row in store.channels()) and not store.outbox()

    async def close(self, user_id: int) -> None:
        """End a user's node, if it runs; what is kept of it stays."""
        client = self._peers.pop(user_id, None)
        self._ports.pop(user_id, None)
        self.numbers.leave(user_id)
        if client is not None:
            await client.stop()

    async def forget(self, user_id: int, node_id: str) -> None:
        """End a user's node and remove all that is kept of it. Raises ``CommandError``."""
        assert self._database is not None
        await self.close(user_id)
        await done(self._database.for_node(bytes.fromhex(node_id)).commit(ForgetNode()))

    async def stop(self) -> None:
        """Stop all nodes, the users' first, and close the database."""
        stops = [peer.stop() for peer in self._peers.values()]
        for outcome in await asyncio.gather(*stops, return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.error("a node did not stop cleanly", exc_info=outcome)
        self._peers.clear()
        if self._node is not None:
            await self._node.stop()
        await asyncio.to_thread(self._lines.close)
        if self._database is not None:
            self._database.close()

    async def _config(self, name: str, port: int, bootstrap: tuple[Address, ...]) -> NodeConfig:
        deployment = self._deployment
        shown = (deployment.advertise_host, port if name else deployment.advertise_port)
        advertise = next(iter(await resolve((shown,))), None) if deployment.advertise_host else None
        return NodeConfig(
            network=deployment.network,
            listen=(deployment.udp_host or "0.0.0.0", port),  # noqa: S104 - chosen by the administrator
            advertise=advertise,
            bootstrap=bootstrap,
            machine_id=self._machine_id,
            display_name=name,
            join_timeout_s=JOIN_TOLD_S,
            keep_days=deployment.keep_days,
            keep_own_days=deployment.keep_own_days,
        )

    async def _started(
        self, config: NodeConfig, env: Environment, identity: Identity, on_event: OnEvent
    ) -> PeerNode:
        assert self._database is not None
        lan = lan_if(self._deployment.lan and not config.display_name)  # the host node's word is enough
        node = PeerNode(config, env, self._database.for_node(identity.node_id), identity, on_event, lan=lan)
        node.write_records(self._lines)
        node.on_record(partial(self._recorded, node.node_id))
        try:
            await node.start()
            node.diagnostic = self.diagnostic
        except (PeerNodeError, OSError) as error:
            await node.stop()
            if isinstance(error, PeerNodeError):
                raise _refused(error) from error
            host, port = config.listen
            raise CommandError("NODE_START_FAILED", reason=f"{host}:{port}: {error.strerror}") from error
        return node

    def _recorded(self, node_id: str, record: Any) -> None:
        for listener in self.on_record:
            listener(node_id, record)

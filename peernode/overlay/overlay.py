"""``Overlay``: this node's place in the network.

Serves PING, FIND_NODE and DIALBACK; keeps the table by watching every answer and every timeout; pings
the neighbours that have gone silent, so that the dead are noticed without traffic. Invariants: the
table holds who answered us; a node is *public* when a peer that it had not contacted has dialled it;
``ready`` means that somebody answered, or that there is nobody to ask (no bootstrap, none ever met).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from peernode.config import NodeConfig
from peernode.environment import Address, Environment
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.overlay.bootstrap import DIALLED_AT_ONCE, Dialler, PeerCache, load_peers, save_peers
from peernode.overlay.lookup import LookupResult, Lookups
from peernode.overlay.table import PeerTable
from peernode.rpc.rpc import Caller, Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, encode_ip
from peernode.wire.ops import Op

NEIGHBOURS_WATCHED = 8
"""The closest peers that are pinged when silent; with them the channels' initiators are known."""

SILENT_S = 5.0
"""A neighbour that has not answered for so long is pinged."""

WATCH_S = 1.0
SAVE_S = 30.0
FIND_NODE_MAX = 16
DIALBACKS_PER_S = 1.0
CONTACTED_MAX = 4096
"""Peers remembered as contacted by us, for telling who dials back uncalled."""


class Overlay:
    """Routing, lookups, bootstrap and the node's own state in the network."""

    def __init__(self, rpc: Rpc, config: NodeConfig, env: Environment, cache: PeerCache) -> None:
        self._rpc = rpc
        self._config = config
        self._env = env
        self._cache = cache
        self.table = PeerTable(Contact(rpc.identity.public_key, "0.0.0.0", 0), config, env.clock)  # noqa: S104
        self.public = False
        self.met_others = cache.met_others()
        self.on_change: list[Callable[[str, Contact], None]] = []
        """Called with ``appeared`` or ``left`` and the contact."""
        self._dialler = Dialler(rpc)
        self._lookups = Lookups(rpc, config, self.table, rpc.tasks)
        self._remembered: dict[bytes, Contact] = {}
        self._contacted: dict[bytes, None] = {}
        self._ready = asyncio.Event()
        self._tried = False
        self._dialback_s = 0.0
        rpc.on_answered.append(self._answered)
        rpc.on_timeout.append(self._timed_out)
        rpc.on_request.append(self._requested)
        rpc.serve(Op.PING, self._ping)
        rpc.serve(Op.FIND_NODE, self._find_node)
        rpc.serve(Op.DIALBACK, self._dialback)

    # -- life --------------------------------------------------------------------------------

    async def start(self) -> None:
        """Go to work in the background."""
        for contact in load_peers(self._cache, self._config.peer_cache_max):
            self._remembered[contact.public_key] = contact
        self._rpc.remember([contact.address for contact in self._remembered.values()])
        spawn = self._rpc.tasks.spawn
        spawn(self._enter(), "overlay.enter")
        spawn(self._watch(), "overlay.watch")
        spawn(self._refresh(), "overlay.refresh")
        spawn(self._keep(), "overlay.keep")

    async def stop(self) -> None:
        """Remember the peers for the next start; the tasks end with the rpc."""
        if len(self.table):
            await save_peers(self._cache, self._best(), self._config.peer_cache_max)

    async def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the network can be asked (or it is clear that there is none); False if not so."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._ready.wait()
        except TimeoutError:
            return False
        return True

    async def _enter(self) -> None:
        if not self._targets():
            self._ready.set()  # the first node of a network
        while not len(self.table) and not await self.bootstrap():
            self._tried = True
            await asyncio.sleep(self._config.redial_degraded_s * (0.8 + 0.4 * self._env.random.random()))
            if not self._targets():
                return
        await self._ask_dialback()

    def _targets(self) -> list[Contact | Address]:
        mine = self._rpc.address
        return [*(a for a in self._config.bootstrap if a != mine), *self._remembered.values()]

    async def bootstrap(self) -> bool:
        """Dial all known addresses at once; with the first answer, find the own neighbourhood."""
        if not await self._dialler.first(self._targets()[: self._config.peer_cache_max]):
            return False
        await self.lookup(self._rpc.identity.node_id, self._config.k)
        self._ready.set()
        return True

    async def _watch(self) -> None:
        """Ping silent neighbours; re-dial remembered peers."""
        redial_s = self._env.clock.monotonic() + self._config.redial_idle_s
        while True:
            await asyncio.sleep(WATCH_S * (0.8 + 0.4 * self._env.random.random()))
            near = self.table.closest(self._rpc.identity.node_id, NEIGHBOURS_WATCHED)
            for contact in near:
                if self.table.silent_s(contact) >= SILENT_S or self.table.suspected(contact):
                    self._rpc.tasks.spawn(self._dialler.dial(contact), "overlay.ping")
            now = self._env.clock.monotonic()
            if now >= redial_s:
                degraded = self.state()[0] != "online"
                pause_s = self._config.redial_degraded_s if degraded else self._config.redial_idle_s
                redial_s = now + pause_s * (0.8 + 0.4 * self._env.random.random())
                self._redial(DIALLED_AT_ONCE if degraded else 1)
            elif self.state()[0] != "online":
                redial_s = min(redial_s, now + self._config.redial_degraded_s)

    def _redial(self, count: int) -> None:
        lost = [c for c in self._remembered.values() if self.table.silent_s(c) == float("inf")]
        alive = {contact.address for contact in self.table.peers()}
        targets: list[Contact | Address] = [*lost, *(a for a in self._config.bootstrap if a not in alive)]
        for target in self._env.random.sample(targets, min(count, len(targets))):
            self._rpc.tasks.spawn(self._come_back(target), "overlay.redial")

    async def _come_back(self, target: Contact | Address) -> None:
        if await self._dialler.dial(target):
            await self.lookup(self._rpc.identity.node_id, self._config.k)
            self._ready.set()

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(self._config.refresh_s * (0.8 + 0.4 * self._env.random.random()))
            await self.lookup(self._rpc.identity.node_id, self._config.k)
            await self.lookup(self._env.random.randbytes(20), 1)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(SAVE_S * (0.8 + 0.4 * self._env.random.random()))
            if len(self.table):
                await save_peers(self._cache, self._best(), self._config.peer_cache_max)

    def _best(self) -> list[Contact]:
        """Peers worth remembering: those alive, then those remembered from before."""
        found = {contact.public_key: contact for contact in self.table.peers()}
        for contact in self._remembered.values():
            found.setdefault(contact.public_key, contact)
        return list(found.values())[: self._config.peer_cache_max]

    # -- asking ------------------------------------------------------------------------------

    async def lookup(self, target: bytes, want: int) -> LookupResult:
        """The ``want`` live nodes closest to ``target``, without this one."""
        return await self._lookups.run(target, want)

    def closest(self, target: bytes, count: int) -> list[Contact]:
        """The table's closest that have not failed lately."""
        return self.table.closest(target, count, suspects=False)

    def peers(self) -> list[Contact]:
        """All live peers."""
        return self.table.peers()

    @property
    def alone(self) -> bool:
        """Nobody to ask: no bootstrap configured, and no other node was ever met."""
        return not len(self.table) and not self.met_others and not self._config.bootstrap

    def state(self) -> tuple[str, str]:
        """``online``, ``degraded`` or ``offline``, and why."""
        peers = self.table.peers()
        if any(not self.table.suspected(contact) for contact in peers):
            return "online", ""
        if peers:
            return "degraded", "No peer has answered for some seconds."
        if self.alone:
            return "online", "No other node is known yet; others join through this node's address."
        if not self._tried and not self.met_others:
            return "offline", "Looking for the network …"
        return "offline", "No other node answers; your node keeps trying."

    # -- hearing -----------------------------------------------------------------------------

    def _answered(self, contact: Contact, rtt_s: float) -> None:
        if len(self._contacted) < CONTACTED_MAX:
            self._contacted[contact.public_key] = None
        if not self.met_others:
            self.met_others = True
            self._rpc.tasks.spawn(self._cache.set_met_others(), "overlay.met_others")
        if self.table.answered(contact):
            self._remembered.pop(contact.public_key, None)
            self._remembered[contact.public_key] = contact
            while len(self._remembered) > self._config.peer_cache_max:
                del self._remembered[next(iter(self._remembered))]
            self._ready.set()
            self._tell("appeared", contact)

    def _timed_out(self, contact: Contact) -> None:
        if self.table.failed(contact):
            self._tell("left", contact)

    def _requested(self, contact: Contact, proven: bool) -> None:
        """Who talks to us is worth a ping, so that the table learns of newcomers."""
        if proven and self.table.silent_s(contact) == float("inf"):
            if not self.public and contact.public_key not in self._contacted:
                self.public = True
            self._rpc.tasks.spawn(self._dialler.dial(contact), "overlay.greet")

    def _tell(self, kind: str, contact: Contact) -> None:
        for heard in self.on_change:
            heard(kind, contact)

    # -- serving -----------------------------------------------------------------------------

    def _ping(self, caller: Caller, body: Fields) -> list[Any]:
        body.take_int(0, 255)
        body.take_int(0, 255)
        contact = caller.contact
        wall_ms = self._env.clock.wall_ms()
        return [1, 1, wall_ms, encode_ip(contact.ip), contact.port, 1 if self.public else 0]

    def _find_node(self, caller: Caller, body: Fields) -> list[Any]:
        target = body.take_bytes(20)
        near = self.table.closest(target, FIND_NODE_MAX + 1, suspects=False)
        others = [contact for contact in near if contact.public_key != caller.contact.public_key]
        return [[contact.encode() for contact in others[:FIND_NODE_MAX]]]

    def _dialback(self, caller: Caller, body: Fields) -> list[Any]:
        """Asked by a newcomer: have a third node dial it. Asked by another node: dial it."""
        now = self._env.clock.monotonic()
        if not caller.proven or now - self._dialback_s < 1 / DIALBACKS_PER_S:
            return []  # rate-limited: the asker tries again with its next address change
        self._dialback_s = now
        if body.more:
            target = Contact.decode(body.take())
            if self.table.silent_s(caller.contact) != float("inf"):
                self._rpc.tasks.spawn(self._dialler.dial(target), "overlay.dialback")
            return []
        thirds = [c for c in self.table.peers() if c.public_key != caller.contact.public_key]
        if thirds:
            third = self._env.random.choice(thirds)
            self._rpc.tasks.spawn(self._pass_on(third, caller.contact), "overlay.dialback")
        return []

    async def _pass_on(self, third: Contact, newcomer: Contact) -> None:
        try:
            await self._rpc.request(third, Op.DIALBACK, [newcomer.encode()])
        except (RpcTimeout, Refused, Backpressure):
            return

    async def _ask_dialback(self) -> None:
        for contact in self.table.peers()[:DIALLED_AT_ONCE]:
            try:
                await self._rpc.request(contact, Op.DIALBACK, [])
            except (RpcTimeout, Refused, Backpressure):
                continue
            return

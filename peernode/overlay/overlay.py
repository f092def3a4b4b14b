"""``Overlay``: this node's place in the network, put together from the parts of this package.

``table`` who is there, ``search`` and ``lookup`` who is closest to an id, ``bootstrap`` the way in and back,
``upkeep`` the table's truth, ``probing`` who has died, ``connection`` whether we have a network,
``dialback`` whether we can be dialled, ``moves`` whether our address has changed, ``directory`` what others
are told, ``peer_cache`` the memory.

The state: ``online`` when an unsuspected peer has answered within ``LIVE_S``, or when we are *alone*
(nobody to ask: no bootstrap configured, no other node ever met); ``degraded`` while peers are known of
whom none answers; ``offline`` when none is. When our own network comes back, what failed meanwhile is
forgiven: it was not the others' fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from peernode.config import NodeConfig
from peernode.environment import Address, Environment, Neighbourhood
from peernode.overlay.bootstrap import Bootstrap
from peernode.overlay.connection import Connection
from peernode.overlay.dialback import Dialback
from peernode.overlay.dialler import Dialler
from peernode.overlay.directory import Directory
from peernode.overlay.health import BootstrapHealth
from peernode.overlay.lookup import LookupResult, Lookups
from peernode.overlay.moves import Moves
from peernode.overlay.nearby import Nearby
from peernode.overlay.peer_cache import PeerCache, PeerKeeping, RememberedPeers
from peernode.overlay.probing import Probing
from peernode.overlay.table import Change, PeerTable
from peernode.overlay.upkeep import TICK_S, Upkeep
from peernode.rpc.rpc import Rpc, log_crash
from peernode.span import LOOKUP, spent
from peernode.tasks import Tasks
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

SEARCHING = "Looking for the network …"
SILENT = "No peer has answered for some seconds."
NOBODY = "No other node answers; your node keeps trying."
ALONE = "No other node is known yet; others join through this node's address."


class Overlay:
    """Routing, lookups, bootstrap and the node's own state; used between ``start`` and ``stop``."""

    def __init__(
        self,
        rpc: Rpc,
        config: NodeConfig,
        env: Environment,
        cache: PeerCache,
        on_crash: Callable[[str, BaseException], None] = log_crash,
        lan: Neighbourhood | None = None,
    ) -> None:
        self._rpc = rpc
        self._config = config
        own = Contact(rpc.identity.public_key, *config.listen)
        self.table = PeerTable(own, config, env.clock)
        self.met_others = cache.met_others()
        """Whether this node has ever met another one, in this or an earlier run."""
        self._tasks = Tasks(on_crash)
        self._remembered = RememberedPeers(cache, config.peer_cache_max, self.table.__contains__)
        self._keeping = PeerKeeping(cache, self._remembered, env.clock, rpc.counters)
        self._dialler = Dialler(rpc, self.table)
        self._lookups = Lookups(rpc, config, self.table, self._tasks)
        probing = Probing(rpc, env, self.table, self._dialler, self._tasks)
        self._upkeep = Upkeep(
            own, config, env, self.table, self._dialler, self._lookups, probing, self._tasks
        )
        self._bootstrap = Bootstrap(rpc, config, env, self._dialler, self._remembered, self._tasks)
        self.dialback = Dialback(rpc, env, self.table, self._dialler, self._tasks)
        self.moves = Moves(env.clock, rpc.counters, self.table.__len__, self._upkeep.rouse)
        self._dialler.on_seen.append(self.moves.said)
        self._ready, self._inside = asyncio.Event(), asyncio.Event()
        self._connection = Connection(env.clock, self.table)
        self._searched = self._entered = False
        self._stopped = False
        self.table.on_change.append(self._remembered.changed)
        rpc.on_answered.append(self._answered)
        rpc.on_dialled.append(self._dialler.contacted.add)
        rpc.on_timeout.append(self._timed_out)
        rpc.on_request.append(self._requested)
        Directory(rpc, env.clock, self.table, lambda: self.public)
        rpc.serve(Op.DIALBACK, self.dialback.serve)
        rpc.serve(Op.PING_VIA, probing.serve)
        self._nearby = Nearby(lan, rpc, self._tasks, self._found_nearby)
        self.moves.on_moved.append(self._nearby.renew)
        routing = (self.table, self._remembered, self._upkeep)
        self._parts = (
            *routing,
            self._lookups,
            self._bootstrap,
            self._nearby,
            self.dialback,
            probing,
            self.moves,
        )

    # -- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Enter the network in the background; the Rpc has been started."""
        self._remembered.load()
        self._rpc.remember([contact.address for contact in self._remembered.contacts()])
        if self.alone:
            self._ready.set()
        self._nearby.start()
        self._tasks.spawn(self._stay_connected(), "connection")
        self._tasks.spawn(self._upkeep.watch(self._tick), "watch")
        self._tasks.spawn(self._upkeep.refresh(), "refresh")

    async def stop(self) -> None:
        """End all of it and remember the peers; the Rpc is closed after this."""
        if self._stopped:
            return
        self._stopped = True
        await self._tasks.close()
        await self._nearby.stop()
        await self._save()

    async def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the network can be asked, or there is clearly none; False if it takes longer."""
        self._notice_loss()
        return await _within(self._ready, timeout_s)

    async def wait_inside(self, timeout_s: float) -> bool:
        """Wait until the node knows its neighbours; False if it takes longer, or nobody answers."""
        return await _within(self._inside, timeout_s)

    async def bootstrap(self) -> bool:
        """Dial everybody known; with the first answer find the own neighbourhood. False: nobody."""
        if not await self._bootstrap.first() and not self._connection.answers():
            return False
        await self._upkeep.neighbourhood()
        return True

    # -- what is asked ------------------------------------------------------------------------

    async def lookup(self, target: bytes, want: int) -> LookupResult:
        """The ``want`` live nodes closest to ``target``, without this one."""
        with spent(LOOKUP):
            return await self._lookups.run(target, want)

    def closest(self, target: bytes, k: int) -> list[Contact]:
        """The ``k`` unsuspected peers of the table closest to ``target``, exactly, closest first."""
        return self.table.closest(target, k)

    def peers(self) -> list[Contact]:
        """The unsuspected peers of the table."""
        return [standing.contact for standing in self.table.live()]

    @property
    def on_change(self) -> list[Change]:
        """Listeners that are told ``appeared`` or ``left`` and the contact."""
        return self.table.on_change

    def attend_while(self, condition: Callable[[], bool]) -> None:
        """Watch the whole neighbourhood only as long as ``condition`` holds."""
        self._upkeep.attentive = condition

    def watch(self, depended: Callable[[], Iterable[Contact]]) -> None:
        """Know within seconds when one of those that ``depended`` names, asked each second, has died."""
        self._upkeep.depended.append(depended)

    @property
    def returns(self) -> int:
        """How often the network came back after it had been lost, or the node after it had slept."""
        return self._connection.returns

    @property
    def public(self) -> bool:
        """Whether somebody we had not contacted has dialled us."""
        return self.dialback.public

    @property
    def alone(self) -> bool:
        """Nobody to ask: no bootstrap is configured and no other node was ever met."""
        return not self.met_others and not self._bootstrap.configured()

    def add_bootstraps(self, addresses: Iterable[Address]) -> None:
        """Start from these as well, from now on."""
        was_alone = self.alone
        self._bootstrap.add(addresses)
        if was_alone and not self.alone and not self._connection.answers():
            self._ready.clear()

    def bootstraps(self) -> list[BootstrapHealth]:
        """How each configured address, and each found nearby, has behaved."""
        return self._bootstrap.health()

    def state(self) -> tuple[str, str]:
        """``online``, ``degraded`` or ``offline``, and a sentence that says why, if there is a why."""
        if self._connection.answers():
            return "online", ""
        if self.alone:
            return "online", ALONE
        if len(self.table):
            return "degraded", SILENT
        return "offline", NOBODY if self._searched else SEARCHING

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {name: size for part in self._parts for name, size in part.sizes().items()}

    # -- what happens -------------------------------------------------------------------------

    def _answered(self, contact: Contact, rtt_s: float) -> None:
        address = self._rpc.address_of(contact.public_key)
        if self._stopped or address is None:
            return
        if address != contact.address:
            contact = Contact(contact.public_key, *address, contact.public)
        self._dialler.contacted.add(address)
        self._bootstrap.answered(address, rtt_s)
        if not self.met_others:
            self.met_others = True
            self._tasks.spawn(self._save(), "save peers")
        entering = self._connection.answered(contact.public_key)
        if entering:
            self.table.forgive()
            self._lookups.forgive()
        self.table.answered(contact)
        self._remembered.heard(contact)
        if entering:
            if self._entered:
                self._nearby.renew()
            self._ready.set()
            self._tasks.spawn(self._enter(contact), "enter")

    def _timed_out(self, contact: Contact) -> None:
        self.table.failed(contact)
        if not self._stopped and self.table.standing(contact.public_key) is not None:
            self._upkeep.probe(contact)  # a few lost datagrams, or its death: know it soon

    def _requested(self, contact: Contact, proven: bool) -> None:
        if not self._stopped:
            self.dialback.requested(contact)
            self._upkeep.requested(contact)

    def _found(self, contact: Contact) -> None:
        """A lost peer answers again: whoever is with it belongs to our neighbourhood too."""
        self._tasks.spawn(self._upkeep.neighbourhood(contact), "found")

    def _found_nearby(self, address: Address) -> None:
        """A node of this network may be at ``address``, by an announcement that anybody can make."""
        if not self._stopped:
            self._bootstrap.found_nearby(address, self._found)

    # -- in the background --------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        await self._bootstrap.first()
        self._searched = True
        await self._bootstrap.keep_connected(self._connection.answers, self.peers, self._found)

    async def _enter(self, first: Contact) -> None:
        """Somebody answers, for the first time or again."""
        self._upkeep.entered()
        if not self._entered:
            self._entered = True
            await self.dialback.enter(first, patient=not self._config.serves)
        await self._upkeep.neighbourhood(first)
        self._inside.set()
        await self.dialback.ask()

    def _notice_loss(self) -> None:
        if self._connection.lost():
            self._ready.clear()
            self._bootstrap.hurry()

    def _tick(self) -> None:
        if self._connection.slept(TICK_S):
            self._rpc.counters["overlay.slept"] += 1
            self._upkeep.rouse()
        self._notice_loss()
        self.moves.tick()
        if self.dialback.moved():
            self.moves.moved()
            self._tasks.spawn(self.dialback.ask(), "dialback")
        if self._keeping.due():
            self._tasks.spawn(self._save(), "save peers")

    async def _save(self) -> None:
        await self._keeping.save(self.met_others)


async def _within(event: asyncio.Event, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    return True

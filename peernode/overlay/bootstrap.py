"""Getting into the network, and back into it.

At the start all configured addresses and all remembered peers are dialled at once; the first that
answers is enough, the others are not waited for. Then, as long as the node runs: while nobody answers,
rounds of ``DIALLED_AT_ONCE`` remembered peers and as many configured addresses, the first at once, then
after ``HURRY_S``, doubling up to ``redial_degraded_s``; otherwise a round every ``redial_idle_s`` of one
target of each *line* that is not in the routing table: the configured addresses, those found nearby, and
the lost peers in three lines, by how lately they were lost. That is what heals partitions. Each pause is
jittered (75 to 100 %), so that nodes that lost the network together don't come back in step. The bound is
short on purpose: when our own network was gone, any target answers as soon as it is back.

The lines are there because most of whom a node remembers may be gone for good, and must not delay those
who are back: whoever was lost last is the likeliest to return, and after a partition, however long it was,
those of the other side are who was lost last. Age decides, not the number of dials in vain: during a long
partition those fail as they do for the dead.

Invariants: dialling is paced, never a storm; each target of a line has its turn, the longest untried first;
each round has one of the ``NEWEST`` that were lost last, however many others are lost; our own address is no
target; at most ``NEARBY_MAX`` addresses that were found nearby are dialled, never in place of all configured
ones, and to be found proves nothing: only an answer does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from peernode.config import NodeConfig
from peernode.environment import Address, Environment
from peernode.overlay.addresses import own_addresses
from peernode.overlay.dialler import Dialler
from peernode.overlay.health import BootstrapHealth, Health
from peernode.overlay.peer_cache import RememberedPeers
from peernode.rpc.ratelimit import TokenBucket
from peernode.rpc.rpc import Rpc
from peernode.tasks import Tasks
from peernode.wire.contact import Contact

DIALLED_AT_ONCE = 3
NEWEST, RECENT = 2, 8
"""Of the lost peers, the latest lost first: where the first line of them ends, and where the second."""

NEARBY_PER_S, NEARBY_BURST = 0.5, 16.0
"""Found addresses dialled at once; over it they wait for their turn among the others."""

HURRY_S = 0.5

NEARBY_MAX = 32
"""Found addresses; over it the longest known that does not answer gives way."""

CONFIGURED_MAX = 64
"""Configured addresses that are used; further ones are ignored, and counted (``bootstrap.crowded``)."""

Target = Contact | Address


class Bootstrap:
    """Keeps one node connected."""

    def __init__(
        self,
        rpc: Rpc,
        config: NodeConfig,
        env: Environment,
        dialler: Dialler,
        remembered: RememberedPeers,
        tasks: Tasks,
    ) -> None:
        self._rpc = rpc
        self._config = config
        self._clock = env.clock
        self._rng = env.random
        self._dialler = dialler
        self._remembered = remembered
        self._tasks = tasks
        self._turn = 0
        self._turns: dict[Address, int] = {}
        self._hurry = asyncio.Event()
        self._health = Health()
        self._configured: dict[Address, None] = {}
        self._configure(config.bootstrap)
        self._nearby: dict[Address, None] = {}
        self._nearby_dials = TokenBucket(NEARBY_PER_S, NEARBY_BURST, env.clock.monotonic())

    def configured(self) -> list[Address]:
        """The configured addresses but our own; none of them: this node may be the first."""
        own = own_addresses(self._rpc)
        return [address for address in self._configured if address not in own]

    def add(self, addresses: Iterable[Address]) -> None:
        """Addresses that were configured by a name, which is known now: the next round is due at once."""
        self._configure(addresses)
        self._rpc.remember(self._configured)
        self.hurry()

    def _configure(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            if len(self._configured) < CONFIGURED_MAX:
                self._configured[address] = None
            elif address not in self._configured:
                self._rpc.counters["bootstrap.crowded"] += 1

    def places(self) -> list[Address]:
        """All addresses to dial: the configured ones, and those found nearby."""
        configured = self.configured()
        places = [*configured, *(address for address in self._nearby if address not in configured)]
        self._health.keep(places)
        return places

    def health(self) -> list[BootstrapHealth]:
        """How each place has behaved."""
        self.places()
        return self._health.seen(self._nearby, self._clock.monotonic())

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "nearby": (len(self._nearby), NEARBY_MAX),
            "configured": (len(self._configured), CONFIGURED_MAX),
        }

    def answered(self, address: Address, rtt_s: float) -> None:
        """A request of ours was answered from ``address``."""
        self._health.answered(address, self._clock.monotonic(), rtt_s)

    def found_nearby(self, address: Address, found: Found) -> None:
        """Somebody announces a node of this network at ``address``: dial it, soon and when it is lost."""
        if address in self._nearby or address in own_addresses(self._rpc):
            return
        if len(self._nearby) >= NEARBY_MAX:
            silent = [each.address for each in self.health() if each.state != "answering"]
            gone = next((each for each in silent if each in self._nearby), None)
            self._rpc.counters["lan.crowded"] += 1
            if gone is None:
                return
            del self._nearby[gone]
        self._rpc.counters["lan.found"] += 1
        self._nearby[address] = None
        self.places()
        if self._nearby_dials.take(self._clock.monotonic()):
            self._tasks.spawn(self._redial(address, found), "nearby")

    async def first(self) -> bool:
        """Dial everybody at once; whether somebody answers, known as soon as the first does."""
        configured = self.places()
        remembered = [c for c in self._remembered.contacts() if c.address not in configured]
        targets: list[Target] = [*configured, *remembered]
        if not targets:
            return False
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        silent = 0

        async def attempt(target: Target) -> None:
            nonlocal silent
            contact = await self._dial(target)
            silent += contact is None
            if not answered.done() and (contact is not None or silent == len(targets)):
                answered.set_result(contact is not None)
            if silent and answered.done() and answered.result():
                self._rpc.counters["bootstrap.failed_over"] += 1

        for target in targets:
            self._tasks.spawn(attempt(target), "bootstrap")
        return await answered

    async def keep_connected(
        self, online: Callable[[], bool], live: Callable[[], list[Contact]], found: Found
    ) -> None:
        """Dial lost peers for ever; ``found`` is told of each that answers again."""
        backoff_s = self._config.redial_degraded_s  # the start has just dialled everybody
        while True:
            for target in self._round(online(), [contact.address for contact in live()]):
                self._tasks.spawn(self._redial(target, found), "redial")
            self._hurry.clear()
            pause_s = self._config.redial_idle_s if online() else backoff_s
            try:
                async with asyncio.timeout(pause_s * (0.75 + 0.25 * self._rng.random())):
                    await self._hurry.wait()
            except TimeoutError:
                backoff_s = min(2 * backoff_s, self._config.redial_degraded_s)
            else:
                backoff_s = min(HURRY_S, self._config.redial_degraded_s)

    def hurry(self) -> None:
        """The last peer was lost: the next round is due now."""
        self._hurry.set()

    def _round(self, online: bool, live: list[Address]) -> list[Target]:
        configured: list[Target] = [address for address in self.configured() if address not in live]
        places: list[Target] = [address for address in self.places() if address not in live]
        nearby = [address for address in places if address not in configured]
        lost: list[Target] = [*self._remembered.lost()]
        if online:
            apart = [contact for contact in lost if _address_of(contact) not in places]
            chosen = self._heads(configured, nearby, apart[:NEWEST], apart[NEWEST:RECENT], apart[RECENT:])
        else:
            chosen = self._filled(self._heads(configured, nearby), places)
            chosen += self._filled(self._heads(lost[:NEWEST]), lost)
        self._turn += 1
        current = {_address_of(target) for target in (*places, *lost)}
        self._turns = {address: turn for address, turn in self._turns.items() if address in current}
        for target in chosen:
            self._turns[_address_of(target)] = self._turn
        return chosen

    def _heads(self, *lines: list[Target]) -> list[Target]:
        """Whose turn it is in each line."""
        return [target for line in lines for target in self._by_turns(line)[:1]]

    def _filled(self, chosen: list[Target], others: list[Target]) -> list[Target]:
        """Those chosen, and as many of the others as may be dialled beside them."""
        rest = [target for target in self._by_turns(others) if target not in chosen]
        return (chosen + rest)[:DIALLED_AT_ONCE]

    def _by_turns(self, targets: list[Target]) -> list[Target]:
        return sorted(targets, key=lambda target: self._turns.get(_address_of(target), 0))

    async def _redial(self, target: Target, found: Found) -> None:
        contact = await self._dial(target)
        if contact is not None:
            self._rpc.counters["bootstrap.redialled"] += 1
            found(contact)

    async def _dial(self, target: Target) -> Contact | None:
        """Whoever answers at ``target``; the health of the address is noted."""
        address = _address_of(target)
        self._health.tried(address, self._clock.monotonic())
        contact = await self._dialler.dial(target)
        if contact is None:
            self._health.failed(address)
        return contact


Found = Callable[[Contact], None]


def _address_of(target: Target) -> Address:
    return target.address if isinstance(target, Contact) else target

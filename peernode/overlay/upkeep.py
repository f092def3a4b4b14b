"""Keeping the routing table true: who is silent is pinged, who is new is dialled, ranges are looked up.

Every ``TICK_S``: peers that this node depends on (``Overlay.watch``) are probed unless they have just
answered; the ``WATCHED`` closest ones (fewer while nothing depends on it) when they have not answered for
``SILENT_S``, so that the dead are noticed without traffic; the suspected until they answer or leave; of
the others the one that has been silent longest. One probe covers a peer however many channels share it.
Every ``refresh_s``, more often at first, those closest to the own id and to one in the range refreshed
longest ago are asked whom they know; if they know somebody new, or don't answer, it is looked up in full.
Then, and whenever the neighbourhood was looked up, ``coverage`` names what the table has nobody in.
A peer that sends us requests is dialled, since only an answer brings it into the table.

Bounds: one probe under way per peer and ``PROBES_MAX`` in all; per tick ``SUSPECTS_PER_TICK`` of the
suspected and ``DEPENDED_PER_TICK`` of those depended on, the longest silent first; ``NEWCOMERS_MAX``.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable

from peernode.config import NodeConfig
from peernode.environment import Environment
from peernode.overlay.coverage import gaps, outsiders, somewhere_in
from peernode.overlay.dialler import Dialler
from peernode.overlay.lookup import Lookups
from peernode.overlay.probing import Probing
from peernode.overlay.table import PeerTable, Standing
from peernode.tasks import Tasks
from peernode.wire.contact import Contact

TICK_S = 1.0
WATCHED = 8
WATCHED_AT_LEISURE = 3
"""Of a node that stores no channel for others: enough to know whether it has a network itself."""

DEPENDED_SILENT_S = 0.5
"""Half a tick: whoever answered within it need not be probed to know each second that it lives."""

DEPENDED_PER_TICK = 64
PROBES_MAX = 128
"""Probes under way; over it a peer waits for the next tick."""

SILENT_S = 4.0
FAR_SILENT_S = 20.0
"""A peer farther away that has not answered for so long may be pinged, one per tick."""

FIRST_REFRESH_S = 2.0
"""After entering the network; the pause is doubled each time until it is ``refresh_s``."""

SUSPECTS_PER_TICK = 16
GAPS_MAX = 16
"""Empty subtrees asked about in a row, the largest first; the rest waits for the next refresh."""

NEWCOMERS_MAX = 32
"""Newcomers dialled at one time; over it they are dialled when they send their next request."""

NEWCOMER_AGAIN_S = 5.0
_NEWCOMERS_NOTED_MAX = 1024
_ID_BITS = 160


class Upkeep:
    """The table's upkeep of one node."""

    def __init__(
        self,
        own: Contact,
        config: NodeConfig,
        env: Environment,
        table: PeerTable,
        dialler: Dialler,
        lookups: Lookups,
        probing: Probing,
        tasks: Tasks,
    ) -> None:
        self._own_id, self._own_key = own.id, own.public_key
        self._config = config
        self._clock = env.clock
        self._rng = env.random
        self._table = table
        self._dialler = dialler
        self._lookups = lookups
        self._probing = probing
        self._tasks = tasks
        self.attentive: Callable[[], bool] = lambda: True
        """Whether somebody relies on this node to notice who has gone."""
        self.depended: list[Callable[[], Iterable[Contact]]] = []
        """Each names peers whose death must be known within seconds."""
        self._underway: dict[bytes, None] = {}
        self._newcomers = 0
        self._dialled_at: OrderedDict[bytes, float] = OrderedDict()
        self._seeds: list[Contact] = []
        self._entered = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def watch(self, after_tick: Callable[[], None]) -> None:
        """Probe for ever; ``after_tick`` is called each time."""
        while True:
            await asyncio.sleep(self._jittered(TICK_S))
            now = self._clock.monotonic()
            for standing in self._table.suspects()[:SUSPECTS_PER_TICK]:
                self.probe(standing.contact)
            self._probe_depended(now)
            self._probe_near(now - SILENT_S)
            silent = self._longest_silent()
            if silent is not None and now - silent.heard_at >= FAR_SILENT_S:
                self.probe(silent.contact)
            after_tick()

    def probe(self, contact: Contact) -> None:
        """Find out in the background whether ``contact`` lives."""
        if contact.public_key not in self._underway and len(self._underway) < PROBES_MAX:
            self._underway[contact.public_key] = None
            task = self._tasks.spawn(self._probing.probe(contact), "probe")
            task.add_done_callback(lambda _: self._underway.pop(contact.public_key, None))

    def rouse(self) -> None:
        """What was known of the peers is out of date: ask those that matter at once."""
        now = self._clock.monotonic()
        self._probe_depended(now)
        self._probe_near(now)

    async def refresh(self) -> None:
        """Look up the own neighbourhood and one far range, for ever."""
        pause_s = FIRST_REFRESH_S
        while True:
            self._entered.clear()
            try:
                async with asyncio.timeout(self._jittered(pause_s)):
                    await self._entered.wait()
                pause_s = FIRST_REFRESH_S
                continue
            except TimeoutError:
                pause_s = min(2 * pause_s, self._config.refresh_s)
            if await self._outdated(self._own_id):
                await self.neighbourhood()
            lowest, bits, _ = min(self._table.ranges(), key=lambda each: each[2])
            target = (lowest + self._rng.getrandbits(bits)).to_bytes(_ID_BITS // 8, "big")
            if await self._outdated(target):
                await self._lookups.run(target, self._config.k)
            await self._close_gaps()

    def entered(self) -> None:
        """The network was entered, for the first time or again: much may be unknown yet."""
        self._entered.set()

    async def neighbourhood(self, seed: Contact | None = None) -> None:
        """Look up our own id, asking ``seed`` too; calls during a lookup share the next one."""
        if seed is not None and len(self._seeds) < self._config.k:
            self._seeds.append(seed)
        if self._looking is None or self._looking.done():
            self._looking = self._tasks.spawn(self._look_around(), "neighbourhood")
        await asyncio.shield(self._looking)

    def requested(self, contact: Contact) -> None:
        """A request of ``contact`` came in; dial it if it is new and would find a place."""
        if self._table.standing(contact.public_key) is not None or not self._table.has_room(contact):
            return
        now = self._clock.monotonic()
        last_at = self._dialled_at.get(contact.public_key)
        if self._newcomers >= NEWCOMERS_MAX or (last_at is not None and now - last_at < NEWCOMER_AGAIN_S):
            return
        self._dialled_at[contact.public_key] = now
        self._dialled_at.move_to_end(contact.public_key)
        if len(self._dialled_at) > _NEWCOMERS_NOTED_MAX:
            self._dialled_at.popitem(last=False)
        self._newcomers += 1
        self._tasks.spawn(self._dial_newcomer(contact), "newcomer")

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "probes": (len(self._underway), PROBES_MAX),
            "newcomers": (self._newcomers, NEWCOMERS_MAX),
            "newcomers_noted": (len(self._dialled_at), _NEWCOMERS_NOTED_MAX),
            "seeds": (len(self._seeds), self._config.k),
        }

    # -- within -------------------------------------------------------------------------------

    async def _outdated(self, target: bytes) -> bool:
        """Whether a full lookup may find somebody: three peers asked can mostly rule it out."""
        asked = await self._lookups.run(target, 0)
        return asked.news or not asked.answered

    async def _look_around(self) -> None:
        while True:
            seeds, self._seeds = self._seeds, []
            await self._lookups.run(self._own_id, self._config.k, seeds)
            if not self._seeds:
                await self._close_gaps()
            if not self._seeds:
                return

    async def _close_gaps(self) -> None:
        """Ask peers elsewhere about the subtrees that we know nobody in."""
        own = int.from_bytes(self._own_id, "big")
        peers = [standing.contact for standing in self._table.live()]
        for depth in gaps(own, peers, self._config.k)[:GAPS_MAX]:
            target = somewhere_in(own, depth, self._rng).to_bytes(_ID_BITS // 8, "big")
            await self._lookups.run(target, 0, outsiders(own, peers, depth, self._rng))

    async def _dial_newcomer(self, contact: Contact) -> None:
        try:
            await self._dialler.ping(contact)
        finally:
            self._newcomers -= 1

    def _probe_depended(self, now: float) -> None:
        due: dict[bytes, tuple[float, Contact]] = {}
        for contact in (contact for named in self.depended for contact in named()):
            standing = self._table.standing(contact.public_key)
            if standing is not None:
                if now - standing.heard_at >= DEPENDED_SILENT_S:
                    due[contact.public_key] = (standing.heard_at, standing.contact)
            elif contact.public_key != self._own_key and not self._table.suspected(contact):
                due[contact.public_key] = (float("-inf"), contact)  # its bucket had no place
        for _, contact in sorted(due.values(), key=lambda each: each[0])[:DEPENDED_PER_TICK]:
            self.probe(contact)

    def _probe_near(self, since: float) -> None:
        """Those of the neighbourhood that have not answered since then."""
        watched_max = WATCHED if self.attentive() else WATCHED_AT_LEISURE
        for contact in self._table.closest(self._own_id, watched_max):
            watched = self._table.standing(contact.public_key)
            if watched is not None and watched.heard_at <= since:
                self.probe(contact)

    def _longest_silent(self) -> Standing | None:
        return min(self._table.live(), key=lambda standing: standing.heard_at, default=None)

    def _jittered(self, seconds: float) -> float:
        return seconds * (0.8 + 0.4 * self._rng.random())

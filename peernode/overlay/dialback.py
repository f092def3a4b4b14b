"""Can others reach us, whom we have not contacted before? Only then are we *public*.

We ask a peer (``DIALBACK [nil, nil]``); it asks a third (``DIALBACK [our contact]``), which sends us a PING.
A request from somebody we never sent anything to has passed whatever stands before us, so it makes us
public, however it came about; a change of our address takes that back, and we ask again. The answer names
the third: its PING proves something only if we had never written to that one, and that there was none only if
that one has not answered us either, for then our own translator lets it in.

A node behind a translator lets nobody in whom it has not written to. Somebody whom it knows *introduces* us
(``DIALBACK [nil, its key]``): has it write to us, as the third of its choice. Then its translator lets us in
(RFC 5128, section 3.3: UDP hole punching), unless that gives it another port for each of its peers.

So that this is no weapon: a peer passes on only the address from which it was asked, and only once that
is proven; both halves are limited per asker and in all; the third sends one small request, within the
allowance that the amplification ledger has for an unproven address.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from peernode.environment import Address, Environment
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.identity import PUBLIC_KEY_BYTES
from peernode.overlay.addresses import may_dial
from peernode.overlay.dialler import CONTACTED_MAX, Dialler
from peernode.overlay.table import PeerTable
from peernode.rpc.ratelimit import BucketTable, TokenBucket
from peernode.rpc.rpc import Caller, Rpc
from peernode.tasks import Tasks
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status

ASKERS_MAX = 1024
ASKER_PER_S, ASKER_BURST = 0.2, 4.0
"""Of one peer that asks for itself."""

PASSED_PER_S, PASSED_BURST = 2.0, 20.0
"""Of one peer that asks us to dial others."""

INTRODUCED_PER_S, INTRODUCED_BURST = 0.5, 16.0
"""Of one peer that asks us to introduce it: a part of what those allow us, ``PASSED_PER_S``."""

ALL_PER_S, ALL_BURST = 20.0, 100.0
"""Of all peers together, for each half, and for introductions."""

SETTLE_S = 5.0
"""After entering the network, other news of our address are no move, it is only becoming known."""

PEERS_ASKED = 3
HEARD_MAX = 1024

PASSED_MAX_S = 1.0
"""So long entering the network waits for a peer to pass our question on."""

PATIENT_S, PATIENT_TRIES = 3.0, 3
"""So long a node that only asks waits on entering for that, and then for the stranger's PING."""

PROOF_S = 2.0
"""So long one try to be reached by a stranger takes at most."""

PASSED, MISSING, SILENT = "passed", "missing", "silent"
"""What comes of asking a peer: it has passed it on, it knows no third, it or its third does not answer."""

_SENDS = 2


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of asking for a stranger's request."""

    reached: bool
    """One came in meanwhile."""
    asked: int
    """Peers that passed the question on."""
    missed: frozenset[bytes]
    """Public keys of their thirds, as far as they have not answered us and nothing came in from them."""
    doubters: frozenset[bytes]
    """Public keys of the peers that named these: one that lies names whom it likes."""


@dataclass(slots=True)
class _Wait:
    """Somebody waits for a stranger's request, each for itself."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    heard: set[Address] = field(default_factory=set)
    """Whose requests have come in meanwhile, ``HEARD_MAX`` at most."""


class Dialback:
    """All three parts in it, for one node."""

    def __init__(self, rpc: Rpc, env: Environment, table: PeerTable, dialler: Dialler, tasks: Tasks) -> None:
        now = env.clock.monotonic()
        self.public = False
        self.reached_at = float("-inf")
        """When a stranger's request came in last; monotonic seconds."""
        self._waiting: list[_Wait] = []
        self._rpc = rpc
        self._clock = env.clock
        self._rng: random.Random = env.random
        self._table = table
        self._dialler = dialler
        self._tasks = tasks
        self._external: Address | None = None
        self._settled_at = float("inf")
        self._askers = BucketTable(ASKER_PER_S, ASKER_BURST, ASKERS_MAX)
        self._passers = BucketTable(PASSED_PER_S, PASSED_BURST, ASKERS_MAX)
        self._introduced = BucketTable(INTRODUCED_PER_S, INTRODUCED_BURST, ASKERS_MAX)
        self._asked_in_all = TokenBucket(ALL_PER_S, ALL_BURST, now)
        self._introduced_in_all = TokenBucket(ALL_PER_S, ALL_BURST, now)
        self._passed_in_all = TokenBucket(ALL_PER_S, ALL_BURST, now)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "askers": self._askers.sizes()["buckets"],
            "passers": self._passers.sizes()["buckets"],
            "introduced": self._introduced.sizes()["buckets"],
            "contacted": (len(self._dialler.contacted), CONTACTED_MAX),
        }

    # -- asking -------------------------------------------------------------------------------

    def requested(self, contact: Contact) -> None:
        """A request of ``contact`` came in."""
        for each in self._waiting:
            if len(each.heard) < HEARD_MAX:
                each.heard.add(contact.address)
        if contact.address in self._dialler.contacted:
            self._dialler.contacted.add(contact.address)  # our answers keep its way in open
            return
        self.reached_at = self._clock.monotonic()
        if not self.public:
            self.public = True
            self._rpc.counters["dialback.public"] += 1
        for each in self._waiting:
            each.over.set()

    def moved(self) -> bool:
        """Whether our address is another than at the last call; then what was known is void."""
        before, self._external = self._external, self._rpc.external
        if before == self._external or self._clock.monotonic() < self._settled_at:
            return False
        self.public = False
        return True

    async def enter(self, first: Contact, patient: bool) -> None:
        """Ask ``first``, while all others are strangers still; afterwards there may be none.

        ``patient``: wait for a stranger's PING as well, before anybody else is written to.
        """
        self._settled_at = self._clock.monotonic() + SETTLE_S
        if patient:
            await self._enter_patiently(first)
            return
        try:
            async with asyncio.timeout(PASSED_MAX_S):
                await self._ask_in_turn([first])
        except TimeoutError:
            self._rpc.counters["dialback.slow"] += 1

    async def _enter_patiently(self, first: Contact) -> None:
        for _ in range(PATIENT_TRIES):
            said, _ = await self._ask(first)
            waited_s = PATIENT_S if said == PASSED else PATIENT_S / PATIENT_TRIES
            if self.public or said == MISSING:
                return
            await self._wait(_Wait(), waited_s)
            if self.public or said == PASSED:
                return

    async def ask(self) -> None:
        """Ask some peers in turn, until one has passed our question on or we are public."""
        await self._ask_in_turn(self._some())

    async def prove(self, missed: frozenset[bytes] = frozenset()) -> Proof:
        """Ask some peers at once, and wait for a stranger's request, for ``PROOF_S`` at most.

        ``missed``: strangers of an earlier proof, who may have been written to since.
        """
        began_s = self._clock.monotonic()
        told: list[tuple[Contact, str, Contact | None, bool]] = []
        wait = _Wait()

        async def asking(contact: Contact) -> None:
            said, third = await self._ask(contact)
            told.append((contact, said, third, self._is_known(third, missed)))

        async def ask_all() -> None:
            await asyncio.gather(*(asking(contact) for contact in self._some()))
            if all(said != PASSED or known for _, said, _, known in told):
                wait.over.set()  # there is nothing to wait for

        asked = asyncio.ensure_future(ask_all())
        try:
            await self._wait(wait, PROOF_S)
            if asked.done():
                await asked
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
        reached = self.reached_at >= began_s
        silent = [
            (peer.public_key, third.public_key)
            for peer, _, third, known in told
            if third is not None and not known and third.address not in wait.heard
        ]
        asked_count = sum(said == PASSED for _, said, *_ in told)
        return Proof(reached, asked_count, frozenset(dict(silent).values()), frozenset(dict(silent)))

    def _is_known(self, third: Contact | None, missed: frozenset[bytes]) -> bool:
        """Whether what it sends proves nothing; of one that an earlier version does not name nobody knows."""
        if third is None or third.public_key in missed:
            return False
        return self._rpc.is_proven(third)

    def _some(self) -> list[Contact]:
        peers = [standing.contact for standing in self._table.live()]
        return self._rng.sample(peers, min(PEERS_ASKED, len(peers)))

    async def _ask_in_turn(self, peers: Iterable[Contact]) -> None:
        for contact in peers:
            if self.public or (await self._ask(contact))[0] == PASSED:
                return

    async def _wait(self, wait: _Wait, within_s: float) -> None:
        """Until a stranger's request comes in, or it is over; for so long at most."""
        self._waiting.append(wait)
        try:
            async with asyncio.timeout(within_s):
                await wait.over.wait()
        except TimeoutError:
            self._rpc.counters["dialback.unproven"] += 1
        finally:
            self._waiting = [each for each in self._waiting if each is not wait]

    async def _ask(self, contact: Contact) -> tuple[str, Contact | None]:
        """What came of asking one peer, and to whom it was passed on, which earlier versions don't say."""
        try:
            body = await self._rpc.request(contact, Op.DIALBACK, [None, None])
            return PASSED, Contact.decode(body.take()) if body.more else None
        except (RpcTimeout, Refused, Backpressure, RemoteProtocolError) as error:
            self._rpc.counters["dialback.unanswered"] += 1
            none = isinstance(error, Refused) and error.status == Status.MISSING
            return MISSING if none else SILENT, None

    # -- serving ------------------------------------------------------------------------------

    async def serve(self, caller: Caller, body: Fields) -> list[Any]:
        """Both halves of the op DIALBACK."""
        if not caller.proven:
            raise Refused(Status.UNPROVEN)
        key, now = caller.contact.public_key.hex(), self._clock.monotonic()
        dialled = body.take() if body.more else None
        if dialled is None:
            wanted = body.take_bytes_or_none(PUBLIC_KEY_BYTES) if body.more else None
            askers, per_s, all_of_them = self._askers, ASKER_PER_S, self._asked_in_all
            if wanted is not None:
                askers, per_s, all_of_them = self._introduced, INTRODUCED_PER_S, self._introduced_in_all
            if not askers.take(key, now) or not all_of_them.take(now):
                raise Refused(Status.RATE_LIMITED, [round(1000 / per_s)])
            return await self._pass_on(caller.contact, wanted)
        contact = Contact.decode(dialled)
        if not may_dial(self._rpc, contact):
            raise Refused(Status.INVALID)
        if not self._passers.take(key, now) or not self._passed_in_all.take(now):
            raise Refused(Status.RATE_LIMITED, [round(1000 / PASSED_PER_S)])
        self._tasks.spawn(self._dialler.ping(contact, sends=1), "dialback")
        return []

    async def _pass_on(self, asker: Contact, wanted: bytes | None) -> list[Any]:
        """Have a third peer dial ``asker``: the wanted one, or one on another host than both of us."""
        third = self._third(asker, wanted)
        if third is None:
            raise Refused(Status.MISSING)
        try:
            await self._rpc.request(third, Op.DIALBACK, [asker.encode()], sends=_SENDS)
        except (RpcTimeout, Refused, Backpressure):
            raise Refused(Status.BUSY) from None
        return [third.encode()]

    def _third(self, asker: Contact, wanted: bytes | None) -> Contact | None:
        if wanted is not None:
            standing = self._table.standing(wanted)
            if standing is None or standing.failures or wanted == asker.public_key:
                return None
            return standing.contact
        others = [s.contact for s in self._table.live() if s.contact.public_key != asker.public_key]
        elsewhere = [contact for contact in others if contact.ip != asker.ip]
        choice = elsewhere or others
        return self._rng.choice(choice) if choice else None

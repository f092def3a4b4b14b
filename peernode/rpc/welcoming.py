"""What a WELCOME brings, and the HELLO beside a request that stays unanswered.

Over its rate of key agreements a node drops what an unknown key sends it without a token, before it could
tell who asks (``receiving``). A HELLO costs it no key agreement, and the token in the WELCOME lets the next
datagram in. So a HELLO goes to the same address beside a request

* that is sent a second time to an address which has not proven to be the peer's; what is asked only once, on
  somebody's word perhaps, stays one small datagram;
* to a peer that has proven its address and left a whole request unanswered: it may have started anew, and
  know neither us nor our token.

What is under way to the peer then goes out again at once.

Bounds: one per peer in ``BESIDE_EVERY_S``, twice as long after each that brought nothing, up to
``BESIDE_DOUBLINGS`` times; ``BESIDE_MAX`` at a time, over which none is sent; and to an unproven address
what the ledger allows, the request first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from peernode.environment import Address
from peernode.errors import Backpressure, RemoteProtocolError, RpcTimeout
from peernode.rpc.bearings import Bearings
from peernode.rpc.core import Core
from peernode.rpc.greeting import Greeted, Greeting
from peernode.rpc.peers import Peer
from peernode.rpc.requests import Requests
from peernode.tasks import Tasks
from peernode.wire.contact import Contact

BESIDE_EVERY_S = 5.0
BESIDE_DOUBLINGS = 7
BESIDE_MAX = 64


class Welcoming:
    """Takes in the WELCOMEs that one node is answered with."""

    def __init__(
        self, core: Core, greeting: Greeting, requests: Requests, bearings: Bearings, tasks: Tasks
    ) -> None:
        self._core = core
        self._greeting = greeting
        self._requests = requests
        self._bearings = bearings
        self._tasks = tasks
        self._beside = 0
        self.on_answered: Callable[[Contact, float], None] = lambda *_: None
        """Called with each WELCOME: who lives where, seconds since it was asked for."""

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"hellos_beside": (self._beside, BESIDE_MAX)}

    async def greet(self, address: Address, once: bool = False) -> Greeted:
        """Who lives at ``address``; from then on that is known. ``once``: by one HELLO."""
        greeted = await self._greeting.greet(address, once)
        welcome = greeted.welcome
        core, now = self._core, self._core.clock.monotonic()
        peer = core.peers.obtain(welcome.public_key, now)
        core.peers.prove(peer, address, now)
        peer.token, peer.hellos = welcome.token, 0
        if greeted.rtt_s is not None:
            core.rtos.sample(welcome.public_key, peer.rto, greeted.rtt_s)
        elif greeted.late:  # the first request is not to be given up before its answer can be here
            core.rtos.late_answer(peer.rto, greeted.elapsed_s)
        self._bearings.seen_as(welcome.public_key, welcome.seen)
        self._bearings.clock_read(welcome.public_key, welcome.wall_ms, greeted.elapsed_s)
        self.on_answered(Contact(welcome.public_key, *address), greeted.elapsed_s)
        if once:
            self._requests.resend(peer)
        return greeted

    def repeated(self, peer: Peer, address: Address, sends: int) -> None:
        """What ``peer`` was asked is not answered, and goes to ``address``, for the ``sends``-th time."""
        now = self._core.clock.monotonic()
        # Of who is proven one lost datagram is an ordinary loss; of who is not, one may be all that is sent.
        wanted = peer.timeouts > 0 if peer.proven_at(address, now) else sends > 1
        pause_s = BESIDE_EVERY_S * 2.0 ** min(peer.hellos, BESIDE_DOUBLINGS)
        if not wanted or now < peer.greeted_s + pause_s:
            return
        if self._beside >= BESIDE_MAX:
            self._core.counters["hello.crowded"] += 1
            return
        before = peer.greeted_s, peer.hellos
        peer.greeted_s, peer.hellos = now, peer.hellos + 1
        self._beside += 1
        task = self._tasks.spawn(self._greet_beside(peer, address, before), "greet beside")
        task.add_done_callback(lambda _: self._over())

    async def _greet_beside(self, peer: Peer, address: Address, before: tuple[float, int]) -> None:
        # Nobody may be there; and whoever gave us the contact may have given us any address.
        with suppress(RpcTimeout, RemoteProtocolError):
            try:
                await self.greet(address, once=True)
            except Backpressure:  # it was not sent
                peer.greeted_s, peer.hellos = before

    def _over(self) -> None:
        self._beside -= 1

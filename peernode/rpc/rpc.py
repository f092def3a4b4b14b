"""Requests and answers between nodes that know each other by public key alone.

There is no connection: every datagram is sealed by itself, a peer's address is where it last proved
to be, and all state about a peer may be forgotten at any time at the cost of a round trip. Parts:

* ``receiving``  any bytes -> the part they are for; never raises, counts what it refuses
* ``requests``   in flight, retransmitted (``rto``), queued, cancelled
* ``agreements`` how many key agreements strangers may cost
* ``serving``    limited, deduplicated (``answers``), worked on
* ``greeting``   HELLO and WELCOME: from an address to a contact
* ``welcoming``  what a WELCOME brings; a HELLO beside what stays unanswered
* ``proving``    a PING before a message goes to an address
* ``outgoing``   coalescing, sealing, and the ``amplification`` ledger
* ``bearings``   our address and clock as others see them

Invariant for who uses it: whatever peers send, only ``RpcTimeout``, ``Refused`` and ``Backpressure``
come out of a request, and cancelling it leaves nothing behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from peernode.config import NodeConfig
from peernode.environment import Address, DatagramEndpoint, Environment
from peernode.errors import LocalProtocolError, RemoteProtocolError, RpcTimeout
from peernode.identity import Identity
from peernode.rpc.agreements import KeyAgreements
from peernode.rpc.bearings import Bearings
from peernode.rpc.core import Core
from peernode.rpc.greeting import Greeted, Greeting
from peernode.rpc.outgoing import Outgoing
from peernode.rpc.pending import Outcome, Pending
from peernode.rpc.proving import Proving
from peernode.rpc.receiving import Receiving
from peernode.rpc.requests import Requests
from peernode.rpc.serving import Caller, Server, Serving
from peernode.rpc.welcoming import Welcoming
from peernode.tasks import Tasks
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_ip
from peernode.wire.ops import Op, Status
from peernode.wire.payload import WireMessage
from peernode.wire.sealing import Sealer

__all__ = ["Caller", "Rpc", "Server", "log_crash"]


def log_crash(name: str, error: BaseException) -> None:
    """Tell the loop of a crash, where nobody else wants to hear of it."""
    asyncio.get_running_loop().call_exception_handler({"message": f"crash in {name}", "exception": error})


class Rpc:
    """One node's way of talking to others; usable between ``start`` and ``close``, once."""

    def __init__(
        self,
        identity: Identity,
        config: NodeConfig,
        env: Environment,
        on_crash: Callable[[str, BaseException], None] = log_crash,
        sealer: type[Sealer] = Sealer,
    ) -> None:
        self.identity = identity
        self.config = config
        self.tasks = Tasks(on_crash)
        self.on_answered: list[Callable[[Contact, float], None]] = []
        """Called with each answer to a request of ours: who from where, seconds since it was sent."""
        self.on_timeout: list[Callable[[Contact], None]] = []
        """Called with each request that was not answered."""
        self.on_request: list[Callable[[Contact, bool], None]] = []
        """Called with each request of others: contact, whether its address is proven."""
        self.on_repeated: list[Callable[[Contact], None]] = []
        """Called with each request that comes again though it is answered: the answer may be lost."""
        self.on_dialled: list[Callable[[Address], None]] = []
        """Called with each address that a request or HELLO of ours goes to, before it goes."""
        self._env = env
        self._core = Core.of(identity, config, env, on_crash, sealer)
        self._core.ledger.remember(config.bootstrap)
        self._servers: dict[int, Server] = {}
        self._endpoint: DatagramEndpoint | None = None
        self._receiving: Receiving | None = None
        self._closed = False

    async def start(self) -> None:
        """Bind ``config.listen``; ``OSError`` when that is not possible."""
        if self._endpoint is not None:
            raise LocalProtocolError("started twice")
        endpoint = await self._env.open_datagrams(self.config.listen, self._received)
        self._endpoint = endpoint
        core = self._core
        self._bearings = Bearings(core.clock, endpoint.address, self.config.advertise)
        self._outgoing = Outgoing(core, endpoint)
        self._requests = Requests(core, self._outgoing)
        self._requests.on_answered = self._answered
        self._requests.on_timeout = lambda contact: self._tell(self.on_timeout, contact)
        self._requests.on_dialled = lambda address: self._tell(self.on_dialled, address)
        self._serving = Serving(core, self._outgoing, self.tasks, self._servers)
        self._serving.on_request = lambda contact, proven: self._tell(self.on_request, contact, proven)
        self._serving.on_repeated = lambda contact: self._tell(self.on_repeated, contact)
        self._greeting = Greeting(core, self._outgoing)
        self._proving = Proving(core, self._requests, self.tasks)
        self._welcoming = Welcoming(core, self._greeting, self._requests, self._bearings, self.tasks)
        self._welcoming.on_answered = lambda *answered: self._tell(self.on_answered, *answered)
        self._requests.on_repeated = self._welcoming.repeated
        self._agreements = KeyAgreements(core.clock.monotonic())
        self._receiving = Receiving(core, self._requests, self._serving, self._greeting, self._agreements)

    async def close(self) -> None:
        """Stop serving, end every request with ``RpcTimeout``, release the socket."""
        if self._closed or self._endpoint is None:
            self._closed = True
            return
        self._closed = True
        self._receiving = None
        self._endpoint.close()
        self._requests.close()
        self._greeting.close()
        await self.tasks.close()
        self._outgoing.close()

    @property
    def counters(self) -> dict[str, int]:
        """What happened how often: datagrams, bytes, ops, and rejected input by its reason."""
        return self._core.counters

    @property
    def address(self) -> Address:
        """The address that the socket is bound to."""
        if self._endpoint is None:
            raise LocalProtocolError("not started")
        return self._endpoint.address

    @property
    def external(self) -> Address | None:
        """The address under which others reach us, as far as is known."""
        return None if self._endpoint is None else self._bearings.external

    def listen_in(self, listener: Callable[[Pending, Outcome], None] | None) -> None:
        """Have each of our requests told when it has come to its end; None: no more."""
        self._requests.on_ended = listener

    def serve(self, op: Op, server: Server) -> None:
        """Answer ``op`` by ``server``: a coroutine function, or a plain one for immediate answers."""
        if op in self._servers:
            raise LocalProtocolError(f"{op.name} is served twice")
        self._servers[op] = server

    async def request(
        self,
        peer: Contact,
        op: Op,
        body: list[Any],
        *,
        prove: bool = False,
        sends: int | None = None,
        tentative: bool = False,
        first_max_s: float | None = None,
        wanted: Callable[[], bool] | None = None,
    ) -> Fields:
        """The body of ``peer``'s answer to ``op``.

        ``prove``: this carries a message, so it goes to a proven address only; if there is none,
        the peer is asked to prove one first. ``sends``: at most so many datagrams (default
        ``config.sends_max``). ``tentative``: it is timed by the clean samples of the path
        alone, and ``on_timeout`` is not told when no answer comes. ``first_max_s``: the first datagram
        is waited for no longer, and each next one twice as long as the one before. ``wanted``: asked before
        each datagram; once it says no, none is sent any more.
        Raises ``RpcTimeout`` when none came (``Withdrawn``: it was wanted no more), ``Refused`` when it has
        another status than OK, ``Backpressure`` when too many requests to this peer wait already.
        """
        self._check_open()
        if peer.public_key == self.identity.public_key:
            self._core.counters["held.self"] += 1
            raise RpcTimeout("that contact is this node")
        if prove and self._proving.needed(peer):
            await self._proving.prove(peer)
        return await self._requests.ask(
            peer,
            op,
            body,
            proven_only=prove,
            sends_max=sends,
            tentative=tentative,
            first_max_s=first_max_s,
            wanted=wanted,
        )

    async def hello(self, address: Address) -> Contact:
        """Who lives at ``address``, proven to; counts as an answer of that contact.

        Raises ``RpcTimeout`` when nobody of this network answers, or we ourselves do.
        """
        return Contact((await self.greet(address)).welcome.public_key, *address)

    async def greet(self, address: Address) -> Greeted:
        """The same, with all that the answer says and how long it took."""
        self._check_open()
        self._tell(self.on_dialled, address)
        return await self._welcoming.greet(address)

    def remember(self, addresses: Iterable[Address]) -> None:
        """Addresses of an earlier run, which may be tried again and again like configured ones."""
        self._core.ledger.remember(addresses)

    def is_proven(self, contact: Contact) -> bool:
        """Whether ``contact`` has lately proven an address, so that a message may go there."""
        return self.address_of(contact.public_key) is not None

    def address_of(self, public_key: bytes) -> Address | None:
        """Where ``public_key`` has lately proven to be."""
        peer = self._core.peers.get(public_key)
        return None if peer is None else peer.proven_address(self._core.clock.monotonic())

    def rto_s(self, public_key: bytes) -> float:
        """How long a request to this peer now waits before it is sent again."""
        peer = self._core.peers.get(public_key)
        return self._core.rtos.median_s() if peer is None else self._core.rtos.first_s(peer.rto)

    def measured_rto_s(self, public_key: bytes) -> float:
        """The same by the clean samples of the path alone, whatever got lost on it since."""
        peer = self._core.peers.get(public_key)
        return self._core.rtos.median_s() if peer is None else self._core.rtos.measured_s(peer.rto)

    def median_rto_s(self) -> float:
        """The same for a peer of which nothing is known."""
        return self._core.rtos.median_s()

    def corrected_wall_ms(self) -> int:
        """The wall clock, corrected by the median offset of at least 3 peers."""
        return self._core.clock.wall_ms() if self._endpoint is None else self._bearings.corrected_wall_ms()

    def clock_offset_ms(self) -> int:
        """How far the others' clocks are ahead of ours; 0 as long as fewer than 3 are known."""
        return 0 if self._endpoint is None else self._bearings.offset_ms()

    def clock_apart_ms(self) -> int:
        """The same of however few: enough to name a clock as the cause, not to correct ours."""
        return 0 if self._endpoint is None else self._bearings.apart_ms()

    def sizes(self) -> dict[str, int]:
        """How full the bounded tables are, for diagnostics and tests."""
        if self._endpoint is None:
            return {}
        return {
            "peers": len(self._core.peers),
            "keys": len(self._core.sealer),
            "unproven_addresses": len(self._core.ledger),
            "answers": len(self._serving.answers),
            "working": self._serving.answers.working,
            "requests": len(self._requests),
            "greetings": len(self._greeting),
            "proofs": len(self._proving),
            "tasks": len(self.tasks),
        }

    def bounds(self) -> dict[str, tuple[int, int]]:
        """How full the bounded tables are, each with its bound; the fullest where there is one per peer."""
        if self._endpoint is None:
            return {}
        tables = (self._core.peers, self._core.sealer, self._core.ledger, self._core.rtos)
        greeting = (self._greeting, self._welcoming, self._agreements)
        parts = (*tables, self._requests, self._serving, *greeting, self._bearings)
        return {name: size for part in parts for name, size in part.sizes().items()}

    def _received(self, datagram: bytes, source: Address) -> None:
        if self._receiving is not None:
            self._receiving.received(datagram, source)

    def _answered(self, pending: Pending, contact: Contact, elapsed_s: float, message: WireMessage) -> None:
        if pending.op is Op.PING and message.code == Status.OK:
            try:
                fields = Fields(message.body)
                fields.take_int(0, 255)
                fields.take_int(0, 255)
                wall_ms = fields.take_int(0, 2**63 - 1)
                seen = (decode_ip(fields.take_bytes(4)), fields.take_int(1, 65535))
            except RemoteProtocolError:
                self._core.counters["rejected.body"] += 1
            else:
                self._bearings.seen_as(contact.public_key, seen)
                self._bearings.clock_read(contact.public_key, wall_ms, elapsed_s)
        self._tell(self.on_answered, contact, elapsed_s)

    def _tell(self, listeners: list[Callable[..., None]], *arguments: Any) -> None:
        """Call the listeners; a bug in one is reported and must not stop the receive path."""
        for listener in listeners:
            try:
                listener(*arguments)
            except Exception as error:  # noqa: BLE001  (reported as a crash)
                self._core.on_crash("rpc listener", error)

    def _check_open(self) -> None:
        if self._closed:
            raise RpcTimeout("the node stopped")
        if self._endpoint is None:
            raise LocalProtocolError("not started")

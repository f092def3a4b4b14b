"""HELLO and WELCOME: how a bare address becomes a contact.

Nothing is kept of those who ask. A WELCOME is signed and echoes the nonce of the HELLO, so it
proves key and address at once, and it carries what else a newcomer needs: its own address as seen,
the other clock, a token. That token is bound to the address alone (key zero), since a HELLO names
no key. A WELCOME costs a signature, so they are limited per address prefix and in all; who is over
the limit hears nothing and asks again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from peernode.environment import Address, prefix_of
from peernode.errors import Backpressure, RpcTimeout
from peernode.identity import PUBLIC_KEY_BYTES, verify
from peernode.rpc.core import Core
from peernode.rpc.outgoing import Outgoing
from peernode.rpc.ratelimit import BucketTable, TokenBucket
from peernode.wire.contact import encode_ip
from peernode.wire.frames import DATAGRAM_MAX, HELLO_NONCE_BYTES, WELCOME_BYTES, Hello, Welcome

GREETINGS_MAX = 256
"""HELLOs that may wait for a WELCOME; over it the caller gets ``Backpressure``."""

WELCOMES_PER_S = 500.0
WELCOMES_BURST = 1000.0
WELCOMES_PREFIX_PER_S = 100.0
WELCOMES_PREFIX_BURST = 200.0
_PREFIXES_MAX = 4096

ANY_KEY = bytes(PUBLIC_KEY_BYTES)
"""The key in the token of a WELCOME."""


@dataclass(frozen=True, slots=True)
class Greeted:
    """A WELCOME that answered our HELLO; ``rtt_s`` is ``None`` when it was sent more than once."""

    welcome: Welcome
    elapsed_s: float
    rtt_s: float | None
    late: bool
    """Somebody as far away as most are would have answered before."""


class Greeting:
    """Both sides of HELLO and WELCOME for one node."""

    def __init__(self, core: Core, outgoing: Outgoing) -> None:
        self._identity = core.identity
        self._network_id = core.network_id
        self._sends_max = core.config.sends_max
        self._serves = core.config.serves
        self._clock = core.clock
        self._rng = core.rng
        self._tokens = core.tokens
        self._ledger = core.ledger
        self._rtos = core.rtos
        self._counters = core.counters
        self._outgoing = outgoing
        now = core.clock.monotonic()
        self._limit = TokenBucket(WELCOMES_PER_S, WELCOMES_BURST, now)
        self._prefixes = BucketTable(WELCOMES_PREFIX_PER_S, WELCOMES_PREFIX_BURST, _PREFIXES_MAX)
        self._waiting: dict[bytes, tuple[Address, asyncio.Future[Welcome | None]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {
            "greetings": (len(self._waiting), GREETINGS_MAX),
            "hello_prefixes": self._prefixes.sizes()["buckets"],
        }

    async def greet(self, address: Address, once: bool = False) -> Greeted:
        """Ask who lives at ``address``, retransmitting as requests do; ``RpcTimeout`` if nobody says.

        An address may be of another continent where all peers so far are of one machine, and a WELCOME that
        nobody waits for tells nothing: the last wait is as long as if nothing had been measured. ``once``:
        one HELLO only, waited for as long as the last of several is; ``Backpressure`` if it may not be sent.
        """
        encode_ip(address[0])  # a host name here would block the loop on its resolution
        if len(self._waiting) >= GREETINGS_MAX:
            raise Backpressure(f"{GREETINGS_MAX} greetings wait already")
        nonce = self._rng.randbytes(HELLO_NONCE_BYTES)
        hello = Hello(self._network_id, nonce).encode()
        arrived: asyncio.Future[Welcome | None] = asyncio.get_running_loop().create_future()
        self._waiting[nonce] = (address, arrived)
        first_s, last = self._rtos.median_s(), self._sends_max
        patience_s = self._rtos.patience_s(last) - (self._rtos.patience_s(last - 1) if once else 0.0)
        started_at = self._clock.monotonic()
        sent, usual_s = 0, 0.0
        try:
            for sends in range(last if once else 1, last + 1):
                sent += self._send_hello(hello, address)
                if once and not sent:
                    raise Backpressure("that address has proven nothing and was sent enough")
                wait_s = self._rtos.after_s(first_s, sends)
                usual_s += wait_s
                if sends == last:
                    wait_s = max(wait_s, started_at + patience_s - self._clock.monotonic())
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await asyncio.shield(arrived)
                    break
        finally:
            del self._waiting[nonce]
        welcome = arrived.result() if arrived.done() else None
        if welcome is None:
            raise RpcTimeout(f"no WELCOME from {address[0]}:{address[1]}")
        elapsed_s = self._clock.monotonic() - started_at
        return Greeted(welcome, elapsed_s, elapsed_s if sent == 1 else None, elapsed_s > usual_s)

    def hello_arrived(self, hello: Hello, source: Address) -> None:
        """Somebody asks who we are."""
        now = self._clock.monotonic()
        self._ledger.received(source, DATAGRAM_MAX)
        if not self._serves:
            self._counters["unserved"] += 1
            return
        if hello.network_id != self._network_id:
            self._counters["rejected.network"] += 1
            return
        prefix = prefix_of(source)
        if (prefix is not None and not self._prefixes.take(prefix, now)) or not self._limit.take(now):
            self._counters["rejected.hello_rate"] += 1
            return
        if not self._ledger.may_answer(source, WELCOME_BYTES):
            self._counters["held.amplification"] += 1
            return
        unsigned = Welcome(
            network_id=self._network_id,
            public_key=self._identity.public_key,
            nonce=hello.nonce,
            seen=source,
            wall_ms=self._clock.wall_ms(),
            token=self._tokens.make(ANY_KEY, source, now),
        ).signed_bytes()
        self._outgoing.send_frame(unsigned + self._identity.sign("welcome", unsigned), source)

    def welcome_arrived(self, welcome: Welcome, source: Address) -> None:
        """Somebody answers a HELLO; only the one that we asked, and only once, counts."""
        waiting = self._waiting.get(welcome.nonce)
        if waiting is None or waiting[0] != source or waiting[1].done():
            self._counters["rejected.unasked"] += 1
        elif welcome.network_id != self._network_id:
            self._counters["rejected.network"] += 1
        elif welcome.public_key == self._identity.public_key:
            self._counters["rejected.self"] += 1
            waiting[1].set_result(None)
        elif not verify(welcome.public_key, "welcome", welcome.signed_bytes(), welcome.signature):
            self._counters["rejected.signature"] += 1
        else:
            waiting[1].set_result(welcome)

    def close(self) -> None:
        """End all greetings with ``RpcTimeout``."""
        for _, arrived in list(self._waiting.values()):
            if not arrived.done():
                arrived.set_result(None)

    def _send_hello(self, hello: bytes, address: Address) -> bool:
        if not self._ledger.may_start(address, len(hello), self._clock.monotonic()):
            self._counters["held.amplification"] += 1
            return False
        self._counters["hello.out"] += 1
        self._outgoing.send_frame(hello, address)
        return True

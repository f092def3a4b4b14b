"""What the procedures of one node share: its parts, its clock, its way to tell the application.

Invariants: one ``Context`` per running node; nothing in it is replaced while the node runs; an event
is told exactly once, in the order in which things happened.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from peernode.channel.hlc import Hlc
from peernode.channel.message import Message
from peernode.config import NodeConfig
from peernode.diagnostics.collector import DiagnosticCollector
from peernode.environment import Environment
from peernode.errors import Backpressure, PeerNodeError
from peernode.events import Event
from peernode.identity import Identity
from peernode.overlay.overlay import Overlay
from peernode.rpc.rpc import Rpc
from peernode.span import Span
from peernode.store.base import Store, Write
from peernode.tasks import Tasks
from peernode.wire.contact import Contact


@dataclass(slots=True)
class Context:
    """The parts of one node that every procedure needs."""

    config: NodeConfig
    env: Environment
    identity: Identity
    network_id: bytes
    rpc: Rpc
    overlay: Overlay
    store: Store
    tasks: Tasks
    hlc: Hlc
    collector: DiagnosticCollector
    tell: Callable[[Event], None]

    async def commit(self, *writes: Write) -> None:
        """Make durable what a person waits for; ``STORE_FULL``, ``RATE_LIMITED`` for a full queue."""
        try:
            await self.store.commit(*writes)
        except Backpressure as error:
            raise PeerNodeError("RATE_LIMITED", retry_after=1) from error

    async def save(self, *writes: Write) -> bool:
        """Write what may be written again later: a full disk or queue is counted, not raised."""
        try:
            await self.store.commit(*writes)
        except (PeerNodeError, Backpressure) as error:
            self.collector.count(f"save.{type(error).__name__}")
            return False
        return True

    def now(self) -> float:
        """Monotonic seconds."""
        return self.env.clock.monotonic()

    def wall_ms(self) -> int:
        """Wall-clock milliseconds, corrected by what the peers' clocks say."""
        return self.rpc.corrected_wall_ms()

    async def frozen(self, sleep_s: float, frozen_s: float) -> bool:
        """Sleep; whether that took so much longer that the process, or the machine, must have stood still."""
        clock = self.env.clock
        slept_s, slept_ms = clock.monotonic(), clock.wall_ms()
        await asyncio.sleep(sleep_s)
        # Where the monotonic clock stands still while the machine sleeps, the wall clock tells.
        away_s = max(clock.monotonic() - slept_s, (clock.wall_ms() - slept_ms) / 1000)
        return away_s >= frozen_s

    def me(self) -> Contact:
        """This node as a contact."""
        ip, port = self.rpc.external or self.rpc.address
        return Contact(self.identity.public_key, ip, port, self.overlay.public)

    def tried(
        self,
        channel: str,
        message: Message,
        peer: bytes,
        method: str,
        outcome: str,
        span: Span | None = None,
        again: bool = False,
    ) -> None:
        """A try to bring a message to a peer has ended; ``span`` knows how long it took, None: no time."""
        self.collector.attempt(
            message.digest.hex(),
            peer.hex(),
            method,
            outcome,
            span or self.collector.span(),
            (message.channel_id, channel),
            uuid_text(message.id),
            again,
        )

    def new_id(self) -> bytes:
        """A UUIDv7 (RFC 9562, section 5.7) from the node's own clock and randomness."""
        tail = bytearray(self.env.random.randbytes(10))
        tail[0] = 0x70 | tail[0] & 0x0F
        tail[2] = 0x80 | tail[2] & 0x3F
        return self.env.clock.wall_ms().to_bytes(6, "big") + bytes(tail)

    def operation_id(self) -> str:
        """A trace for an operation that is about no message: of the same form as a message's id.

        Made of the node's key and a count, not of its randomness: to be watched changes nothing.
        """
        number = self.collector.next_operation().to_bytes(8, "big")
        tail = bytearray(hashlib.sha256(self.identity.public_key + number).digest()[:10])
        tail[0] = 0x70 | tail[0] & 0x0F
        tail[2] = 0x80 | tail[2] & 0x3F
        return uuid_text(self.env.clock.wall_ms().to_bytes(6, "big") + bytes(tail))

    def jittered(self, seconds: float) -> float:
        """``seconds`` spread over 80 to 120 %, so that nodes don't act in step."""
        return seconds * (0.8 + 0.4 * self.env.random.random())


def id_bytes(text: str) -> bytes:
    """The bytes of a message id as applications write it; ``BAD_FRAME`` for what is none."""
    try:
        return uuid.UUID(text).bytes
    except ValueError:
        raise PeerNodeError("BAD_FRAME", reason="A message id is a UUID.") from None


def uuid_text(raw: bytes) -> str:
    """The canonical text of a 16-byte UUID (RFC 9562, section 4)."""
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

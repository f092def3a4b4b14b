"""From messages to datagrams: what one peer is sent in one tick of the loop travels together.

Invariants: a datagram is at most ``DATAGRAM_MAX`` long; nothing goes to an unproven address beyond
the amplification ledger (it is dropped and counted; retransmission finds a later chance); every
buffer is empty after the tick in which it was filled.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from peernode.environment import Address, DatagramEndpoint
from peernode.errors import RemoteProtocolError
from peernode.rpc.core import Core
from peernode.rpc.peers import Peer
from peernode.wire.frames import PLAINTEXT_MAX, SEAL_NONCE_BYTES, SEALED_OVERHEAD
from peernode.wire.payload import MESSAGES_MAX


@dataclass(slots=True)
class _Parcel:
    peer: Peer
    address: Address
    messages: list[bytes] = field(default_factory=list)
    size: int = 0


class Outgoing:
    """Seals and sends for one node."""

    def __init__(self, core: Core, endpoint: DatagramEndpoint) -> None:
        self._endpoint = endpoint
        self._sealer = core.sealer
        self._ledger = core.ledger
        self._clock = core.clock
        self._rng = core.rng
        self._counters = core.counters
        self._loop = asyncio.get_running_loop()
        self._parcels: dict[tuple[bytes, Address], _Parcel] = {}
        self._flush: asyncio.Handle | None = None

    def post(self, peer: Peer, address: Address, message: bytes) -> None:
        """Send ``message`` at the end of this tick, together with others to the same peer.

        To an unproven address only requests go this way; answers need ``answer_unproven``.
        """
        key = (peer.public_key, address)
        parcel = self._parcels.get(key)
        if parcel is None:
            parcel = self._parcels[key] = _Parcel(peer, address)
        elif parcel.size + len(message) > PLAINTEXT_MAX or len(parcel.messages) == MESSAGES_MAX:
            self._ship(parcel)
            parcel = self._parcels[key] = _Parcel(peer, address)
        parcel.messages.append(message)
        parcel.size += len(message)
        if self._flush is None:
            self._flush = self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what is buffered now."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        parcels, self._parcels = self._parcels, {}
        for parcel in parcels.values():
            self._ship(parcel)

    def answer_unproven(self, peer: Peer, address: Address, message: bytes, instead: bytes) -> None:
        """Answer a request from an unproven address, as far as that may cost us.

        ``instead`` is the small answer (prove your address first) for when ``message`` is more than
        the address may be sent; if even that is too much, nothing is sent.
        """
        for plaintext in (message, instead):
            if self._ledger.may_answer(address, SEALED_OVERHEAD + len(plaintext)):
                self._send(peer, address, plaintext)
                return
        self._counters["held.amplification"] += 1

    def send_frame(self, datagram: bytes, address: Address) -> None:
        """Send an unsealed frame that the caller has booked with the ledger."""
        self._counters["datagrams_out"] += 1
        self._counters["bytes_out"] += len(datagram)
        self._endpoint.send(datagram, address)

    def close(self) -> None:
        """Drop what is still buffered."""
        if self._flush is not None:
            self._flush.cancel()
        self._parcels.clear()

    def _ship(self, parcel: _Parcel) -> None:
        now = self._clock.monotonic()
        size = SEALED_OVERHEAD + parcel.size
        if not parcel.peer.proven_at(parcel.address, now) and not self._ledger.may_start(
            parcel.address, size, now
        ):
            self._counters["held.amplification"] += 1
            return
        self._send(parcel.peer, parcel.address, b"".join(parcel.messages))

    def _send(self, peer: Peer, address: Address, plaintext: bytes) -> None:
        nonce = self._rng.randbytes(SEAL_NONCE_BYTES)
        try:
            datagram = self._sealer.seal(peer.public_key, peer.token, plaintext, nonce)
        except RemoteProtocolError:  # somebody gave us this contact, and its key is none
            self._counters["held.key"] += 1
            return
        self.send_frame(datagram, address)

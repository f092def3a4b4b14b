"""From messages to datagrams: what one peer is sent in one tick of the loop travels together.

What may wait (the answers to ``PATIENT_OPS``) stays for ``PATIENCE_S``, or until something else goes to
the same place, as a delayed ack does in QUIC (RFC 9000, section 13.2.1).

Invariants: a datagram is at most ``DATAGRAM_MAX`` long; nothing goes to an unproven address beyond
the amplification ledger (it is dropped and counted; retransmission finds a later chance); every
buffer is empty after the tick in which it was filled, that of the patient after ``PATIENCE_S``.
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

PATIENCE_S = 0.005
"""A quarter of what a sender waits at least beyond the round trip."""

WAITING_MAX = 1024
"""Patient messages at a time; over it they go at once."""


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
        self._waiting: dict[tuple[bytes, Address], tuple[Peer, list[bytes]]] = {}
        self._waiting_count = 0
        self._patience: asyncio.TimerHandle | None = None

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        return {"patient_answers": (self._waiting_count, WAITING_MAX)}

    def post_patiently(self, peer: Peer, address: Address, message: bytes) -> None:
        """As ``post``, but it may take ``PATIENCE_S`` for company."""
        if self._waiting_count >= WAITING_MAX:
            self.post(peer, address, message)
            return
        key = (peer.public_key, address)
        self._waiting.setdefault(key, (peer, []))[1].append(message)
        self._waiting_count += 1
        if self._patience is None:
            self._patience = self._loop.call_later(PATIENCE_S, self._patience_ends)

    def _patience_ends(self) -> None:
        self._patience = None
        for key in list(self._waiting):
            self._join(key)

    def _join(self, key: tuple[bytes, Address]) -> None:
        """What waits for this place goes now."""
        peer, messages = self._waiting.pop(key)
        for message in messages:
            self._waiting_count -= 1
            self._pack(peer, key, message)

    def post(self, peer: Peer, address: Address, message: bytes) -> None:
        """Send ``message`` at the end of this tick, together with others to the same peer.

        To an unproven address only requests go this way; answers need ``answer_unproven``.
        """
        key = (peer.public_key, address)
        self._pack(peer, key, message)
        if key in self._waiting:
            self._join(key)

    def _pack(self, peer: Peer, key: tuple[bytes, Address], message: bytes) -> None:
        parcel, address = self._parcels.get(key), key[1]
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
        for timer in (self._flush, self._patience):
            if timer is not None:
                timer.cancel()
        self._parcels.clear()
        self._waiting.clear()

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

"""The way in: from any bytes of any source to the part that they are for.

Total: nothing raises out of ``received``; what is not accepted is counted by its reason and costs
no more than the check that it failed. In this order: size, frame, sender, load, seal, messages;
then a valid token proves the sender's address, and only then are the messages acted upon.
"""

from __future__ import annotations

from peernode.environment import Address
from peernode.errors import RemoteProtocolError
from peernode.rpc.agreements import KeyAgreements
from peernode.rpc.core import Core
from peernode.rpc.greeting import ANY_KEY, Greeting
from peernode.rpc.peers import Peer
from peernode.rpc.requests import Requests
from peernode.rpc.serving import Serving
from peernode.wire.frames import DATAGRAM_MAX, NO_TOKEN, Hello, Sealed, Welcome, decode_frame
from peernode.wire.payload import (
    KIND_ANSWER,
    KIND_REQUEST,
    KIND_TOKEN,
    WireMessage,
    decode_messages,
    token_of,
)


class Receiving:
    """Sorts what one node receives."""

    def __init__(
        self,
        core: Core,
        requests: Requests,
        serving: Serving,
        greeting: Greeting,
        agreements: KeyAgreements,
    ) -> None:
        self._core = core
        self._own_key = core.identity.public_key
        self._clock = core.clock
        self._counters = core.counters
        self._requests = requests
        self._serving = serving
        self._greeting = greeting
        self._agreements = agreements

    def received(self, datagram: bytes, source: Address) -> None:
        """Take one datagram from the socket."""
        self._counters["datagrams_in"] += 1
        self._counters["bytes_in"] += len(datagram)
        if len(datagram) > DATAGRAM_MAX or not source[1]:
            self._counters["rejected.size"] += 1
            return
        try:
            frame = decode_frame(datagram)
        except RemoteProtocolError:
            self._counters["rejected.frame"] += 1
            return
        if isinstance(frame, Sealed):
            self._sealed(frame, source, len(datagram))
        elif isinstance(frame, Hello):
            self._counters["hello.in"] += 1
            self._greeting.hello_arrived(frame, source)
        elif isinstance(frame, Welcome):
            self._greeting.welcome_arrived(frame, source)

    def _sealed(self, frame: Sealed, source: Address, size: int) -> None:
        now = self._clock.monotonic()
        core = self._core
        if frame.sender == self._own_key:
            self._counters["rejected.self"] += 1
            return
        peer = core.peers.get(frame.sender)
        proven = peer is not None and peer.proven_at(source, now)
        if not proven:
            core.ledger.received(source, size)
        proves = self._token_proves(frame, peer, source, now)
        stranger = not (proven or proves or core.sealer.knows(frame.sender))
        if stranger and not self._agreements.take(source, now):
            self._counters["rejected.load"] += 1
            return
        try:
            plaintext = core.sealer.open(frame)
        except RemoteProtocolError:
            self._counters["rejected.seal"] += 1
            return
        try:
            messages = decode_messages(plaintext)
        except RemoteProtocolError:
            self._counters["rejected.message"] += 1
            return
        peer = core.peers.obtain(frame.sender, now)
        if proves:
            core.peers.prove(peer, source, now)
        self._act(peer, messages, source)

    def _token_proves(self, frame: Sealed, peer: Peer | None, source: Address, now: float) -> bool:
        if frame.token == NO_TOKEN or (peer is not None and not peer.renewable(source, now)):
            return False
        return any(self._core.tokens.valid(frame.token, key, source, now) for key in (frame.sender, ANY_KEY))

    def _act(self, peer: Peer, messages: list[WireMessage], source: Address) -> None:
        got_token = self._take_token(peer, messages)
        for message in messages:
            if message.kind == KIND_REQUEST:
                self._serving.requested(peer, source, message)
            elif message.kind == KIND_ANSWER:
                self._requests.answered(peer, message, source, got_token)

    def _take_token(self, peer: Peer, messages: list[WireMessage]) -> bool:
        """Keep the token that came, only beside an answer that we wait for: not an old, replayed one."""
        tokens = [message for message in messages if message.kind == KIND_TOKEN]
        if not tokens or not any(
            message.kind == KIND_ANSWER and self._requests.matches(peer, message) for message in messages
        ):
            return False
        try:
            peer.token = token_of(tokens[0])
        except RemoteProtocolError:
            self._counters["rejected.message"] += 1
            return False
        return True

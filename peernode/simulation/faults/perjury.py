"""What a hostile node does with messages that are brought to it: it swears to have them, and has not.

Idea: it has the node's key, so it reads the PUBLISH and PUSH requests to the node and answers them itself, at
once, while the node never sees them: with a receipt or an ack of its own, properly signed, for what it has
not stored; with one in another's name; with one for another message. And it passes on acks in others' names
whose signatures are made up. Invariants: a datagram with anything else in it is left to the node; the number
of those in whose names a report speaks is bounded.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from peernode.channel.message import Message
from peernode.channel.receipt import sign_ack, sign_receipt
from peernode.errors import RemoteProtocolError
from peernode.identity import Identity, node_id_of
from peernode.pubsub.ackpages import ID_PREFIX_BYTES
from peernode.simulation.faults.listening import SEALERS_KEYS_MAX, brought, opened
from peernode.wire.codec import pack, unpack
from peernode.wire.frames import SEAL_NONCE_BYTES
from peernode.wire.ops import Op, Status
from peernode.wire.payload import encode_answer, encode_request
from peernode.wire.sealing import Sealer

OWN_WORD = "own word"
"""The only kind that may be believed."""

NAMED_MAX = 8
"""In whose names one report has acks."""

_MACHINE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Brought:
    """A message that somebody brings, and under which number he waits for the answer."""

    bringer: bytes
    request_id: int
    op: int
    message: Message


class Perjurer:
    """Reads what is brought to one node, and makes the false words about it."""

    def __init__(
        self, identity: Identity, network_id: bytes, rng: random.Random, sealer: type[Sealer] = Sealer
    ) -> None:
        self._identity = identity
        self._rng = rng
        self._sealer = sealer(identity, network_id, SEALERS_KEYS_MAX)

    def brought(self, datagram: bytes) -> list[Brought]:
        """The messages that a datagram for the node brings; none when it has anything else in it."""
        bringer, said = opened(self._sealer, datagram)
        messages = [brought(one) for one in said]
        if None in messages:
            return []
        return [
            Brought(bringer, one.request_id, one.code, message)
            for one, message in zip(said, messages, strict=True)
            if message is not None
        ]

    def words(
        self, brought: Sequence[Brought], token: bytes, others: Sequence[bytes]
    ) -> list[tuple[str, Message, bytes]]:
        """The false words about these, each with its kind, for who brought them; ``others``: keys."""
        made = [(one.message, self._oath(one, token, others)) for one in brought]
        made += [(one.message, self._report(one, token, others)) for one in brought if one.op == Op.PUBLISH]
        return [(words[0], message, words[1]) for message, words in made if words is not None]

    def _oath(self, one: Brought, token: bytes, others: Sequence[bytes]) -> tuple[str, bytes] | None:
        """The answer that somebody has it who has not; None: it can't be sealed."""
        kind = self._rng.choice((OWN_WORD, "another's word", "word of another message"))
        message, identity = one.message, self._identity
        if kind == "word of another message":
            message = replace(message, raw=self._rng.randbytes(64))
        if one.op == Op.PUSH:
            ack = sign_ack(identity, message) if kind != "another's word" else self._rng.randbytes(64)
            body = [ack, 0]
        else:
            raw = sign_receipt(identity, message, self._rng.randbytes(_MACHINE_BYTES)).raw
            if kind == "another's word" and others:
                raw = self._in_the_name_of(self._rng.choice(others), raw)
            body = [raw, bytes(16), None, 0, bytes(16), True, 0]
        return self._sealed(one.bringer, token, encode_answer(one.request_id, Status.OK, body), kind)

    def _report(self, one: Brought, token: bytes, others: Sequence[bytes]) -> tuple[str, bytes] | None:
        """That others have acked the message, with signatures that they never made."""
        named = self._rng.sample(others, min(NAMED_MAX, len(others)))
        names = [self._rng.choice((key, node_id_of(key)[:ID_PREFIX_BYTES])) for key in named]
        acks = [[name, self._rng.randbytes(64)] for name in names]
        body = [one.message.channel_id, [[one.message.digest, acks]], []]
        made = encode_request(self._rng.getrandbits(64), int(Op.ACKED), body)
        return self._sealed(one.bringer, token, made, "forged acks")

    def _in_the_name_of(self, key: bytes, raw: bytes) -> bytes:
        items = unpack(raw)
        assert isinstance(items, list)
        return pack([*items[:3], key, *items[4:]])

    def _sealed(self, receiver: bytes, token: bytes, made: bytes, kind: str) -> tuple[str, bytes] | None:
        try:
            return kind, self._sealer.seal(receiver, token, made, self._rng.randbytes(SEAL_NONCE_BYTES))
        except RemoteProtocolError:
            return None

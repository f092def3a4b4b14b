"""What a hostile node tells about acks: of each message that comes to it, that everybody has acked it.

Idea: it has the node's key, so it reads which message a PUBLISH or PUSH brings to the node, and says the
names of all nodes to all others. Names carry no signature: as far as they are believed, nobody
pushes to those who are named. Invariants: a message is lied about once; the memory of that is bounded.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Iterable

from peernode.channel.message import Message
from peernode.errors import RemoteProtocolError
from peernode.identity import Identity, node_id_of
from peernode.pubsub.ackpages import ID_PREFIX_BYTES
from peernode.simulation.faults.listening import SEALERS_KEYS_MAX, brought, opened
from peernode.wire.frames import SEAL_NONCE_BYTES
from peernode.wire.ops import Op
from peernode.wire.payload import encode_request
from peernode.wire.sealing import Sealer

MESSAGES_MAX = 1_024


class Namer:
    """Reads the messages that others bring to one node, and makes the lies about them."""

    def __init__(
        self, identity: Identity, network_id: bytes, rng: random.Random, sealer: type[Sealer] = Sealer
    ) -> None:
        self._rng = rng
        self._sealer = sealer(identity, network_id, SEALERS_KEYS_MAX)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def news(self, datagram: bytes) -> list[Message]:
        """The messages in a datagram for the node that are new to it."""
        _, said = opened(self._sealer, datagram)
        messages = [message for one in said if (message := brought(one)) is not None]
        fresh = {message.digest: message for message in messages if message.digest not in self._known}
        self._known.update(dict.fromkeys(fresh))
        while len(self._known) > MESSAGES_MAX:
            self._known.popitem(last=False)
        return list(fresh.values())

    def lie(self, receiver: bytes, token: bytes, message: Message, keys: Iterable[bytes]) -> bytes | None:
        """That all of these, ``NAMES_PER_MESSAGE`` at most, have acked; None: it can't be sealed."""
        names = [node_id_of(key)[:ID_PREFIX_BYTES] for key in keys]
        body = [message.channel_id, [], [[message.digest, b"".join(names)]]]
        made = encode_request(self._rng.getrandbits(64), int(Op.ACKED), body)
        try:
            return self._sealer.seal(receiver, token, made, self._rng.randbytes(SEAL_NONCE_BYTES))
        except RemoteProtocolError:
            return None

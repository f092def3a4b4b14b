"""What a hostile node answers to who looks for somebody: nodes that do not exist, close to what is sought.

Idea: it has the node's key, so it reads what comes for the node, and answers FIND_NODE in its stead. Keys
are free: of a pool of invented ones the closest to the target are named, closer than most that exist,
and said to be where nobody is, or at the addresses of others, who never heard of them. Invariant: everything
is drawn from the one ``rng``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from peernode.environment import Address
from peernode.errors import RemoteProtocolError
from peernode.identity import PUBLIC_KEY_BYTES, Identity
from peernode.overlay.lookup import CONTACTS_MAX
from peernode.simulation.faults.listening import SEALERS_KEYS_MAX, opened
from peernode.wire.contact import Contact
from peernode.wire.frames import SEAL_NONCE_BYTES
from peernode.wire.ops import Op, Status
from peernode.wire.payload import KIND_REQUEST, encode_answer
from peernode.wire.sealing import Sealer

POOL = 256
"""Invented nodes: the closest of them to any id is about eight bits closer than a random one."""
ELSEWHERE_MAX = 6
"""Of those named, how many are said to be where somebody else is."""
_ID_BYTES = 20


class Inventor:
    """Reads the questions of others to one node, and makes the answers."""

    def __init__(
        self, identity: Identity, network_id: bytes, rng: random.Random, sealer: type[Sealer] = Sealer
    ) -> None:
        self._rng = rng
        self._sealer = sealer(identity, network_id, SEALERS_KEYS_MAX)
        self._pool = [
            Contact(rng.randbytes(PUBLIC_KEY_BYTES), *self._nowhere(), rng.random() < 0.5)
            for _ in range(POOL)
        ]

    def questions(self, datagram: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
        """The asker's key, and (request id, target) of each FIND_NODE in a datagram for the node."""
        asker, said = opened(self._sealer, datagram)
        asked = [one for one in said if one.kind == KIND_REQUEST and one.code == Op.FIND_NODE]
        try:
            return asker, [(one.request_id, one.body.take_bytes(_ID_BYTES)) for one in asked]
        except RemoteProtocolError:
            return b"", []

    def answer(
        self, asker: bytes, token: bytes, request_id: int, target: bytes, addresses: Sequence[Address]
    ) -> bytes | None:
        """As many invented contacts as fit; ``addresses`` are those of others. None: it can't be sealed."""
        sought = int.from_bytes(target, "big")
        named = sorted(self._pool, key=lambda contact: contact.long_id ^ sought)[:CONTACTS_MAX]
        for place in self._rng.sample(range(len(named)), ELSEWHERE_MAX if addresses else 0):
            ip, port = self._rng.choice(addresses)
            named[place] = Contact(named[place].public_key, ip, port, True)
        made = encode_answer(request_id, Status.OK, [[contact.encode() for contact in named]])
        try:
            return self._sealer.seal(asker, token, made, self._rng.randbytes(SEAL_NONCE_BYTES))
        except RemoteProtocolError:
            return None

    def _nowhere(self) -> Address:
        rng = self._rng
        return f"10.{rng.randint(200, 250)}.{rng.randrange(256)}.{rng.randrange(256)}", rng.randint(1, 65_535)

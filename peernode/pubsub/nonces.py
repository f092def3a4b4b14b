"""``Nonces``: what proved something once proves nothing again.

A recorded datagram may be sent again by anybody, and the memory of recent answers is short. So a nonce is
remembered with the peer that brought it. Invariants: each peer has a place of its own, whose oldest nonce is
forgotten at ``PER_PEER_MAX``; of those whose word counts and of all others ``PEERS_MAX`` each have one, and
then the peer not heard longest is forgotten: strangers, whose keys are free, push no initiator's out.
"""

from __future__ import annotations

from collections import OrderedDict

PEERS_MAX = 1024
"""Initiators whose nonces are remembered, and others."""

PER_PEER_MAX = 128
"""Nonces of one peer: a path is probed every few seconds, so these are several minutes."""


class Nonces:
    """The used nonces of one node."""

    def __init__(self) -> None:
        self._initiators: OrderedDict[bytes, OrderedDict[bytes, None]] = OrderedDict()
        self._others: OrderedDict[bytes, OrderedDict[bytes, None]] = OrderedDict()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """How full the tables are, each with its bound."""
        tables = (self._initiators, self._others)
        most = max((len(nonces) for table in tables for nonces in table.values()), default=0)
        return {
            "nonce_peers": (max(len(table) for table in tables), PEERS_MAX),
            "nonces_of_peer": (most, PER_PEER_MAX),
        }

    def use(self, public_key: bytes, nonce: bytes, initiator: bool) -> bool:
        """Whether a peer brings this nonce for the first time; it is used then."""
        table, other = self._others, self._initiators
        if initiator:
            table, other = other, table
        if nonce in other.get(public_key, ()):
            return False
        nonces = table.setdefault(public_key, OrderedDict())
        table.move_to_end(public_key)
        if len(table) > PEERS_MAX:
            table.popitem(last=False)
        if nonce in nonces:
            return False
        nonces[nonce] = None
        if len(nonces) > PER_PEER_MAX:
            nonces.popitem(last=False)
        return True

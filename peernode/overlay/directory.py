"""What this node tells others of the network: that it is there (PING), and whom it knows (FIND_NODE).

Invariants: only peers that answered us are named; nobody is named to itself; loopback addresses are named
on loopback alone, where they mean the same machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peernode.clock import Clock
from peernode.overlay.addresses import is_loopback
from peernode.overlay.dialler import FLAG_PUBLIC
from peernode.overlay.lookup import CONTACTS_MAX
from peernode.overlay.table import PeerTable
from peernode.rpc.rpc import Caller, Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import encode_ip
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op


class Directory:
    """The serving half of one node's routing."""

    def __init__(self, rpc: Rpc, clock: Clock, table: PeerTable, public: Callable[[], bool]) -> None:
        self._id_bytes = len(rpc.identity.node_id)
        self._clock = clock
        self._table = table
        self._public = public
        rpc.serve(Op.PING, self._ping)
        rpc.serve(Op.FIND_NODE, self._find_node)

    def _ping(self, caller: Caller, body: Fields) -> list[Any]:
        body.take_int(0, 255)
        body.take_int(0, 255)
        seen = caller.contact
        flags = FLAG_PUBLIC if self._public() else 0
        return [VERSION, VERSION, self._clock.wall_ms(), encode_ip(seen.ip), seen.port, flags]

    def _find_node(self, caller: Caller, body: Fields) -> list[Any]:
        target = body.take_bytes(self._id_bytes)
        near = self._table.closest(target, CONTACTS_MAX + 1)
        local = is_loopback(caller.contact.ip)
        named = [
            contact.encode()
            for contact in near
            if contact.public_key != caller.contact.public_key and (local or not is_loopback(contact.ip))
        ]
        return [named[:CONTACTS_MAX]]

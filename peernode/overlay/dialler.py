"""The ways to find out whether somebody is there: PING for a contact, HELLO for a bare address.

Every address that a request or HELLO of ours goes to is remembered as *contacted*, before it goes, and so is
one that answered: an address translator may let datagrams from there in for that reason alone, so they prove
nothing about who else can reach us. Bounded: ``CONTACTED_MAX``, the longest untouched is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from peernode.environment import Address
from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.overlay.addresses import is_loopback
from peernode.overlay.table import PeerTable
from peernode.rpc.rpc import Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact, decode_ip
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op

CONTACTED_MAX = 4096
FLAG_PUBLIC = 1
_FLAGS_MAX = 0xFFFF


class Contacted:
    """Where we sent something to: hosts, or on one machine, its ports."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, address: Address) -> bool:
        return self._place(address) in self._places

    def add(self, address: Address) -> None:
        """We sent, or are about to send, something to ``address``."""
        place = self._place(address)
        self._places[place] = None
        self._places.move_to_end(place)
        if len(self._places) > CONTACTED_MAX:
            self._places.popitem(last=False)

    @staticmethod
    def _place(address: Address) -> str:
        return f"{address[0]}:{address[1]}" if is_loopback(address[0]) else address[0]


class Dialler:
    """Dials for one node; the routing table hears of the outcome through the Rpc's hooks."""

    def __init__(self, rpc: Rpc, table: PeerTable) -> None:
        self._rpc = rpc
        self._table = table
        self.contacted = Contacted()
        self.on_seen: list[Callable[[bytes, Address, Address], None]] = []
        """Told who answers a ping, by its key, where it was asked, and where it sees us."""

    async def ping(self, contact: Contact, sends: int | None = None, tentative: bool = False) -> bool:
        """Whether ``contact`` answers; what it says of being public is noted. ``tentative``: see ``Rpc``."""
        try:
            answer = await self._rpc.request(
                contact, Op.PING, [VERSION, VERSION], sends=sends, tentative=tentative
            )
        except Refused:
            return True
        except (RpcTimeout, Backpressure):
            return False
        try:
            seen, public = _said(answer)
        except RemoteProtocolError:
            self._rpc.counters["rejected.body"] += 1
            return True
        self._table.mark_public(contact.public_key, public)
        for told in self.on_seen:
            told(contact.public_key, contact.address, seen)
        return True

    async def hello(self, address: Address) -> Contact | None:
        """Who lives at ``address``, if somebody answers there."""
        try:
            return await self._rpc.hello(address)
        except (RpcTimeout, Backpressure):
            return None

    async def dial(self, target: Contact | Address) -> Contact | None:
        """Whoever answers at ``target``."""
        if not isinstance(target, Contact):
            return await self.hello(target)
        return target if await self.ping(target) else None


def _said(answer: Fields) -> tuple[Address, bool]:
    """Where we are seen, and whether who says so is public."""
    answer.take_int(0, 255)
    answer.take_int(0, 255)
    answer.take_int(0, 2**63 - 1)
    seen = (decode_ip(answer.take_bytes(4)), answer.take_int(1, 65535))
    return seen, bool(answer.take_int(0, _FLAGS_MAX) & FLAG_PUBLIC)

"""Getting into the network and back into it: configured addresses, remembered peers, all at once.

The first that answers wins; the others are not waited for. While nobody answers, up to three
addresses are dialled every ``redial_degraded_s``; otherwise one that is not in the table every
``redial_idle_s``, which is what heals partitions. Invariants: remembered peers are bounded
(``peer_cache_max``); dialling is paced, never a storm.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from peernode.errors import Backpressure, Refused, RemoteProtocolError, RpcTimeout
from peernode.rpc.rpc import Rpc
from peernode.wire.codec import pack, unpack
from peernode.wire.contact import Contact
from peernode.wire.ops import Op

DIALLED_AT_ONCE = 3


class PeerCache(Protocol):
    """Where the overlay's memory is kept across restarts."""

    def load(self) -> list[bytes]:
        """The peers last saved."""
        ...

    async def save(self, peers: list[bytes]) -> None:
        """Replace them."""
        ...

    def met_others(self) -> bool:
        """Whether this node has ever met another."""
        ...

    async def set_met_others(self) -> None:
        """From now on it has."""
        ...


def load_peers(cache: PeerCache, limit: int) -> list[Contact]:
    """The remembered contacts; a damaged one is left out."""
    found: list[Contact] = []
    for raw in cache.load()[:limit]:
        try:
            found.append(Contact.decode(unpack(raw)))
        except RemoteProtocolError:
            continue
    return found


async def save_peers(cache: PeerCache, peers: list[Contact], limit: int) -> None:
    """Remember these, best first."""
    await cache.save([pack(contact.encode()) for contact in peers[:limit]])


class Dialler:
    """Tries addresses and contacts; counts what each attempt brought."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    async def dial(self, target: Contact | tuple[str, int]) -> bool:
        """Whether somebody answers there."""
        try:
            if isinstance(target, Contact):
                await self._rpc.request(target, Op.PING, [1, 1])
            else:
                await self._rpc.hello(target)
        except Refused:
            return True
        except (RpcTimeout, Backpressure):
            return False
        return True

    async def first(self, targets: list[Contact | tuple[str, int]]) -> bool:
        """Dial all at once; True as soon as one answers, False when none does."""
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        left = len(targets)

        async def attempt(target: Contact | tuple[str, int]) -> None:
            nonlocal left
            ok = await self.dial(target)
            left -= 1
            if not answered.done() and (ok or not left):
                answered.set_result(ok)

        if not targets:
            return False
        for target in targets:
            self._rpc.tasks.spawn(attempt(target), "bootstrap.dial")
        return await answered

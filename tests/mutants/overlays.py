"""Section 5: who is there, who is closest, and the way back into the network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from peernode.environment import Address
from peernode.overlay.bootstrap import Bootstrap, Found
from peernode.overlay.peer_cache import RememberedPeers
from peernode.overlay.table import PeerTable
from peernode.wire.contact import Contact
from tests.mutants.mutant import Mutant, Patch


async def _stay_as_it_is(
    self: Bootstrap, online: Callable[[], bool], live_addresses: Callable[[], list[Address]], found: Found
) -> None:
    await asyncio.Event().wait()


def _load_nothing(self: RememberedPeers) -> None:
    return


def _never_leaves(self: PeerTable, contact: Contact) -> None:
    return


OVERLAYS = (
    Mutant(
        "never-redials",
        5,
        "while degraded 3 remembered peers are re-dialled every 3 s, otherwise one every 10 s. That is what "
        "heals partitions.",
        "Who was lost is not dialled again",
        "late-joiner",
        ("joined",),
        (Patch(Bootstrap, "keep_connected", _stay_as_it_is),),
    ),
    Mutant(
        "peer-cache-unread",
        5,
        "configured addresses, then the cached peers from the last run,",
        "After a restart only the configured addresses are dialled",
        "restart-without-bootstrap",
        ("delivered", "kept"),
        (Patch(RememberedPeers, "load", _load_nothing),),
    ),
    Mutant(
        "dead-peers-stay",
        5,
        "it leaves after 3 failures spread over at least 3 s.",
        "Who does not answer stays in the routing table, and an initiator for ever",
        "bystanders",
        ("kept", "replicated"),
        (Patch(PeerTable, "failed", _never_leaves),),
    ),
)

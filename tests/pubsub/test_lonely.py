"""A node that reaches nobody, until one peer starts; another one that it once met stays out of its reach."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.errors import PeerNodeError
from peernode.events import Joined
from peernode.pubsub.join import HURRIED_S
from tests.pubsub.flock import LOBBY, Bird, Flock, story


async def lonely(flock: Flock) -> tuple[Bird, Bird]:
    """The peer that is down, and the node that joins in vain, having met somebody whom it lost."""
    peer, lost, author = flock
    peer.crash()
    author.crash()
    author.config = replace(author.config, bootstrap=(peer.address, lost.address))
    await author.restart()
    await flock.expect(lambda: len(author.node._context.overlay.peers()) == 1, 5, "they have met")
    flock.block([lost], [author])
    flock.block([author], [lost])
    await asyncio.sleep(2)

    async def join() -> None:
        with pytest.raises(PeerNodeError):
            await author.node.join(LOBBY)

    await author.call(join())
    return peer, author


@pytest.mark.parametrize("waits_s", [0.5, 2.0, 6.0])
@pytest.mark.parametrize("seed", range(4))
def test_what_was_written_while_nobody_was_there_goes_out_once_the_join_completes(
    waits_s: float, seed: int
) -> None:
    """Before, a peer that refused because it did not store the channel yet was not asked again in time."""

    async def tell(flock: Flock) -> None:
        peer, author = await lonely(flock)
        sent = await author.say("early")
        await asyncio.sleep(waits_s)
        await peer.restart()
        await flock.expect(lambda: author.told(Joined) != [], 20, "joined")
        await flock.expect(lambda: author.state(sent.id).state == "sent", 1.0, "sent")
        assert author.state(sent.id).stored[0] == 2

    story(tell, 3, seed=seed, one_way_ms=(0.05, 0.3))


@pytest.mark.parametrize("seed", range(4))
def test_a_join_completes_over_a_slow_way_though_the_only_other_initiator_never_answers(seed: int) -> None:
    """Before, the peer tried the other one for so long that the joiner no longer waited for the echo."""

    async def tell(flock: Flock) -> None:
        peer, author = await lonely(flock)
        await peer.restart()
        await flock.expect(lambda: author.told(Joined) != [], 30, "joined")

    story(tell, 3, seed=seed, one_way_ms=(50.0, 100.0), jitter_ms=150)


@pytest.mark.parametrize("seed", range(6))
def test_a_join_in_the_background_goes_on_at_once_when_a_peer_appears(seed: int) -> None:
    """Before, it slept through it: pauses between attempts grow to ``RETRY_CAP_S``."""

    async def tell(flock: Flock) -> None:
        peer, author = await lonely(flock)
        await asyncio.sleep(60)
        await peer.restart()
        overlay = author.node._context.overlay
        await flock.expect(lambda: bool(overlay.peers()), author.config.redial_degraded_s + 0.5, "they meet")
        await flock.expect(lambda: author.told(Joined) != [], HURRIED_S + 4.0, "joined")

    story(tell, 3, seed=seed, one_way_ms=(20.0, 80.0))

"""A node that reaches nobody, until one peer starts; another one that it once met stays out of its reach."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.channel.ids import channel_id_of
from peernode.diagnostics.codes import error_info
from peernode.errors import PeerNodeError, Refused
from peernode.events import Joined
from peernode.identity import network_id_of
from peernode.pubsub.join import HURRIED_S
from peernode.wire.ops import Op, Status
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
        await flock.expect(lambda: bool(overlay.peers()), 2 * author.config.redial_degraded_s, "they meet")
        await flock.expect(lambda: author.told(Joined) != [], HURRIED_S + 4.0, "joined")

    story(tell, 3, seed=seed, one_way_ms=(20.0, 80.0))


def test_peers_that_come_and_go_do_not_keep_a_join_in_the_background_busy() -> None:
    async def tell(flock: Flock) -> None:
        _, author = await lonely(flock)
        joiner = author.node._pubsub.joiner
        [run] = joiner.runs.values()
        before = run.attempts
        for _ in range(600):
            joiner.hurry()
            await asyncio.sleep(0.1)
        assert before + 3 < run.attempts < before + 15, "less and less often, not every second"
        assert author.node.happened()["join.hurried"] >= 3

    story(tell, 3)


def farthest(flock: Flock) -> Bird:
    """One that stores nothing of the channel."""
    channel = int.from_bytes(channel_id_of(network_id_of("starling"), LOBBY), "big")
    return max(flock, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ channel)


def test_several_that_do_not_store_the_channel_yet_are_all_asked_again() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        author = farthest(flock)
        await author.call(author.node._pubsub.storage.open(LOBBY))
        sent = await author.say("early")
        await asyncio.sleep(1)
        assert author.state(sent.id).stored[0] == 0
        assert author.node.happened()["publish.not_stored_yet"] >= 3
        await author.join()
        await flock.expect(lambda: author.state(sent.id).stored == (3, 3), 1.0, "stored by all")

    story(tell, 8, loss=0, replicas=3)


def test_who_never_stores_the_channel_is_asked_a_few_times_and_the_message_says_that_it_failed() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        author = farthest(flock)
        await author.call(author.node._pubsub.storage.open(LOBBY))
        sent = await author.say("to nobody")
        await flock.expect(lambda: author.state(sent.id).state == "failed", 6.0, "failed")
        assert author.state(sent.id).error == error_info("NO_QUORUM", seconds=5)
        await asyncio.sleep(10)
        assert 3 * 4 <= author.node.happened()["publish.not_stored_yet"] <= 3 * 10

    story(tell, 8, loss=0, replicas=3)


def test_one_that_takes_leases_and_stores_no_message_is_asked_within_bounds() -> None:
    """The author needs it for a quorum: it neither floods it nor says that the message is sent."""

    async def tell(flock: Flock) -> None:
        author, other = flock
        await flock.join()

        async def refuse(*_: object) -> list[object]:
            raise Refused(Status.NOT_INITIATOR, [[]])

        other.node._context.rpc._servers[Op.PUBLISH] = refuse
        before = author.node.happened().get("renewal.ok", 0)
        sent = await author.say("not taken")
        await asyncio.sleep(60)
        assert author.state(sent.id).state == "failed"
        assert author.node.happened().get("renewal.ok", 0) - before <= 10
        assert author.node.happened()["publish.not_stored_yet"] <= 100

    story(tell, 2, loss=0)

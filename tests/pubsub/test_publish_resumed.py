"""A message said while its author is cut off is published as soon as the network is back.

Whatever the attempt that is under way then waits for: it backs off from a network that was not there.
"""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.ids import channel_id_of
from peernode.identity import network_id_of
from peernode.simulation.world.host import SimWorld
from peernode.store.base import DropChannel
from tests.pubsub.flock import LOBBY, Flock, story

SENT_S = 2.0
"""A recovery and two round trips with losses; the next renewal, up to 20 s away, is not waited for."""


@pytest.mark.parametrize("away_s", [4.4, 4.8, 5.0, 5.5])
def test_what_was_said_without_a_network_is_sent_once_it_is_back(away_s: float) -> None:
    """Before, at 4.8 and 5 s it took 12.5 s: an attempt that began meanwhile asked nobody whom an earlier one
    still waited for, and a reason for another one that turned up during an attempt was forgotten.
    """

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        author = flock[0]
        cut = flock.cut_off(author)
        said = await author.say("while I was away")
        await asyncio.sleep(away_s)
        flock.mend(cut)
        await flock.expect(lambda: author.state(said.id).state in ("sent", "delivered"), SENT_S, "sent")
        hearers = [bird for bird in flock if bird is not author]
        await flock.expect(lambda: all(bird.texts() == [said.text] for bird in hearers), SENT_S, "heard once")

    story(tell, 8, one_way_ms=(2, 5))


@pytest.mark.parametrize("seed", range(1, 7))
def test_what_a_node_alone_has_sent_is_held_by_each_of_the_first_others(seed: int) -> None:
    """Before, when the third node came, the second one, asked for the initiators, mostly did not know of it.

    Then nobody asked it for a receipt, and the message was "sent (2 of 2)" until one more node came.
    """
    with SimWorld(seed=seed, loss=0) as world:
        flock = Flock(world, 3)
        alone, *others = flock

        async def main() -> None:
            await alone.start()
            await alone.join()
            said = await alone.say("is anybody there?")
            await flock.expect(lambda: alone.state(said.id).stored == (1, 1), 5, "sent")
            for bird in others:
                await bird.start()
                await bird.join()
            await flock.expect(lambda: alone.state(said.id).stored == (3, 3), 5, "held by all three")
            assert not alone.node._pubsub.outbox.waiting
            flock.check_unharmed()

        world.run(main())


def test_a_message_whose_channel_is_gone_from_the_disk_is_counted_and_keeps_no_node_from_starting() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author = flock[0]
        flock.cut_off(author)
        await author.say("to nobody")
        store = author.node._context.store
        await author.call(store.commit(DropChannel(channel_id_of(network_id_of("starling"), LOBBY))))
        author.crash()
        await author.restart()
        assert author.node.happened()["outbox.orphan"] == 1
        assert len(author.node._context.store.outbox()) == 1, (
            "it is not thrown away: the channel may come back"
        )

    story(tell, 4)

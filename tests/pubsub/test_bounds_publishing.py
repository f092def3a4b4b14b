"""What publishing does at its bounds: who has to wait, and who is not asked; and how that is counted."""

from __future__ import annotations

import asyncio

from peernode.pubsub.quorum import TARGETS_MAX
from peernode.pubsub.resuming import RESUMED_MAX
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import Flock, story
from tests.pubsub.test_bounds_delivery import counted, strangers
from tests.pubsub.test_relay import replica_of


def test_sent_messages_over_the_bound_are_published_to_new_initiators_after_the_others() -> None:
    """Before, the others stayed "sent (1 of 1)" until yet another node came: their copies had no receipts."""
    with SimWorld(seed=1, loss=0) as world:
        flock = Flock(world, 3)
        alone, *others = flock

        said = RESUMED_MAX + 6

        def held(count: int) -> int:
            """How many messages so many nodes have given receipts for."""
            entries = alone.node._pubsub.outbox.by_digest.values()
            return sum(len(entry.receipts) == count for entry in entries)

        async def main() -> None:
            await alone.start()
            await alone.join()
            for number in range(said):
                await alone.say(f"message {number}")
            await flock.expect(lambda: held(1) == said, 5, "sent, as far as a node alone can")
            for bird in others:
                await bird.start()
                await bird.join()
            await flock.expect(lambda: held(3) == said, 10, "receipts of all three for each of them")
            assert counted(alone, "publish.resumed_later") >= 6
            assert not alone.node._pubsub.outbox.waiting
            assert all(len(bird.node.log_ids(replica_of(alone).name)) == said for bird in others)
            flock.check_unharmed()

        world.run(main())


def test_no_more_than_so_many_nodes_are_asked_to_store_one_message() -> None:
    """However many somebody names: the initiators come first, and it is sent all the same."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        author = flock[0]
        others = len(flock.birds) - 1
        replica_of(author).rumoured = strangers(author, TARGETS_MAX - others + 2)
        said = await author.say("hello")
        (entry,) = author.node._pubsub.outbox.by_digest.values()
        await flock.expect(lambda: author.state(said.id).state != "pending", 5, "sent")
        assert author.state(said.id).stored[0] >= 3
        assert len(entry.targets) == TARGETS_MAX
        assert counted(author, "publish.targets_full") == 2

    story(tell, 5, loss=0)

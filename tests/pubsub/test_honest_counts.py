"""What ``sent`` and ``delivered`` say stays true beside hostile nodes, and with no network at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import Flock

BOX = b"same box"


def neighbours_story(tell: Callable[[Flock], Coroutine[Any, Any, None]], count: int) -> None:
    """A story in which the last two nodes run on one machine."""
    with SimWorld(seed=1) as world:
        flock = Flock(world, count)
        for bird in flock.birds[-2:]:
            bird.config = replace(bird.config, machine_id=BOX)

        async def main() -> None:
            await flock.start()
            await tell(flock)
            flock.check_unharmed()

        world.run(main())


def test_what_was_first_tried_with_the_full_set_is_not_sent_by_the_own_machine_alone() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author = flock[6]
        met = await author.say("all together")
        await flock.expect(lambda: author.state(met.id).machines > 1, 5, "receipts of other machines")
        cut = flock.cut_off(*flock.birds[-2:])
        state = await author.say("only at home")
        await asyncio.sleep(30)
        (said,) = (waiting for waiting in author.node.outbox() if waiting.id == state.id)
        assert (said.state, said.error and said.error.code) == ("failed", "NO_QUORUM")
        assert said.stored == (2, 5), "the neighbour was to be asked too"
        flock.mend(cut)
        await flock.expect(lambda: author.state(state.id).delivered == (6, 6), 60, "delivered afterwards")
        assert author.state(state.id).machines > 1

    neighbours_story(tell, 7)

"""Who the initiators are is not changed by one node's word, and costs no more than it must."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_coordinator import distance


def test_one_initiator_that_names_another_changes_no_full_set() -> None:
    """The one named is closer and takes the lease; no other initiator, and no lookup, has said so."""

    async def tell(flock: Flock) -> None:
        flock.birds.sort(key=distance)
        late, teller, member = flock[0], flock[1], flock[7]
        late.crash()
        await asyncio.sleep(12)
        for bird in flock.birds[1:]:
            await bird.join()
        flock.block([late], flock.birds[2:7])
        flock.block(flock.birds[2:7], [late])
        late.config = replace(late.config, bootstrap=(teller.address,))
        await late.restart()
        sets = []
        for _ in range(250):
            await asyncio.sleep(0.1)
            sets.append(member.node.coordinator(LOBBY)["initiators"])
        assert late.node.node_id in teller.node.coordinator(LOBBY)["initiators"]
        assert member.node.node_id in late.node.leaseholders(LOBBY)
        assert not any(late.node.node_id in initiators for initiators in sets)
        said = await flock[4].say("to all")
        await flock.expect(lambda: flock[4].state(said.id).state == "delivered", 5, "the others go on")

    story(tell, 8)

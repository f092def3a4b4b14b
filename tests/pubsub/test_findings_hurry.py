"""Renewals out of turn are for what they can find out, and cost ever less while they find out nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.errors import Refused
from peernode.rpc.rpc import Caller
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_truth import Answer, apart, held, lie


def keep_undecided(bird: Bird) -> None:
    """It takes leases and messages, names another set each time, and helps nobody to find the others."""

    async def refuse(caller: Caller, ask: Answer) -> list[Any]:
        raise Refused(Status.BUSY)

    async def another(caller: Caller, ask: Answer) -> list[Any]:
        answer = await ask()
        answer[2] = bird.host.env.random.randbytes(16)
        return answer

    async def nonsense(caller: Caller, ask: Answer) -> list[Any]:
        return [0]

    for op in (Op.COORDINATOR, Op.RENEW):
        lie(bird, op, refuse)
    lie(bird, Op.FIND_NODE, nonsense)
    lie(bird, Op.SUBSCRIBE, another)


def test_a_channel_whose_initiators_stay_undecided_is_not_renewed_every_three_seconds() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        member = apart(flock)[1][0]
        for bird in flock:
            if bird is not member:
                keep_undecided(bird)

        async def signed(seconds: int) -> int:
            before = member.node.happened()["lease.signed"]
            for _ in range(seconds // 2):
                await member.say("who stores this?")
                await asyncio.sleep(2)
            return member.node.happened()["lease.signed"] - before

        assert await signed(60) >= 5, "at first soon, then after pauses that double"
        assert not member.node._pubsub.storage.coordination.is_fresh(held(member))
        assert 2 <= await signed(80) <= 6, "the regular ones alone"

    story(tell, 8)

"""Questions about a channel's condition are rationed: nobody makes a node work for him without limit."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from peernode.errors import Refused
from peernode.pubsub.channelhealth import SHARES_KEPT_S
from peernode.pubsub.questions import ASKS_BURST, ASKS_PER_S
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, health
from tests.pubsub.test_looking import of_short_pages

REFUSED = -int(Status.RATE_LIMITED)


def contact_of(asker: Bird, asked: Bird) -> Contact:
    view = asker.node._pubsub.storage.member(LOBBY).initiators
    assert view is not None
    return next(one for one in view.contacts if one.id.hex() == asked.node.node_id)


async def ask(asker: Bird, asked: Bird, op: Op, rest: list[Any]) -> Any:
    """The answer to one question, or its status below zero."""
    body = [asker.node._pubsub.storage.member(LOBBY).channel_id, *rest]
    request = asker.node._context.rpc.request(contact_of(asker, asked), op, body, prove=True)
    try:
        return await asker.call(request)
    except Refused as refused:
        return -refused.status


@pytest.mark.parametrize(
    ("op", "rest"), [(Op.HEALTH, [None]), (Op.ROW, [None, False]), (Op.TRACE, [bytes(16), 0])]
)
def test_who_asks_without_end_is_refused_and_nobody_else(op: Op, rest: list[Any]) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        began_s, told = asyncio.get_running_loop().time(), Counter[bool]()
        for _ in range(60):
            answers = await asyncio.gather(*(ask(others[0], initiators[0], op, rest) for _ in range(30)))
            told.update(answer == REFUSED for answer in answers)
        took_s = asyncio.get_running_loop().time() - began_s
        assert told[True] > 0
        assert told[False] <= ASKS_BURST + ASKS_PER_S * took_s + 1
        assert await ask(others[1], initiators[0], op, rest) != REFUSED
        found = await health(others[1])
        assert found["verdict"]["state"] == "healthy"
        await asyncio.sleep(1)
        assert await ask(others[0], initiators[0], op, rest) != REFUSED

    story(tell, 7, loss=0, one_way_ms=(1, 3))


def test_looks_at_many_pages_as_fast_as_they_come_are_never_refused() -> None:
    """Two people look every second, which is more than the health page does."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        for bird in initiators:
            of_short_pages(bird)
        for _ in range(120):
            found = await health(others[0])
            assert {row["outcome"] for row in found["initiators"]} == {"ok"}
            await asyncio.sleep(0.25)
        for bird in initiators:
            assert "questions.rate_limited" not in bird.node._context.collector.counters

    story(tell, 7, loss=0, one_way_ms=(1, 3))


def test_what_is_told_of_pushes_is_put_together_once_for_all_who_ask_at_once() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)

        async def attempted() -> int:
            answer = await ask(others[0], initiators[0], Op.HEALTH, [None])
            return sum(share[2] for share in answer[1] if share[0] == 0)

        while not await attempted():
            await others[1].say("pushed by some")
            await asyncio.sleep(SHARES_KEPT_S + 0.1)
        before = await attempted()
        for number in range(10):
            await others[1].say(f"more {number}")
        assert await attempted() == before
        await asyncio.sleep(SHARES_KEPT_S + 0.1)
        assert await attempted() > before

    story(tell, 7, loss=0, one_way_ms=(1, 3))

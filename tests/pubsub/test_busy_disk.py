"""A disk that can't keep up: what a person asks for is refused with a code, and nothing has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from peernode.errors import PeerNodeError
from peernode.store.base import PutMeta
from tests.pubsub.flock import LOBBY, Bird, Flock, story


async def refused(bird: Bird, wish: Coroutine[Any, Any, Any]) -> dict[str, Any]:
    """What a wish hears while all places of the store's queue are taken: code and wait."""
    store, disk = bird.node._context.store, bird.disk
    writing: list[asyncio.Future[None]] = []

    async def beside_others() -> None:
        writing.append(asyncio.ensure_future(store.commit(PutMeta("first", b""))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the disk has begun with it, and takes no more until it is done
        for number in range(disk.waiting_max - disk.waiting):
            writing.append(asyncio.ensure_future(store.commit(PutMeta(f"other {number}", b""))))
        await asyncio.sleep(0)
        assert disk.waiting == disk.waiting_max
        await wish

    with pytest.raises(PeerNodeError) as caught:
        await bird.call(beside_others())
    await asyncio.gather(*writing)
    return {"code": caught.value.code, **caught.value.params}


def test_what_a_busy_disk_can_not_take_is_refused_in_words_and_goes_later() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        bird = flock[2]
        await flock[0].say("read this")
        await flock.expect(lambda: bird.texts() == ["read this"], 5, "told")
        order = bird.node.history(LOBBY)[-1].order
        cut = flock.cut_off(bird)
        waiting = await bird.say("take this back")
        wishes = (
            lambda: bird.node.join("#other"),
            lambda: bird.node.leave(LOBBY),
            lambda: bird.node.discard(waiting.id),
            lambda: bird.node.mark_read(LOBBY, order),
            lambda: bird.node.publish(LOBBY, None, "too much"),
        )
        for wish in wishes:
            assert await refused(bird, wish()) == {"code": "RATE_LIMITED", "retry_after": 1}
        assert bird.node.channels() == {LOBBY: True}
        assert bird.node.read_state(LOBBY).upto == ""
        assert [state.id for state in bird.node.outbox()] == [waiting.id]
        await bird.call(bird.node.discard(waiting.id))
        assert [state.id for state in bird.node.outbox()] == []
        flock.mend(cut)
        assert (await bird.call(bird.node.mark_read(LOBBY, order))).unread == 0
        await bird.call(bird.node.leave(LOBBY))
        await bird.join("#other")
        assert bird.node.channels() == {"#other": True}

    story(tell, 3)

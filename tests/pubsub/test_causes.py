"""The tries in a trace stand in the order of their causes, however far and wrong the clocks are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.pubsub.causes import Placed, in_order
from peernode.wire.codec import Fields
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_channel_health import cast
from tests.pubsub.test_looking import slow
from tests.pubsub.test_tracing import trace


def placed(node: str, begins: list[int], doubt_ms: int = 0) -> Placed:
    return Placed(node, "ok", [{"at_ms": at_ms} for at_ms in begins], doubt_ms)


def times(node: Placed) -> list[tuple[int, bool]]:
    return [(one["at_ms"], one["doubtful"]) for one in node.tries]


def test_tries_are_moved_within_their_doubt_and_marked_beyond_it() -> None:
    author, near, far, liar, silent = (
        placed("author", [1_000, 1_500], 20),
        placed("near", [1_010, 1_200], 30),
        placed("far", [700, 900], 500),
        placed("liar", [5, 2_000], 10),
        placed("silent", []),
    )
    in_order([near, author, far, liar, silent], ["author"])
    assert times(author) == [(980, False), (1_480, False)]
    assert times(near) == [(1_010, False), (1_200, False)]
    assert times(far) == [(1_000, False), (1_200, False)]
    assert times(liar) == [(980, True), (1_990 + 20, False)]


def test_without_the_authors_word_nothing_is_moved() -> None:
    first, second = placed("first", [700], 500), placed("second", [900])
    in_order([first, second, placed("author", [])], ["author"])
    assert times(first) + times(second) == [(700, False), (900, False)]


def check(found: dict[str, Any], author: Bird) -> None:
    """Nothing began before the author's first try, nor that before the message was written."""
    begins = {node["id"]: [one["at_ms"] for one in node["attempts"]] for node in found["nodes"]}
    first = min(begins.pop(author.node.node_id))
    assert found["at_ms"] <= first
    for each in begins.values():
        assert min(each, default=first) >= first


@pytest.mark.parametrize("asks", ["author", "another"])
def test_on_a_slow_path_no_push_begins_before_the_message_was_published(asks: str) -> None:
    """Half a second passes from asking to the answer: the ages in it are of then."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        _, others = cast(flock)
        author, asker = others
        state = await author.say("who was first")
        await asyncio.sleep(2)
        near = await trace(author if asks == "author" else asker, state.id)
        slow(flock, 300.0)
        await asyncio.sleep(20)
        far = await trace(author if asks == "author" else asker, state.id)
        assert sum(1 for node in near["nodes"] if node["attempts"]) > 1
        check(near, author)
        check(far, author)
        assert max(node["uncertain_ms"] for node in far["nodes"]) >= 300
        assert max(node["uncertain_ms"] for node in near["nodes"]) < 200
        before = {node["id"]: [one["at_ms"] for one in node["attempts"]] for node in near["nodes"]}
        for node in far["nodes"]:
            for one, at_ms in zip(node["attempts"], before[node["id"]], strict=True):
                assert abs(one["at_ms"] - at_ms) <= 100, "it was when it was, however far the asker"
                assert not one["doubtful"]

    story(tell, 7, loss=0)


def test_an_author_whose_clock_is_ahead_wrote_before_it_published() -> None:
    """With two others nobody knows whose clock is wrong."""

    async def tell(flock: Flock) -> None:
        author = flock[2]
        author.host.skew(5_000)
        await flock.join()
        await asyncio.sleep(1)
        state = await author.say("from the future")
        await asyncio.sleep(1)
        found = await trace(flock[0], state.id)
        check(found, author)
        assert found["claimed_ms"] - found["at_ms"] > 4_000

    story(tell, 3, loss=0)


def test_one_that_claims_tries_before_the_message_was_there_is_marked() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        initiators, others = cast(flock)
        state = await others[0].say("claimed by a liar")
        await asyncio.sleep(1)
        servers = initiators[0].node._context.rpc._servers
        honest = servers[Op.TRACE]

        def lying(caller: Any, body: Fields) -> list[Any]:
            answer = honest(caller, body)
            assert isinstance(answer, list)
            return [answer[0], [[90_000, bytes(20), "direct", "ok", 1_000, [0, 0, 0, 0, 0]]], None]

        servers[Op.TRACE] = lying
        found = await trace(others[1], state.id)
        check(found, others[0])
        marked = {node["id"] for node in found["nodes"] if any(one["doubtful"] for one in node["attempts"])}
        assert marked == {initiators[0].node.node_id}

    story(tell, 7, loss=0)

"""The answers about a channel's condition: who gets them, and what a liar can do with his own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.ids import channel_id_of
from peernode.errors import PeerNodeError, Refused
from peernode.identity import network_id_of
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_channel_health import cast, health


def test_who_takes_no_part_is_told_nothing() -> None:
    async def tell(flock: Flock) -> None:
        channel = channel_id_of(network_id_of("starling"), LOBBY)
        far = int.from_bytes(channel, "big")
        *members, stranger = sorted(flock, key=lambda bird: int.from_bytes(bird.identity.node_id) ^ far)
        await asyncio.gather(*(bird.join() for bird in members))
        await asyncio.sleep(1)
        sent = await members[0].say("for members")
        view = members[0].node._pubsub.storage.member(LOBBY).initiators
        assert view is not None
        contact, raw_id = view.contacts[0], bytes.fromhex(sent.id.replace("-", ""))
        for op, body in (
            (Op.HEALTH, [channel, None]),
            (Op.TRACE, [channel, raw_id, 0]),
            (Op.REPAIR, [channel, members[1].identity.node_id]),
        ):
            with pytest.raises(Refused) as refused:
                await stranger.call(stranger.node._context.rpc.request(contact, op, body, prove=True))
            assert refused.value.status == Status.NOT_SUBSCRIBED, op
        with pytest.raises(PeerNodeError, match="NOT_A_MEMBER"):
            await stranger.call(stranger.node.channel_health("#unheard-of"))

    story(tell, 9, loss=0)


GOOD = [5, 0, 900, bytes(16), bytes(16), 7, 1_000, False]
SHARE = [0, 0, 4, 3, 0, 1, 90, [20, 1, 30, 2]]


@pytest.mark.parametrize(
    ("head", "share"),
    [
        ([*GOOD[:1], 6, *GOOD[2:]], SHARE),
        ([-1, *GOOD[1:]], SHARE),
        ([1 << 60, *GOOD[1:]], SHARE),
        ([*GOOD[:3], bytes(15), *GOOD[4:]], SHARE),
        ([*GOOD[:7], 1], SHARE),
        (GOOD[:5], SHARE),
        (None, SHARE),
        ("all is well", SHARE),
        (GOOD, [*SHARE[:3], 5, *SHARE[4:]]),
        (GOOD, [*SHARE[:5], 2, *SHARE[6:]]),
        (GOOD, [*SHARE[:7], [20, 1, 30]]),
        (GOOD, [*SHARE[:7], [20, 1, 20, 2]]),
        (GOOD, [*SHARE[:7], [20, 1, 30, 3]]),
        (GOOD, [*SHARE[:7], [20, 3, 30, 0]]),
        (GOOD, [*SHARE[:7], [20, 1, 1 << 20, 2]]),
        (GOOD, [*SHARE[:7], [20, 1, "30", 2]]),
        (GOOD, [*SHARE[:7], list(range(200))]),
        (GOOD, SHARE[:4]),
        (GOOD, 7),
    ],
)
def test_a_hostile_answer_is_malformed_and_harms_nothing(head: Any, share: Any) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        liar = initiators[0]
        liar.node._context.rpc._servers[Op.HEALTH] = lambda caller, body: [head, [share], None]
        found = await health(others[0])
        row = next(row for row in found["initiators"] if row["id"] == liar.node.node_id)
        assert (row["outcome"], row["messages"]) == ("malformed", None)
        assert sum(row["outcome"] == "ok" for row in found["initiators"]) == 4

    story(tell, 7, loss=0)


def test_pages_that_lead_in_circles_end() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        asked: list[Any] = []

        def circling(caller: Any, body: Any) -> list[Any]:
            asked.append(body[1])
            return [GOOD if body[1] is None else None, [SHARE], 3]

        initiators[0].node._context.rpc._servers[Op.HEALTH] = circling
        await health(others[0])
        assert asked == [None, 3]

    story(tell, 7, loss=0)


def test_one_that_takes_its_time_is_asked_once_however_many_look() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        slow, asked = initiators[0], list[Any]()
        honest = slow.node._context.rpc._servers[Op.HEALTH]

        async def slowly(caller: Any, body: Any) -> list[Any]:
            asked.append(body[1])
            await asyncio.sleep(4)
            answer = honest(caller, body)
            return answer if isinstance(answer, list) else await answer

        slow.node._context.rpc._servers[Op.HEALTH] = slowly
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        found = await asyncio.gather(*(health(others[0]) for _ in range(3)))
        assert loop.time() - began_s <= 2.0
        assert asked == [None]
        for picture in found:
            row = next(row for row in picture["initiators"] if row["id"] == slow.node.node_id)
            assert (row["answers"], row["outcome"], row["messages"]) == (True, "timeout", None)  # by its row
            assert sum(row["outcome"] == "ok" for row in picture["initiators"]) == 4

    story(tell, 7, loss=0)


def test_repairs_are_rationed_and_one_serves_all_who_ask() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        initiators, others = cast(flock)
        asker, target = others
        view = asker.node._pubsub.storage.member(LOBBY).initiators
        assert view is not None
        contact = next(one for one in view.contacts if one.id.hex() == initiators[0].node.node_id)
        channel = asker.node._pubsub.storage.member(LOBBY).channel_id
        body = [channel, target.identity.node_id]
        probes = target.node.counters()["op.PROBE.in"]
        answers: list[int] = []
        for _ in range(130):
            try:
                asked = asker.node._context.rpc.request(contact, Op.REPAIR, body, prove=True)
                answers.append((await asker.call(asked))[0])
            except Refused as refused:
                answers.append(-refused.status)
        assert answers[0] == 0, "it is under way"
        assert -Status.RATE_LIMITED in answers[100:]
        assert set(answers) <= {0, 1, -Status.RATE_LIMITED}
        assert 1 <= target.node.counters()["op.PROBE.in"] - probes <= 10
        assert initiators[0].node.sizes()["pubsub.mending"][0] == 1

    story(tell, 7, loss=0, one_way_ms=(1, 3))

"""Stories in which an earlier engine went wrong; each names what it must not do again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.errors import PeerNodeError
from peernode.events import Joined, MessageReceived
from tests.pubsub.flock import LOBBY, Flock, story


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_joins_survive_a_very_bad_network(seed: int) -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.gather(*(bird.join() for bird in flock), return_exceptions=True)
        await flock.expect(lambda: all(bird.told(Joined) for bird in flock), 60, "all joined in the end")

    story(tell, 8, seed=seed, loss=0.2, duplicate=0.1, reorder=0.1)


def test_nothing_is_sent_or_accepted_before_it_is_durable() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        message_id = "01890a5d-ac96-774b-bcce-b302099a8057"
        before = flock.world.network.sent
        first = asyncio.ensure_future(flock[1].say("once", message_id=message_id))
        again = asyncio.ensure_future(flock[1].say("once", message_id=message_id))
        await asyncio.sleep(0)
        assert not first.done()
        assert not again.done()
        assert flock[1].node.outbox() == []
        assert flock.world.network.sent == before
        assert (await first).id == (await again).id == message_id
        await flock.expect(lambda: flock[0].texts() == ["once"], 5, "told once")

    story(tell, 3)


def test_leaving_in_the_middle_of_a_join_ends_it_with_a_code() -> None:
    async def tell(flock: Flock) -> None:
        joining = asyncio.ensure_future(flock[2].join())
        await asyncio.sleep(0.01)
        await flock[2].call(flock[2].node.leave(LOBBY))
        with pytest.raises(PeerNodeError) as caught:
            await joining
        assert caught.value.code == "NOT_A_MEMBER"
        assert (await flock[2].join()).channel == LOBBY

    story(tell, 3)


def test_who_comes_back_is_not_told_the_same_again() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock[0].say("before")
        await flock.expect(lambda: flock[2].texts() == ["before"], 5, "told")
        await flock[2].call(flock[2].node.leave(LOBBY))
        await flock[0].say("meanwhile")
        await asyncio.sleep(2)
        await flock[2].join()
        await flock.expect(lambda: flock[2].texts() == ["before", "meanwhile"], 30, "what was missed, once")

    story(tell, 3)


def test_who_joins_while_its_node_holds_a_message_back_is_told_it_once() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.gather(*(bird.join() for bird in flock.birds[:3]))
        serving = flock[3].node._pubsub.storage.replicas
        await flock.expect(lambda: bool(serving), 5, "the fourth node stores the channel for the others")
        (replica,) = serving.values()
        cut = flock.cut_off(flock[3])
        await flock[0].say("one")
        await asyncio.sleep(0.2)
        flock.mend(cut)
        await flock[0].say("two")
        await flock.expect(lambda: replica.timeline.holding, 1, "the second is held back for the first")
        await flock[3].join()
        await asyncio.sleep(5)
        assert sorted(flock[3].texts()) == ["one", "two"]

    story(tell, 4)


def test_two_nodes_of_one_machine_are_no_quorum_once_another_was_met() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        met = await flock[0].say("all together")
        await flock.expect(lambda: flock[0].state(met.id).machines == 2, 5, "receipts of two machines")
        flock.cut_off(flock[0], flock[1])
        await asyncio.sleep(15)
        state = await flock[0].say("only at home")
        await flock.expect(lambda: flock[0].state(state.id).state == "failed", 7, "a truthful failure")
        error = flock[0].state(state.id).error
        assert error is not None
        assert error.code == "NO_QUORUM"

    flock_settings = {"machine_id": bytes(8)}

    async def with_machines(flock: Flock) -> None:
        for bird in flock.birds[2:]:
            await bird.call(bird.node.stop())
            bird.host.crash()
            bird.config = replace(bird.config, machine_id=bytes([1]) * 8)
            await bird.restart()
        await tell(flock)

    story(with_machines, 4, **flock_settings)


def test_a_discarded_message_stays_away_after_a_crash() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[1])
        state = await flock[1].say("a mistake")
        await asyncio.sleep(6)
        await flock[1].call(flock[1].node.discard(state.id))
        flock[1].crash()
        flock.mend(cut)
        await flock[1].restart()
        await asyncio.sleep(60)
        for bird in flock:
            assert bird.told(MessageReceived) == []

    story(tell, 3)


def test_a_node_whose_clock_is_five_minutes_wrong_takes_part() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.gather(*(bird.join() for bird in flock.birds[:5]))
        await asyncio.gather(flock[5].join(), return_exceptions=True)
        await flock.expect(lambda: flock[5].told(Joined) != [], 60, "joined in the end")
        question = await flock[0].say("question")
        await flock.expect(lambda: "question" in flock[5].texts(), 30, "the question is told")
        reply = await flock[5].say("reply")
        await flock.expect(lambda: "reply" in flock[0].texts(), 30, "the reply is told")
        assert flock[0].node.log_ids(LOBBY) == [question.id, reply.id]

    async def skewed(flock: Flock) -> None:
        flock[5].host.skew(-300_000)
        await tell(flock)

    story(skewed, 6)


def test_who_joined_alone_is_listed_by_the_initiators_that_come_later() -> None:
    async def tell(flock: Flock) -> None:
        for bird in flock:
            await bird.call(bird.node.stop())
            bird.host.crash()
        await flock[0].restart()
        assert (await flock[0].join()).alone
        for bird in flock.birds[1:]:
            await bird.restart()
        await asyncio.gather(*(bird.join() for bird in flock.birds[1:]))
        await asyncio.sleep(1.5)
        listed = await flock[3].call(flock[3].node.subscribers(LOBBY))
        assert len(listed) == 5
        assert all(flock[0].node.node_id in ids for ids in listed.values())
        await flock[5].say("hello, first one")
        await flock.expect(lambda: flock[0].texts() == ["hello, first one"], 2, "pushed to the first one")

    story(tell, 12)


def test_a_message_sent_right_after_everybody_restarted_is_delivered_all_the_same() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        for bird in flock:
            bird.crash()
        await asyncio.sleep(3)
        await flock[0].restart()
        await flock[1].restart()
        state = await flock[1].say("while the others are still starting")
        await asyncio.sleep(0.5)
        await flock[2].restart()
        await flock.expect(lambda: flock[1].state(state.id).delivered == (2, 2), 15, "delivered to both")

    story(tell, 3)

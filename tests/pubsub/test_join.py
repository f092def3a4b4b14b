"""Joining: proven both ways, with its steps told; all at once, late, cut off, and by itself again."""

from __future__ import annotations

import asyncio
import json

import pytest

from peernode.channel.ids import channel_id_of
from peernode.errors import PeerNodeError
from peernode.events import JoinDelayed, Joined, MessageReceived
from peernode.identity import network_id_of
from peernode.pubsub.joinrun import STEPS
from tests.pubsub.flock import LOBBY, Flock, story


def test_a_join_tells_every_step_once_it_is_done() -> None:
    async def tell(flock: Flock) -> None:
        joined = await flock[2].join()
        assert joined.created
        assert not joined.alone
        assert sorted(set(flock[2].steps()), key=STEPS.index) == list(STEPS)
        again = await flock[1].join()
        assert not again.created

    story(tell, 3)


def test_twenty_nodes_joining_at_once_are_listed_by_every_initiator() -> None:
    async def tell(flock: Flock) -> None:
        joined = await flock.join()
        assert len(joined) == 20
        assert all(join.elapsed_ms <= 5000 for join in joined)
        everybody = sorted(bird.node.node_id for bird in flock)

        async def complete() -> bool:
            listed = await flock[7].call(flock[7].node.subscribers(LOBBY))
            return len(listed) == 5 and all(sorted(ids) == everybody for ids in listed.values())

        for _ in range(20):
            if await complete():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("not all listed by all within 2 virtual s")

    story(tell, 20, loss=0.01)


def test_a_late_joiner_gets_the_history_in_order() -> None:
    async def tell(flock: Flock) -> None:
        early = flock.birds[:4]
        await asyncio.gather(*(bird.join() for bird in early))
        for index in range(120):
            await early[index % 4].say(f"m{index}")
        await asyncio.sleep(5)
        await flock[4].join()
        await flock.expect(lambda: len(flock[4].texts()) == 120, 10, "the whole history")
        assert all(event.history for event in flock[4].told(MessageReceived))
        for author in range(4):
            own = [text for text in flock[4].texts() if int(text[1:]) % 4 == author]
            assert own == [f"m{index}" for index in range(author, 120, 4)]
        assert flock[4].node.log_ids(LOBBY) == flock[0].node.log_ids(LOBBY)

    story(tell, 5)


def test_without_a_network_the_join_says_where_it_hangs_and_completes_later() -> None:
    async def tell(flock: Flock) -> None:
        cut = flock.cut_off(flock[1])
        await asyncio.sleep(15)

        async def join() -> list[JoinDelayed]:
            with pytest.raises(PeerNodeError) as caught:
                await flock[1].node.join(LOBBY)
            assert caught.value.code in ("NO_INITIATOR", "NO_BOOTSTRAP")
            return flock[1].told(JoinDelayed)

        (delayed,) = await flock[1].call(join())  # told before whoever waited hears of it
        assert delayed.error.remedy
        assert 4900 <= delayed.elapsed_ms <= 5100
        flock.mend(cut)
        await flock.expect(lambda: flock[1].told(Joined) != [], 30, "joined by itself")

    story(tell, 3)


def test_a_join_is_not_confirmed_when_initiators_cannot_reach_the_subscriber() -> None:
    from peernode.simulation.world.disturbances import Block

    async def tell(flock: Flock) -> None:
        joiner = flock[5]
        await asyncio.gather(*(bird.join() for bird in flock.birds[:5]))
        others = frozenset(bird.host.index for bird in flock.birds[:5])
        flock.world.network.disturb(Block(others, frozenset([joiner.host.index])))
        with pytest.raises(PeerNodeError):
            await joiner.join()
        assert joiner.told(Joined) == []

    story(tell, 6)


def test_after_losing_the_network_a_node_is_served_again_by_itself() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[3])
        await asyncio.sleep(120)
        missed = await flock[0].say("missed")
        await asyncio.sleep(5)
        assert flock[3].texts() == []
        flock.mend(cut)
        await flock.expect(lambda: flock[3].texts() == ["missed"], 10, "what was missed")
        state = await flock[0].say("live")
        await flock.expect(lambda: flock[3].texts() == ["missed", "live"], 1, "pushed again")
        assert flock[0].state(missed.id).state == "delivered"
        assert state.channel == LOBBY

    story(tell, 6)


def test_a_node_that_restarts_within_its_lease_is_reached_anew_at_once() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        flock[3].crash()
        flock[3].events.clear()
        await asyncio.sleep(1)
        await flock[3].restart()
        await flock.expect(lambda: flock[3].told(Joined) != [], 2, "joined again")

    story(tell, 6)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "tab\tname", "nul\0"])
def test_what_is_no_channel_name_is_refused(name: str) -> None:
    async def tell(flock: Flock) -> None:
        with pytest.raises(PeerNodeError) as caught:
            await flock[0].join(name)
        assert caught.value.code == "CHANNEL_NAME_INVALID"

    story(tell, 1)


def test_a_join_that_fails_says_what_it_tried_and_who_answered() -> None:
    """Nothing reaches the joiner: step, code, whom it asked, who answered, and how it ended after all."""
    from peernode.simulation.world.disturbances import Block

    async def tell(flock: Flock) -> None:
        joiner = flock[5]
        await asyncio.sleep(3)
        await asyncio.gather(*(bird.join() for bird in flock.birds[:5]))
        others = frozenset(bird.host.index for bird in flock.birds[:5])
        number = flock.world.network.disturb(Block(others, frozenset([joiner.host.index])))
        with pytest.raises(PeerNodeError) as caught:
            await joiner.join()
        told = json.loads(json.dumps(joiner.node.coordinator(LOBBY)["join"]))
        assert told["outcome"] == "delayed"
        assert {told["code"], caught.value.code} <= {"NO_INITIATOR", "NO_BOOTSTRAP"}
        failed = next(step for step in told["steps"] if step["outcome"] == told["code"])
        assert failed["step"] in STEPS[:3]
        assert set(failed["answered"]) <= {joiner.node.node_id}

        def lookups() -> list[str]:
            chain = joiner.node.coordinator(LOBBY)["trace"]
            return [step["outcome"] for step in chain if step["step"] == "lookup"]

        await flock.expect(lambda: lookups() == ["could_not_ask"], 6, "a lookup that nobody answered")
        flock.mend(number)
        await flock.expect(lambda: joiner.told(Joined) != [], 30, "joined by itself")
        told = joiner.node.coordinator(LOBBY)["join"]
        assert told["outcome"] == "ok"
        last = [step for step in told["steps"] if step["attempt"] == told["attempts"]]
        assert [step["outcome"] for step in last] == ["ok"] * len(STEPS)

    story(tell, 6)


def test_a_join_under_way_goes_on_after_a_power_cut() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        cut = flock.cut_off(flock[3])
        await asyncio.sleep(10)
        with pytest.raises(PeerNodeError):
            await flock[3].join()
        flock[3].crash()
        await asyncio.sleep(1)
        await flock[3].restart()
        flock.mend(cut)
        await flock.expect(lambda: flock[3].told(Joined) != [], 15, "joined without being asked again")

    story(tell, 5)


def test_a_channel_is_created_by_a_join_of_which_the_first_attempt_failed() -> None:
    """The first one's leases are with the initiators already, and they are nobody else's."""
    from peernode.simulation.world.disturbances import Block

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        others, joiner = flock.birds[:3], flock[3]

        def held() -> bool:
            return all(joiner.node.node_id in bird.node.leaseholders(LOBBY) for bird in others)

        joining = asyncio.ensure_future(joiner.join())
        await flock.expect(held, 2, "its lease is taken")
        mute = Block(frozenset([joiner.host.index]), frozenset(bird.host.index for bird in others))
        number = flock.world.network.disturb(mute)
        await asyncio.sleep(2.5)
        flock.mend(number)
        joined = await joining
        assert joiner.node.coordinator(LOBBY)["join"]["attempts"] > 1
        assert joined.created
        assert not (await flock[2].join()).created

    story(tell, 4)


def test_a_sending_path_is_proven_though_the_only_other_initiator_never_reaches_the_joiner() -> None:
    """Both are behind symmetric translators: the initiator that is asked brings the echo back itself."""

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        joined = await flock[2].join()
        assert joined.elapsed_ms <= 5_000
        assert not joined.alone

    for seed in range(3):
        story(tell, 3, seed=seed, nats={1: "symmetric", 2: "symmetric"})


def test_a_join_that_ends_in_a_fault_of_our_own_is_told_so_and_hangs_in_no_list() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        joiner = flock[2].node._pubsub.joiner
        joiner._proof = None  # whatever is wrong in our own code
        with pytest.raises(PeerNodeError) as caught:
            await flock[2].join("#other")
        assert caught.value.code == "INTERNAL"
        [told] = joiner.log.told(channel_id_of(network_id_of("starling"), "#other"))
        assert told["outcome"] == "INTERNAL"
        assert joiner.runs == {}
        assert len(flock[2].crashes) == 1, "it is no silent one"
        flock[2].crashes.clear()

    story(tell, 3)

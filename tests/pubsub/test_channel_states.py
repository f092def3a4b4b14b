"""How a channel is by a node's own word: told when it changes, and asking nobody."""

from __future__ import annotations

import asyncio

import pytest

from peernode.events import ChannelHealth, Joined
from peernode.pubsub import channelstates
from peernode.pubsub.channelstates import SURE_S
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, settle

TICK_S = 0.5
FOUND_S = 12.0
"""Within so long an initiator knows who of the others is silent (``Upkeep``), or nobody is any more."""

Word = tuple[str, str, tuple[int, int]]


def words(bird: Bird, channel: str = LOBBY) -> list[Word]:
    """What it said of a channel so far."""
    told = [event for event in bird.told(ChannelHealth) if event.channel == channel]
    return [(each.state, each.error.code if each.error else "", each.initiators) for each in told]


async def said(flock: Flock, bird: Bird, word: Word, seconds: float = FOUND_S, channel: str = LOBBY) -> None:
    """Its last word becomes this one."""
    await flock.expect(lambda: words(bird, channel)[-1] == word, seconds, f"{word} in {channel}")


WELL: Word = ("healthy", "", (5, 5))


def test_it_is_told_behind_the_join_and_not_again_while_nothing_changes() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        for bird in flock:
            kinds = [type(event) for event in bird.events]
            assert kinds[kinds.index(Joined) + 1] is ChannelHealth
            assert words(bird)[-1] == WELL
        told = [len(words(bird)) for bird in flock]
        await asyncio.sleep(60)
        assert [len(words(bird)) for bird in flock] == told

    story(tell, count=7)


def test_who_is_alone_says_that_there_is_one_copy_until_somebody_comes() -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].join()
        assert words(flock[0]) == [("degraded", "ONE_COPY", (1, 1))]

    story(tell, count=1)

    async def two(flock: Flock) -> None:
        await flock[0].join()
        await said(flock, flock[0], ("healthy", "", (2, 2)))

    story(two, count=2)


def test_silent_initiators_are_told_by_number_and_it_heals_when_others_take_their_places() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        for bird in initiators[:3]:
            bird.crash()
        await said(flock, initiators[3], ("down", "INITIATORS_TOO_FEW", (2, 5)))
        (error,) = [e.error for e in initiators[3].told(ChannelHealth) if e.state == "down"]
        assert error is not None
        assert error.message
        assert error.remedy
        for bird in flock:
            if bird not in initiators[:3]:
                await said(flock, bird, WELL, 40)

    story(tell, count=9)


@pytest.mark.parametrize(
    ("silent", "word"),
    [
        (1, ("degraded", "INITIATOR_SILENT", (4, 5))),
        (2, ("degraded", "INITIATOR_SILENT", (3, 5))),
        (3, ("down", "INITIATORS_TOO_FEW", (2, 5))),
    ],
)
def test_initiators_that_do_not_answer_one_subscriber_are_silent_for_it_alone(
    silent: int, word: Word
) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        cut = initiators[:silent]
        paths = [flock.block(cut, [others[0]]), flock.block([others[0]], cut)]
        await said(flock, others[0], word)
        assert {words(bird)[-1] for bird in flock if bird is not others[0]} == {WELL}
        for path in paths:
            flock.mend(path)
        await said(flock, others[0], WELL, 40)

    story(tell, count=9)


def test_who_is_there_for_others_alone_does_not_answer() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        bird, other = initiators[:2]
        node, contact = bird.node, other.node._context.me()
        replica = node._pubsub.storage.by_name(LOBBY)
        assert replica is not None
        node._context.overlay.table.vouched(contact)
        assert not node._context.overlay.table.suspected(contact)
        state = node._pubsub.states._state_of(replica)
        assert (state.code, state.initiators) == ("INITIATOR_SILENT", (4, 5))
        await asyncio.sleep(3)
        assert node._pubsub.states._state_of(replica).initiators == (5, 5)

    story(tell, count=7)


def test_a_node_without_a_network_says_so_of_all_its_channels_until_it_is_back() -> None:
    async def tell(flock: Flock) -> None:
        for bird in flock:
            await bird.join()
            await bird.join("#other")
        await asyncio.sleep(12)
        bird = flock[7]
        cut = flock.cut_off(bird)
        for channel in (LOBBY, "#other"):
            own = bird.node.node_id in bird.node.coordinator(channel)["initiators"]
            await said(flock, bird, ("down", "NO_BOOTSTRAP", (int(own), 5)), 20, channel)
        flock.mend(cut)
        for channel in (LOBBY, "#other"):
            await said(flock, bird, WELL, 30, channel)

    story(tell, count=8)


def test_what_lasts_for_a_moment_is_no_news_and_what_is_better_is_told_at_once() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        bird, other = initiators[0], initiators[1]
        before = words(bird)
        table = bird.node._context.overlay.table
        contact = next(
            each for each in bird.node._context.overlay.peers() if each.id.hex() == other.node.node_id
        )
        table.failed(contact)
        assert table.suspected(contact)
        await asyncio.sleep(SURE_S + 3 * TICK_S)
        assert not table.suspected(contact)
        assert words(bird) == before
        states = bird.node._pubsub.states
        replica = bird.node._pubsub.storage.by_name(LOBBY)
        assert replica is not None
        replica.recovering = True
        await asyncio.sleep(SURE_S + 2 * TICK_S)
        assert words(bird)[-1] == ("degraded", "COORDINATOR_LOST", (5, 5))
        replica.recovering = False
        states.look()
        assert words(bird)[-1] == WELL

    story(tell, count=7)


def test_who_was_never_heard_is_not_called_silent_and_who_was_long_ago_is() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        bird, other = initiators[0], initiators[1]
        presence, now = bird.node._pubsub.presence, bird.node._context.now
        other_id = bytes.fromhex(other.node.node_id)
        states = bird.node._pubsub.states
        for heard_s, code in ((None, "INITIATOR_UNHEARD"), (now() - 61, "INITIATOR_SILENT")):
            presence._answered.pop(other_id)
            if heard_s is not None:
                presence._answered[other_id] = heard_s
            replica = bird.node._pubsub.storage.by_name(LOBBY)
            assert replica is not None
            state = states._state_of(replica)
            assert (state.state, state.code, state.initiators) == ("degraded", code, (4, 5))
            await asyncio.sleep(3)
            assert other_id in presence._answered

    story(tell, count=7)


def test_a_channel_that_was_left_has_no_state_and_is_told_anew_when_it_is_joined_again() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        bird = flock[3]
        before = len(words(bird))
        await bird.call(bird.node.leave(LOBBY))
        await bird.join()
        assert words(bird)[before:] == [WELL]
        await bird.call(bird.node.leave(LOBBY))
        initiators = [each for each in cast(flock)[0] if each is not bird]
        for each in initiators[:2]:
            each.crash()
        await asyncio.sleep(30)
        assert len(words(bird)) == before + 1
        assert bird.node.sizes()["pubsub.channel_states"][0] == 0

    story(tell, count=7)


def test_many_channels_are_looked_at_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channelstates, "LOOKED_AT_MAX", 2)
    names = [f"#c{number}" for number in range(7)]

    async def tell(flock: Flock) -> None:
        for name in names:
            await flock[0].join(name)
        await asyncio.sleep(10)
        assert {words(flock[0], name)[-1] for name in names} == {("healthy", "", (4, 4))}
        flock.cut_off(flock[0])
        await asyncio.sleep(30)
        assert {words(flock[0], name)[-1][:2] for name in names} == {("down", "NO_BOOTSTRAP")}
        assert flock[0].node.sizes()["pubsub.channel_states"][0] == len(names)

    story(tell, count=4)


def test_to_look_asks_nobody() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        node = flock[0].node
        sent = node.counters()
        for _ in range(100):
            node._pubsub.states.look()
        assert node.counters() == sent

    story(tell, count=6)

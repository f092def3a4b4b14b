"""How a channel is by a node's own word: what its lease says, told when it changes, and asking nobody."""

from __future__ import annotations

import asyncio

import pytest

from peernode.events import ChannelHealth, Joined, NodeState
from peernode.node import STATE_TICK_S
from peernode.pubsub import healthwatch
from peernode.pubsub.healthwatch import SURE_S, HealthWatch
from peernode.pubsub.replica import Replica, make_set
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, settle

FOUND_S = 12.0
"""Within so long a node that stores the channel knows who of the others is silent (``Upkeep``)."""

TOLD_S = SURE_S + 3 * STATE_TICK_S

Said = tuple[str, str, tuple[int, int]]
WELL: Said = ("healthy", "", (5, 5))


def words(bird: Bird, channel: str = LOBBY) -> list[Said]:
    """What it said of a channel so far."""
    told = [event for event in bird.told(ChannelHealth) if event.channel == channel]
    return [(each.state, each.error.code if each.error else "", each.initiators) for each in told]


async def said(flock: Flock, bird: Bird, word: Said, seconds: float = FOUND_S, channel: str = LOBBY) -> None:
    """Its last word becomes this one."""
    await flock.expect(lambda: words(bird, channel)[-1:] == [word], seconds, f"{word} in {channel}")


def replica_of(bird: Bird, channel: str = LOBBY) -> Replica:
    replica = bird.node._pubsub.storage.by_name(channel)
    assert replica is not None
    return replica


def test_it_is_told_behind_the_join_and_not_again_while_nothing_changes() -> None:
    async def tell(flock: Flock) -> None:
        *first, last = flock
        for bird in first:
            await bird.join()
        await asyncio.sleep(12)
        await last.join()
        kinds = [type(event) for event in last.events]
        assert kinds[kinds.index(Joined) + 1] is ChannelHealth
        await asyncio.sleep(12)
        assert {words(bird)[-1] for bird in flock} == {WELL}
        told = [len(words(bird)) for bird in flock]
        await asyncio.sleep(60)
        assert [len(words(bird)) for bird in flock] == told

    story(tell, count=7)


def test_who_is_alone_says_that_there_is_one_copy() -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].join()
        assert words(flock[0]) == []
        await asyncio.sleep(TOLD_S)
        assert words(flock[0]) == [("degraded", "ONE_COPY", (1, 1))]

    story(tell, count=1)


def test_a_pair_keeps_a_channel_together() -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].join()
        await said(flock, flock[0], ("healthy", "", (2, 2)))

    story(tell, count=2)


@pytest.mark.parametrize("silent", [1, 2])
def test_initiators_that_do_not_answer_one_subscriber_are_silent_for_it_alone(silent: int) -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        cut = initiators[:silent]
        paths = [flock.block(cut, [others[0]]), flock.block([others[0]], cut)]
        await said(flock, others[0], ("degraded", "INITIATOR_SILENT", (5 - silent, 5)))
        assert {words(bird)[-1] for bird in flock if bird is not others[0]} == {WELL}
        sent = await others[0].say("it goes through all the same")
        await asyncio.sleep(6)
        assert others[0].state(sent.id).state == "delivered"
        for path in paths:
            flock.mend(path)
        await said(flock, others[0], WELL, 40)

    story(tell, count=9)


@pytest.mark.parametrize(("seed", "stored_by_others"), [(1, range(2)), (2, range(20, 21))])
def test_it_is_not_called_healthy_while_the_initiators_confirm_nothing(
    seed: int, stored_by_others: range
) -> None:
    """A lookup finds other nodes instead, which answer; now and then, or always, a quorum of them stores."""

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        reader = others[0]
        paths = [flock.block(initiators, [reader]), flock.block([reader], initiators)]
        await flock.expect(lambda: words(reader)[-1][0] == "down", FOUND_S, "down")
        before, told = len(words(reader)), dict[str, str]()
        for number in range(20):
            text = f"into the void {number}"
            told[text] = (await reader.say(text)).id
            await asyncio.sleep(6)
        assert "healthy" not in {state for state, _, _ in words(reader)[before - 1 :]}
        errors = [event.error for event in reader.told(ChannelHealth) if event.state != "healthy"]
        assert all(error is not None and error.message and error.remedy for error in errors)
        stored = {text for text, at in told.items() if reader.state(at).state != "failed"}
        assert len(stored) in stored_by_others
        await flock.expect(lambda: all(stored <= {*bird.texts()} for bird in others[1:]), 60, "what is sent")
        for path in paths:
            flock.mend(path)
        await said(flock, reader, WELL, 60)
        await asyncio.sleep(
            reader.config.renew_s
        )  # by then who answered meanwhile is not taken for an initiator
        again = await reader.say("and out of it")
        await asyncio.sleep(6)
        assert reader.state(again.id).state == "delivered"
        assert all({*told} <= {*bird.texts()} for bird in flock if bird is not reader)

    story(tell, count=20, seed=seed)


def test_it_heals_when_others_have_taken_the_places_of_those_who_are_gone() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        for bird in initiators[:3]:
            bird.crash()
        left = [bird for bird in flock if bird not in initiators[:3]]
        await asyncio.sleep(FOUND_S)
        assert any(state != "healthy" for bird in left for state, _, _ in words(bird))
        for bird in left:
            await said(flock, bird, WELL, 60)

    story(tell, count=9)


def test_without_a_network_nothing_is_told_and_with_it_only_what_is_proven() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, others = cast(flock)
        bird = others[0]
        before = len(words(bird))
        cut = flock.cut_off(bird)
        await flock.expect(lambda: bird.node.state.state != "online", 20, "offline")
        offline = len(words(bird))
        await asyncio.sleep(30)
        assert len(words(bird)) == offline
        for each in initiators[:4]:
            each.crash()
        flock.mend(cut)
        await flock.expect(lambda: bird.node.state.state == "online", 40, "online")
        await flock.expect(lambda: words(bird)[-1][0] == "healthy" and len(words(bird)) > before, 90, "well")
        state = bird.told(NodeState)[-1]
        assert state.state == "online"
        sent = await bird.say("back")
        await asyncio.sleep(6)
        assert bird.state(sent.id).state in ("sent", "delivered")

    story(tell, count=14)


def test_what_lasts_for_a_moment_is_no_news_and_what_is_better_is_told_at_once() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        bird, other = initiators[0], initiators[1]
        before, table = words(bird), bird.node._context.overlay.table
        peers = bird.node._context.overlay.peers()
        contact = next(each for each in peers if each.id.hex() == other.node.node_id)
        table.failed(contact)
        assert table.silent(contact)
        await asyncio.sleep(TOLD_S)
        assert not table.silent(contact)
        assert words(bird) == before
        replica_of(bird).recovering = True
        await asyncio.sleep(TOLD_S)
        assert words(bird)[-1] == ("degraded", "COORDINATOR_LOST", (5, 5))
        replica_of(bird).recovering = False
        bird.node._pubsub.health_watch.look()
        assert words(bird)[-1] == WELL

    story(tell, count=7)


def test_who_is_there_for_others_alone_does_not_answer() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, _ = cast(flock)
        bird, other = initiators[:2]
        node, contact = bird.node, other.node._context.me()
        node._context.overlay.table.vouched(contact)
        assert not node._context.overlay.table.suspected(contact)
        health = node._pubsub.health_watch._health_of(replica_of(bird))
        assert (health.code, health.initiators) == ("INITIATOR_SILENT", (4, 5))
        await asyncio.sleep(3)
        assert node._pubsub.health_watch._health_of(replica_of(bird)).initiators == (5, 5)

    story(tell, count=7)


def test_a_channel_that_was_left_has_no_health_and_is_told_anew_when_it_is_joined_again() -> None:
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
        assert bird.node.sizes()["pubsub.healths"][0] == 0
        late = bird.node._pubsub.subscriber.begin(make_set([], True, 0.0))
        bird.node._pubsub.subscriber.ended(replica_of(bird), late)
        assert bird.node.sizes()["pubsub.healths"][0] == 0

    story(tell, count=7)


def test_many_channels_are_looked_at_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healthwatch, "LOOKED_AT_MAX", 2)
    names = [f"#c{number}" for number in range(7)]

    async def tell(flock: Flock) -> None:
        for name in names:
            await flock[0].join(name)
        await asyncio.sleep(10)
        assert {words(flock[0], name)[-1] for name in names} == {("healthy", "", (4, 4))}
        for name in names:
            replica_of(flock[0], name).recovering = True
        await asyncio.sleep(4 * TOLD_S)
        lost = ("degraded", "COORDINATOR_LOST", (4, 4))
        assert {words(flock[0], name)[-1] for name in names} == {lost}
        assert flock[0].node.sizes()["pubsub.healths"][0] == len(names)

    story(tell, count=4)


def test_to_watch_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent() -> list[dict[str, int]]:
        found: list[dict[str, int]] = []

        async def tell(flock: Flock) -> None:
            await settle(flock)
            cast(flock)[0][0].crash()
            await asyncio.sleep(40)
            found.extend(bird.node.counters() for bird in flock)

        story(tell, count=7)
        return found

    watched = sent()
    monkeypatch.setattr(HealthWatch, "look", lambda _: None)
    assert sent() == watched

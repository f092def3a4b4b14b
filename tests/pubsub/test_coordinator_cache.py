"""The cache of initiator sets and summaries: when it grows old, what makes it drop, what it falls back on."""

from __future__ import annotations

import asyncio
from collections import Counter

from peernode.channel.coordinator import ACTIVE
from peernode.pubsub.inquiry import Answers
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_coordinator import happened, outsiders, settled, trace


def initiators(flock: Flock, named: tuple[str, ...]) -> list[Bird]:
    return [bird for bird in flock if bird.node.node_id in named]


def spent(bird: Bird, before: Counter[str]) -> Counter[str]:
    return happened(bird) - before


def test_a_summary_is_dropped_when_an_answer_tells_of_a_newer_log() -> None:
    """The set stays, and no lookup follows: only what was said of the log is out of date."""

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        storage = member.node._pubsub.storage
        replica = storage.member(LOBBY)
        await asyncio.sleep(1)
        member.node.coordinator(LOBBY)
        assert replica.coordinator is not None
        for bird in flock:  # so it hears of the message by its next renewal alone
            bird.node._pubsub.delivery.push = lambda *_: None  # type: ignore[method-assign]
        before, view = happened(member), replica.initiators
        author = next(bird for bird in outsiders(flock, joined.initiators) if bird is not member)
        await author.say("missed")
        await flock.expect(lambda: spent(member, before)["coordinator.dropped_by_version"] > 0, 25, "dropped")
        assert replica.coordinator is None
        await flock.expect(lambda: member.texts() == ["missed"], 5, "pulled")
        assert member.node.coordinator(LOBBY)["version"] == 1
        assert replica.initiators is not None
        assert view is not None
        assert replica.initiators.hash == view.hash
        assert spent(member, before)["storage.lookups"] == 0

    story(tell, 8)


def test_a_set_that_nobody_has_confirmed_for_30_s_serves_and_is_asked_after() -> None:
    """Without renewals it grows old; a message doesn't wait for the next one, which comes soon."""

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        storage = member.node._pubsub.storage
        replica = storage.member(LOBBY)
        await member.call(storage.initiators(replica, fresh=True))
        found_s, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
        before = happened(member)
        renews = member.node._pubsub.renewal
        renews.now = lambda *_: None  # type: ignore[method-assign]
        storage.coordination.confirmed = lambda *_: None  # type: ignore[method-assign]
        replica.sync_due = False
        while loop.time() < found_s + 29.9:
            assert storage.coordination.is_fresh(replica)
            await asyncio.sleep(0.5)
        del storage.coordination.confirmed
        view = replica.initiators
        await asyncio.sleep(found_s + 30.1 - loop.time())
        assert replica.initiators is view, "nobody has confirmed it, and nobody has looked"
        assert not storage.coordination.is_fresh(replica)
        assert await member.call(storage.coordination.known(replica)) is view
        assert spent(member, before)["coordinator.stale"] == 1
        assert replica.sync_due, "the next renewal looks anew, soon"

    story(tell, 8)


def test_an_initiator_knows_the_set_of_a_channel_that_it_stores_from_its_own_table() -> None:
    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        one = initiators(flock, joined.initiators)[0]
        storage = one.node._pubsub.storage
        replica = storage.member(LOBBY)
        await one.say("stored")
        await asyncio.sleep(1)
        replica.forget_initiators()
        before = happened(one)
        found = await one.call(storage.load_coordinator_resilient(replica))
        assert trace(one) == {"cache": "none", "local": "ok"}
        assert found.state == ACTIVE
        assert sorted(each.id.hex() for each in found.initiators) == sorted(joined.initiators)
        assert spent(one, before)["storage.lookups"] == 0
        answered = one.node.coordinator(LOBBY)["trace"][-1]["answered"]
        assert sorted([*answered, one.node.node_id]) == sorted(joined.initiators)

    story(tell, 8)


def test_when_no_two_sources_agree_the_old_set_stays_and_the_others_get_the_messages_too() -> None:
    """Two lookups that each miss another initiator, and known ones that do not answer."""

    async def tell(flock: Flock) -> None:
        joined = await settled(flock)
        member = outsiders(flock, joined.initiators)[0]
        storage = member.node._pubsub.storage
        replica = storage.member(LOBBY)
        overlay = member.node._pubsub._context.overlay
        lookup, missed = overlay.lookup, [bytes.fromhex(each) for each in joined.initiators]

        async def misses_one(target: bytes, count: int) -> object:
            found = await lookup(target, count + 1)
            gone = missed.pop()
            found.closest[:] = [each for each in found.closest if each.id != gone][:count]
            return found

        async def nobody(*_: object) -> object:
            return Answers()

        overlay.lookup = misses_one  # type: ignore[method-assign,assignment]
        storage.coordination._inquiry.ask = nobody  # type: ignore[method-assign,assignment]
        storage.coordination.doubt(replica)
        before = happened(member)
        found = await member.call(storage.load_coordinator_resilient(replica))
        assert trace(member)["lookup"] == "unconfirmed"
        assert spent(member, before)["coordinator.undecided"] == 1
        assert sorted(each.id.hex() for each in found.initiators) == sorted(joined.initiators)
        named = {*member.node.coordinator(LOBBY)["rumoured"]}
        assert named
        assert not named & {*joined.initiators}
        assert not storage.coordination.is_fresh(replica), "it is asked after again at the next renewal"

    story(tell, 8)

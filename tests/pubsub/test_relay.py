"""Paths that break one way or are shut by translators: noticed, named, and gone round."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.assignment import rank
from peernode.channel.ids import channel_id_of
from peernode.errors import Refused
from peernode.identity import network_id_of
from peernode.simulation.world.disturbances import Block
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, Bird, Flock, story


def replica_of(bird: Bird) -> Any:
    return bird.node._pubsub.storage.by_name(LOBBY)


def primary_and_subscriber(flock: Flock) -> tuple[Bird, Bird]:
    """A subscriber that is no initiator, and the initiator that pushes to it first."""
    keys = {bird.identity.public_key: bird for bird in flock}
    view = replica_of(flock[0]).initiators
    subscriber = next(bird for bird in flock if not view.holds(bird.identity.public_key))
    order = rank(
        subscriber.identity.node_id, replica_of(flock[0]).channel_id, [c.public_key for c in view.contacts]
    )
    return keys[order[0]], subscriber


def block(flock: Flock, senders: list[Bird], receivers: list[Bird]) -> int:
    return flock.world.network.disturb(
        Block(frozenset(b.host.index for b in senders), frozenset(b.host.index for b in receivers))
    )


def direction(flock: Flock, asker: Bird, found: dict[str, Any], by: Bird, to: Bird) -> Any:
    return found[by.node.node_id]["subscribers"][to.node.node_id]


@pytest.mark.parametrize(("deaf", "named"), [(True, "heard"), (False, "hears")])
def test_a_path_that_breaks_one_way_is_named_within_ten_seconds_though_nobody_writes(
    deaf: bool, named: str
) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        primary, subscriber = primary_and_subscriber(flock)
        asker = next(bird for bird in flock if bird not in (primary, subscriber))
        before = direction(
            flock, asker, await asker.call(asker.node.reachability(LOBBY)), primary, subscriber
        )
        assert before["direction"] == "both"
        assert not before["asymmetric"]
        there_and_back_ms = 2 * flock.world.network.one_way_ms(primary.host.ip, subscriber.host.ip)
        assert abs(before["latency_ms"] - there_and_back_ms) <= 5
        assert before["success_age_ms"] < 10_000
        ends = (primary, subscriber) if deaf else (subscriber, primary)
        number = block(flock, [ends[0]], [ends[1]])
        await asyncio.sleep(10)
        cell = direction(flock, asker, await asker.call(asker.node.reachability(LOBBY)), primary, subscriber)
        assert (cell["direction"], cell["asymmetric"]) == (named, True)
        assert cell["failing_age_ms"] <= 10_000
        assert 9_500 <= cell["success_age_ms"] - before["success_age_ms"] <= 10_500, "grown all the while"
        assert cell["failures"] >= 1
        assert cell["repairs"] >= 1
        assert cell["via"] is not None
        flock.mend(number)
        await asyncio.sleep(25)
        cell = direction(flock, asker, await asker.call(asker.node.reachability(LOBBY)), primary, subscriber)
        assert cell["direction"] == "both"
        assert cell["success_age_ms"] < 10_000

    story(tell, 7)


def test_a_push_without_an_answer_is_a_broken_path_though_the_ack_came_another_way() -> None:
    """Before, an author that is an initiator looked at the path only at the next regular test."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author, subscriber, asker = flock[0], flock[1], flock[2]
        block(flock, [subscriber], [author])
        sent = await author.say("acked to another initiator")
        await asyncio.sleep(3.0)
        assert author.state(sent.id).state == "delivered"
        found = await asker.call(asker.node.reachability(LOBBY))
        assert direction(flock, asker, found, author, subscriber)["direction"] == "hears"

    story(tell, 5)


def test_a_subscriber_that_no_initiator_reaches_is_reached_through_another_one() -> None:
    """All initiators are blocked towards it; a public subscriber relays, and the ack is its own."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        view = replica_of(flock[0]).initiators
        initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
        target, relay = [bird for bird in flock if bird not in initiators]
        block(flock, initiators, [target])
        author = initiators[0]
        sent = await author.say("round about")
        await flock.expect(lambda: target.texts() == ["round about"], 2.0, "the message comes by a relay")
        await flock.expect(
            lambda: author.state(sent.id).delivered == (6, 6), 3.0, "the author hears of its ack"
        )
        assert relay.node.happened().get("relay.passed_on", 0) >= 1
        digest = next(iter(author.node._pubsub.outbox.by_digest)).hex()
        tries = [
            attempt
            for bird in initiators
            for attempt in bird.node.attempts(digest)
            if attempt.peer == target.node.node_id
        ]
        assert [attempt.outcome for attempt in tries if attempt.method == "relay"].count("ok") >= 1
        direct = [attempt for attempt in tries if attempt.method in ("initiator", "alternative", "direct")]
        assert direct
        assert {attempt.outcome for attempt in direct} <= {"timeout"}

    story(tell, 7, loss=0)


def test_what_is_said_while_a_way_is_looked_for_goes_that_way_too() -> None:
    """One message looks for a relay; the others, which may not look as well, are not left to the renewal."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        view = replica_of(flock[0]).initiators
        initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
        target, _ = [bird for bird in flock if bird not in initiators]
        block(flock, initiators, [target])
        block(flock, [target], initiators)
        texts = [f"m{index}" for index in range(5)]
        for text in texts:
            await initiators[0].say(text)
        await flock.expect(lambda: target.texts() == texts, 2.5, "all come by the relay")

    story(tell, 7, loss=0)


def test_a_subscriber_relays_to_one_that_it_has_never_heard_of() -> None:
    """Only authors know who else subscribes; the initiator that asks tells the relay where the target is."""

    async def tell(flock: Flock) -> None:
        channel = int.from_bytes(channel_id_of(network_id_of("starling"), LOBBY), "big")
        by_distance = sorted(flock, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ channel)
        for bird in by_distance:
            await bird.join()
        await asyncio.sleep(1)
        *initiators, relay, target = by_distance
        known = replica_of(relay)
        assert target.identity.node_id not in known.subscribers
        assert known.leases.contact(target.identity.node_id) is None
        block(flock, initiators, [target])
        text = "x" * 700
        await initiators[0].say(text)
        await flock.expect(lambda: target.texts() == [text], 2.0, "the longest message comes by the relay")

    story(tell, 5, loss=0, replicas=3)


def test_who_has_no_part_in_a_channel_gets_nothing_relayed() -> None:
    async def tell(flock: Flock) -> None:
        channel = channel_id_of(network_id_of("starling"), LOBBY)
        far = int.from_bytes(channel, "big")
        *members, stranger = sorted(
            flock, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ far
        )
        await asyncio.gather(*(bird.join() for bird in members))
        await asyncio.sleep(1)
        view = replica_of(members[0]).initiators
        via, target = view.contacts[0], members[-1]

        async def refused(body: list[Any]) -> int:
            with pytest.raises(Refused) as caught:
                await stranger.call(stranger.node._context.rpc.request(via, Op.RELAY, body, prove=True))
            return caught.value.status

        mine, nonce = stranger.identity.public_key, bytes(16)
        inner = [Op.PROBE, [channel, nonce]]
        probe = [channel, target.identity.node_id, mine, nonce, *inner]
        assert await refused(probe) == Status.NOT_SUBSCRIBED
        assert await refused(probe) == Status.NOT_SUBSCRIBED  # again: what is refused uses nothing up
        asks = [channel, target.identity.node_id, mine, bytes([1]) * 16, Op.SYNC, []]
        assert await refused(asks) == Status.INVALID
        forged = [channel, target.identity.node_id, target.identity.public_key, bytes([2]) * 16, *inner]
        assert await refused(forged) == Status.INVALID  # passed on once already, as far as we are told

    story(tell, 9)


def test_a_nonce_serves_once() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        primary, subscriber = primary_and_subscriber(flock)
        replica = replica_of(primary)
        via = next(c for c in replica.initiators.contacts if c.public_key != primary.identity.public_key)
        body = [replica.channel_id, subscriber.identity.node_id, primary.identity.public_key, bytes(16)]
        body += [Op.PROBE, [replica.channel_id, bytes(16)]]
        request = primary.node._context.rpc.request
        answer = await primary.call(request(via, Op.RELAY, body, prove=True))
        assert answer[0] == []
        assert isinstance(answer[1], int)  # it has heard us, and says how long ago
        with pytest.raises(Refused) as caught:
            await primary.call(request(via, Op.RELAY, body, prove=True))
        assert caught.value.status == Status.INVALID

    story(tell, 7)


def test_who_is_not_reached_is_named_with_the_time_until_its_ack_comes() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        _, away = primary_and_subscriber(flock)
        author = next(bird for bird in flock if bird is not away)
        cut = flock.cut_off(away)
        cut_ms = author.host.env.clock.wall_ms()
        sent = await author.say("who hears this?")
        await flock.expect(lambda: bool(author.state(sent.id).unreachable), 12, "somebody is named")
        state = author.state(sent.id)
        assert [node for node, _ in state.unreachable] == [away.node.node_id]
        assert abs(state.unreachable[0][1] - cut_ms) < 7_000, "since the last time that it was reached"
        assert state.delivered == (5, 6)
        flock.mend(cut)
        await flock.expect(lambda: author.state(sent.id).delivered == (6, 6), 30, "it is back")
        assert author.state(sent.id).unreachable == ()

    story(tell, 7)


def test_counts_of_acks_are_told_together_and_the_last_one_at_once() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        sent = await flock[0].say("to eleven")
        await flock.expect(lambda: flock[0].state(sent.id).delivered == (11, 11), 5, "all have it")
        await asyncio.sleep(1)
        told = flock[0].states(sent.id)
        assert told[-1].delivered == (11, 11)
        assert len(told) <= 8, [state.delivered for state in told]

    story(tell, 12, jitter_ms=30)


def test_a_path_that_a_push_found_broken_is_repaired_at_once_though_the_ack_came_another_way() -> None:
    """Before, nobody was asked to go round it until the next regular test of the path, seconds later."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author, subscriber, asker = flock[0], flock[1], flock[2]
        block(flock, [author], [subscriber])
        await asyncio.sleep(0.25)  # what was on its way back says that the path works
        sent = await author.say("acked to another initiator")
        digest = next(iter(author.node._pubsub.outbox.by_digest)).hex()
        path = author.node._pubsub.monitor.get(subscriber.identity.node_id)
        await flock.expect(lambda: path.failing_since_s is not None, 4.0, "the push has waited in vain")
        assert author.state(sent.id).state == "delivered"
        assert "relay" not in {each.method for each in author.node.attempts(digest)}
        await asyncio.sleep(0.5)
        found = await asker.call(asker.node.reachability(LOBBY))
        cell = direction(flock, asker, found, author, subscriber)
        assert (cell["direction"], cell["repairs"]) == ("heard", 1)
        assert cell["via"] is not None

    story(tell, 5, loss=0)


def test_a_path_is_repaired_although_pushes_go_on_failing() -> None:
    """Before, each push that failed put the next repair off: after a first one in vain none was tried."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author, subscriber = flock[0], flock[1]
        block(flock, [author], [subscriber])
        shut = block(flock, list(flock)[2:], [subscriber])
        await author.say("nobody reaches it")
        path = author.node._pubsub.monitor.get(subscriber.identity.node_id)
        await flock.expect(lambda: path.repairs == 1, 8.0, "a first repair")
        await asyncio.sleep(4)
        flock.mend(shut)
        for number in range(16):
            await author.say(f"{number}, and the others reach it")
            await asyncio.sleep(0.5)
        assert author.node._pubsub.monitor.alternatives(subscriber.identity.node_id)

    story(tell, 5, loss=0)

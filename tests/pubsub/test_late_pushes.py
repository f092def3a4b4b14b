"""Somebody's power fails: what is on its way to it or waits for it is not pushed once its lease has ended."""

from __future__ import annotations

import asyncio

from peernode.diagnostics.records import Attempt
from peernode.pubsub.pushroom import FAILING_MAX
from peernode.pubsub.retries import LINE_MAX
from peernode.simulation.checkers.leases_end import GRACE_S
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import counted
from tests.pubsub.test_relay import replica_of

BURST = 250


def waiting_for(bird: Bird, gone: Bird) -> int:
    """Requests of any kind that wait behind those that are on their way to it."""
    peer = bird.node._context.rpc._core.peers.get(gone.identity.public_key)
    return 0 if peer is None else len(peer.queued)


def parts_of(flock: Flock) -> tuple[list[Bird], Bird]:
    """The initiators, and a subscriber that is none."""
    view = flock[0].node._pubsub.storage.member(LOBBY).initiators
    assert view is not None
    initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
    return initiators, next(bird for bird in flock if bird not in initiators)


def lease_ends_s(bird: Bird, subscriber: Bird) -> float:
    return float(replica_of(bird).leases._held[subscriber.identity.node_id].until_s)


def tries(pusher: Bird, to: Bird) -> list[Attempt]:
    """What it has recorded of its pushes to somebody."""
    told = [pusher.node.attempts(digest.hex()) for digest in pusher.node._pubsub.delivery._spreads]
    return [each for found in told for each in found if each.peer == to.identity.node_id.hex()]


def test_what_waits_for_who_is_gone_is_not_pushed_one_by_one_until_its_lease_has_long_ended() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        initiators, gone = parts_of(flock)
        author, began_s = initiators[0], flock[0].host.env.clock.monotonic()
        ends_s = max(lease_ends_s(bird, gone) for bird in initiators)
        gone.crash()
        for number in range(BURST):
            await author.say(f"m{number}")
            await asyncio.sleep(0.01)
        queued = 0
        while flock[0].host.env.clock.monotonic() < ends_s + 2 * GRACE_S:
            queued = max(queued, *(waiting_for(bird, gone) for bird in initiators))
            await asyncio.sleep(0.1)
        sizes = [bird.node._pubsub.sizes() for bird in initiators]
        assert all(size["pushes"][0] == size["retry_lines"][0] == 0 for size in sizes)
        assert queued <= 2, "whatever else is asked of it finds no line before it"
        sent = 0
        for bird in initiators:
            found = tries(bird, gone)
            assert max(each.sent_s for each in found if each.sent_s is not None) <= ends_s
            sent += sum(each.sent_s is not None and each.sent_s > began_s + 15 for each in found)
            ways = {each.outcome for each in found}
            assert {"timeout", "not answering", "line full"} <= ways
            ended = [each for each in found if each.outcome == "lease ended"]
            assert {each.method for each in ended if each.sent_s is None} == {"pull"}, (
                "left as it had its turn"
            )
            assert counted(bird, "delivery.not_answering") > 0 == counted(bird, "delivery.pushes_full")
        assert sent < len(initiators) * 40, "a try now and then"
        alive = [bird for bird in flock if bird not in (gone, author)]
        assert all(len(bird.texts()) == BURST for bird in alive)

    assert BURST > FAILING_MAX + LINE_MAX
    story(tell, 7, loss=0)


def test_an_author_that_is_an_initiator_pushes_directly_no_longer_than_the_lease_lasts() -> None:
    """Before, its first push went on: by what it was told, as if it held no leases."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        (author, *_), gone = parts_of(flock)
        gone.crash()
        ends_s = lease_ends_s(author, gone)
        await asyncio.sleep(ends_s - 0.05 - author.host.env.clock.monotonic())
        await author.say("too late")
        await asyncio.sleep(10)
        direct = [each for each in tries(author, gone) if each.method == "direct"]
        assert [each.outcome for each in direct] == ["lease ended"]
        assert ends_s - 0.1 < direct[0].sent_s < ends_s, "it began in time"

    story(tell, 7, loss=0)


def test_whose_lease_an_author_that_is_an_initiator_does_not_hold_is_pushed_to_by_those_that_do() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        (author, *_), subscriber = parts_of(flock)
        node_id = subscriber.identity.node_id
        assert node_id in replica_of(author).subscribers, "it was told of it"
        replica_of(author).leases._remove(node_id)
        await author.say("hello")
        await flock.expect(lambda: subscriber.texts() == ["hello"], 1, "it has it from others")
        assert tries(author, subscriber) == []

    story(tell, 7, loss=0)


def test_relays_are_asked_no_more_for_who_is_gone_once_its_lease_has_ended() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        initiators, gone = parts_of(flock)
        gone.crash()
        ends_s = {bird.index: lease_ends_s(bird, gone) for bird in initiators}
        await asyncio.sleep(min(ends_s.values()) - 1 - flock[0].host.env.clock.monotonic())
        await initiators[0].say("too late for some of it")
        await asyncio.sleep(15)
        asked = [(bird, each) for bird in initiators for each in tries(bird, gone) if each.method == "relay"]
        assert any(each.outcome == "lease ended" for _, each in asked)
        assert all(each.sent_s is None or each.sent_s <= ends_s[bird.index] for bird, each in asked)

    story(tell, 7, loss=0)

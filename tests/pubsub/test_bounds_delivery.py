"""What delivery does at its bounds: what is dropped there and how that is told, on nodes that ship."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.message import Kind, Message, sign_message
from peernode.channel.receipt import sign_ack
from peernode.identity import Identity
from peernode.pubsub.ackpages import Report
from peernode.pubsub.acks import REPORTS_MAX
from peernode.pubsub.audience import DIRECT_MAX
from peernode.pubsub.delivery import SPREADS_MAX
from peernode.pubsub.detours import LOOKING_MAX, WAITING_MAX
from peernode.pubsub.ingest import Source
from peernode.pubsub.retries import LINE_MAX, LINES_MAX
from peernode.pubsub.spread import Spread
from peernode.wire.contact import Contact
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_relay import replica_of
from tests.store.disks import message_id


def signed(bird: Bird, author: Identity, seq: int, prev: bytes = b"p" * 16) -> Message:
    """A message of the lobby by somebody who is no node."""
    return sign_message(
        author,
        channel_id=replica_of(bird).channel_id,
        instance=bytes(8),
        seq=seq,
        prev=bytes(16) if seq == 1 else prev,
        id=message_id(seq),
        hlc=(bird.node._context.wall_ms() << 16) + seq,
        kind=Kind.TEXT,
        body=b"%d" % seq,
    )


def counted(bird: Bird, name: str) -> int:
    return bird.node._context.collector.counters.get(name, 0)


def tried(bird: Bird, message: Message) -> list[tuple[str, str]]:
    """Method and outcome of each attempt to bring a message to somebody."""
    return [(each.method, each.outcome) for each in bird.node.attempts(message.digest.hex())]


async def stored(bird: Bird, count: int) -> list[Message]:
    """So many messages of a stranger in a node's log, as if they had come by catching up: not pushed."""
    author, found = Identity.generate(bird.host.env.random), list[Message]()
    for seq in range(1, count + 1):
        found.append(signed(bird, author, seq, found[-1].digest if found else bytes(16)))
        await bird.node._pubsub.ingest.take(replica_of(bird), found[-1], Source.SYNC, None)
    return found


def strangers(bird: Bird, count: int) -> list[Contact]:
    """Nodes that don't exist."""
    return [Contact(bird.host.env.random.randbytes(32), "10.9.9.9", 7400) for _ in range(count)]


def test_over_a_full_line_the_oldest_is_left_to_the_renewal_and_the_rest_comes_by_itself() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        pusher, away = flock[0], flock[2]
        contact = replica_of(pusher).leases.contact(away.identity.node_id)
        cut = flock.cut_off(away)
        messages = await pusher.call(stored(pusher, LINE_MAX + 1))
        delivery = pusher.node._pubsub.delivery

        async def fail_all() -> None:
            for message in messages:
                delivery.retries.add(delivery.spread(replica_of(pusher), message), contact, "initiator")

        await pusher.call(fail_all())
        assert pusher.node._pubsub.sizes()["retry_line"] == (LINE_MAX, LINE_MAX)
        assert tried(pusher, messages[0])[-1] == ("pull", "line full")
        assert counted(pusher, "delivery.left_to_renewal") == 1
        assert not any(("pull", "line full") in tried(pusher, each) for each in messages[1:])
        flock.mend(cut)
        await flock.expect(lambda: len(away.texts()) == LINE_MAX + 1, 60, "all of them, the oldest by a pull")
        assert counted(pusher, "delivery.left_to_renewal") == 1
        assert ("initiator", "ok") in tried(pusher, messages[-1])
        assert ("initiator", "ok") not in tried(pusher, messages[0])

    story(tell, 3, loss=0)


def test_who_fails_while_all_lines_are_taken_is_left_to_the_renewal() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        pusher = flock[0]
        (message,) = await pusher.call(stored(pusher, 1))
        delivery, people = pusher.node._pubsub.delivery, strangers(pusher, LINES_MAX + 1)

        async def fail_all() -> None:
            spread = delivery.spread(replica_of(pusher), message)
            for contact in people:
                delivery.retries.add(spread, contact, "initiator")

        await pusher.call(fail_all())
        assert pusher.node._pubsub.sizes()["retry_lines"] == (LINES_MAX, LINES_MAX)
        last = pusher.node.attempts(message.digest.hex())[-1]
        assert (last.peer, last.outcome) == (people[-1].id.hex(), "lines full")
        assert counted(pusher, "delivery.left_to_renewal") == 1

    story(tell, 1)


def test_over_the_bound_a_message_waits_for_no_way_round_but_for_its_retry() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        pusher, away = flock[0], flock[2]
        contact = replica_of(pusher).leases.contact(away.identity.node_id)
        cut = flock.cut_off(away)
        messages = await pusher.call(stored(pusher, WAITING_MAX + 2))
        delivery = pusher.node._pubsub.delivery

        async def push_all() -> None:
            for message in messages:
                delivery.push(replica_of(pusher), message, contact, "initiator")

        await pusher.call(push_all())
        await flock.expect(lambda: counted(pusher, "delivery.relay_put_off") > 0, 10, "one too many")
        assert pusher.node._pubsub.sizes()["detours_waiting"] == (WAITING_MAX, WAITING_MAX)
        assert counted(pusher, "delivery.relay_put_off") == 1, "one looks, as many as may wait, one more"
        flock.mend(cut)
        await flock.expect(lambda: len(away.texts()) == len(messages), 60, "all of them")

    story(tell, 3, loss=0, inflight_per_peer_max=2 * WAITING_MAX)  # so that all of them have their turn


def test_over_the_bound_nobody_looks_for_a_way_to_one_more_subscriber() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        pusher = flock[0]
        (message,) = await pusher.call(stored(pusher, 1))
        delivery, people = pusher.node._pubsub.delivery, strangers(pusher, LOOKING_MAX + 1)

        async def push_all() -> None:
            spread = delivery.spread(replica_of(pusher), message)
            for contact in people:
                delivery._pushes._detours.prepare(spread, contact, 0.0, True)

        await pusher.call(push_all())
        await asyncio.sleep(1)
        assert counted(pusher, "delivery.relay_put_off") == 1
        assert pusher.node._pubsub.sizes()["detours"] == (0, LOOKING_MAX), "nobody of them holds a lease"

    story(tell, 1)


def test_over_the_bound_the_delivery_of_the_oldest_message_is_followed_no_more() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        pusher, author = flock[0], Identity.generate(flock[0].host.env.random)
        said = await pusher.say("the oldest")
        digest = next(iter(pusher.node._pubsub.outbox.by_digest))
        delivery, replica = pusher.node._pubsub.delivery, replica_of(pusher)
        followed = delivery.sizes()["spreads"][0]
        messages = [signed(pusher, author, seq) for seq in range(1, SPREADS_MAX - followed + 1)]
        for message in messages:
            delivery.spread(replica, message)
        assert delivery.find(digest) and counted(pusher, "delivery.spread_dropped") == 0
        for seq in range(followed):
            delivery.spread(replica, signed(pusher, author, SPREADS_MAX + 1 + seq))
        assert delivery.sizes()["spreads"] == (SPREADS_MAX, SPREADS_MAX)
        assert not delivery.find(digest) and all(delivery.find(each.digest) for each in messages)
        assert counted(pusher, "delivery.spread_dropped") == followed
        await flock.expect(lambda: flock[1].texts() == ["the oldest"], 30, "it is there all the same")
        await flock.expect(lambda: pusher.state(said.id).delivered == (1, 1), 5, "and its ack is counted")

    story(tell, 2, loss=0)


def test_acks_over_the_bound_are_reported_at_once() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        author, teller, hearer = flock
        await author.say("hello")
        await flock.expect(lambda: teller.texts() == hearer.texts() == ["hello"], 5, "told")
        await asyncio.sleep(1)
        digest = next(iter(author.node._pubsub.outbox.by_digest))
        spread: Any = teller.node._pubsub.delivery._spreads[digest]
        reports = teller.node._pubsub.delivery.reports

        def acks(count: int) -> None:
            for _ in range(count):
                one = Identity.generate(teller.host.env.random)
                signature = sign_ack(one, spread.message)
                reports.add(
                    Report(spread.replica, spread.message, one.public_key, signature, one.node_id, {})
                )

        def begun() -> int:
            return teller.node.diagnostics()["rpc"].get("op.ACKED.out", 0)

        async def fill() -> None:
            before = begun()
            acks(REPORTS_MAX - 1)
            await asyncio.sleep(0)
            assert reports.sizes()["reports"] == (REPORTS_MAX - 1, REPORTS_MAX)
            assert begun() == before
            acks(1)
            await asyncio.sleep(0)
            assert reports.sizes()["reports"] == (0, REPORTS_MAX)
            await asyncio.sleep(0)
            assert begun() > before

        await teller.call(fill())
        heard = "delivery.ack_of_a_stranger"
        await flock.expect(lambda: counted(hearer, heard) == REPORTS_MAX, 30, "all of them were heard")

    story(tell, 3, loss=0)


def test_over_the_bound_of_pushes_one_more_waits_for_its_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spread, "allowed", lambda *_: True)  # as if these strangers held leases

    async def tell(flock: Flock) -> None:
        await flock.join()
        pusher = flock[0]
        (message,) = await pusher.call(stored(pusher, 1))
        delivery, people = pusher.node._pubsub.delivery, strangers(pusher, 4)

        async def push_all() -> None:
            for contact in people:
                delivery.push(replica_of(pusher), message, contact, "initiator")

        await pusher.call(push_all())
        sizes = pusher.node._pubsub.sizes()
        assert sizes["pushes"] == (3, 3 + LINES_MAX)
        assert sizes["pushing"] == (3, 3 + LINES_MAX)
        assert tried(pusher, message)[1:] == [("initiator", "pushes full")]
        assert (counted(pusher, "delivery.pushes_full"), sizes["retry_lines"][0]) == (1, 1)
        await asyncio.sleep(30)
        assert pusher.node._pubsub.sizes()["pushes"][0] == 0

    story(tell, 1, pushes_max=3)


def test_with_room_for_few_pushes_everybody_gets_everything_in_order() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        author, said = flock[7], [f"m{number}" for number in range(24)]
        for text in said:
            await author.say(text)
        await flock.expect(
            lambda: all(bird.texts() == said for bird in flock if bird is not author), 10, "all"
        )
        assert sum(counted(bird, "delivery.pushes_full") for bird in flock) > 0

    story(tell, 8, pushes_max=4, loss=0)


def test_silent_subscribers_leave_room_for_those_who_answer() -> None:
    """Pushes to the silent last for seconds; without a share they take all the room, and everybody waits."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        author, alive, silent = flock[8], flock.birds[:9], flock.birds[9:]
        for bird in silent:
            bird.crash()
        said = [f"m{number}" for number in range(16)]
        for count, text in enumerate(said, 1):
            await author.say(text)
            await flock.expect(
                lambda want=said[:count]: all(bird.texts() == want for bird in alive if bird is not author),
                2,
                f"those who answer have {text}",
            )
        assert sum(counted(bird, "delivery.pushes_full") for bird in alive) > 0

    story(tell, 13, pushes_max=16, loss=0)


def test_in_a_burst_the_initiators_alone_push_and_everybody_has_everything() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        author, others = flock[0], flock.birds[1:]
        said = [f"line {number}" for number in range(40)]
        await asyncio.gather(*(author.say(text) for text in said))
        await flock.expect(
            lambda: all(sorted(x.texts()) == sorted(said) for x in others), 10, "all heard all"
        )
        left = counted(author, "audience.left_to_initiators")
        assert len(said) - DIRECT_MAX // len(others) <= left < len(said)

    story(tell, 6, loss=0)

"""An author that leaves out numbers: what nobody has costs few requests, and keeps nobody's messages away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from peernode.channel.message import SEQ_MAX
from peernode.identity import Identity
from peernode.pubsub import sync
from peernode.pubsub.ingest import Source
from peernode.pubsub.walks import ASKS_AT_ONCE, PARTS_ASKED, PULL_SPAN
from peernode.wire.codec import pack
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from peernode.wire.payload import REQUEST_BODY_MAX
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_bounds_delivery import counted, signed
from tests.pubsub.test_findings_truth import apart, held

JUMPS = 20


async def jump(hostile: Bird, seqs: Iterable[int]) -> None:
    """Publish messages under these numbers to all initiators, as its program never would."""
    view, rpc = held(hostile).initiators, hostile.node._context.rpc
    assert view is not None
    for seq in seqs:
        message = signed(hostile, hostile.identity, seq)
        for contact in view.others(hostile.identity.public_key):
            await rpc.request(contact, Op.PUBLISH, [message.raw], prove=True)


async def taken(birds: Iterable[Bird], author: Identity, seqs: Iterable[int]) -> None:
    """Messages of somebody who is no node are in these birds' logs."""
    birds, before = list(birds), b"p" * 16
    for seq in seqs:
        message = signed(birds[0], author, seq, before)
        before = message.digest
        for bird in birds:
            await bird.call(bird.node._pubsub.ingest.take(held(bird), message, Source.SYNC, None))


def pulls(bird: Bird) -> int:
    return bird.node.counters().get("op.PULL.out", 0)


async def settled(flock: Flock) -> tuple[Bird, Bird]:
    """An initiator of the channel that all have joined, and somebody who is none."""
    await flock.join()
    await asyncio.sleep(5)
    (initiator, *_), (late, *_) = apart(flock)
    return initiator, late


def test_who_was_away_gets_all_messages_in_few_requests_whatever_numbers_an_author_jumped() -> None:
    """Before, the numbers between two of its messages were asked for four at a time, in each look anew."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, (late, *others) = apart(flock)
        hostile, honest = others[:2], [*others[2:], *initiators]
        far = initiators[0].config.seq_ahead_max
        for bird in hostile:
            await bird.call(jump(bird, [1]))
        await flock.expect(lambda: held(late).log.version == len(hostile), 5, "pushed")
        cut = flock.cut_off(late)
        for bird in hostile:
            await bird.call(jump(bird, (1 + at * far for at in range(1, JUMPS + 1))))
        for bird in honest:
            await bird.say(f"by {bird.identity.node_id}")
        await asyncio.sleep(5)
        assert held(initiators[0]).log.held() == len(hostile) * (JUMPS + 1) + len(honest)
        asked = pulls(late)
        flock.mend(cut)
        await flock.expect(
            lambda: held(late).log.root() == held(initiators[0]).log.root(), 60, "all of it has come"
        )
        await asyncio.sleep(20)
        assert held(late).log.held() == len(hostile) * (JUMPS + 1) + len(honest)
        missed = len(hostile) * JUMPS + len(honest)
        assert pulls(late) - asked <= len(initiators) * missed, "an initiator is asked once for each at most"

    story(tell, 8, loss=0)


def test_one_look_brings_all_jumps_though_not_all_would_be_taken_at_once() -> None:
    async def tell(flock: Flock) -> None:
        initiator, late = await settled(flock)
        author, far = Identity.generate(flock[0].host.env.random), initiator.config.seq_ahead_max
        await taken([initiator], author, [1 + at * far for at in range(JUMPS)])
        before = pulls(late)
        contact = Contact(initiator.identity.public_key, *initiator.address)
        assert await late.call(late.node._pubsub.catch_up.run(held(late), contact)) == JUMPS
        assert pulls(late) - before == JUMPS
        assert counted(late, "ingest.refused.BUSY") == 0

    story(tell, 8, loss=0)


def test_what_lies_close_together_above_a_hole_is_asked_for_side_by_side() -> None:
    async def tell(flock: Flock) -> None:
        initiator, late = await settled(flock)
        author = Identity.generate(flock[0].host.env.random)
        numbers = [1, *range(3, 800)]
        await taken([initiator], author, numbers)
        before, began_s = pulls(late), flock.world.loop.time()
        contact = Contact(initiator.identity.public_key, *initiator.address)
        run = late.node._pubsub.catch_up.run(held(late), contact)
        assert await late.call(run) == len(numbers)
        assert pulls(late) - before <= len(numbers) / PULL_SPAN * 1.1
        turns = (flock.world.loop.time() - began_s) / 0.1
        assert turns < 30, "one after the other they would take some 200"

    story(tell, 8, loss=0, one_way_ms=(50, 50), jitter_ms=0)


def test_one_message_among_many_holes_is_found_by_asking_for_several_at_once() -> None:
    async def tell(flock: Flock) -> None:
        initiator, late = await settled(flock)
        author = Identity.generate(flock[0].host.env.random)
        await taken([initiator, late], author, range(1, 1600, 4))
        await taken([initiator], author, [903])
        before = pulls(late)
        contact = Contact(initiator.identity.public_key, *initiator.address)
        assert await late.call(late.node._pubsub.catch_up.run(held(late), contact)) == 1
        assert held(late).log.root() == held(initiator).log.root()
        assert pulls(late) - before <= 400 / PARTS_ASKED + 1
        await taken([initiator], author, [1700])
        before = pulls(late)
        assert await late.call(late.node._pubsub.catch_up.run(held(late), contact)) == 1
        assert pulls(late) - before == 1, "what is new is asked for first, and then nothing is missing"

    story(tell, 8, loss=0)


def test_a_walk_that_is_cut_short_begins_elsewhere_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what lies behind as many holes as one look asks for would never come."""
    monkeypatch.setattr(sync, "TURNS_MAX", 1)

    async def tell(flock: Flock) -> None:
        initiator, late = await settled(flock)
        author = Identity.generate(flock[0].host.env.random)
        await taken([initiator, late], author, range(1, 4 * 3 * PARTS_ASKED * ASKS_AT_ONCE, 4))
        await taken([initiator], author, [4 * 2 * PARTS_ASKED * ASKS_AT_ONCE + 3])
        contact = Contact(initiator.identity.public_key, *initiator.address)
        for _ in range(20):
            await late.call(late.node._pubsub.catch_up.run(held(late), contact))
        assert held(late).log.root() == held(initiator).log.root()

    story(tell, 8, loss=0)


def test_who_settles_with_a_peer_goes_on_when_the_turns_of_one_look_were_too_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sync, "TURNS_MAX", 2)

    async def tell(flock: Flock) -> None:
        initiator, late = await settled(flock)
        author, far = Identity.generate(flock[0].host.env.random), initiator.config.seq_ahead_max
        await taken([initiator], author, [1 + at * far for at in range(JUMPS)])
        contact = Contact(initiator.identity.public_key, *initiator.address)
        root = held(initiator).log.root()
        assert await late.call(late.node._pubsub.catch_up.settled(held(late), contact, root))
        assert held(late).log.root() == root

    story(tell, 8, loss=0)


def test_as_many_holes_as_one_request_asks_for_fit_a_datagram() -> None:
    span = [bytes(32), bytes(8), SEQ_MAX - 1, SEQ_MAX]
    assert len(pack([bytes(20), [span] * PARTS_ASKED])) <= REQUEST_BODY_MAX

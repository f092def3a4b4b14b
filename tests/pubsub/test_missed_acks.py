"""An author that was away asks for the acks that it has missed: counts end true, and nobody is flooded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.receipt import sign_ack
from peernode.identity import Identity
from peernode.pubsub.ackanswers import ANSWERED_MAX
from peernode.pubsub.ackpages import MESSAGES
from peernode.pubsub.missedacks import LATE_S
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_paths import closest, counted
from tests.pubsub.test_large import written

PAUSE_S = 40.0
BACK_S = 40.0
"""Until a node that is back has recovered or joined, its author's list is fresh, and a round has ended."""


def parts_of(flock: Flock) -> tuple[list[Bird], list[Bird]]:
    """Who will store the channel, and the others."""
    order = closest(flock)
    return order[:5], order[5:]


async def said_without(flock: Flock, author: Bird, absent: Bird) -> tuple[str, int]:
    """What the author said while another one was cut off, and the cut."""
    await flock.join()
    await asyncio.sleep(25)
    cut = flock.cut_off(absent)
    await asyncio.sleep(1)
    state = await author.say("hello")
    await flock.expect(lambda: author.state(state.id).delivered == (6, 7), 5, "all but one")
    await asyncio.sleep(3)
    return state.id, cut


@pytest.mark.parametrize("how", ["cut", "restart"])
def test_an_ack_that_came_while_its_author_was_away_counts_although_no_initiator_knows_it(how: str) -> None:
    """Before, it was reported once, to nobody: six of seven for ever."""

    async def tell(flock: Flock) -> None:
        initiators, (author, late, *_) = parts_of(flock)
        message_id, cut = await said_without(flock, author, late)
        gone = flock.cut_off(author)
        if how == "restart":
            author.crash()
        await asyncio.sleep(1)
        flock.mend(cut)
        await flock.expect(lambda: late.texts() == ["hello"], 40, "it has it")
        await asyncio.sleep(15)
        for bird in initiators:
            bird.crash()
            await bird.restart()
        await asyncio.sleep(5)
        flock.mend(gone)
        if how == "restart":
            await author.restart()
        await flock.expect(lambda: author.state(message_id).delivered == (7, 7), BACK_S, "all have it")
        assert author.state(message_id).state == "delivered"

    story(tell, 8, loss=0)


def test_an_initiator_tells_the_ack_of_a_subscriber_that_has_gone_again() -> None:
    async def tell(flock: Flock) -> None:
        _, (author, late, *_) = parts_of(flock)
        message_id, cut = await said_without(flock, author, late)
        away = flock.cut_off(author)
        flock.mend(cut)
        await flock.expect(lambda: late.texts() == ["hello"], 25, "it has it")
        await asyncio.sleep(5)
        late.crash()
        flock.mend(away)
        await flock.expect(lambda: author.state(message_id).delivered == (7, 7), BACK_S, "all have had it")

    story(tell, 8, loss=0)


def test_who_comes_back_after_its_lease_has_ended_is_asked_once_it_is_listed() -> None:
    """It gets the message by catching up, so late that it acks to nobody."""

    async def tell(flock: Flock) -> None:
        _, (author, late, *_) = parts_of(flock)
        message_id, cut = await said_without(flock, author, late)
        await asyncio.sleep(150)
        assert author.state(message_id).delivered == (6, 7)
        flock.mend(cut)
        await flock.expect(lambda: late.texts() == ["hello"], 40, "it has it")
        await flock.expect(lambda: author.state(message_id).delivered == (7, 7), BACK_S, "all have it")

    story(tell, 8, loss=0)


def test_many_messages_that_lack_an_ack_for_good_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the bound the oldest keep what is known of them; the others are asked about ever more rarely."""
    monkeypatch.setattr("peernode.pubsub.missedacks.MISSED_MAX", 20)
    monkeypatch.setattr("peernode.pubsub.missedacks.PAUSE_MAX_S", PAUSE_S)

    async def tell(flock: Flock) -> None:
        _, (author, late, *_) = parts_of(flock)
        await said_without(flock, author, late)
        late.crash()
        for number in range(40):
            await author.say(f"number {number}")
        missed = author.node._pubsub.missed_acks
        await asyncio.sleep(2 * LATE_S)
        assert missed.sizes()["acks_missed"] == (20, 20)
        assert author.node.happened()["acks.not_asked_for"] == 21
        await asyncio.sleep(4 * PAUSE_S)
        before = counted(author)["op.ACKED.out"]
        await asyncio.sleep(3 * PAUSE_S)
        rounds = 3 / 0.8 + 1
        assert 0 < counted(author)["op.ACKED.out"] - before <= rounds * 5 * -(-20 // MESSAGES)

    story(tell, 8, loss=0)


def test_acks_that_are_made_up_in_an_answer_count_for_nothing() -> None:
    async def tell(flock: Flock) -> None:
        initiators, (author, late, *_) = parts_of(flock)
        message_id, _ = await said_without(flock, author, late)
        message = written(author, message_id)
        stranger = Identity.generate(flock.world.host().env.random)
        stolen = sign_ack(initiators[0].identity, message)
        for bird, key, signature in (
            (initiators[0], stranger.public_key, sign_ack(stranger, message)),
            (initiators[1], late.identity.public_key, stolen),
            (initiators[2], late.identity.public_key, bytes(64)),
        ):
            answer = [[message.digest, key, signature]] * ANSWERED_MAX

            def lying(caller: Caller, body: Fields, answer: list[Any] = answer) -> list[Any]:
                return [answer]

            bird.node._context.rpc._servers[Op.ACKED] = lying
        await asyncio.sleep(60)
        assert author.node.happened()["acks.asking_RemoteProtocolError"] >= 6
        assert author.state(message_id).delivered == (6, 7)
        assert counted(author)["op.ACKED.out"] < 60

    story(tell, 8, loss=0)

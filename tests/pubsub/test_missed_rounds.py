"""Rounds of questions for missed acks: when one begins, about what, and that all comes that is known."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, NamedTuple

import pytest

from peernode.events import Recovered
from peernode.pubsub.ackanswers import ANSWERED_MAX
from peernode.pubsub.missedacks import LATE_S, TICK_S
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_paths import counted
from tests.pubsub.test_large import written
from tests.pubsub.test_missed_acks import BACK_S, parts_of, said_without


class Question(NamedTuple):
    """What a bird was asked for: about which messages, and how many acks it told."""

    at_s: float
    digests: list[bytes]
    told: int


def questions_to(bird: Bird) -> list[Question]:
    """All that come from now on."""
    servers, heard = bird.node._context.rpc._servers, list[Question]()
    real = servers[Op.ACKED]

    async def served(caller: Caller, body: Fields) -> list[Any]:
        answer = real(caller, body)
        answer = await answer if inspect.isawaitable(answer) else answer
        if body[3:] and body[3]:  # else it is a report
            digests = [digest for _, digest, _ in body[3]]
            heard.append(Question(bird.node._context.now(), digests, len(answer[0])))
        return answer

    servers[Op.ACKED] = served
    return heard


def rounds(author: Bird) -> int:
    return counted(author)["acks.asked_for"]


def missed(author: Bird) -> int:
    return author.node._pubsub.missed_acks.sizes()["acks_missed"][0]


async def lacking_for_long(flock: Flock, author: Bird, dead: Bird, times: int) -> None:
    """The author lacks the ack of somebody who is gone for good, and has asked so often in vain."""
    await said_without(flock, author, dead)
    dead.crash()
    await flock.expect(lambda: rounds(author) == times, 2 * 2**times * LATE_S, "asked")


async def acked_to_others(flock: Flock, author: Bird, late: Bird) -> tuple[str, int]:
    """A message that ``late`` acked, and went, while the author was cut off; and that cut."""
    cut = flock.cut_off(late)
    state = await author.say("second")
    await flock.expect(lambda: author.state(state.id).delivered == (5, 6), 5, "all but one")
    gone = flock.cut_off(author)
    flock.mend(cut)
    await flock.expect(lambda: "second" in late.texts(), 25, "it has it")
    await asyncio.sleep(5)
    late.crash()
    return state.id, gone


def test_who_is_back_asks_at_once_however_long_its_pauses_were() -> None:
    async def tell(flock: Flock) -> None:
        _, (author, dead, late) = parts_of(flock)
        await lacking_for_long(flock, author, dead, 4)
        message_id, gone = await acked_to_others(flock, author, late)
        await asyncio.sleep(10)
        before = rounds(author)
        flock.mend(gone)
        await flock.expect(lambda: author.state(message_id).delivered == (6, 6), BACK_S, "all have had it")
        assert before == 4, "the next round was not due yet"

    story(tell, 8, loss=0)


def test_who_is_back_in_the_middle_of_a_round_begins_another_one() -> None:
    """Before, the end of that round, which had asked too early, put the next off by all of its pause."""

    async def tell(flock: Flock) -> None:
        _, (author, dead, late) = parts_of(flock)
        await lacking_for_long(flock, author, dead, 3)
        message_id, gone = await acked_to_others(flock, author, late)
        before = counted(author)["op.ACKED.out"]
        await flock.expect(lambda: counted(author)["op.ACKED.out"] > before, 10 * LATE_S, "a round begins")
        flock.mend(gone)
        back = len(author.told(Recovered))
        await flock.expect(lambda: len(author.told(Recovered)) > back, 10, "back")
        assert rounds(author) == 3, "the round waits for somebody who does not answer"
        await flock.expect(lambda: rounds(author) == 4, 10, "its end")
        assert author.state(message_id).delivered == (5, 6)
        await flock.expect(
            lambda: author.state(message_id).delivered == (6, 6), 2 * TICK_S, "all have had it"
        )

    story(tell, 8, loss=0)


def test_who_has_more_acks_than_fit_an_answer_is_asked_for_the_rest_at_once() -> None:
    async def tell(flock: Flock) -> None:
        initiators, (author, late, *_) = parts_of(flock)
        first, cut = await said_without(flock, author, late)
        states = [await author.say(f"number {number}") for number in range(ANSWERED_MAX + 3)]
        await asyncio.sleep(3)
        gone = flock.cut_off(author)
        flock.mend(cut)
        await flock.expect(lambda: len(late.texts()) == ANSWERED_MAX + 4, 40, "it has them")
        await asyncio.sleep(15)
        for bird in initiators:  # now nobody else knows
            bird.crash()
            await bird.restart()
        heard = questions_to(late)
        await asyncio.sleep(5)
        flock.mend(gone)
        ids = [first, *(state.id for state in states)]
        await flock.expect(
            lambda: all(author.state(each).delivered == (7, 7) for each in ids), BACK_S, "all have all"
        )
        answered = [question for question in heard if question.told]
        assert [question.told for question in answered] == [ANSWERED_MAX, 4]
        assert answered[1].at_s - answered[0].at_s < 1, "in the same round"

    story(tell, 8, loss=0)


def test_a_round_asks_about_so_many_and_all_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peernode.pubsub.missedacks.ROUND_MESSAGES", 4)

    async def tell(flock: Flock) -> None:
        initiators, (author, late, *_) = parts_of(flock)
        first, _ = await said_without(flock, author, late)
        late.crash()
        states = [await author.say(f"number {number}") for number in range(11)]
        await flock.expect(lambda: missed(author) == 12, LATE_S + 2 * TICK_S, "all are late")
        heard = questions_to(initiators[0])
        await flock.expect(lambda: len(heard) == 4, 16 * LATE_S, "asked")
        assert [len(question.digests) for question in heard] == [4] * 4
        messages = [written(author, each) for each in (first, *(state.id for state in states))]
        asked = [digest for question in heard[:3] for digest in question.digests]
        assert sorted(asked) == sorted(message.digest for message in messages)
        assert heard[3].digests == heard[0].digests, "the longest not asked about first"

    story(tell, 8, loss=0)


def test_what_is_too_old_is_asked_about_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an author would ask for ever about what nobody follows any more."""
    monkeypatch.setattr("peernode.pubsub.missedacks.ASK_FOR_MS", 40_000)

    async def tell(flock: Flock) -> None:
        _, (author, late, *_) = parts_of(flock)
        message_id, _ = await said_without(flock, author, late)
        late.crash()
        await asyncio.sleep(35)
        assert (missed(author), rounds(author)) == (1, 2)
        await asyncio.sleep(60)
        assert (missed(author), rounds(author)) == (0, 2)
        assert author.state(message_id).delivered == (6, 7), "what is known stays"

    story(tell, 8, loss=0)


def test_what_its_author_took_back_is_not_asked_about_nor_its_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told of their fates; before others they took the places of those that matter."""
    monkeypatch.setattr("peernode.pubsub.missedacks.MISSED_MAX", 1)

    async def tell(flock: Flock) -> None:
        initiators, (author, late, *_) = parts_of(flock)
        kept, _ = await said_without(flock, author, late)
        late.crash()
        taken_back = await author.say("said too early")
        await flock.expect(lambda: author.state(taken_back.id).delivered == (6, 7), 5, "all but one")
        heard = questions_to(initiators[0])
        await author.call(author.node.discard(taken_back.id))
        await flock.expect(lambda: rounds(author) == 3, 10 * LATE_S, "asked")
        assert [question.digests for question in heard] == [[written(author, kept).digest]] * 3
        assert counted(author)["acks.not_asked_for"] == 0

    story(tell, 8, loss=0)


def test_where_acks_are_only_counted_nobody_is_asked() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(25)
        _, (author, late, *_) = parts_of(flock)
        late.crash()
        state = await author.say("not to all")
        await asyncio.sleep(3 * LATE_S)
        assert author.state(state.id).delivered == (6, 7)
        assert (missed(author), rounds(author)) == (0, 0)

    story(tell, 8, loss=0, small_channel_max=2)

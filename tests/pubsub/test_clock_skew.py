"""A message from the future has to wait for its time, by whatever way it comes; its author hears why."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from peernode.events import MessageReceived
from tests.pubsub.flock import LOBBY, Bird, Flock, story

AHEAD_MS = 90_000
"""So far a clock is wrong; others allow 60 s."""


def happened(bird: Bird) -> Counter[str]:
    return Counter(bird.node.happened())


def ids(bird: Bird) -> list[str]:
    return bird.node.log_ids(LOBBY)


def version(bird: Bird) -> int:
    """How many messages the log has, shown or not."""
    return int(bird.node.coordinator(LOBBY)["version"])


async def joined(flock: Flock) -> None:
    """Of three nodes each has two peers, too few to correct its clock by theirs."""
    await asyncio.sleep(3)
    await flock.join()
    await asyncio.sleep(1)


def test_a_message_from_the_future_is_refused_until_its_time_and_its_author_hears_by_how_much() -> None:
    """By PUBLISH, by the author's own pushes, and by pulls; then every log has it by itself."""

    async def tell(flock: Flock) -> None:
        author, *others = flock
        await joined(flock)
        author.host.skew(AHEAD_MS)
        state = await author.say("early")
        await flock.expect(lambda: author.state(state.id).state == "failed", 6, "no quorum takes it")
        error = author.state(state.id).error
        assert error is not None
        assert error.code == "CLOCK_SKEW"
        assert "90 seconds" in error.message or "89 seconds" in error.message
        assert author.state(state.id).stored[0] == 1
        assert all(ids(bird) == bird.texts() == [] for bird in others)
        own = await others[0].say("on time")  # nor did it take anybody's clock along
        await flock.expect(lambda: others[0].state(own.id).state == "delivered", 5, "the others go on")
        assert own.at_ms < state.at_ms - 60_000
        await asyncio.sleep(20)
        assert all(happened(bird)["ingest.refused.NOT_YET"] for bird in others), "they have pulled it in vain"
        assert all(state.id not in ids(bird) for bird in others)
        await flock.expect(lambda: all(state.id in ids(bird) for bird in others), 40, "its time has come")
        assert [bird.texts() for bird in others] == [["early"], ["on time", "early"]]

    story(tell, 3)


def test_who_is_behind_gets_a_message_when_its_own_clock_says_so() -> None:
    """The others hold it, push it and offer it meanwhile: a quorum needs nobody's clock but theirs."""

    async def tell(flock: Flock) -> None:
        author, other, behind = flock
        await joined(flock)
        behind.host.skew(-AHEAD_MS)
        state = await author.say("now")
        await flock.expect(lambda: author.state(state.id).state == "delivered", 2, "sent, and acked by one")
        assert author.state(state.id).delivered == (1, 2)
        await asyncio.sleep(22)
        assert other.texts() == ["now"]
        assert ids(behind) == behind.texts() == []
        await flock.expect(lambda: behind.texts() == ["now"], 40, "its time has come there too")
        await flock.expect(lambda: len(ids(behind)) == 1, 1, "once")

    story(tell, 3)


def test_three_peers_that_agree_correct_a_clock_that_is_ahead() -> None:
    async def tell(flock: Flock) -> None:
        await joined(flock)
        flock[4].host.skew(AHEAD_MS)
        await asyncio.sleep(15)
        state = await flock[4].say("on time after all")
        await flock.expect(lambda: flock[4].state(state.id).delivered == (4, 4), 2, "everybody takes it")

    story(tell, 5)


def test_when_the_clock_is_set_right_what_nobody_has_is_signed_anew_under_its_id() -> None:
    """In its order, before what is written then; the bytes signed first turn up later, and show nothing."""

    async def tell(flock: Flock) -> None:
        author, *others = flock
        await joined(flock)
        author.host.skew(AHEAD_MS)
        early = [await author.say(f"early {number}") for number in range(3)]
        await flock.expect(lambda: all(author.state(e.id).state == "failed" for e in early), 6, "refused")
        author.host.skew(0)
        late = await author.say("late")
        texts = ["early 0", "early 1", "early 2", "late"]
        await flock.expect(lambda: all(bird.texts() == texts for bird in others), 2, "all, in order")
        mine = [*early, late]
        await flock.expect(lambda: all(author.state(e.id).delivered == (2, 2) for e in mine), 2, "and acked")
        orders = [author.state(each.id).order for each in mine]
        assert orders == sorted(orders)
        assert happened(author)["clock.signed_anew"] == 3
        await asyncio.sleep(100)
        assert all(bird.texts() == texts for bird in others)
        for bird in flock:
            assert [each.text for each in bird.node.history(LOBBY)] == texts
        assert [version(bird) for bird in flock] == [10] * 3, "the skips and what they name are there too"

    story(tell, 3)


@pytest.mark.parametrize("how", ["retry", "restart"])
def test_trying_again_after_the_clock_was_set_right_needs_no_waiting(how: str) -> None:
    """As the remedy of CLOCK_SKEW says: set the clock, press Retry. A node that restarts tries by itself."""

    async def tell(flock: Flock) -> None:
        author, *others = flock
        await joined(flock)
        await author.say("before")  # others exist: being alone after a restart is no quorum
        await flock.expect(lambda: all(b.texts() == ["before"] for b in others), 2, "all is well")
        author.host.skew(AHEAD_MS)
        state = await author.say("early")
        await flock.expect(lambda: author.state(state.id).state == "failed", 6, "refused")
        author.host.skew(0)
        if how == "retry":
            await author.call(author.node.retry(state.id))
        else:
            author.crash()
            await author.restart()
        await flock.expect(lambda: all(b.texts() == ["before", "early"] for b in others), 10, "taken at once")
        await flock.expect(lambda: author.state(state.id).delivered == (2, 2), 2, "and acked")

    story(tell, 3)


def test_what_is_discarded_after_it_was_signed_anew_is_shown_nowhere() -> None:
    """Neither its last bytes nor those signed first, which the others fetch when their time has come."""

    async def tell(flock: Flock) -> None:
        author = flock[0]
        await joined(flock)
        author.host.skew(AHEAD_MS)
        state = await author.say("oh no")
        await flock.expect(lambda: author.state(state.id).state == "failed", 6, "refused")
        author.host.skew(0)
        cut = flock.cut_off(author)
        await author.call(author.node.retry(state.id))
        await author.call(author.node.discard(state.id))
        flock.mend(cut)
        await asyncio.sleep(120)
        assert [version(bird) for bird in flock] == [4] * 3, "two skips, and what they name"
        assert [event for bird in flock for event in bird.told(MessageReceived)] == []

    story(tell, 3)


def test_who_followed_a_clock_that_is_ahead_within_bounds_begins_no_stream() -> None:
    """An answer stays behind what it answers, though that was 45 s ahead: others wrote it."""

    async def tell(flock: Flock) -> None:
        ahead, follower, _ = flock
        await joined(flock)
        ahead.host.skew(45_000)
        await ahead.say("question")
        await flock.expect(lambda: follower.texts() == ["question"], 2, "the question")
        for number in range(3):
            await follower.say(f"answer {number}")
        await flock.expect(lambda: len(ahead.texts()) == 3, 2, "the answers")
        shown = [each.text for each in ahead.node.history(LOBBY)]
        assert shown == ["question", "answer 0", "answer 1", "answer 2"]
        assert happened(follower)["streams.begun"] == 1

    story(tell, 3)

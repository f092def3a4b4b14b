"""A message from the future has to wait for its time, by whatever way it comes; its author hears why."""

from __future__ import annotations

import asyncio
from collections import Counter

from peernode.events import OutboxState
from tests.pubsub.flock import LOBBY, Bird, Flock, story

AHEAD_MS = 90_000
"""So far a clock is wrong; others allow 60 s."""


def happened(bird: Bird) -> Counter[str]:
    return Counter(bird.node.happened())


def ids(bird: Bird) -> list[str]:
    return bird.node.log_ids(LOBBY)


async def joined(flock: Flock) -> None:
    """Of three nodes each has two peers, too few to correct its clock by theirs."""
    await asyncio.sleep(3)
    await flock.join()
    await asyncio.sleep(1)


async def spoken_early(flock: Flock) -> tuple[Bird, list[Bird], OutboxState]:
    """The first one's clock runs ahead, and what it says is refused."""
    author, *others = flock
    await joined(flock)
    author.host.skew(AHEAD_MS)
    state = await author.say("early")
    await flock.expect(lambda: author.state(state.id).state == "failed", 6, "no quorum takes it")
    return author, others, author.state(state.id)


async def taken_by_all(flock: Flock, author: Bird, text: str) -> None:
    """It says this now, and everybody takes it at once."""
    state = await author.say(text)
    everybody = len(flock.birds) - 1
    await flock.expect(
        lambda: author.state(state.id).delivered == (everybody, everybody), 2, "everybody takes it"
    )


def test_a_message_from_the_future_is_refused_until_its_time_and_its_author_hears_by_how_much() -> None:
    """By PUBLISH, by the author's own pushes, and by pulls; then every log has it by itself."""

    async def tell(flock: Flock) -> None:
        _, others, state = await spoken_early(flock)
        error = state.error
        assert error is not None
        assert error.code == "CLOCK_SKEW"
        assert "90 seconds" in error.message or "89 seconds" in error.message
        assert state.stored[0] == 1
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
        await taken_by_all(flock, flock[4], "on time after all")

    story(tell, 5)


def test_once_the_clock_is_set_right_new_messages_go_out_at_once_and_none_is_lost_or_shown_twice() -> None:
    """What was written by the wrong clock waits for its time, what is written by the right one does not."""

    async def tell(flock: Flock) -> None:
        author, others, early = await spoken_early(flock)
        author.host.skew(0)
        for number in range(3):
            await taken_by_all(flock, author, f"on time {number}")
        assert happened(author)["clock.gone_back"] == 1
        assert happened(author)["streams.begun"] == 2
        shown = [f"on time {number}" for number in range(3)]
        assert [bird.texts() for bird in others] == [shown, shown]
        await flock.expect(lambda: all(early.id in ids(bird) for bird in others), 130, "its time has come")
        await author.node.retry(early.id)
        await flock.expect(lambda: author.state(early.id).delivered == (2, 2), 5, "and its author knows")
        for bird in others:
            assert [each.text for each in bird.node.history(LOBBY)] == [*shown, "early"]

    story(tell, 3)


def test_the_remedy_for_a_refused_message_is_to_write_it_again_and_works() -> None:
    async def tell(flock: Flock) -> None:
        author, others, early = await spoken_early(flock)
        error = early.error
        assert error is not None
        assert "edit it and send it again" in error.remedy
        author.host.skew(0)
        await author.node.discard(early.id)
        await taken_by_all(flock, author, "early, sent again")
        await asyncio.sleep(AHEAD_MS / 1000 + 30)
        assert [bird.texts() for bird in others] == [["early, sent again"]] * 2, "nor later"

    story(tell, 3)


def test_who_follows_a_clock_that_is_ahead_within_bounds_begins_no_stream() -> None:
    """An answer stays behind what it answers, though that was 45 s ahead."""

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

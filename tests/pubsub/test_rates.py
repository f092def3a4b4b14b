"""An author over the rate, and initiators that are busy: asked again in time, and told what it was."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest

from peernode.diagnostics.codes import error_info
from peernode.pubsub.retry import PAUSE_MIN_S, ComeBack, TryAgain, retrying
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_relay import replica_of

MANY = 30


def outcomes(bird: Bird) -> list[str]:
    """Of all tries to have an own message stored."""
    digests = [entry.message.digest.hex() for entry in bird.node._pubsub.outbox.by_digest.values()]
    tries = [each for digest in digests for each in bird.node.attempts(digest)]
    return [each.outcome for each in tries if each.method == "publish"]


def test_who_is_over_the_rate_for_a_moment_is_asked_again_until_all_is_sent() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author = flock[1]
        said = await asyncio.gather(*(author.say(f"m{number}") for number in range(MANY)))
        await flock.expect(lambda: all(author.state(s.id).stored == (3, 3) for s in said), 5, "all sent")
        assert [
            told for s in said for told in author.states(s.id) if told.error or told.state == "failed"
        ] == []
        refused = outcomes(author).count("RATE_LIMITED")
        assert MANY < refused < 10 * 2 * MANY, "they are asked again, by and by less often"

    story(tell, 3, author_burst=4.0, author_rate_per_s=10.0)


def test_who_stays_over_the_rate_is_told_that_and_no_set_of_initiators_is_doubted() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author = flock[1]
        first = await author.say("first")
        await flock.expect(lambda: author.state(first.id).stored == (3, 3), 5, "sent")
        second = await author.say("second")
        await flock.expect(lambda: author.state(second.id).state == "failed", 6, "failed")
        assert author.state(second.id).error == error_info("RATE_LIMITED", retry_after=11)
        assert replica_of(author).initiators is not None
        await flock.expect(lambda: author.state(second.id).stored == (3, 3), 15, "sent late")
        assert author.state(second.id).error is None

    story(tell, 3, author_burst=1.0, author_rate_per_s=0.1)


@pytest.mark.parametrize(("error", "tries"), [(TryAgain(0.1), 3), (ComeBack(0.1), 10)])
def test_who_is_only_busy_is_asked_as_long_as_there_is_time(error: TryAgain, tries: int) -> None:
    async def tell() -> None:
        loop, at = asyncio.get_running_loop(), []

        async def ask() -> None:
            at.append(loop.time())
            raise error

        start = loop.time()
        with pytest.raises(TryAgain):
            await retrying(random.Random(1), 3, patient=lambda: loop.time() < start + 8)(ask)
        assert len(at) == tries
        pauses = [later - sooner for sooner, later in itertools.pairwise(at)]
        assert min(pauses) >= 0.1 and max(pauses) <= 1.5

    with SimWorld(seed=1) as world:
        world.run(tell())


@pytest.mark.parametrize("named_s", [20.0, 0.0])
def test_a_pause_that_is_named_is_kept_and_one_of_nothing_is_not_believed(named_s: float) -> None:
    at: list[float] = []

    async def ask() -> None:
        at.append(asyncio.get_running_loop().time())
        if len(at) < 2:
            raise ComeBack(named_s)

    async def tell() -> None:
        await retrying(random.Random(1), 4)(ask)
        least_s = max(named_s, PAUSE_MIN_S)
        assert least_s <= at[1] - at[0] <= 1.5 * least_s

    with SimWorld(seed=1) as world:
        world.run(tell())


def test_what_is_asked_anew_says_nothing_of_who_refused_before() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        author = flock[1]
        said = await author.say("first")
        entry = next(iter(author.node._pubsub.outbox.by_digest.values()))
        for contact in replica_of(author).initiators.contacts:
            entry.refuse(contact.public_key, error_info("RATE_LIMITED"))
        assert entry.state == "pending" and entry.error is not None
        entry.ask_anew(0.0)
        assert (entry.error, entry.refusals) == (None, {})
        assert author.state(said.id).error is None

    story(tell, 3)

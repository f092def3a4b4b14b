"""What a publish costs does not depend on how much was said before."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.pubsub.flock import Flock, story

AUTHORS = 3


def _cost_of_publishing(history: int) -> tuple[int, int]:
    """Datagrams and bytes of 60 spaced messages after ``history`` others, renewals included.

    A minute has as many renewals and comparisons whenever it begins; 20 s may have one more or less. The
    pauses vary: nodes probe each other every second, unless a message has just shown that the other lives.
    """
    spent: list[tuple[int, int]] = []

    async def tell(flock: Flock) -> None:
        await flock.join()
        for start in range(0, history, 40):
            count = min(40, history - start)
            await asyncio.gather(*(flock[n % AUTHORS].say(f"h{start + n}") for n in range(count)))
            await asyncio.sleep(0.5)
        await asyncio.sleep(60)
        network = flock.world.network
        before = (network.sent, network.bytes)
        for index in range(60):
            await flock[index % AUTHORS].say(f"measured {index:02d}")
            await asyncio.sleep(0.7 + index * 7 % 10 * 0.06)
        spent.append((network.sent - before[0], network.bytes - before[1]))
        logs = [len(bird.node.log_ids("#lobby")) for bird in flock]
        assert logs == [history + 60] * len(logs)

    story(tell, AUTHORS, author_rate_per_s=10_000.0)
    return spent[0]


def test_a_publish_costs_the_same_with_two_thousand_messages_of_history() -> None:
    short, long = _cost_of_publishing(10), _cost_of_publishing(2000)
    assert long[0] / short[0] <= 1.1, (short, long)
    assert long[1] / short[1] <= 1.1, (short, long)


def test_a_newcomer_pulls_several_streams_at_once_and_acks_no_history() -> None:
    """A mutant that asks for each stream by itself needs 12 requests; one that acks what is old, acks."""
    authors = 12

    async def tell(flock: Flock) -> None:
        initiators = (await flock[0].join()).initiators
        newcomer = next(bird for bird in flock.birds[1:] if bird.node.node_id not in initiators)
        members = [bird for bird in flock if bird is not newcomer]
        await asyncio.gather(*(bird.join() for bird in members))
        await asyncio.gather(*(bird.say(f"by {bird.index}") for bird in members))
        await asyncio.sleep(3)
        before = Counter(newcomer.node.counters())
        await newcomer.join()
        await asyncio.sleep(3)
        spent = Counter(newcomer.node.counters()) - before
        assert sorted(newcomer.node.log_ids("#lobby")) == sorted(flock[0].node.log_ids("#lobby"))
        assert spent["op.ACKED.out"] == 0
        assert 1 <= spent["op.PULL.out"] <= authors // 2

    story(tell, authors + 1)


def test_a_member_that_was_away_still_acks_what_it_missed() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(1)
        cut = flock.cut_off(flock[2])
        message = (await flock[0].say("while you were away")).id
        await asyncio.sleep(6)
        flock.mend(cut)
        await flock.expect(
            lambda: flock[0].state(message).delivered == (2, 2), 25, "the ack of the one that was away"
        )

    story(tell, AUTHORS)

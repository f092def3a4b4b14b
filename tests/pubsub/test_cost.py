"""What a publish costs does not depend on how much was said before."""

from __future__ import annotations

import asyncio

from tests.pubsub.flock import Flock, story

AUTHORS = 3


def _cost_of_publishing(history: int) -> tuple[int, int]:
    """Datagrams and bytes of 20 spaced messages after ``history`` others, renewals included."""
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
        for index in range(20):
            await flock[index % AUTHORS].say(f"measured {index:02d}")
            await asyncio.sleep(1)
        spent.append((network.sent - before[0], network.bytes - before[1]))
        logs = [len(bird.node.log_ids("#lobby")) for bird in flock]
        assert logs == [history + 20] * len(logs)

    story(tell, AUTHORS, author_rate_per_s=10_000.0)
    return spent[0]


def test_a_publish_costs_the_same_with_two_thousand_messages_of_history() -> None:
    short, long = _cost_of_publishing(10), _cost_of_publishing(2000)
    assert long[0] / short[0] <= 1.1, (short, long)
    assert long[1] / short[1] <= 1.1, (short, long)

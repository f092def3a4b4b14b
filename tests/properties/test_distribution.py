"""Property 7: a message reaches every subscriber but its author, each shows it once, in one order everywhere.

Sizes, links, who writes when, and who is away for a moment are drawn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.events import MessageReceived
from tests.properties.examples import drawn
from tests.pubsub.flock import LOBBY, Flock, story

links = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "one_way_ms": st.tuples(st.integers(1, 30), st.integers(31, 90)),
        "jitter_ms": st.integers(0, 10),
        "loss": st.sampled_from((0.0, 0.01, 0.05, 0.1)),
        "duplicate": st.sampled_from((0.0, 0.05)),
        "reorder": st.sampled_from((0.0, 0.05)),
    }
)
writings = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from((0.0, 0.0, 0.1, 1.0))), min_size=1, max_size=12
)
away = st.none() | st.tuples(st.integers(0, 5), st.sampled_from((0.5, 3.0)))


@drawn
@given(links, st.integers(2, 6), writings, away)
def test_property_07_complete_distribution(
    link: dict[str, Any], count: int, said: list[tuple[int, float]], gone: tuple[int, float] | None
) -> None:
    """Catches the mutant ``shown-per-arrival``; what is pulled late counts here as well as what is pushed."""

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(2)
        await flock.join()
        number = flock.cut_off(flock[gone[0] % count]) if gone else None
        for index, (author, after_s) in enumerate(said):
            await asyncio.sleep(after_s)
            await flock[author % count].say(f"m{index}")
        if gone and number is not None:
            await asyncio.sleep(gone[1])
            flock.mend(number)
        await flock.expect(
            lambda: all(len(bird.node.log_ids(LOBBY)) == len(said) for bird in flock), 45, "all have all"
        )
        await asyncio.sleep(3)
        orders = [bird.node.log_ids(LOBBY) for bird in flock]
        assert all(order == orders[0] for order in orders)
        for bird in flock:
            others = [f"m{index}" for index, (author, _) in enumerate(said) if author % count != bird.index]
            assert Counter(bird.texts()) == Counter(others)
            shown = [event.message.id for event in bird.told(MessageReceived)]
            assert len(set(shown)) == len(shown)

    story(tell, count, **link)

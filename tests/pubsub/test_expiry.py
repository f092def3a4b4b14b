"""Old messages go by each node's own policy: never too early, never what waits, and never back again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from peernode.events import Joined
from peernode.simulation.world.host import SimWorld
from tests.pubsub.flock import LOBBY, Bird, Flock
from tests.pubsub.test_quota import held, write_until_refused

KEEP_S = 60.0
KEEP_DAYS = KEEP_S / 86_400
SLACK_S = KEEP_S / 24 + 2 * 12.0
"""A step of the policy, and two slices."""


def shown(bird: Bird) -> list[str]:
    return [message.text for message in bird.node.history(LOBBY, None, 1000)]


def compared(flock: Flock) -> int:
    """How often logs were gone through so far."""
    return sum(bird.node.counters().get("op.SUMMARY.out", 0) for bird in flock)


class Forgetful:
    """Six nodes, of which the first two keep messages for a minute."""

    def __init__(self, count: int = 6, forgetful: int = 2, **bounds: int) -> None:
        self.world = SimWorld(seed=3)
        self.flock = Flock(self.world, count, **bounds)
        for bird in self.flock.birds[:forgetful]:
            bird.config = replace(bird.config, keep_own_days=KEEP_DAYS)


def test_nodes_of_different_policies_settle_and_nothing_young_goes() -> None:
    story = Forgetful()

    async def main() -> None:
        flock = story.flock
        await flock.start()
        await flock.join()
        written: list[tuple[float, str]] = []
        loop = asyncio.get_running_loop()
        for number in range(40):
            text = f"m{number}"
            await flock[number % 6].say(text)
            written.append((loop.time(), text))
            await asyncio.sleep(3)
            young = [text for at, text in written if 2 <= loop.time() - at < KEEP_S]
            for bird in flock:
                assert set(young) <= set(shown(bird)), bird.index
        everything = [text for _, text in written]
        for bird in flock.birds[:2]:
            assert set(everything[:8]).isdisjoint(shown(bird)), shown(bird)
        await asyncio.sleep(KEEP_S + SLACK_S)
        assert [shown(bird) for bird in flock.birds[:2]] == [[], []]
        assert held(flock[0]) == 0
        assert all(shown(bird) == everything for bird in flock.birds[2:])
        await asyncio.sleep(60)
        before = compared(flock)
        await asyncio.sleep(120)
        assert compared(flock) == before, "they go on comparing"
        await _restart_and_write(flock, everything)
        flock.check_unharmed()

    with story.world:
        story.world.run(main())


async def _restart_and_write(flock: Flock, everything: list[str]) -> None:
    """A node that has forgotten what it dropped doesn't take it back."""
    flock[1].crash()
    flock[1].events.clear()
    await flock[1].restart()
    await flock.expect(lambda: flock[1].told(Joined) != [], 5, "joined again")
    await asyncio.sleep(40)
    assert shown(flock[1]) == []
    assert flock[1].node.happened()["ingest.refused.INVALID"] <= 2 * len(everything)
    before = compared(flock)
    await asyncio.sleep(60)
    assert compared(flock) == before, "it goes on comparing after its restart"
    state = await flock[0].say("news")
    await flock.expect(lambda: flock[0].state(state.id).delivered == (5, 5), 5, "delivered")
    # What came before it in its author's stream has expired; after a restart that looks like a gap.
    await flock.expect(lambda: shown(flock[1]) == ["news"], 5, "told")


def test_what_waits_in_the_outbox_never_expires_and_still_goes_out() -> None:
    story = Forgetful(forgetful=6)

    async def main() -> None:
        flock = story.flock
        await flock.start()
        await flock.join()
        cut = flock.cut_off(flock[1])
        state = await flock[1].say("patient")
        await asyncio.sleep(2 * KEEP_S + SLACK_S)
        assert shown(flock[1]) == ["patient"]
        flock.mend(cut)
        await flock.expect(lambda: flock[1].state(state.id).state == "delivered", 60, "delivered")
        await asyncio.sleep(KEEP_S / 2)
        others = [bird for bird in flock if bird is not flock[1]]
        assert all(shown(bird) == ["patient"] for bird in others), "kept as if it were new"
        await asyncio.sleep(KEEP_S + SLACK_S)
        assert all(shown(bird) == [] for bird in flock)
        flock.check_unharmed()

    with story.world:
        story.world.run(main())


def test_what_came_late_stays_its_time_also_when_every_holder_restarts() -> None:
    story = Forgetful(count=5, forgetful=5)

    async def main() -> None:
        flock = story.flock
        await flock.start()
        await flock.join()
        author, holders = flock[4], flock.birds[:4]
        cut = flock.cut_off(author)
        states = [await author.say(f"patient {number}") for number in range(2)]
        await asyncio.sleep(KEEP_S + SLACK_S)
        flock.mend(cut)
        await flock.expect(
            lambda: all(author.state(state.id).state == "delivered" for state in states), 60, "delivered"
        )
        for bird in holders:
            bird.crash()
            await bird.restart()
        await asyncio.sleep(KEEP_S / 2)
        assert all(shown(bird) == ["patient 0", "patient 1"] for bird in holders), "a restart is no reason"
        await asyncio.sleep(KEEP_S / 2 + SLACK_S)
        assert all(shown(bird) == [] for bird in flock)
        flock.check_unharmed()

    with story.world:
        story.world.run(main())


def test_an_author_has_room_again_when_its_old_messages_are_gone() -> None:
    story = Forgetful(count=5, forgetful=5, author_bytes_max=6_000)
    story.flock[0].config = replace(story.flock[0].config, author_bytes_max=1 << 30)

    async def main() -> None:
        flock = story.flock
        await flock.start()
        await flock.join()
        _, code = await write_until_refused(flock, flock[0])
        assert code == "AUTHOR_QUOTA"
        await asyncio.sleep(KEEP_S + SLACK_S + 20)
        state = await flock[0].say("room again")
        await flock.expect(lambda: flock[0].state(state.id).state == "delivered", 10, "delivered")
        flock.check_unharmed()

    with story.world:
        story.world.run(main())

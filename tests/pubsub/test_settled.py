"""What a recovery has caught up with when it says so: all that the initiators gave, in however many looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from peernode.errors import Refused
from peernode.events import Recovered
from peernode.pubsub import rations, sync
from peernode.rpc.rpc import Caller
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import PORT, Bird, Flock, story
from tests.pubsub.test_bounds_catching_up import Liar
from tests.pubsub.test_bounds_delivery import counted
from tests.pubsub.test_findings_strangers import Stranger
from tests.pubsub.test_findings_truth import Answer, apart, held, lie
from tests.pubsub.test_lost_rows import lose

SAID = 60

REFUSED = (1, 2, 16)
"""Two of the 15 requests with which a recovery begins, one of the two that ask for what is missing."""


def attempts(bird: Bird) -> int:
    """Of recoveries, so far."""
    return sum(bird.node.happened().get(f"recovery.attempt.{end}", 0) for end in ("ok", "failed"))


async def back(
    flock: Flock, late: Bird, missed: int, healed: Callable[[], None] = lambda: None
) -> tuple[int, int]:
    """Cut off while others write: what it lacks when it says that it is back, and at which attempt."""
    author = next(bird for bird in apart(flock)[1] if bird is not late)
    cut = flock.cut_off(late)
    await asyncio.sleep(90)
    for number in range(missed):
        await author.say(f"m{number}")
    await asyncio.sleep(5)
    late.events.clear()
    before = attempts(late)
    healed()
    flock.mend(cut)
    await flock.expect(lambda: late.told(Recovered) != [], 60, "recovered")
    return held(author).log.version - held(late).log.version, attempts(late) - before


def test_a_backlog_that_takes_several_looks_is_fetched_before_the_channel_is_called_recovered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before, what the first look brought was enough."""
    monkeypatch.setattr(sync, "PULLS_MAX", 2)

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        late = apart(flock)[1][0]
        assert await back(flock, late, SAID) == (0, 1)
        assert counted(late, "sync.looks_full") == 0

    story(tell, 8, loss=0)


def test_looks_without_end_are_bounded_and_the_next_attempt_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the 60, an attempt fetches 4 to begin with and then 24."""
    monkeypatch.setattr(sync, "PULLS_MAX", 1)
    monkeypatch.setattr(sync, "LOOKS_MAX", 6)

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        late = apart(flock)[1][0]
        assert await back(flock, late, SAID) == (0, 3)
        assert counted(late, "sync.looks_full") == 2

    story(tell, 4, loss=0, replicas=1)


def test_what_one_request_of_several_did_not_bring_is_asked_for_again_before_a_channel_is_recovered() -> None:
    """Before, nobody asked again until the next renewal."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        late = apart(flock)[1][0]
        pulls: list[Caller] = []

        async def busy_now_and_then(caller: Caller, ask: Answer) -> list[Any]:
            pulls.append(caller)
            if len(pulls) in REFUSED:
                raise Refused(Status.BUSY)
            return await ask()

        def healed() -> None:
            for bird in flock:
                lie(bird, Op.PULL, busy_now_and_then)

        assert await back(flock, late, SAID, healed) == (0, 1)
        assert len(pulls) == SAID // sync.PULL_SPAN + len(REFUSED)

    story(tell, 4, loss=0, replicas=1)


def test_what_initiators_list_and_can_not_give_keeps_no_channel_recovering() -> None:
    """Their disks have lost it: they can't be told from those that hide what they list."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        late = apart(flock)[1][0]

        def lost() -> None:
            for bird in flock:
                if bird is not late:
                    lose(bird, 4)

        assert await back(flock, late, 8, lost) == (1, 1)

    story(tell, 8, loss=0)


def test_who_lists_without_end_and_gives_nothing_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "PULLS_MAX", 2)

    async def tell(flock: Flock) -> None:
        await flock.join()
        bird = flock[0]
        liar = Liar(flock, [[bytes(32), bytes(8), 0, 1 << 40, (1 << 40) - 1, bytes(16)]], more=False)
        contact = await liar.bring(bird)
        assert await bird.call(bird.node._pubsub.catch_up.settled(held(bird), contact, liar.root))
        assert liar.asked == {Op.SUMMARY: 1, Op.PULL: 2}

    story(tell, 1, loss=0)


def test_who_is_cut_short_by_its_ration_has_not_given_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rations, "BYTES_BURST", 10_000.0)
    monkeypatch.setattr(rations, "BYTES_PER_S", 1.0)
    monkeypatch.setattr(sync, "BATCH", 2)

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        target = apart(flock)[0][0]
        stranger = Stranger(flock)
        stranger.write(stranger.identity, SAID)
        await stranger.host.call(stranger.start())
        contact = await target.call(target.node._context.rpc.hello((stranger.host.ip, PORT)))
        settled = target.node._pubsub.catch_up.settled(held(target), contact, stranger.log.root())
        assert not await target.call(settled)
        assert 0 < held(target).log.version < SAID
        assert counted(target, "sync.rationed") == 2

    story(tell, 9, loss=0)

"""First retries of many pushes that failed together are spread: nobody who comes back meets a herd.

And who stays away is asked less and less often.
"""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest

from peernode.config import NodeConfig
from peernode.identity import Identity
from peernode.pubsub.pushroom import PushRoom
from peernode.pubsub.retries import RETRIES_MAX, USEFUL_S, DeliveryRetries
from peernode.pubsub.spread import Spread
from peernode.simulation.world.disturbances import Block
from peernode.wire.contact import Contact
from tests.pubsub.flock import LOBBY, Flock, story

SLOT_S = 0.1
SHARE_MAX = 0.1
SUBSCRIBERS = 200


def fullest_share(times_s: list[float]) -> float:
    """The share of all in the fullest 100 ms, wherever these begin."""
    ordered, first, fullest = sorted(times_s), 0, 0
    for last, at_s in enumerate(ordered):
        while at_s - ordered[first] > SLOT_S:
            first += 1
        fullest = max(fullest, last + 1 - first)
    return fullest / len(ordered)


@pytest.mark.parametrize(
    ("rto_s", "under_way", "windows_s"),
    [
        (0.1, 0, [0.2, 0.4, 0.8, 1.6]),
        (0.3, 0, [0.6, 1.2, 2.4, 4.8]),
        (0.3, 4, [0.6, 1.2, 2.4, 4.8]),
        (0.3, 20, [1.5, 3.0, 6.0, 8.0]),
        (1.0, 0, [2.0, 4.0, 8.0, 8.0]),
        (60.0, 0, [8.0] * RETRIES_MAX),
    ],
)
def test_the_pauses_for_one_subscriber_double_from_its_own_timeout_up_to_a_bound(
    rto_s: float, under_way: int, windows_s: list[float]
) -> None:
    """Catches windows without the timeout of this very peer, without the doubling, or without the bound."""
    draws = random.Random(1)
    contact, other = (Contact(Identity.generate(draws).public_key, "10.0.0.9", 7400) for _ in range(2))
    rtos_s = {contact.public_key: rto_s, other.public_key: 7.0}
    context: Any = SimpleNamespace(
        rpc=SimpleNamespace(rto_s=rtos_s.__getitem__), env=SimpleNamespace(random=draws)
    )
    room = PushRoom(NodeConfig(), lambda subscriber: False)
    for number in range(under_way):
        room.begin(number.to_bytes(4, "big"))
    retries = DeliveryRetries(context, None, room)  # type: ignore[arg-type]
    for tried, window_s in enumerate(windows_s):
        pauses = [retries.pause_s(contact, tried) for _ in range(SUBSCRIBERS)]
        assert 0.95 * window_s < max(pauses) <= window_s, f"after {tried} tries"
        assert 0.0 <= min(pauses) < 0.05 * window_s, f"after {tried} tries"


def test_each_push_in_vain_widens_the_next_pause_until_the_line_ends() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        view = flock[0].node._pubsub.storage.member(LOBBY).initiators
        assert view is not None
        initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
        away = next(bird for bird in flock if bird not in initiators)
        widened: dict[int, list[int]] = {}

        def noting(number: int, retries: DeliveryRetries) -> None:
            pause_s = retries.pause_s

            def noted(contact: Contact, tried: int) -> float:
                widened.setdefault(number, []).append(tried)
                return pause_s(contact, tried)

            retries.pause_s = noted  # type: ignore[method-assign]

        for number, bird in enumerate(initiators):
            noting(number, bird.node._pubsub.delivery.retries)
        flock.block([bird for bird in flock if bird is not away], [away])
        await initiators[0].say("nobody reaches it")
        await asyncio.sleep(USEFUL_S + 5)
        assert widened == {number: [*range(RETRIES_MAX)] for number in range(3)}

    story(tell, 5, replicas=3)


def test_no_100_ms_hold_over_a_tenth_of_the_first_retries_of_200_subscribers() -> None:
    """Catches the mutant without jitter, and the one whose window does not grow with the subscribers."""

    async def tell(flock: Flock) -> None:
        context = flock[0].node._context
        for under_way in (SUBSCRIBERS, SUBSCRIBERS // 2, SUBSCRIBERS // 5):
            room = PushRoom(context.config, lambda subscriber: False)
            for number in range(under_way):
                room.begin(number.to_bytes(4, "big"))
            retries = DeliveryRetries(context, None, room)  # type: ignore[arg-type]
            pauses = []
            for _ in range(SUBSCRIBERS):
                key = Identity.generate(context.env.random).public_key
                pauses.append(retries.pause_s(Contact(key, "10.0.0.9", 7400), 0))
            assert fullest_share(pauses) <= SHARE_MAX

    story(tell, 1)


async def first_retries(flock: Flock) -> list[float]:
    """When, in virtual s, the initiators pushed for the second time to each who was away for a while."""
    await flock.join()
    await asyncio.sleep(2)
    view = flock[0].node._pubsub.storage.member(LOBBY).initiators
    assert view is not None
    initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
    away = [bird for bird in flock if bird not in initiators]
    ends = [frozenset(bird.host.index for bird in side) for side in (initiators, away)]
    began: dict[tuple[int, bytes], float] = {}

    def noting(number: int, retries: DeliveryRetries) -> None:
        push = retries._push

        async def noted(spread: Spread, contact: Contact, method: str, waits: bool) -> bool:
            began.setdefault((number, contact.id), flock.world.loop.time())
            return await push(spread, contact, method, waits)

        retries._push = noted

    for number, bird in enumerate(initiators):
        noting(number, bird.node._pubsub.delivery.retries)
    blocked = flock.world.network.disturb(Block(*ends))
    await initiators[0].say("to who is away")
    await asyncio.sleep(4)
    flock.mend(blocked)
    await asyncio.sleep(6)
    assert all("to who is away" in bird.texts() for bird in away)
    return list(began.values())


def test_first_retries_to_200_subscribers_who_come_back_at_once_are_spread() -> None:
    """The initiators of one channel together, every path equally long: only the pauses spread the retries.

    Catches the mutant without jitter, and the one whose window does not grow with the subscribers.
    """

    async def tell(flock: Flock) -> None:
        retried = await first_retries(flock)
        assert len(retried) >= SUBSCRIBERS
        assert fullest_share(retried) <= SHARE_MAX

    story(tell, SUBSCRIBERS + 3, seed=1, replicas=3, loss=0, one_way_ms=(20, 20), jitter_ms=0)


def test_what_was_written_long_ago_is_tried_again_as_well() -> None:
    """It waited in its author's outbox until the network was back; only then its pushes began."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(2)
        view = flock[0].node._pubsub.storage.member(LOBBY).initiators
        assert view is not None
        initiators = [bird for bird in flock if view.holds(bird.identity.public_key)]
        author, away = (bird for bird in flock if bird not in initiators)
        cut = flock.cut_off(author)
        sent = await author.say("late")
        await asyncio.sleep(USEFUL_S + 5)
        deaf = flock.block([bird for bird in flock if bird is not away], [away])
        flock.mend(cut)
        digest = next(iter(author.node._pubsub.outbox.by_digest)).hex()

        def tries(outcome: str) -> int:
            """How often initiators' own pushes to who is away ended so."""
            found = [attempt for bird in initiators for attempt in bird.node.attempts(digest)]
            me = away.identity.node_id.hex()
            return sum(1 for each in found if each.peer == me and each.outcome == outcome)

        await flock.expect(lambda: tries("timeout") >= 1, 30, "a push that is not answered")
        await flock.expect(
            lambda: any(bird.node.happened().get("delivery.retried") for bird in initiators),
            10,
            "a second push",
        )
        flock.mend(deaf)
        await flock.expect(lambda: away.texts() == ["late"], 10, "told")
        assert tries("too old") == 0
        await flock.expect(lambda: author.state(sent.id).state == "delivered", 10, "delivered")

    story(tell, 5, replicas=3)

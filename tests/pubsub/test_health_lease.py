"""A channel's health by the node's own word goes by its lease, and by every renewal of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from peernode.errors import PeerNodeError
from peernode.pubsub.healthwatch import Lease
from peernode.pubsub.replica import InitiatorSet, make_set
from peernode.pubsub.subscription import Subscription
from peernode.wire.contact import Contact
from tests.pubsub.flock import Flock, story
from tests.pubsub.test_channel_health import cast, settle
from tests.pubsub.test_health_watch import TOLD_S, WELL, Said, replica_of, words


def taken_by(view: InitiatorSet, contacts: Sequence[Contact], **more: Any) -> Subscription:
    return Subscription(view, {contact.public_key: contact for contact in contacts}, **more)


def test_it_goes_by_the_last_lease_and_counts_the_set_that_held_one() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        _, others = cast(flock)
        bird = others[0]
        watch, replica = bird.node._pubsub.health_watch, replica_of(bird)
        view = replica.initiators
        assert view is not None
        five = view.contacts
        others_view = make_set([*five[:2], *(each.node._context.me() for each in others[1:4])], True, 0.0)
        whole = taken_by(view, five)

        def judged(last: Subscription | None, held: Subscription | None = whole) -> Said:
            watch._leases[replica.channel_id] = Lease(held, last)
            health = watch._health_of(replica)
            return health.state, health.code, health.initiators

        full = dict.fromkeys(contact.public_key for contact in five[1:])
        assert judged(whole) == WELL
        assert judged(taken_by(view, five[:4])) == ("degraded", "INITIATOR_SILENT", (4, 5))
        assert judged(taken_by(view, five[:2])) == ("down", "INITIATORS_TOO_FEW", (2, 5))
        assert judged(taken_by(others_view, five[:2])) == ("down", "INITIATORS_TOO_FEW", (2, 5))
        assert judged(taken_by(view, [])) == ("down", "NO_INITIATOR", (0, 5))
        assert judged(None) == ("down", "NO_INITIATOR", (0, 5))
        assert judged(taken_by(view, five[:1], full=full)) == ("degraded", "NO_PLACE", (5, 5))
        assert judged(taken_by(view, five[:1], untimely=full)) == ("down", "INITIATORS_TOO_FEW", (1, 5))
        assert judged(taken_by(view, five[:1], untimely=full, apart_ms=180_000)) == (
            "degraded",
            "CLOCK_SKEW",
            (5, 5),
        )
        elsewhere = taken_by(others_view, others_view.contacts)
        assert judged(elsewhere, elsewhere) == ("degraded", "COORDINATOR_LOST", (5, 5))
        replica.forget_initiators()
        assert judged(whole) == ("degraded", "COORDINATOR_LOST", (5, 5))
        replica.initiators = view
        assert judged(whole) == WELL

    story(tell, count=12)


def test_each_renewal_is_heard_of_alone_or_with_others_and_that_nobody_could_be_asked() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        _, others = cast(flock)
        bird = others[0]
        heard: list[Subscription | None] = []
        bird.node._pubsub.subscriber.on_ended.append(lambda _, result: heard.append(result))
        batched = bird.node.happened().get("renewal.batched", 0)
        await asyncio.sleep(60)
        assert bird.node.happened().get("renewal.batched", 0) - batched == len(heard) >= 2
        assert all(result is not None and result.quorum for result in heard)

        heard.clear()
        replica = replica_of(bird)
        replica.forget_initiators()
        flock.cut_off(bird)
        with pytest.raises(PeerNodeError):
            await bird.call(bird.node._pubsub.subscriber.initiators(replica))
        assert heard == [None]
        assert bird.node._pubsub.health_watch._health_of(replica).state == "down"

    story(tell, count=8)


def test_what_was_seen_before_an_outage_does_not_count_after_it() -> None:
    async def tell(flock: Flock) -> None:
        await settle(flock)
        bird = flock[0]
        watch, overlay = bird.node._pubsub.health_watch, bird.node._context.overlay
        replica_of(bird).recovering = True
        state = overlay.state
        for _ in range(6):
            await asyncio.sleep(0.8)
            overlay.state = lambda: ("offline", "")  # type: ignore[method-assign]
            watch.look()
            overlay.state = state  # type: ignore[method-assign]
        assert words(bird)[-1] == WELL
        await asyncio.sleep(TOLD_S)
        assert words(bird)[-1][1] == "COORDINATOR_LOST"

    story(tell, count=7)

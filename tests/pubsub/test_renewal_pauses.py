"""A lease that no quorum takes is sent again: soon at first, then ever more rarely; soon for a new peer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.errors import Refused
from peernode.pubsub.membership import Membership
from peernode.pubsub.renewal import HURRIED_S, HURRY_S, Retry
from peernode.wire.contact import Contact
from peernode.wire.ops import Status
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_channel_health import cast, settle
from tests.pubsub.test_clock_skew import joined
from tests.pubsub.test_health_watch import WELL, said, words
from tests.pubsub.test_lacks import WRONG_MS
from tests.pubsub.test_renewal import counted, spent
from tests.pubsub.test_retries import SHARE_MAX, SUBSCRIBERS, fullest_share


def refuse(monkeypatch: pytest.MonkeyPatch, status: Status) -> dict[bytes, frozenset[bytes] | None]:
    """Public keys whose leases are refused from now on, so: put them in, and take them out.

    With each the keys of the initiators that do, None: all.
    """
    refused: dict[bytes, frozenset[bytes] | None] = {}
    take: Any = Membership._take

    def taking(
        self: Membership, replica: Any, lease: Any, contact: Contact, *more: Any, **named: Any
    ) -> None:
        by = refused.get(contact.public_key, frozenset())
        if by is None or self._context.identity.public_key in by:
            raise Refused(status)
        take(self, replica, lease, contact, *more, **named)

    monkeypatch.setattr(Membership, "_take", taking)
    return refused


def served(flock: Flock, bird: Bird) -> bool:
    """Whether each initiator has its lease."""
    return all(bird.node.node_id in each.node.leaseholders(LOBBY) for each in cast(flock)[0])


@pytest.mark.parametrize(("wrong_ms", "state"), [(WRONG_MS, "down"), (-WRONG_MS, "degraded")])
def test_a_clock_that_goes_wrong_later_is_named_and_costs_no_storm(wrong_ms: int, state: str) -> None:
    """Two signatures a second before, for ever, and the channel's nodes were said to be silent."""

    async def tell(flock: Flock) -> None:
        await joined(flock)
        late = flock[2]
        late.host.skew(wrong_ms)
        await said(flock, late, (state, "CLOCK_SKEW", (3, 3)), 200)
        await asyncio.sleep(30)
        assert (await spent(late, 60))["lease.signed"] <= 24
        assert words(late)[-1] == (state, "CLOCK_SKEW", (3, 3))
        late.host.skew(0)
        await said(flock, late, ("healthy", "", (3, 3)), 40)

    story(tell, 3, loss=0)


def test_who_lost_its_place_hears_so_asks_rarely_and_has_it_again_when_one_is_free() -> None:
    async def tell(flock: Flock) -> None:
        *early, late = flock.birds
        await asyncio.gather(*(bird.join() for bird in early))
        await asyncio.sleep(5)
        one = next(bird for bird in early if bird not in cast(flock)[0])
        cut = flock.cut_off(one)
        await asyncio.sleep(75)
        await late.join()
        flock.mend(cut)
        await said(flock, one, ("degraded", "NO_PLACE", (5, 5)), 40)
        await asyncio.sleep(30)
        cost = await spent(one, 60)
        assert cost["lease.signed"] <= 24
        assert cost["op.SUBSCRIBE.out"] <= 5 * 24
        await late.call(late.node.leave(LOBBY))
        await said(flock, one, WELL, 30)
        assert served(flock, one)

    story(tell, 8, loss=0, subscribers_per_channel_max=7)


def test_a_lease_that_nobody_took_is_sent_again_soon_at_first_and_then_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = refuse(monkeypatch, Status.BUSY)

    async def tell(flock: Flock) -> None:
        await settle(flock)
        reader = cast(flock)[1][0]
        refused[reader.identity.public_key] = None
        failed = counted(reader)["renewal.failed"]
        await flock.expect(lambda: counted(reader)["renewal.failed"] > failed, 30, "refused")
        assert (await spent(reader, 5))["renewal.failed"] >= 4
        assert 1 <= (await spent(reader, 25))["renewal.failed"] <= 4
        assert 3 <= (await spent(reader, 60))["renewal.failed"] <= 8
        refused.clear()
        await flock.expect(lambda: served(flock, reader), 25, "there is a place again")
        refused[reader.identity.public_key] = None
        failed = counted(reader)["renewal.failed"]
        await flock.expect(lambda: counted(reader)["renewal.failed"] > failed, 30, "refused anew")
        assert (await spent(reader, 5))["renewal.failed"] >= 4, "what was before counts no more"

    story(tell, 8, loss=0)


def test_a_lease_that_some_took_is_not_sent_again_to_them_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have it: only the others would be worth asking sooner."""
    refused = refuse(monkeypatch, Status.BUSY)

    async def tell(flock: Flock) -> None:
        await settle(flock)
        initiators, (reader, *_) = cast(flock)
        refused[reader.identity.public_key] = frozenset(bird.identity.public_key for bird in initiators[:3])
        failed = counted(reader)["renewal.failed"]
        await flock.expect(lambda: counted(reader)["renewal.failed"] > failed, 30, "no quorum takes it")
        assert 1 <= (await spent(reader, 5))["renewal.failed"] <= 2

    story(tell, 8, loss=0)


async def resting(flock: Flock, reader: Bird) -> None:
    """Until no renewal comes for a while by itself."""
    renewal = reader.node._pubsub.renewal

    def rests() -> bool:
        due_s = [renewal._slot_s, *(retry.due_s for retry in renewal._retries.values())]
        return not renewal._running and min(due_s) - reader.host.env.clock.monotonic() > 12

    await flock.expect(rests, 60, "a long pause")
    assert not served(flock, reader)


def test_a_peer_that_appears_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = refuse(monkeypatch, Status.INVALID)

    async def tell(flock: Flock) -> None:
        await settle(flock)
        reader, other = cast(flock)[1][:2]
        other.crash()
        refused[reader.identity.public_key] = None
        await asyncio.sleep(120)
        await resting(flock, reader)
        refused.clear()
        await other.restart()
        await flock.expect(lambda: served(flock, reader), 10, "served again")

    story(tell, 9, loss=0)


@pytest.mark.parametrize(("status", "tries"), [(Status.INVALID, (2, 5)), (Status.BUSY, (0, 0))])
def test_a_peer_that_appears_in_vain_makes_the_pauses_short_anew_but_brings_no_place(
    monkeypatch: pytest.MonkeyPatch, status: Status, tries: tuple[int, int]
) -> None:
    """Within 4 s, then after some 2 s and 4 s; each time that one does."""
    refused = refuse(monkeypatch, status)

    async def tell(flock: Flock) -> None:
        await settle(flock)
        reader, other = cast(flock)[1][:2]
        refused[reader.identity.public_key] = None
        for _ in range(2):
            other.crash()
            await asyncio.sleep(90)
            await resting(flock, reader)
            await other.restart()
            cost = await spent(reader, 12)
            assert cost["peer.appeared.ok"] == 1
            assert tries[0] <= cost["renewal.failed"] <= tries[1]

    story(tell, 9, loss=0)


@pytest.mark.parametrize("peers", [1, 10])
def test_a_peer_that_appears_makes_no_herd_of_those_who_wait(peers: int) -> None:
    """Nor do several at one moment: a mutant that draws for each of them takes the soonest."""

    async def tell(flock: Flock) -> None:
        renewal, now = flock[0].node._pubsub.renewal, flock[0].host.env.clock.monotonic()
        for number in range(SUBSCRIBERS):
            channel_id = number.to_bytes(16, "big")
            renewal._retries[channel_id] = Retry(times=9, due_s=now + 20, lack="NO_INITIATOR")
            renewal._began_s[channel_id] = now - 1
        for _ in range(peers):
            renewal.hurry()
        due_s = [retry.due_s - now for retry in renewal._retries.values()]
        assert fullest_share(due_s) <= SHARE_MAX
        assert min(due_s) >= HURRY_S - 1, "not on the heels of the last one"
        assert max(due_s) <= HURRY_S - 1 + HURRIED_S

    story(tell, 1)

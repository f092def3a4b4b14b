"""Whoever names a log is looked into at a bounded cost, however many do and whatever they show."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from peernode.environment import prefix_of
from peernode.identity import Identity
from peernode.pubsub import rations, sync
from peernode.pubsub.syncing import SYNCING_MAX, Syncing
from peernode.pubsub.visits import NEAR_MAX, OUTSIDE_MAX, Visits
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from tests.pubsub.flock import PORT, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import counted, stored, strangers
from tests.pubsub.test_findings_strangers import Stranger
from tests.pubsub.test_findings_truth import apart, held


class Endless(Stranger):
    """It shows ever more streams, of one message each, and gives none."""

    pages = pulls = pages_at_first_pull = 0

    async def summary(self, caller: Caller, body: Fields) -> list[Any]:
        self.pages += 1
        draw = self.host.env.random.randbytes
        return [bytes(16), [[draw(32), draw(8), 0, 2, 1, draw(16)] for _ in range(11)], True]

    async def pull(self, caller: Caller, body: Fields) -> list[Any]:
        self.pulls += 1
        self.pages_at_first_pull = self.pages_at_first_pull or self.pages
        body.take_bytes(20)
        return [[], len(body.take_list(16)), 0]


async def offered(flock: Flock, count: int = 1) -> tuple[Bird, list[Endless]]:
    """An initiator, to which so many have named a log."""
    await flock.join()
    await asyncio.sleep(5)
    target = apart(flock)[0][0]
    liars = [Endless(flock) for _ in range(count)]
    for liar in liars:
        liar.write(liar.identity, 1)  # a root that is another than the channel's
        await liar.host.call(liar.start())
        await liar.host.call(liar.offer(target))
    return target, liars


def test_a_list_is_not_held_until_its_end_comes() -> None:
    """Before, 22,528 streams of each stranger were read before the first message was asked for."""

    async def tell(flock: Flock) -> None:
        _, (liar,) = await offered(flock)
        await flock.expect(lambda: liar.pulls > 0, 30, "what it shows is asked for")
        assert liar.pages_at_first_pull == 34, "as many streams as make up a batch"

    story(tell, 9, loss=0)


def test_who_was_not_called_pays_for_the_lists_that_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rations, "BYTES_BURST", 20.0 * rations.PAGE_BYTES)
    monkeypatch.setattr(rations, "BYTES_PER_S", 1.0)

    async def tell(flock: Flock) -> None:
        target, (liar,) = await offered(flock)
        await flock.expect(lambda: counted(target, "sync.rationed") == 1, 30, "the ration is spent")
        assert liar.pages == 21

    story(tell, 9, loss=0)


def test_what_strangers_are_asked_for_is_counted_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of one prefix, at once: else each would begin before the first has brought anything."""
    monkeypatch.setattr(rations, "BYTES_BURST", 50_000.0)
    monkeypatch.setattr(rations, "BYTES_PER_S", 1.0)

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        target = apart(flock)[0][0]
        people = [Stranger(flock) for _ in range(4)]
        for stranger in people:
            stranger.write(stranger.identity, 60)
            await stranger.host.call(stranger.start())
        await asyncio.gather(*(stranger.host.call(stranger.offer(target)) for stranger in people))
        await flock.expect(lambda: held(target).log.version == 60, 10, "what one of them has")
        await asyncio.sleep(5)
        assert held(target).log.version == 60
        assert counted(target, "sync.rationed") >= len(people) - 1

    story(tell, 9, loss=0)


def test_initiators_have_no_ration_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rations, "BYTES_BURST", 10_000.0)
    monkeypatch.setattr(rations, "BYTES_PER_S", 1.0)

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        target, other = apart(flock)[0][:2]
        stranger = Stranger(flock)
        stranger.write(stranger.identity, 20)
        await stranger.host.call(stranger.start())
        for _ in range(2):
            await stranger.host.call(stranger.offer(target))
            await asyncio.sleep(3)
            stranger.write(Identity.generate(stranger.host.env.random), 1)
        assert counted(target, "sync.rationed") > 0, "who has its prefix owes"
        monkeypatch.setattr(sync, "OUTSIDE_S", -1.0)
        await other.call(stored(other, 5))
        contact = Contact(other.identity.public_key, *other.address)
        assert prefix_of(contact.address) == prefix_of((stranger.host.ip, PORT))
        assert await target.call(target.node._pubsub.catch_up.run(held(target), contact)) == 5

    story(tell, 9, loss=0)


def test_an_endless_list_from_outside_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "OUTSIDE_S", 5.0)

    async def tell(flock: Flock) -> None:
        target, _ = await offered(flock)
        await asyncio.sleep(1)
        sizes = target.node._pubsub.sizes()
        assert held(target).sizes()["syncing"] == (1, SYNCING_MAX)
        assert sizes["syncs_outside"] == (1, OUTSIDE_MAX)
        await flock.expect(lambda: counted(target, "sync.out_of_time") == 1, 10, "it has had its time")
        await asyncio.sleep(0)
        assert not held(target).syncing
        assert target.node._pubsub.sizes()["syncs_outside"] == (0, OUTSIDE_MAX)

    story(tell, 9, loss=0)


def test_no_more_strangers_are_looked_into_than_there_are_places() -> None:
    async def tell(flock: Flock) -> None:
        for bird in flock:
            bird.node._pubsub.replication._visits._outside.most = 4
        target, liars = await offered(flock, 6)
        await asyncio.sleep(1)
        assert len(held(target).syncing) == 4
        assert [liar.pages > 0 for liar in liars] == [True] * 4 + [False] * 2
        assert counted(target, "replication.visits_full") == 2

    story(tell, 9, loss=0)


def test_places_are_by_address_and_initiators_need_none() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        replica = held(apart(flock)[0][0])
        crowd = [Contact(each.public_key, "10.9.9.9", PORT) for each in strangers(flock[0], NEAR_MAX)]
        other = Contact(Stranger(flock).identity.public_key, "10.1.1.1", PORT)

        def tried(outside: bool) -> Iterator[int]:
            visits = Visits(lambda replica, contact: outside)
            with ExitStack() as places:
                for contact in [*crowd, other, other, *replica.initiators.contacts]:
                    place = visits.begin(replica, contact)
                    if place is not None:
                        places.enter_context(place)
                    yield int(place is not None)
                sizes = visits.sizes()["syncs_outside" if outside else "syncs_near"]
                assert sizes[0] == sizes[1] // 2 + 1
            assert [size for size, _ in visits.sizes().values()] == [0, 0]

        initiators = len(replica.initiators.contacts)
        for outside, most in ((True, OUTSIDE_MAX), (False, NEAR_MAX)):
            got = list(tried(outside))
            assert got[: len(crowd)] == [1] * (most // 2) + [0] * (NEAR_MAX - most // 2)
            assert got[len(crowd) :] == [1, 0, *[1] * initiators], "one place for each caller and channel"

    story(tell, 9, loss=0)


def test_a_channel_is_not_caught_up_with_more_peers_than_its_table_holds() -> None:
    async def tell(flock: Flock) -> None:
        syncing = Syncing()
        keys = [number.to_bytes(32, "big") for number in range(SYNCING_MAX + 1)]
        assert [syncing.begin(key) for key in keys] == [True] * SYNCING_MAX + [False]
        syncing.end(keys[0])
        assert syncing.begin(keys[-1]) and syncing.sizes()["syncing"] == (SYNCING_MAX, SYNCING_MAX)

    story(tell, 1)

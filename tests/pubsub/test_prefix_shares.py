"""Places that peers take, by their addresses: shares, what is given back, and who is exempt."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.ids import channel_id_of
from peernode.channel.leasetable import PARTS, SHARE_MIN
from peernode.errors import Refused
from peernode.pubsub import storage
from peernode.pubsub.prefixshares import PrefixShares
from peernode.wire.contact import Contact
from peernode.wire.ops import Status
from tests.pubsub.flock import PORT, Bird, Flock, story
from tests.pubsub.test_findings_crowds import Crowd

PLACES = PARTS * SHARE_MIN * 2


def at(ip: str) -> Contact:
    return Contact(bytes(32), ip, 7400)


def test_from_half_on_a_prefix_has_an_eighth_and_has_room_again_for_each_that_it_gives_back() -> None:
    shares, crowd = PrefixShares[int](), at("10.1.1.1")
    share = PLACES // PARTS
    for key in range(share):
        assert shares.may(crowd, PLACES // 2, PLACES)
        assert shares.took(key, crowd)
    assert not shares.may(at("10.1.1.200"), PLACES // 2, PLACES)
    assert shares.may(crowd, PLACES // 2 - 1, PLACES)
    assert shares.may(at("10.1.2.1"), PLACES // 2, PLACES)
    assert not shares.may(at("10.1.2.1"), PLACES, PLACES)
    shares.gave_back(0)
    assert shares.may(crowd, PLACES // 2, PLACES) and len(shares) == share - 1
    for key in range(share):
        shares.gave_back(key)  # of the first one a second time
    assert len(shares) == 0 and not shares._counts


def test_a_place_is_counted_once_and_to_who_took_it_first() -> None:
    shares = PrefixShares[str]()
    assert shares.took("a", at("10.1.1.1"))
    assert not shares.took("a", at("10.2.2.2"))
    assert shares._counts == {"10.1.1": 1}


def test_loopback_is_exempt_but_for_the_places_that_there_are() -> None:
    shares = PrefixShares[str]()
    assert not shares.took("a", at("127.0.0.1"))
    assert shares.may(at("127.0.0.1"), PLACES - 1, PLACES)
    assert not shares.may(at("127.0.0.1"), PLACES, PLACES)


def begun(bird: Bird) -> int:
    """How many channels it stores because somebody else asked, by its own count."""
    return int(bird.node.sizes()["pubsub.channels_begun"][0])


def test_places_are_counted_while_rows_are_written_and_given_back_when_they_can_not_be() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        crowd, bird = Crowd(flock), flock[0]
        bird.disk.fill("test", 0)
        refused = await crowd.host.call(crowd.begin([bird], ["#a", "#b"]))
        assert refused == [Status.STORE_FULL] * 2 and begun(bird) == 0
        await crowd.rpcs.pop().close()
        bird.disk.make_room("test")
        assert await crowd.host.call(crowd.begin([bird], ["#a", "#b"])) == [] and begun(bird) == 2
        for rpc in crowd.rpcs:
            await rpc.close()

    story(tell, 3)


def test_one_address_has_no_more_places_when_it_asks_for_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SERVED_MAX", 200)

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        bird, by = flock[0], Contact(bytes(32), "10.9.9.9", PORT)

        async def ask(number: int) -> bool:
            name = f"#junk{number}"
            try:
                await bird.node._pubsub.storage.serve(
                    channel_id_of(bird.node._context.network_id, name), name, by
                )
            except Refused:
                return False
            return True

        async def ask_at_once() -> list[bool]:
            return list(await asyncio.gather(*map(ask, range(250))))

        assert sum(await bird.call(ask_at_once())) == begun(bird) == 100

    story(tell, 3)


def test_one_address_does_not_take_the_places_of_all_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SERVED_MAX", 36)

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        crowd = Crowd(flock)
        refused = await crowd.host.call(crowd.begin(flock.birds, [f"#junk{n}" for n in range(40)]))
        assert refused == [Status.BUSY] * len(flock.birds) * (40 - 18)
        assert begun(flock[0]) == 18
        held_for_others = flock[0].node._pubsub.storage
        await flock[0].call(held_for_others.drop(next(iter(held_for_others.replicas.values()))))
        assert begun(flock[0]) == 17
        await flock[1].join("#honest")
        for rpc in crowd.rpcs:
            await rpc.close()

    story(tell, 6)

"""Keys are free: neither one initiator's word nor one address takes all places of a channel."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from peernode.channel.ids import channel_id_of
from peernode.channel.lease import sign_lease
from peernode.config import NodeConfig
from peernode.errors import PeerNodeError, Refused
from peernode.events import JoinDelayed, Joined
from peernode.identity import Identity
from peernode.pubsub import membership
from peernode.pubsub.joinrun import REACHED_MAX, Proofs
from peernode.pubsub.replica import make_set
from peernode.pubsub.subscription import Subscription
from peernode.rpc.rpc import Caller, Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story
from tests.pubsub.test_findings_truth import Answer, apart, held, lie

Item = list[Any]

NOWHERE = "10.9.9.9"


def leases_of_nobody(bird: Bird, *addresses: str) -> list[Item]:
    """As SUBSCRIBERS lists them: leases of made-up keys at these addresses, in the order of their ids."""
    context, channel_id = bird.node._context, held(bird).channel_id
    keys = [Identity.generate(bird.host.env.random) for _ in addresses]
    keys.sort(key=lambda key: key.node_id)
    return [
        [
            sign_lease(key, context.network_id, channel_id, context.wall_ms(), 60).raw,
            60_000,
            Contact(key.public_key, address, PORT).encode(),
        ]
        for key, address in zip(keys, addresses, strict=True)
    ]


def list_those(bird: Bird, items: list[Item]) -> None:
    """A hostile initiator names a new digest with every round, and these as its subscribers."""
    random = bird.host.env.random

    def subscribers(caller: Caller, body: Fields) -> list[Any]:
        body.take_bytes(20)
        after = body.take_bytes_or_none(20)
        rest = [item for item in items if after is None or Contact.decode(Fields(item[2])).id > after]
        return [rest[:4], len(rest) > 4]

    async def synced(caller: Caller, ask: Answer) -> list[Any]:
        root, _ = await ask()
        return [root, random.randbytes(16)]

    async def renewed(caller: Caller, ask: Answer) -> list[Any]:
        (answers,) = await ask()
        return [[[*answer[:4], random.randbytes(8)] for answer in answers]]

    bird.node._context.rpc._servers[Op.SUBSCRIBERS] = subscribers
    lie(bird, Op.SYNC, synced)
    lie(bird, Op.RENEW, renewed)


def test_one_lying_initiator_takes_neither_the_places_nor_the_counts() -> None:
    async def tell(flock: Flock) -> None:
        author, late = flock[0], flock[7]
        await asyncio.gather(*(bird.join() for bird in flock.birds[:7]))
        await asyncio.sleep(5)
        initiators, _ = apart(flock)
        liar = next(bird for bird in initiators if bird not in (author, late))
        list_those(liar, leases_of_nobody(liar, *200 * [NOWHERE]))
        await asyncio.sleep(35)
        for bird in initiators:
            leases, bound = held(bird).leases.sizes()["leases"]
            assert bird is liar or 7 < leases < bound, "it is believed, but not all of it"
        await late.join()
        state = await author.say("to those who are there")
        await flock.expect(lambda: author.state(state.id).delivered == (7, 7), 10, "all have it")

    story(tell, 8, subscribers_per_channel_max=64)


def test_copies_give_way_to_who_subscribes_itself() -> None:
    async def tell(flock: Flock) -> None:
        *early, late = flock.birds
        await asyncio.gather(*(bird.join() for bird in early))
        await asyncio.sleep(5)
        initiators, _ = apart(flock)
        liar = next(bird for bird in initiators if bird is not late)
        list_those(liar, leases_of_nobody(liar, *30 * [NOWHERE]))
        await asyncio.sleep(35)
        honest = [bird for bird in initiators if bird is not liar]
        assert all(held(bird).leases.sizes()["leases"] == (10, 10) for bird in honest)
        await late.join()

    story(tell, 8, subscribers_per_channel_max=10)


class Crowd:
    """One host, far from the others by its address, with as many keys as it wants."""

    def __init__(self, flock: Flock) -> None:
        self.host = flock.world.host()
        while self.host.ip.startswith("10.0.0."):
            self.host = flock.world.host()
        self.rpcs: list[Rpc] = []

    async def subscribe(self, birds: list[Bird], count: int) -> list[int]:
        """Each key's lease to each bird; what was refused."""
        context, channel_id, refused = birds[0].node._context, held(birds[0]).channel_id, list[int]()
        for number in range(count):
            key = Identity.generate(self.host.env.random)
            config = NodeConfig(listen=(self.host.local_ip, PORT + number), serves=False)
            rpc = Rpc(key, config, self.host.env)
            await rpc.start()
            self.rpcs.append(rpc)
            lease = sign_lease(key, context.network_id, channel_id, context.wall_ms(), 60).raw
            for bird in birds:
                contact = Contact(bird.identity.public_key, *bird.address)
                try:
                    await rpc.request(contact, Op.SUBSCRIBE, [lease, bytes(16), LOBBY, False], prove=True)
                except Refused as refusal:
                    refused.append(refusal.status)
        return refused

    async def begin(self, birds: list[Bird], names: list[str]) -> list[int]:
        """One key subscribes to all of these channels at all birds; what was refused."""
        key, refused = Identity.generate(self.host.env.random), list[int]()
        config = NodeConfig(listen=(self.host.local_ip, PORT), serves=False)
        rpc = Rpc(key, config, self.host.env)
        await rpc.start()
        self.rpcs.append(rpc)

        async def ask(bird: Bird, name: str) -> None:
            context, contact = bird.node._context, Contact(bird.identity.public_key, *bird.address)
            channel_id = channel_id_of(context.network_id, name)
            lease = sign_lease(key, context.network_id, channel_id, context.wall_ms(), 60).raw
            try:
                await rpc.request(contact, Op.SUBSCRIBE, [lease, bytes(16), name, False], prove=True)
            except Refused as refusal:
                refused.append(refusal.status)

        for name in names:
            await asyncio.gather(*(ask(bird, name) for bird in birds))
        return refused


def test_one_address_does_not_take_all_places() -> None:
    async def tell(flock: Flock) -> None:
        *early, late = flock.birds
        await asyncio.gather(*(bird.join() for bird in early))
        await asyncio.sleep(5)
        initiators, _ = apart(flock)
        crowd = Crowd(flock)
        refused = await crowd.host.call(crowd.subscribe(initiators, 40))
        assert refused == [Status.BUSY] * 5 * (40 - 16)
        await late.join()
        for rpc in crowd.rpcs:
            await rpc.close()

    story(tell, 7, subscribers_per_channel_max=32)


def test_a_copy_of_an_address_that_has_its_share_does_not_keep_the_others_out() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, _ = apart(flock)
        crowd = Crowd(flock)
        assert await crowd.host.call(crowd.subscribe(initiators, 16)) == []
        items = leases_of_nobody(initiators[0], *4 * [crowd.host.ip], *4 * [NOWHERE])
        list_those(initiators[0], items)
        most = Counter[tuple[Bird, str]]()
        for _ in range(35):
            await asyncio.sleep(1)
            for bird in initiators[1:]:
                leases = held(bird).leases.live(bird.node._context.now())
                for ip, count in Counter(one.contact.address[0] for one in leases).items():
                    most[bird, ip] = max(most[bird, ip], count)
        assert [most[bird, NOWHERE] for bird in initiators[1:]] == [4] * 4
        assert [most[bird, crowd.host.ip] for bird in initiators[1:]] == [16] * 4
        for rpc in crowd.rpcs:
            await rpc.close()

    story(tell, 7, subscribers_per_channel_max=32)


def test_no_more_subscribers_are_believed_than_a_table_holds() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        initiators, readers = apart(flock)
        list_those(initiators[0], leases_of_nobody(initiators[0], *100 * [NOWHERE]))
        for _ in range(40):
            await asyncio.sleep(1)
            sizes = [bird.node.sizes()["pubsub.subscribers"] for bird in readers]
            if (24, 24) in sizes:
                break
        assert (24, 24) in sizes
        assert all(size <= bound for size, bound in sizes)

    story(tell, 7, subscribers_per_channel_max=24)


def test_who_reaches_a_joining_node_is_remembered_up_to_a_bound() -> None:
    proofs = Proofs()
    for number in range(REACHED_MAX + 1):
        proofs.probed(number.to_bytes(32, "big"), bytes(16))
    assert len(proofs.reached_by) == REACHED_MAX
    assert REACHED_MAX.to_bytes(32, "big") in proofs.reached_by


def test_whom_there_is_no_room_to_probe_at_once_is_tested_in_turn(monkeypatch: Any) -> None:
    monkeypatch.setattr(membership, "PROVING_MAX", 0)

    async def tell(flock: Flock) -> None:
        await flock.join()
        assert flock[0].node.happened()["membership.proving_full"] > 0
        sizes = flock[0].node.sizes()
        assert sizes["pubsub.proving"] == (0, 0)
        assert sizes["pubsub.reached_by"] == (0, REACHED_MAX)

    story(tell, 4)


def test_who_finds_no_place_hears_so_and_nothing_of_firewalls() -> None:
    async def tell(flock: Flock) -> None:
        *early, late = flock.birds
        await asyncio.gather(*(bird.join() for bird in early))
        with pytest.raises(PeerNodeError) as caught:
            await late.join()
        assert caught.value.code == "NO_PLACE"
        await flock.expect(lambda: bool(late.told(JoinDelayed)), 2, "the page hears it, too")
        (delayed,) = late.told(JoinDelayed)
        assert (delayed.error.code, delayed.step) == ("NO_PLACE", "subscribe")
        await early[0].call(early[0].node.leave(LOBBY))
        await flock.expect(lambda: bool(late.told(Joined)), 30, "there is a place now")

    story(tell, 8, subscribers_per_channel_max=7)


@pytest.mark.parametrize(
    ("full", "silent", "code"),
    [(3, 2, "NO_PLACE"), (2, 3, "NO_INITIATOR"), (5, 0, "NO_PLACE"), (0, 5, "NO_INITIATOR")],
)
def test_no_place_is_blamed_only_where_places_are_what_lacks(full: int, silent: int, code: str) -> None:
    contacts = [Contact(bytes([number]) * 32, "10.0.0.1", 7000 + number) for number in range(full + silent)]
    asked = Subscription(make_set(contacts, True, 0.0))
    for contact in contacts[:full]:
        asked.full[contact.public_key] = None
    assert asked.lack == code

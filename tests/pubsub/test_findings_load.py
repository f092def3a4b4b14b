"""A node of many channels: nothing that goes through them holds the loop, and strangers have no veto."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.channel.ids import channel_id_of
from peernode.errors import PeerNodeError
from peernode.pubsub import storage as places
from peernode.pubsub.replication import ROUND_SPACING_S
from peernode.pubsub.storage import PubSubStorage
from peernode.pubsub.turns import PER_TURN
from peernode.wire.contact import Contact
from peernode.wire.ops import Status
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_findings_paths import subscribe_from_outside

MANY = 10 * PER_TURN
BUSY = str(int(Status.BUSY))


def fill(storage: PubSubStorage, count: int) -> None:
    """So many channels that others have had this node store, empty ones."""
    for number in range(count):
        name = f"#stored-{number}"
        storage._make(channel_id_of(storage._context.network_id, name), name)


def at(bird: Bird) -> Contact:
    return Contact(bird.identity.public_key, *bird.address)


class Turns:
    """How often something, such as a storage for the closest, is asked in one turn of the loop."""

    def __init__(self, asked: Any, method: str = "closest") -> None:
        self.most = self.all = self._now = 0
        self.begun = asyncio.Event()
        ask = getattr(asked, method)

        def counted(*arguments: Any, **named: Any) -> Any:
            self._now += 1
            self.all += 1
            self.begun.set()
            return ask(*arguments, **named)

        setattr(asked, method, counted)

    async def watch(self, turns: int) -> None:
        for _ in range(turns):
            self.most = max(self.most, self._now)
            self._now = 0
            await asyncio.sleep(0)


def test_a_peer_that_leaves_a_node_of_many_channels_does_not_hold_its_loop() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(30)
        pubsub = flock[0].node._pubsub
        fill(pubsub.storage, MANY)
        turns = Turns(pubsub.storage)
        pubsub.replication.changed(at(flock[1]))
        pubsub.replication.changed(at(flock[2]))
        await turns.watch(3 * MANY // PER_TURN)
        assert turns.all == MANY, "one pass for both"
        assert 0 < turns.most <= PER_TURN
        assert pubsub.replication.sizes()["rounds_due"][0] == MANY
        await asyncio.sleep(MANY * ROUND_SPACING_S / 4)
        assert pubsub.replication.sizes()["rounds_due"][0] > MANY / 2, "they begin one after the other"
        await asyncio.sleep(MANY * ROUND_SPACING_S * 2)
        assert pubsub.replication.sizes()["rounds_due"][0] == 0

    story(tell, 3)


def test_the_regular_rounds_of_many_channels_do_not_hold_the_loop() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(30)
        pubsub = flock[0].node._pubsub
        fill(pubsub.storage, MANY)
        turns = Turns(pubsub.storage)
        pubsub.replication.soon = lambda replica: None
        begun = asyncio.Event()
        pubsub.retention.forget_dropped = begun.set
        await begun.wait()
        await turns.watch(3 * MANY // PER_TURN)
        assert turns.all == MANY
        assert 0 < turns.most <= PER_TURN

    story(tell, 3)


def test_the_paths_of_many_channels_are_looked_at_without_holding_the_loop() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(30)
        pubsub = flock[0].node._pubsub
        fill(pubsub.storage, MANY)
        for replica in pubsub.storage.replicas.values():
            pubsub.storage.local_view(replica)
            assert replica.serves
        turns = Turns(pubsub.probing, "_look_through")
        await turns.begun.wait()
        await turns.watch(3 * MANY // PER_TURN)
        assert turns.all == MANY
        assert turns.most <= PER_TURN

    story(tell, 3)


def test_a_peer_that_appears_does_not_hold_the_loop_for_all_channels() -> None:
    """It may be an initiator of each channel in which a message waits, and of each that was joined."""

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        bird, count = flock[0], PER_TURN + 8
        for number in range(count):
            await bird.join(f"#talk-{number}")
        for other in (flock[1], flock[2]):
            other.crash()
        for number in range(count):
            await bird.say("is anybody there?", f"#talk-{number}")
        pubsub, stranger = bird.node._pubsub, Contact(bytes(32), *flock[1].address)
        assert len(pubsub.outbox.waiting) == count
        looked = Turns(pubsub.storage)
        pubsub.recovery.peer_changed("left", stranger)
        pubsub.recovery.peer_changed("appeared", stranger)
        await looked.watch(4)
        assert (looked.all, looked.most) == (count, PER_TURN)
        resumed = Turns(pubsub.publisher, "resume")
        pubsub._peer_changed("appeared", at(flock[1]))
        await resumed.watch(4)
        assert (resumed.all, resumed.most) == (count, PER_TURN)

    story(tell, 3)


def test_strangers_who_fill_a_node_take_no_place_from_its_own_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SERVED_MAX", 3)

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        outcomes = await subscribe_from_outside(flock, flock[0], [f"#theirs-{number}" for number in range(9)])
        assert (outcomes.count("OK"), outcomes.count(BUSY)) == (3, 6)
        bird, opened = flock[0], flock[0].node._pubsub.storage.open
        await asyncio.gather(*(bird.call(opened(f"#ours-{number}")) for number in range(4)))
        with pytest.raises(PeerNodeError) as refusal:
            await bird.call(opened("#ours-too"))
        assert refusal.value.code == "TOO_MANY_CHANNELS"
        sizes = bird.node.sizes()
        assert sizes["pubsub.own_channels"] == (4, 4)
        assert sizes["pubsub.channels"] == (7, 7)
        assert (await bird.call(opened("#ours-0"))).member

    story(tell, 3, channels_max=4)


def test_a_channel_that_is_left_counts_as_stored_for_others_and_passes_no_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "SERVED_MAX", 2)

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        bird = flock[0]
        for number in range(5):
            await bird.join(f"#ours-{number}")
            await bird.say("kept for others", f"#ours-{number}")
            await bird.call(bird.node.leave(f"#ours-{number}"))
        with pytest.raises(PeerNodeError) as refusal:
            await bird.join("#ours-too")
        assert refusal.value.code == "TOO_MANY_CHANNELS"
        await bird.join("#ours-0")
        assert BUSY in await subscribe_from_outside(flock, bird, ["#theirs"])
        sizes = bird.node.sizes()
        assert sizes["pubsub.channels"] == (5, 5)

    story(tell, 1, channels_max=3)


def test_what_is_empty_and_unread_gives_way_but_not_what_is_being_joined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "SERVED_MAX", 2)

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(3)
        pubsub = flock[0].node._pubsub
        fill(pubsub.storage, 2)
        joining = pubsub.storage.open("#ours")
        opened = await flock[0].call(asyncio.wait_for(joining, 5))
        assert opened.member
        names = [f"#theirs-{number}" for number in range(4)]
        outcomes = await subscribe_from_outside(flock, flock[0], names)
        assert (outcomes.count("OK"), outcomes.count(BUSY)) == (2, 2), "the empty ones gave way"
        assert pubsub.storage.by_name("#ours") is opened
        await asyncio.sleep(1)
        assert {row.name for row in flock[0].node._context.store.channels()} >= {"#ours"}

    story(tell, 3, channels_max=4)

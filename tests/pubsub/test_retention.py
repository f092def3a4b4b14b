"""Initiators come and go: newcomers get everything, leaving ones keep it until R others hold it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from peernode.channel.ids import channel_id_of
from peernode.identity import network_id_of
from peernode.pubsub.arrival import Arrival
from peernode.pubsub.replica import InitiatorSet, Replica, make_set
from peernode.wire.contact import Contact
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import strangers
from tests.pubsub.test_relay import replica_of

RETAIN_S = 60.0
DAY_MS = 86_400_000
MESSAGES = 24


def by_distance(flock: Flock) -> list[Bird]:
    """The birds by their distance to the channel: the first five that run are its initiators."""
    target = int.from_bytes(channel_id_of(network_id_of("starling"), LOBBY), "big")
    return sorted(flock, key=lambda bird: int.from_bytes(bird.identity.node_id, "big") ^ target)


def held(bird: Bird) -> int:
    """How many messages of the channel its disk has."""
    channel_id = channel_id_of(network_id_of("starling"), LOBBY)
    return len(list(bird.disk.store_for(bird.identity.node_id).heads(channel_id)))


def stores(bird: Bird) -> bool:
    return any(channel["name"] == LOBBY for channel in bird.node.diagnostics()["channels"])


def counted(bird: Bird, what: str) -> int:
    return bird.node.happened().get(what, 0)


async def displaced(flock: Flock) -> tuple[list[Bird], Bird]:
    """Nine nodes; the three closest come last, so that the sixth and seventh are initiators no more."""
    near = by_distance(flock)
    for bird in near[:3]:
        bird.crash()
    await asyncio.sleep(8)
    author, reader = near[8], near[7]
    for bird in (author, reader):
        await bird.join()
    for number in range(MESSAGES):
        await author.say(f"old {number}")
    await asyncio.sleep(3)
    for bird in near[:3]:
        await bird.restart()
    return near, author


def test_a_replaced_initiator_hands_over_keeps_its_copy_and_lets_go_in_the_end() -> None:
    async def tell(flock: Flock) -> None:
        near, author = await displaced(flock)
        total = held(author)
        leaving = near[5:7]
        await flock.expect(lambda: all(held(bird) == total for bird in near[:5]), 20, "newcomers have it all")
        await flock.expect(lambda: all(counted(b, "retention.begun") for b in leaving), 20, "noted as held")
        await asyncio.sleep(RETAIN_S / 2)
        assert all(held(bird) == total for bird in leaving)
        await flock.expect(lambda: not any(stores(bird) for bird in leaving), 6 * RETAIN_S, "let go")
        await asyncio.sleep(0.1)  # that much later it is off the disk, too
        assert [held(bird) for bird in leaving] == [0, 0]
        assert all(held(bird) == total for bird in (*near[:5], *near[7:]))
        await author.say("new")
        await flock.expect(lambda: "new" in near[7].texts(), 2, "goes on")

    story(tell, 9, retain_s=RETAIN_S)


def test_nothing_is_let_go_while_an_initiator_lacks_it() -> None:
    async def tell(flock: Flock) -> None:
        near = by_distance(flock)
        near[0].disk.fill("test", 0)
        near, _ = await displaced(flock)
        total = held(near[8])
        leaving = near[5:7]
        await asyncio.sleep(4 * RETAIN_S)
        assert held(near[0]) < total
        assert all(held(bird) == total for bird in leaving)
        near[0].disk.make_room("test")
        await flock.expect(lambda: not any(stores(bird) for bird in leaving), 10 * RETAIN_S, "let go at last")
        assert held(near[0]) == total

    story(tell, 9, retain_s=RETAIN_S)


def test_since_when_a_channel_is_held_survives_a_restart() -> None:
    async def tell(flock: Flock) -> None:
        near, _ = await displaced(flock)
        leaving = near[5]
        await flock.expect(lambda: counted(leaving, "retention.begun") > 0, 20, "noted as held")
        await asyncio.sleep(RETAIN_S)
        leaving.crash()
        await leaving.restart()
        await flock.expect(lambda: not stores(leaving), 1.3 * RETAIN_S, "let go before a whole time anew")
        assert counted(leaving, "retention.begun") == 0

    story(tell, 9, retain_s=1.5 * RETAIN_S)


def test_a_node_that_flaps_costs_digests_and_no_second_transfer() -> None:
    async def tell(flock: Flock) -> None:
        near, author = await displaced(flock)
        stand_in = near[5]
        whole = near[:5]
        await flock.expect(
            lambda: all(held(bird) == held(author) for bird in whole), 20, "newcomers have all"
        )

        def pulled() -> int:
            return sum(bird.node.counters().get("op.PULL.out", 0) for bird in near[1:])

        before = pulled()
        for _ in range(4):
            near[0].crash()
            await asyncio.sleep(12)
            await near[0].restart()
            await asyncio.sleep(20)
        assert pulled() == before, "everybody had everything all the time"
        assert near[0].node.counters().get("op.PULL.out", 0) == 0
        assert stand_in.node.counters()["op.SYNC.out"] < 200
        assert held(stand_in) == held(author)

    story(tell, 9)


def test_however_often_the_set_changes_its_members_are_noted_as_holders() -> None:
    """Ten places filled with nodes that have left would hold the channel here for ever."""

    async def tell(flock: Flock) -> None:
        await flock[0].join()
        replica, retention = replica_of(flock[0]), flock[0].node._pubsub.retention
        nodes = strangers(flock[0], 12)
        replica.member = False
        for first in range(8):
            members = nodes[first : first + 5]
            replica.initiators = make_set(members, True, 0.0)
            retention.look(replica)
            for node in members:
                retention.confirmed(replica, node, replica.log.root())
            assert retention.holders(replica) == 5, f"after {first} changes of the set"

    story(tell, 1)


def unchanged(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    return view


def another_set(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    """One of five is another node."""
    return make_set([*view.contacts[1:], *others[:1]], True, 0.0)


def nobody_answers(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    return make_set([*view.contacts], False, 0.0)


def catching_up(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    assert replica.syncing.begin(others[0].public_key)
    return view


def committing(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    replica.pending[bytes(16)] = Arrival(asyncio.get_running_loop().create_future())
    return view


def joined(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    replica.member = True
    return view


def serving(replica: Replica, others: list[Contact], view: InitiatorSet) -> InitiatorSet:
    """Those five and this node."""
    me = Contact(replica.context.identity.public_key, "10.0.0.1", 7400)
    replica.initiators = make_set([*view.contacts, me], True, 0.0)
    return view


Meanwhile = Callable[[Replica, list[Contact], InitiatorSet], InitiatorSet]


@pytest.mark.parametrize(
    "meanwhile",
    [another_set, nobody_answers, catching_up, committing, joined, serving],
    ids=lambda each: each.__name__,
)
def test_a_copy_goes_after_a_day_and_not_while_a_second_lookup_or_what_came_meanwhile_forbids_it(
    meanwhile: Meanwhile,
) -> None:
    """Five who are no nodes hold all of it; what the lookups name is said by the test.

    Catches a copy that is let go without a second lookup, whatever that names, or while it is in use.
    """

    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await bird.join()
        await bird.say("kept")
        await asyncio.sleep(1)
        pubsub, replica = bird.node._pubsub, replica_of(bird)
        nodes = strangers(bird, 6)
        view, lookups, happens = make_set(nodes[:5], True, 0.0), list[bool](), [meanwhile, unchanged]

        async def initiators(_: Replica, fresh: bool = False) -> InitiatorSet:
            lookups.append(fresh)
            replica.initiators = view
            return happens.pop(0)(replica, nodes[5:], view) if fresh else view

        async def equal(_: Replica, contact: Contact) -> None:
            pubsub.retention.confirmed(replica, contact, replica.log.root())

        async def hand_over(age_ms: int) -> list[bool]:
            """Which lookups it takes, each: whether it is a fresh one."""
            lookups.clear()
            pubsub.retention._held[replica.channel_id].since_ms = bird.node._context.wall_ms() - age_ms
            await bird.call(pubsub.retention.hand_over(replica, equal))
            return [*lookups]

        pubsub.storage.initiators = initiators  # type: ignore[method-assign]
        replica.member, replica.initiators = False, view
        pubsub.retention.look(replica)
        assert await hand_over(DAY_MS - 1) == [False]
        assert await hand_over(DAY_MS) == [False, True]
        assert (counted(bird, "retention.put_off"), counted(bird, "retention.let_go")) == (1, 0)
        await asyncio.sleep(0.1)  # that much later it would be off the disk
        assert (stores(bird), held(bird)) == (True, 1)
        if nodes[5].public_key in replica.syncing:
            replica.syncing.end(nodes[5].public_key)
        replica.pending.clear()
        replica.member = False
        assert await hand_over(DAY_MS) == [False, True]
        assert (counted(bird, "retention.put_off"), counted(bird, "retention.let_go")) == (1, 1)
        await asyncio.sleep(0.1)
        assert (stores(bird), held(bird)) == (False, 0)

    story(tell, 1)

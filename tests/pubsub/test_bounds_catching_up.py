"""What comparing, catching up and recovering do at their bounds: nothing is left out for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from peernode.channel.lease import sign_lease
from peernode.channel.summary import encode_summary
from peernode.config import NodeConfig
from peernode.events import Recovered
from peernode.identity import Identity
from peernode.pubsub.keptleases import LEASES_KEPT_MAX, keep_leases
from peernode.pubsub.putoff import AGAIN_S, PUT_OFF_MAX, PutOff
from peernode.pubsub.recovery import PASSES_MAX
from peernode.pubsub.replication import HINTED_MAX, MOVED_MAX
from peernode.pubsub.sync import PULLS_MAX, SUMMARY_PAGES_MAX
from peernode.pubsub.turns import PER_TURN
from peernode.rpc.rpc import Caller, Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import counted, stored, strangers
from tests.pubsub.test_relay import replica_of


def subscribe(bird: Bird, count: int) -> list[Contact]:
    """So many people with a lease at this node, at an address where nobody is."""
    context, replica, found = bird.node._context, replica_of(bird), list[Contact]()
    for _ in range(count):
        one = Identity.generate(bird.host.env.random)
        lease = sign_lease(one, context.network_id, replica.channel_id, context.wall_ms(), 60)
        found.append(Contact(one.public_key, "10.9.9.9", 7400))
        replica.leases.put(lease, found[-1], context.now(), context.wall_ms())
    return found


def test_so_many_subscribers_are_told_of_news_that_came_by_anti_entropy_and_no_more() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        ours, other = flock
        subscribe(ours, HINTED_MAX + 10)
        await other.call(stored(other, 1))
        replication, replica = ours.node._pubsub.replication, replica_of(ours)
        (contact,) = replica.initiators.others(ours.identity.public_key)
        live = replica.leases.live(ours.node._context.now())
        compared = replication._compare(replica, contact, replica_of(other).log.root(), bytes(16))
        await ours.call(compared)
        assert replica.log.root() == replica_of(other).log.root()
        first = {held.subscriber for held in live[:HINTED_MAX]}
        assert len(live) > HINTED_MAX and {bird.identity.public_key for bird in flock} <= first
        await asyncio.sleep(30)
        assert counted(ours, "replication.RpcTimeout") == HINTED_MAX - 2, "each of the strangers among them"

    story(tell, 2, loss=0, sync_s=1000.0)


def test_over_the_bound_who_comes_or_goes_is_found_by_the_regular_rounds() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        for number in range(PER_TURN + 1):
            await bird.join(f"#room-{number}")
        replication, people = bird.node._pubsub.replication, strangers(bird, MOVED_MAX + 2)

        async def come() -> None:
            for contact in people:
                replication.changed(contact)
            assert replication.sizes()["peers_moved"] == (MOVED_MAX, MOVED_MAX)

        await bird.call(come())
        assert counted(bird, "replication.moved_full") == 2
        await asyncio.sleep(0.1)
        assert replication.sizes()["peers_moved"] == (0, MOVED_MAX)
        rounds: list[Any] = []
        look = bird.node._pubsub.storage.local_view
        bird.node._pubsub.storage.local_view = lambda replica: rounds.append(replica.name) or look(replica)
        await asyncio.sleep(2 * bird.config.sync_s)
        assert set(rounds) == set(bird.node.channels())

    story(tell, 1)


def test_over_the_bound_leases_are_not_kept_across_a_restart_and_come_back_with_a_renewal() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await bird.join()
        people = subscribe(bird, LEASES_KEPT_MAX + 2)
        assert len(bird.node.leaseholders(LOBBY)) == LEASES_KEPT_MAX + 3
        await bird.call(keep_leases(bird.node._context, replica_of(bird)))
        bird.crash()
        await bird.restart()
        kept = set(bird.node.leaseholders(LOBBY))
        assert len(kept) == LEASES_KEPT_MAX
        assert {contact.id.hex() for contact in people} - kept == {each.id.hex() for each in people[-3:]}

    story(tell, 1)


def test_over_the_bound_what_waits_longest_for_its_repair_is_tried_again_at_once() -> None:
    async def tell(flock: Flock) -> None:
        put_off = PutOff(flock[0].node._context)
        for place in range(PUT_OFF_MAX):
            put_off.failed(place)
        assert not any(put_off.due(place) for place in range(PUT_OFF_MAX))
        assert counted(flock[0], "repair.put_off_full") == 0
        put_off.failed(PUT_OFF_MAX)
        assert len(put_off) == PUT_OFF_MAX
        assert [place for place in range(PUT_OFF_MAX + 1) if put_off.due(place)] == [0]
        assert counted(flock[0], "repair.put_off_full") == 1
        await asyncio.sleep(2 * AGAIN_S)
        assert all(put_off.due(place) for place in range(PUT_OFF_MAX + 1))

    story(tell, 1)


class Liar:
    """A peer that answers, through an ordinary ``Rpc``, that it has ever more."""

    def __init__(self, flock: Flock, streams: list[list[Any]], more: bool) -> None:
        host = flock.world.host()
        self.asked = {Op.SUMMARY: 0, Op.PULL: 0}
        self.root = host.env.random.randbytes(16)
        self._streams, self._more = streams, more
        self.identity = Identity.generate(host.env.random)
        config = NodeConfig(listen=(host.local_ip, PORT), requests_per_s=1e6, requests_burst=1e6)
        self.rpc = Rpc(self.identity, config, host.env)
        self.rpc.serve(Op.SUMMARY, self._summary)
        self.rpc.serve(Op.PULL, self._pull)
        self.host = host

    async def bring(self, bird: Bird) -> Contact:
        """Make itself known; its contact."""
        await self.host.call(self.rpc.start())
        await self.host.call(self.rpc.hello(bird.address))
        return Contact(self.identity.public_key, self.host.ip, PORT)

    def _summary(self, caller: Caller, body: Fields) -> list[Any]:
        self.asked[Op.SUMMARY] += 1
        return [self.root, self._streams, self._more]

    def _pull(self, caller: Caller, body: Fields) -> list[Any]:
        self.asked[Op.PULL] += 1
        body.take_bytes(20)
        return [[], len(body.take_list(16)), 0]


def test_who_claims_streams_without_end_is_asked_for_so_much_of_them_at_a_time() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        endless = [bytes(32), bytes(8), 0, 1 << 40, (1 << 40) - 1, bytes(16)]
        liar = Liar(flock, [endless], more=False)
        contact = await liar.bring(flock[0])
        assert await flock[0].call(flock[0].node._pubsub.catch_up.run(replica_of(flock[0]), contact)) == 0
        assert liar.asked == {Op.SUMMARY: 1, Op.PULL: PULLS_MAX}
        assert not replica_of(flock[0]).holds_all_of(contact.public_key, liar.root), "the next one goes on"

    story(tell, 1, loss=0, one_way_ms=(1, 1), jitter_ms=0)


def test_a_list_of_streams_without_end_is_read_so_far_and_settles_nothing() -> None:
    """Before, its root counted as one of which nothing is wanted, though most of the list was unread."""

    async def tell(flock: Flock) -> None:
        bird = flock[0]
        await bird.join()
        await bird.call(stored(bird, 1))
        (known,) = replica_of(bird).log.differing_streams([bytes(8)] * 64)
        liar = Liar(flock, [encode_summary(known)], more=True)
        contact = await liar.bring(bird)
        assert await bird.call(bird.node._pubsub.catch_up.run(replica_of(bird), contact)) == 0
        assert liar.asked == {Op.SUMMARY: SUMMARY_PAGES_MAX, Op.PULL: 0}
        assert counted(bird, "sync.summaries_full") == 1
        assert not replica_of(bird).holds_all_of(contact.public_key, liar.root)

    story(tell, 1, loss=0, one_way_ms=(1, 1), jitter_ms=0)


def test_a_recovery_that_finds_ever_new_reasons_ends_and_the_last_of_them_has_a_run_of_its_own() -> None:
    """Before, what turned up in the last pass was not looked into."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        bird = flock[1]
        bird.events.clear()
        before = bird.node.happened().get("recovery.attempt.ok", 0)
        recovery, replica = bird.node._pubsub.recovery, replica_of(bird)

        def passes() -> int:
            return bird.node.happened().get("recovery.attempt.ok", 0) - before

        recovery.begin(replica, "network")
        while passes() < PASSES_MAX:
            assert bird.told(Recovered) == []
            recovery.begin(replica, "partition")
            await asyncio.sleep(0.01)
        await flock.expect(lambda: len(bird.told(Recovered)) == 2, 5, "the run, and another")
        assert [told.reason for told in bird.told(Recovered)] == ["network", "partition"]
        assert passes() == PASSES_MAX + 1
        assert counted(bird, "recovery.passes_full") == 1
        await asyncio.sleep(5)
        assert passes() == PASSES_MAX + 1

    story(tell, 3, loss=0)

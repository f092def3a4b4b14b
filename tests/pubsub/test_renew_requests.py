"""RENEW as strangers send it: each channel answered for by itself, nothing forged or brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from peernode.channel.lease import sign_lease
from peernode.channel.leasebatch import LeaseBatch
from peernode.config import NodeConfig
from peernode.errors import Refused
from peernode.identity import Identity
from peernode.pubsub.renewal import SETTLING_MAX
from peernode.rpc.rpc import Caller, Rpc
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op, Status
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story
from tests.pubsub.test_bounds_delivery import counted, strangers
from tests.pubsub.test_relay import replica_of
from tests.pubsub.test_renewal import NETWORK, QUIET, channel, closest

ROOT, SECRET = bytes(16), b"a secret of ours"


class Stranger:
    """A subscriber that says what the test wants, through an ordinary ``Rpc``."""

    def __init__(self, flock: Flock) -> None:
        self.host = flock.world.host()
        self.identity = Identity.generate(self.host.env.random)
        self.rpc = Rpc(self.identity, NodeConfig(listen=(self.host.local_ip, PORT)), self.host.env)
        self.tasks: list[asyncio.Future[None]] = []

    def batch(self, names: list[str], serial_ms: int) -> LeaseBatch:
        ids = [channel(name) for name in names]
        return LeaseBatch(self.identity, NETWORK, ids, serial_ms, 60, SECRET)

    def renewal(self, names: list[str], ahead_ms: int = 0) -> list[Any]:
        """The body of a RENEW that is signed now, give or take."""
        batch = self.batch(names, self.host.env.clock.wall_ms() + ahead_ms)
        return batch.show([channel(name) for name in names], [ROOT] * len(names))

    async def ask(self, bird: Bird, body: list[Any], op: Op = Op.RENEW) -> Any:
        contact = Contact(bird.identity.public_key, *bird.address)
        try:
            answer = await self.rpc.request(contact, op, body, prove=True)
            return answer[0] if op is Op.RENEW else list(answer)
        except Refused as refusal:
            return Status(refusal.status)


def with_stranger(tell: Callable[[Flock, Stranger], Awaitable[None]], birds: int, **settings: Any) -> None:
    """A story of nodes that are in the lobby, and somebody who isn't a node."""

    async def whole(flock: Flock) -> None:
        await flock.join()
        stranger = Stranger(flock)

        async def strange() -> None:
            await stranger.rpc.start()
            await stranger.rpc.hello(flock[0].address)
            await tell(flock, stranger)
            await stranger.rpc.close()

        await stranger.host.call(strange())

    story(whole, birds, **settings)


def test_each_channel_of_a_renewal_is_answered_for_by_itself() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        taken, unknown = await stranger.ask(flock[0], stranger.renewal([LOBBY, "#nobody-holds-this"]))
        assert taken[0] == Status.OK
        assert taken[3] == 4
        assert unknown == [Status.MISSING]
        # Whoever sends the initiator's own root hears nothing of it.
        view = flock[0].node.diagnostics()["channels"][0]
        batch = stranger.batch([LOBBY], stranger.host.env.clock.wall_ms() + 1)
        same = await stranger.ask(flock[0], batch.show([channel(LOBBY)], [bytes.fromhex(view["root"])]))
        assert same[0][:2] == [Status.OK, None]
        assert stranger.identity.node_id.hex() in flock[0].node.leaseholders(LOBBY)

    with_stranger(tell, 3)


def test_who_is_not_close_says_so_for_that_channel_only() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        far, near = closest(flock, LOBBY)[-1], closest(flock, LOBBY)[0]
        assert await stranger.ask(far, stranger.renewal([LOBBY])) == [[Status.NOT_INITIATOR]]
        assert (await stranger.ask(near, stranger.renewal([LOBBY], ahead_ms=1)))[0][0] == Status.OK

    with_stranger(tell, 6, replicas=2)


@pytest.mark.parametrize(("ahead_ms", "status"), [(-121_000, 7), (-119_000, 0), (59_000, 0), (61_000, 7)])
def test_a_serial_too_old_or_too_far_ahead_is_refused(ahead_ms: int, status: int) -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        (answer,) = await stranger.ask(flock[0], stranger.renewal([LOBBY], ahead_ms))
        assert answer[0] == status
        held = stranger.identity.node_id.hex() in flock[0].node.leaseholders(LOBBY)
        assert held is (status == 0)

    with_stranger(tell, 3)


def test_a_replayed_renewal_prolongs_nothing_and_brings_nobody_back() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        recorded = stranger.renewal([LOBBY, "#another"])
        key = stranger.identity.node_id.hex()

        def held() -> bool:
            return key in flock[0].node.leaseholders(LOBBY)

        await stranger.ask(flock[0], recorded)
        await asyncio.sleep(50)
        assert held()
        await stranger.ask(flock[0], recorded)
        await asyncio.sleep(11)
        assert not held()
        for _ in range(5):
            await stranger.ask(flock[0], recorded)
            assert not held()
            await asyncio.sleep(11)
        again = stranger.renewal([LOBBY])
        await stranger.ask(flock[0], again)
        assert held()
        wall_ms = stranger.host.env.clock.wall_ms()
        tombstone = sign_lease(stranger.identity, NETWORK, channel(LOBBY), wall_ms + 1, 0)
        await stranger.ask(flock[0], [tombstone.raw, ROOT, LOBBY], Op.SUBSCRIBE)
        assert not held()
        await stranger.ask(flock[0], again)
        await asyncio.sleep(100)
        assert not held()

    with_stranger(tell, 3, **QUIET)


@pytest.mark.parametrize(("up_s", "down_s", "leaves"), [(40, 25, False), (85, 5, False), (40, 5, True)])
def test_after_a_restart_who_has_gone_before_or_meanwhile_is_not_brought_back_either(
    up_s: int, down_s: int, leaves: bool
) -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        recorded, bird = stranger.renewal([LOBBY]), flock[0]
        key = stranger.identity.node_id.hex()
        await stranger.ask(bird, recorded)
        if leaves:
            wall_ms = stranger.host.env.clock.wall_ms()
            tombstone = sign_lease(stranger.identity, NETWORK, channel(LOBBY), wall_ms + 1, 0)
            for each in flock:
                await stranger.ask(each, [tombstone.raw, ROOT, LOBBY], Op.SUBSCRIBE)
        await asyncio.sleep(up_s)  # a round has written it down
        assert (key in bird.node.leaseholders(LOBBY)) is (up_s < 60 and not leaves)
        bird.crash()
        await asyncio.sleep(down_s)
        await bird.restart()
        assert key not in bird.node.leaseholders(LOBBY)
        assert (await stranger.ask(bird, recorded))[0][0] == Status.INVALID
        assert key not in bird.node.leaseholders(LOBBY)

    with_stranger(tell, 3)


def test_however_many_other_roots_one_subscriber_shows_it_is_looked_at_once_at_a_time() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        batch, most = stranger.batch([LOBBY], stranger.host.env.clock.wall_ms()), 0
        for number in range(60):
            root = number.to_bytes(16, "big")
            assert (await stranger.ask(flock[0], batch.show([channel(LOBBY)], [root])))[0][0] == Status.OK
            names = [task.get_name() for task in flock[0].node._context.tasks._tasks.values()]
            assert names.count("renewal.pull") == flock[0].node._pubsub.sizes()["renewals_settling"][0]
            most = max(most, names.count("renewal.pull"))
        assert most == 1
        await asyncio.sleep(60)
        assert flock[0].node._pubsub.sizes()["renewals_settling"] == (0, SETTLING_MAX)

    with_stranger(tell, 3)


def test_over_the_bound_another_root_is_looked_at_with_a_later_renewal() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        bird = flock[0]
        renewal, replica = bird.node._pubsub.renewal, replica_of(bird)
        people = [
            Contact(each.public_key, f"10.{place // 100}.{place % 100}.9", PORT)
            for place, each in enumerate(strangers(bird, SETTLING_MAX + 3))
        ]

        async def show() -> None:
            for contact in people:
                renewal.other_root(replica, contact, ROOT)

        await bird.call(show())
        assert renewal.sizes()["renewals_settling"] == (SETTLING_MAX, SETTLING_MAX)
        assert counted(bird, "renewal.settling_full") == 3
        await asyncio.sleep(60)
        assert renewal.sizes()["renewals_settling"] == (0, SETTLING_MAX)
        await bird.call(show())
        assert renewal.sizes()["renewals_settling"] == (SETTLING_MAX, SETTLING_MAX)

    with_stranger(tell, 3)


def test_one_address_prefix_leaves_room_for_the_others() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        bird = flock[0]
        renewal, replica = bird.node._pubsub.renewal, replica_of(bird)
        crowd = [Contact(x.public_key, "10.9.9.9", PORT) for x in strangers(bird, SETTLING_MAX)]

        async def show(*contacts: Contact) -> int:
            for contact in contacts:
                renewal.other_root(replica, contact, ROOT)
            return int(renewal.sizes()["renewals_settling"][0])

        assert await bird.call(show(*crowd)) == SETTLING_MAX // 2
        other = Contact(stranger.identity.public_key, "10.1.1.1", PORT)
        assert await bird.call(show(other)) == SETTLING_MAX // 2 + 1

    with_stranger(tell, 3)


def test_the_root_that_was_shown_last_is_looked_at_though_it_came_while_another_one_was() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        bird = flock[0]
        renewal, replica = bird.node._pubsub.renewal, replica_of(bird)
        contact = Contact(stranger.identity.public_key, stranger.host.ip, PORT)
        looked: list[bytes] = []

        async def summary(caller: Caller, body: Fields) -> list[Any]:
            looked.append(caller.contact.public_key)
            if len(looked) == 1:
                renewal.other_root(replica, contact, b"2" * 16)
            raise Refused(Status.MISSING)

        stranger.rpc.serve(Op.SUMMARY, summary)

        async def show() -> None:
            renewal.other_root(replica, contact, b"1" * 16)

        await bird.call(show())
        await asyncio.sleep(10)
        assert looked == [bird.identity.public_key] * 2

    with_stranger(tell, 3)


def test_forged_renewals_change_nothing() -> None:
    async def tell(flock: Flock, stranger: Stranger) -> None:
        other = Stranger(flock)
        names = [LOBBY, *(f"#c{index}" for index in range(24))]
        good = stranger.renewal(names)
        forged = [
            other.renewal([LOBBY]),
            [good[0] + 1, *good[1:]],
            [*good[:3], bytes(reversed(good[3])), *good[4:]],
            [*good[:8], bytes(64)],
            [*good[:2], 24, *good[3:]],
            good[:-1],
            [],
        ]
        for body in forged:
            assert await stranger.ask(flock[0], body) == Status.MALFORMED
        ids = {stranger.identity.node_id.hex(), other.identity.node_id.hex()}
        assert not ids & {*flock[0].node.leaseholders(LOBBY)}
        answers = await stranger.ask(flock[0], good)
        assert [answer[0] for answer in answers] == [Status.OK] + [Status.MISSING] * 24

    with_stranger(tell, 3)

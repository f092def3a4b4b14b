"""Whether strangers reach a node: proven anew by each examination, and no alarm where it can't be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from peernode.doctor.steps import Step
from peernode.overlay.dialler import Contacted
from peernode.rpc.rpc import Caller
from peernode.wire.codec import Fields
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.doctor.test_examination import examined, only, stranger_of
from tests.pubsub.flock import Bird, Flock, story


async def examined_beside_a_newcomer(flock: Flock, kept_out: bool) -> Step:
    """Of the first of two; there is a third, with whom it has no contact.

    Entering, the third had itself dialled by the first; that is long ago for the bounded ledger of contacts.
    """
    newcomer = Bird(flock.world, 9, {"bootstrap": (flock[1].address,)})
    ways = [flock.block([newcomer], [flock[0]]), flock.block([flock[0]], [newcomer])]
    await newcomer.start()
    await asyncio.sleep(0.4)
    flock[0].node._context.overlay._dialler.contacted = Contacted()
    examining = asyncio.ensure_future(examined(flock[0]))
    for way in [] if kept_out else ways:
        flock.mend(way)
    return only(await examining, "reachable")


def test_a_node_that_was_reached_long_ago_is_reached_anew() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(10)
        assert flock[0].node._context.overlay.public
        before = only(await examined(flock[0]), "reachable")
        assert (before.result, before.says) == ("ok", ("reachable.earlier",)), before
        after = await examined_beside_a_newcomer(flock, kept_out=False)
        assert (after.result, after.says) == ("ok", ("reachable.now",)), after

    story(tell, 2)


def test_a_node_that_strangers_reach_no_more_is_warned_of() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(10)
        step = await examined_beside_a_newcomer(flock, kept_out=True)
        assert (step.result, step.code, step.says) == ("warning", "NOT_REACHABLE", ("reachable.no",)), step

    story(tell, 2)


def invents_strangers(bird: Bird) -> None:
    """From now on it says that it has had nodes dial who asks that do not exist."""

    async def lie(caller: Caller, body: Fields) -> list[Any]:
        return [Contact(bird.host.env.random.randbytes(32), "10.200.0.1", 7400).encode()]

    bird.node._context.rpc._servers[Op.DIALBACK] = lie


@pytest.mark.parametrize("public", [True, False])
def test_one_that_names_an_invented_stranger_makes_nobody_unreachable(public: bool) -> None:
    """Before, it did: everybody else's strangers were known, and its own never came."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(30)
        invents_strangers(flock[2])
        flock[1].node._context.overlay.dialback.public = public
        step = only(await examined(flock[1]), "reachable")
        found = ("ok", "reachable.earlier") if public else ("skipped", "reachable.one_says")
        assert (step.result, *step.says) == found, step

    story(tell, 4, loss=0)


def test_two_of_them_are_believed() -> None:
    """As honest ones have to be."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(30)
        for liar in flock.birds[2:]:
            invents_strangers(liar)
        step = only(await examined(flock[1]), "reachable")
        assert (step.result, step.code, step.says) == ("warning", "NOT_REACHABLE", ("reachable.no",)), step

    story(tell, 4, loss=0)


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize("count", [3, 4, 6])
def test_nobody_is_warned_of_in_a_small_healthy_network(count: int, seed: int) -> None:
    """Whoever comes back knows all others, and writes to them before anybody can prove anything."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(30)
        flock[1].crash()
        await asyncio.sleep(1)
        await flock[1].restart()
        await asyncio.sleep(30)
        for bird in flock:
            for _ in range(3):
                step = only(await examined(bird), "reachable")
                assert step.result in ("ok", "skipped") and not step.code, step

    story(tell, count, seed=seed, loss=0.01)


@pytest.mark.parametrize("frozen_s", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(1, 7))
def test_who_only_asks_waits_for_a_third_that_is_slow(frozen_s: float, seed: int) -> None:
    """The command line's node writes to nobody but the first until the third has had its time."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(10)
        for bird in flock.birds[1:]:
            bird.host.pause()
        stranger = await stranger_of(flock)
        examining = asyncio.ensure_future(examined(stranger))
        await asyncio.sleep(frozen_s)
        for bird in flock.birds[1:]:
            bird.host.resume()
        steps = await examining
        step = only(steps, "reachable")
        assert (step.result, step.says) == ("ok", ("reachable.now",)), step
        assert only(steps, "nat").result == "ok"

    story(tell, 3, seed=seed)

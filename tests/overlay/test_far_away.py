"""Somebody far away, where all other paths are short: met, asked and examined as anybody else is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.simulation.world.disturbances import Latency
from peernode.wire.contact import Contact
from peernode.wire.frames import VERSION
from peernode.wire.ops import Op
from tests.pubsub.flock import Bird, Flock, story

NEAR = {"one_way_ms": (0.5, 2.0), "loss": 0}


async def apart(flock: Flock, extra_ms: float) -> tuple[list[Bird], Bird]:
    """Neighbours who have measured each other for a while, and a network of one far away from them."""
    *near, far = flock.birds
    flock.world.network.disturb(Latency(frozenset([far.host.index]), extra_ms, 0.0))
    far.crash()
    far.config = replace(far.config, bootstrap=())
    await far.restart()
    await asyncio.gather(*(bird.join() for bird in near))
    await asyncio.sleep(20)
    assert near[0].node._context.rpc.median_rto_s() < 0.05
    return near, far


@pytest.mark.parametrize("extra_ms", [200, 300, 500])
def test_an_address_far_away_that_becomes_known_is_met_and_spoken_with(extra_ms: float) -> None:
    async def tell(flock: Flock) -> None:
        near, far = await apart(flock, extra_ms)
        await far.join()

        async def hear_of_it() -> None:
            near[0].node.add_bootstraps((far.address,))

        await near[0].call(hear_of_it())
        await far.say("is anybody there?")
        await near[1].say("far away?")
        await flock.expect(lambda: "far away?" in far.texts(), 60, "heard there")
        await flock.expect(lambda: all("is anybody there?" in x.texts() for x in near), 60, "heard here")

    story(tell, 4, **NEAR)


def test_who_is_met_late_is_not_given_up_before_its_first_answer_can_be_here() -> None:
    async def tell(flock: Flock) -> None:
        near, far = await apart(flock, 400)
        rpc = near[0].node._context.rpc
        greeted = await near[0].call(rpc.greet(far.address))
        assert greeted.late and greeted.elapsed_s > 0.8
        contact = Contact(greeted.welcome.public_key, *far.address)
        await near[0].call(rpc.request(contact, Op.PING, [VERSION, VERSION]))
        neighbour = await near[0].call(rpc.greet(near[1].address))
        assert not neighbour.late

    story(tell, 4, **NEAR)


def test_the_doctor_does_not_call_silent_who_is_only_far_away() -> None:
    async def tell(flock: Flock) -> None:
        near, far = await apart(flock, 400)
        steps = await near[0].call(near[0].node.examine((far.address,)))
        (bootstrap,) = [step for step in steps if step.name == "bootstrap"]
        assert (bootstrap.result, bootstrap.code) == ("ok", "")

    story(tell, 4, **NEAR)

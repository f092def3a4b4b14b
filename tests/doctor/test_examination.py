"""The doctor on simulated networks: what it finds is what was done to them, and nothing keeps it waiting."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from peernode.diagnostics.codes import CATALOGUE
from peernode.doctor.examination import TOTAL_MAX_S, Examination
from peernode.doctor.network import NetworkSteps
from peernode.doctor.steps import STEPS, Finding, Step, failing
from peernode.doctor.words import sentence_of
from peernode.simulation.world.nat import NAT_KINDS
from tests.pubsub.flock import LOBBY, PORT, Bird, Flock, story

ANSWERING = 4
NOBODY = ("10.9.9.9", 4000)


async def examined(bird: Bird, **options: Any) -> list[Step]:
    """The steps of one examination, each a promise kept."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    told: list[Step] = []
    steps = await bird.call(bird.node.examine(on_step=told.append, **options))
    assert loop.time() - began < TOTAL_MAX_S
    assert told == steps
    assert list(dict.fromkeys(step.name for step in steps)) == list(STEPS)
    for step in steps:
        assert step.sentence.endswith("."), step
        said = json.loads(json.dumps(step.told()))
        assert sentence_of(said["says"], said["values"]) == step.sentence, "the page says it in any language"
        assert bool(step.code) == (step.result in ("warning", "failed")), step
        assert not step.code or (step.code in CATALOGUE and len(step.remedy) > 10), step
    return steps


def only(steps: list[Step], name: str) -> Step:
    (step,) = (step for step in steps if step.name == name)
    return step


def results(steps: list[Step]) -> dict[str, str]:
    return {step.name: step.result for step in steps}


def test_all_is_well_in_a_network_without_faults() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(20)
        steps = await examined(flock[3], channel=LOBBY)
        found = results(steps)
        assert found.pop("disk") == "skipped"
        assert set(found.values()) == {"ok"}, steps
        assert not failing(steps)
        assert only(steps, "nat").facts["kind"] == "none"
        assert only(steps, "bootstrap").subject == f"{flock[0].host.ip}:{PORT}"
        assert only(steps, "bootstrap").facts["versions"] == [1, 1]

    story(tell, 6)


@pytest.mark.parametrize("nat", NAT_KINDS)
def test_the_kind_of_address_translation_is_told(nat: str) -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        steps = await examined(flock[ANSWERING])
        kinds = {"none": "none", "symmetric": "symmetric"}
        assert only(steps, "nat").facts["kind"] == kinds.get(nat, "endpoint-independent")
        assert only(steps, "nat").result == ("warning" if nat == "symmetric" else "ok")
        reached = only(steps, "reachable")
        assert reached.result == ("ok" if nat in ("none", "full") else "warning"), reached
        assert not failing(steps)

    story(tell, 6, nats={ANSWERING: nat})


@pytest.mark.parametrize(
    ("offset_ms", "result", "word"),
    [(7_000, "failed", "ahead"), (-60_000, "failed", "behind"), (2_000, "warning", "ahead"), (300, "ok", "")],
)
def test_a_wrong_clock_is_found(offset_ms: int, result: str, word: str) -> None:
    async def tell(flock: Flock) -> None:
        flock[2].host.skew(offset_ms)
        await asyncio.sleep(5)
        clock = only(await examined(flock[2]), "clock")
        assert clock.result == result
        assert word in clock.sentence
        assert clock.code == ("" if result == "ok" else "CLOCK_SKEW")
        assert clock.result != "failed" or f"{abs(offset_ms) / 1000:.0f}" in clock.sentence

    story(tell, 4)


def test_one_other_clock_alone_is_told_as_such() -> None:
    async def tell(flock: Flock) -> None:
        flock[0].host.skew(-30_000)
        await asyncio.sleep(5)
        clock = only(await examined(flock[1]), "clock")
        assert clock.result == "failed"
        assert "it may be the other that is wrong" in clock.sentence

    story(tell, 2)


def test_nobody_answers_and_every_step_ends_all_the_same() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        flock.cut_off(flock[1])
        await asyncio.sleep(30)
        steps = await examined(flock[1], channel="#never")
        assert results(steps) == {
            "socket": "ok",
            "bootstrap": "failed",
            "version": "skipped",
            "address": "skipped",
            "nat": "skipped",
            "clock": "skipped",
            "reachable": "skipped",
            "lookup": "failed",
            "channel": "failed",
            "store": "ok",
            "disk": "skipped",
        }
        assert only(steps, "bootstrap").code == "BOOTSTRAP_SILENT"
        assert failing(steps)

    story(tell, 4)


def test_a_dead_bootstrap_among_others_only_warns() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        steps = await examined(flock[2], addresses=[NOBODY, flock[0].address, flock[2].address])
        found = {step.subject: step for step in steps if step.name == "bootstrap"}
        assert [step.result for step in found.values()] == ["warning", "ok", "skipped"]
        assert found[f"{NOBODY[0]}:{NOBODY[1]}"].code == "BOOTSTRAP_SILENT"
        assert not failing(steps)

    story(tell, 4)


def test_strangers_who_are_kept_out_are_noticed() -> None:
    """Two nodes alone have no third that could try; one that tries and is blocked leaves a warning."""

    async def pair(flock: Flock) -> None:
        await asyncio.sleep(10)
        assert only(await examined(flock[1]), "reachable").result == "skipped"

    async def blocked(flock: Flock) -> None:
        await asyncio.sleep(5)
        newcomer = Bird(flock.world, 9, {"bootstrap": (flock[0].address,)}, "address")
        flock.block(flock.birds[1:], [newcomer])
        await newcomer.start()
        reachable = only(await examined(newcomer), "reachable")
        assert (reachable.result, reachable.code) == ("warning", "NOT_REACHABLE")

    story(pair, 2)
    story(blocked, 4)


def test_a_channel_nobody_has_heard_of_is_no_failure() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        steps = await examined(flock[1], channel="#nowhere")
        assert only(steps, "channel").result == "warning"
        assert only(await examined(flock[1], channel="two words"), "channel").code == "CHANNEL_NAME_INVALID"

    story(tell, 3)


def test_an_address_that_others_are_told_and_do_not_see_is_warned_of() -> None:
    async def tell(flock: Flock) -> None:
        newcomer = Bird(flock.world, 9, {"bootstrap": (flock[0].address,), "advertise": ("10.7.7.7", PORT)})
        await newcomer.start()
        address = only(await examined(newcomer), "address")
        assert (address.result, address.code) == ("warning", "ADDRESS_DIFFERS")

    story(tell, 3)


def test_a_full_disk_fails_its_step_alone() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        flock[1].disk.fill("test")
        steps = await examined(flock[1])
        assert only(steps, "store").code == "STORE_FULL"
        assert [step.name for step in steps if step.result == "failed"] == ["store"]

    story(tell, 3)


def test_a_disk_that_hangs_costs_its_step_alone() -> None:
    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        flock[1].disk.latency_s = 60.0
        assert only(await examined(flock[1]), "store").code == "STORE_SLOW"

    story(tell, 3)


def test_a_step_with_a_bug_keeps_no_other_from_running(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(NetworkSteps):
        async def nat(self) -> Finding:
            raise ZeroDivisionError

        async def clock(self) -> Finding:
            await asyncio.sleep(3600)
            raise AssertionError

    monkeypatch.setattr("peernode.doctor.examination.NetworkSteps", Broken)
    caplog.set_level(logging.ERROR, "peernode.doctor")  # the simulator's commands make "peernode" silent

    async def tell(flock: Flock) -> None:
        await asyncio.sleep(5)
        steps = await examined(flock[1])
        assert only(steps, "nat").code == "INTERNAL"
        assert only(steps, "clock").code == "TIMEOUT"
        assert only(steps, "lookup").result == "ok"

    story(tell, 3)
    assert "ZeroDivisionError" in caplog.text


def test_an_examination_says_what_it_looks_at() -> None:
    assert Examination.__doc__
    assert all(text and not text.endswith(".") for text in STEPS.values())


def test_who_only_asks_is_not_remembered_by_anybody() -> None:
    """A node that was alone stays one that may store by itself; a network takes nobody in."""

    async def alone(flock: Flock) -> None:
        await flock[0].join()
        stranger = await stranger_of(flock)
        steps = await examined(stranger, channel=LOBBY)
        assert {step.name for step in steps if step.result == "failed"} == set()
        await stranger.call(stranger.node.stop())
        await asyncio.sleep(30)
        assert flock[0].node.state.reason.startswith("No other node is known yet")
        sent = await flock[0].say("still here")
        await flock.expect(lambda: flock[0].state(sent.id).state == "sent", 2, "sent alone")

    async def among_others(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(10)
        stranger = await stranger_of(flock)
        steps = await examined(stranger, channel=LOBBY)
        assert [step for step in steps if step.result not in ("ok", "skipped")] == []
        assert only(steps, "reachable").result == "ok"
        await asyncio.sleep(20)
        ids = {contact.id.hex() for bird in flock for contact in bird.node._context.overlay.peers()}
        assert stranger.node.node_id not in ids
        for bird in flock:
            assert stranger.node.node_id not in bird.node.coordinator(LOBBY)["initiators"]
            assert stranger.node.node_id not in bird.node.leaseholders(LOBBY)
            (tables,) = bird.disk.nodes.values()
            kept = b"".join((*tables.peers, *tables.meta.values()))
            assert bird is flock[0] or flock[0].identity.public_key in kept, "this is where it would be"
            assert stranger.identity.public_key not in kept

    story(alone, 1)
    story(among_others, 6)


async def stranger_of(flock: Flock) -> Bird:
    """A node as the command line starts one."""
    stranger = Bird(flock.world, 9, {"bootstrap": (flock[0].address,), "serves": False})
    await stranger.start()
    return stranger

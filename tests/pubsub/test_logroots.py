"""Initiators that hold equally many messages, but not the same ones: told when it lasts, not before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.pubsub.logroots import CHANNELS_MAX, LASTS_S, LogRoots
from peernode.pubsub.sync import CatchUp
from peernode.pubsub.vitals import Vitals
from tests.pubsub.flock import LOBBY, Flock, story

CHANNEL = b"c" * 20


def vitals(root: bytes, messages: int = 9, recent: int = 0, expires: bool = False) -> Vitals:
    return Vitals(messages, recent, 100, root * 16, bytes(16), 3, 60_000, expires)


A, B = vitals(b"a"), vitals(b"b")


def test_different_roots_of_equal_counts_are_told_when_they_last() -> None:
    roots = LogRoots()
    assert roots.apart(CHANNEL, [A, A, B], 0.0) == 0
    assert roots.apart(CHANNEL, [A, A, B], LASTS_S - 1) == 0
    assert roots.apart(CHANNEL, [A, A, B], LASTS_S) == 1
    assert roots.apart(CHANNEL, [A, A, A], LASTS_S + 1) == 0
    assert roots.apart(CHANNEL, [A, A, B], LASTS_S + 2) == 0, "it begins anew"


@pytest.mark.parametrize(
    "other", [vitals(b"b", recent=1), vitals(b"b", messages=8), vitals(b"b", expires=True)]
)
def test_what_is_in_flight_behind_or_expiring_is_no_other_log(other: Vitals) -> None:
    roots = LogRoots()
    for at_s in (0.0, LASTS_S, 2 * LASTS_S):
        assert roots.apart(CHANNEL, [A, A, other], at_s) == 0


def test_logs_that_change_meanwhile_are_not_told_of() -> None:
    roots = LogRoots()
    for number in range(10):
        here, there = (replace(each, messages=9 + number) for each in (A, B))
        assert roots.apart(CHANNEL, [here, there], number * LASTS_S) == 0


def test_what_is_remembered_is_bounded() -> None:
    roots = LogRoots()
    for number in range(CHANNELS_MAX + 10):
        roots.apart(number.to_bytes(20, "big"), [A, B], 0.0)
    assert roots.sizes()["logs_apart"] == (CHANNELS_MAX, CHANNELS_MAX)


def test_the_verdict_says_that_logs_differ_though_the_counts_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two initiators that each lack another message, and can't catch up with each other."""

    async def nothing(*_: object, **__: object) -> None:
        return None

    async def tell(flock: Flock) -> None:
        await flock.join()
        ours, theirs = flock[0], flock[1]
        for number in range(4):
            await flock[2].say(f"said {number}")
        await asyncio.sleep(15)
        monkeypatch.setattr(CatchUp, "run", nothing)
        replicas = [bird.node._pubsub.storage.by_name(LOBBY) for bird in (ours, theirs)]
        real = type(replicas[0].log).root
        lacking = {id(replicas[1].log): b"\x01" * 16}
        monkeypatch.setattr(type(replicas[0].log), "root", lambda log: lacking.get(id(log)) or real(log))
        health = await ours.call(ours.node.channel_health(LOBBY))
        assert health["replication"]["apart"] == 0
        assert "LOGS_DIFFER" not in [each["code"] for each in health["verdict"]["reasons"]]
        await asyncio.sleep(LASTS_S)
        health = await ours.call(ours.node.channel_health(LOBBY))
        assert health["replication"]["under"] == 0
        assert health["replication"]["apart"] == 1
        (reason,) = [each for each in health["verdict"]["reasons"] if each["code"] == "LOGS_DIFFER"]
        assert reason["numbers"]["apart"] == 1
        monkeypatch.undo()

    story(tell, 3, replicas=3)


def test_healthy_channels_with_people_writing_are_not_told_of() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        for number in range(30):
            await flock[number % 3].say(f"said {number}")
            await asyncio.sleep(3)
            health = await flock[0].call(flock[0].node.channel_health(LOBBY))
            assert health["replication"]["apart"] == 0

    story(tell, 4, replicas=3, loss=0.05)

"""Rows that a disk loses again and again, or that nobody has, and who gives something else in their place."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.kinds import Kind
from peernode.channel.message import Message, sign_message
from peernode.pubsub.repair import SCRUB_S
from tests.pubsub.flock import Bird, Flock, story
from tests.pubsub.test_expiry import shown
from tests.pubsub.test_lost_rows import CHANNEL, SOON_S, lose, table

TEXTS = [f"m{number}" for number in range(8)]


async def talk(flock: Flock) -> None:
    """All have the same eight messages."""
    await flock.join()
    for text in TEXTS:
        await flock[0].say(text)
    await flock.expect(lambda: all(shown(bird) == TEXTS for bird in flock), 5, "all have all")


def row(bird: Bird, seq: int) -> Message:
    (found,) = (each.message for each in table(bird).rows.values() if each.seq == seq)
    return found


def misfile(bird: Bird, at: int) -> None:
    """Put the message that is shown ``at`` this place under another number."""
    bird.disk.nodes[bird.identity.node_id].misfile((CHANNEL, table(bird).order[at]), 1029)


def test_rows_lost_again_and_again_come_back_as_soon_as_the_first() -> None:
    async def tell(flock: Flock) -> None:
        await talk(flock)
        for _ in range(8):
            lose(flock[1], 4)
            await flock.expect(lambda: shown(flock[1]) == TEXTS, SOON_S, "back again")
            await asyncio.sleep(30)
        misfile(flock[1], 2)
        assert len(shown(flock[1])) == 7
        await flock.expect(
            lambda: shown(flock[1]) == TEXTS, 1, "what has a wrong key waits for none of these"
        )

    story(tell, 3)


def test_keys_that_are_put_right_with_success_are_put_right_again_soon() -> None:
    async def tell(flock: Flock) -> None:
        await talk(flock)
        for _ in range(6):
            misfile(flock[1], 2)
            assert len(shown(flock[1])) == 7
            await flock.expect(lambda: shown(flock[1]) == TEXTS, SOON_S, "right again")

    story(tell, 3)


def test_a_row_that_nobody_has_costs_one_look_at_the_keys_and_ever_fewer_questions() -> None:
    async def tell(flock: Flock) -> None:
        await talk(flock)
        for bird in flock:
            lose(bird, 4)
        await asyncio.sleep(3600)
        assert [bird.node.happened()["repair.keys_looked_at"] for bird in flock] == [1, 1, 1]
        asked = [bird.node.counters().get("op.PULL.out", 0) for bird in flock]
        await asyncio.sleep(3600)
        later = [bird.node.counters().get("op.PULL.out", 0) for bird in flock]
        assert all(0 < after - before <= 20 for before, after in zip(asked, later, strict=True))
        assert all(len(shown(bird)) == 7 for bird in flock)

    story(tell, 3)


@pytest.mark.parametrize("seq", [4, 8])
def test_a_lost_row_is_no_door_for_another_message_of_its_author(seq: int) -> None:
    """The message behind it names it, or the log the last one; who says something else is not believed."""

    async def tell(flock: Flock) -> None:
        await talk(flock)
        right = row(flock[1], seq)
        other = sign_message(
            flock[0].identity,
            channel_id=CHANNEL,
            instance=right.instance,
            seq=seq,
            prev=right.prev,
            id=right.id,
            hlc=right.hlc,
            kind=Kind.TEXT,
            body=b"FORGED LATER",
        )
        for bird in (flock[0], flock[2]):
            lose(bird, seq)
            table(bird).put(other)
        lose(flock[1], seq)
        await asyncio.sleep(SOON_S)
        assert shown(flock[1]) == [text for text in TEXTS if text != f"m{seq - 1}"]
        lose(flock[2], seq)
        table(flock[2]).put(right)
        await flock.expect(lambda: shown(flock[1]) == TEXTS, 120, "the right one is taken")

    story(tell, 3)


def test_what_a_neighbour_gives_for_a_lost_row_must_stand_there() -> None:
    """Nothing names the row before one that is lost as well; only a message of that number fills it."""

    async def tell(flock: Flock) -> None:
        await talk(flock)
        lose(flock[1], 4, 5)
        await flock.expect(lambda: shown(flock[1]) == TEXTS, SOON_S, "both are back")

    story(tell, 3)


def test_scrubbing_goes_on_while_keys_wait_and_people_read() -> None:
    async def tell(flock: Flock) -> None:
        await talk(flock)
        node = flock[1].node
        flock[1].disk.full = True
        misfile(flock[1], 2)
        lose(flock[1], 6)
        for _ in range(30):  # each reading meets the row that can't be put right now
            assert len(shown(flock[1])) == 6
            await asyncio.sleep(SCRUB_S / 5)
        assert 2 <= node.happened()["repair.keys.PeerNodeError"] <= 5, "not with each reading"
        assert node.counters().get("op.PULL.out", 0) > 0, "the lost one was found and asked for"
        flock[1].disk.full = False
        await flock.expect(lambda: shown(flock[1]) == TEXTS, 120, "both are there again")

    story(tell, 3)

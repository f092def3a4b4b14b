"""Rows that a disk has lost or put under another number: the log says what there was, and it comes back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from peernode.channel.ids import channel_id_of
from peernode.identity import network_id_of
from peernode.pubsub.holes import SETTLED_S
from peernode.pubsub.notes import LATE, drop_orphans, note_key
from peernode.pubsub.repair import SCRUB_S
from peernode.store.base import PutMeta
from peernode.store.memory_tables import ChannelTable
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_expiry import KEEP_DAYS, KEEP_S, SLACK_S, shown

CHANNEL = channel_id_of(network_id_of("starling"), LOBBY)
SOON_S = 3 * (SCRUB_S + SETTLED_S)


def table(bird: Bird) -> ChannelTable:
    return bird.disk.nodes[bird.identity.node_id].messages[CHANNEL]


def lose(bird: Bird, *seqs: int) -> None:
    """The rows are gone as if they had never been."""
    for author, instance in list(table(bird).streams):
        table(bird).drop(author, instance, seqs)


def test_a_row_lost_while_the_node_runs_comes_back() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        texts = [f"m{number}" for number in range(8)]
        for text in texts:
            await flock[0].say(text)
        await flock.expect(lambda: all(shown(bird) == texts for bird in flock), 5, "all have all")
        before = sum(bird.node.counters().get("op.PULL.out", 0) for bird in flock)
        lose(flock[1], 4, 8)  # one in the middle, of which nothing says what it was, and the last
        assert len(shown(flock[1])) == 6
        await flock.expect(lambda: shown(flock[1]) == texts, SOON_S, "they are back")
        assert sum(bird.node.counters().get("op.PULL.out", 0) for bird in flock) - before <= 4
        assert len({bird.node._pubsub.storage.member(LOBBY).log.root() for bird in flock}) == 1
        flock.check_unharmed()

    story(tell, 3)


def test_a_row_under_another_number_is_not_shown_and_gets_its_number_back() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        for number in range(4):
            await flock[0].say(f"m{number}")
        await flock.expect(lambda: len(shown(flock[1])) == 4, 5, "all there")
        tables = flock[1].disk.nodes[flock[1].identity.node_id]
        tables.misfile((CHANNEL, table(flock[1]).order[1]), 1029)
        assert shown(flock[1]) == ["m0", "m2", "m3"]
        await flock.expect(lambda: shown(flock[1]) == ["m0", "m1", "m2", "m3"], 1, "set right at once")
        assert flock[1].node.happened()["repair.keys_righted"] == 1

    story(tell, 3)


@pytest.mark.parametrize("damaged", [(0, 2), (3,), (0, 1, 2, 3)])
def test_damaged_rows_expire_when_their_messages_would(damaged: tuple[int, ...]) -> None:
    async def tell(flock: Flock) -> None:
        flock[1].crash()
        flock[1].config = replace(flock[1].config, keep_own_days=KEEP_DAYS)
        await flock[1].restart()
        await flock.join()
        for number in range(4):
            await flock[0].say(f"m{number}")
        await flock.expect(lambda: len(shown(flock[1])) == 4, 5, "all there")
        replica = flock[1].node._pubsub.storage.member(LOBBY)
        for bird in flock:  # nobody can give it any more
            tables = bird.disk.nodes[bird.identity.node_id]
            for place in damaged:
                tables.damage((CHANNEL, table(bird).order[place]), 0.9)
        await asyncio.sleep(KEEP_S / 2)
        assert len(table(flock[1]).rows) == replica.log.held() == 4, "younger than the policy"
        await asyncio.sleep(KEEP_S / 2 + SLACK_S)
        assert not table(flock[1]).rows, "none stays for good"
        assert replica.log.heads() == [], "its place is another stream's"
        assert replica.room.taken == 0
        await asyncio.sleep(SOON_S)
        before = flock[1].node.counters()["op.PULL.out"]
        await asyncio.sleep(10 * SOON_S)
        assert flock[1].node.counters()["op.PULL.out"] == before, "nobody is asked for it any more"

    story(tell, 3)


def test_a_note_under_a_damaged_key_is_forgotten() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        context = flock[0].node._context
        kept, damaged = note_key(LATE, CHANNEL), note_key(LATE, CHANNEL)[:-1] + "?"
        await flock[0].call(context.store.commit(PutMeta(kept, b""), PutMeta(damaged, b"")))
        await flock[0].call(drop_orphans(context, {CHANNEL}))
        assert context.store.meta(damaged) is None and context.store.meta(kept) is not None

    story(tell, 1)

"""How far own messages got outlives the node: counts never go down, across restarts too."""

from __future__ import annotations

import asyncio

from peernode.events import OutboxState
from peernode.pubsub.fates import WRITE_EVERY_S, WRITTEN_AT_ONCE
from peernode.pubsub.outbox import ACKED_LATE_MS
from peernode.pubsub.unreached import WATCH_S
from peernode.store.base import PutFate
from tests.pubsub.flock import Bird, Flock, story

GRACE_S = WRITE_EVERY_S + 0.5


def told(bird: Bird) -> list[OutboxState]:
    return [state for state in bird.node.outbox() if state.kind == "text"]


async def stop(bird: Bird) -> None:
    await bird.call(bird.node.stop())
    bird.crash()


async def delivered(flock: Flock, text: str, count: int) -> str:
    """The first bird says it; its id when so many have acked."""
    message_id = (await flock[0].say(text)).id
    await flock.expect(lambda: flock[0].state(message_id).delivered == (count, 3), 8, f"{count} acked")
    return message_id


def test_what_was_shown_is_known_after_a_stop_and_after_a_power_cut() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await delivered(flock, "short", 3)
        await delivered(flock, "long " * 400, 3)
        before = told(flock[0])
        await stop(flock[0])
        await flock[0].restart()
        assert told(flock[0]) == before
        await flock.expect(lambda: all(flock[0].node.channels().values()), 5, "it is back")

        await delivered(flock, "again", 3)
        await asyncio.sleep(GRACE_S)
        before = told(flock[0])
        flock[0].crash()
        await flock[0].restart()
        assert told(flock[0]) == before
        assert [state.state for state in before] == ["delivered"] * 3

    story(tell, 4)


def test_an_ack_that_comes_after_the_restart_counts() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[3])
        message_id = await delivered(flock, "hello", 2)
        await stop(flock[0])
        await flock[0].restart()
        assert flock[0].state(message_id).delivered == (2, 3)
        flock.mend(cut)
        await flock.expect(lambda: flock[0].state(message_id).delivered == (3, 3), 30, "all acked")

    story(tell, 4)


def test_a_fate_that_cannot_be_read_is_dropped_and_the_node_starts() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        message_id = await delivered(flock, "hello", 3)
        await asyncio.sleep(GRACE_S)
        store = flock[0].node._context.store
        ((key, fate),) = [item for item in store.fates() if item[0].hex() == message_id.replace("-", "")]
        rotten = fate[:-1] + bytes([fate[-1] ^ 1])
        await flock[0].call(store.commit(PutFate(key, rotten), PutFate(bytes(16), b"of nothing")))
        flock[0].crash()
        await flock[0].restart()
        assert flock[0].node._context.collector.counters["fates.orphan"] == 2
        assert told(flock[0]) == []
        await asyncio.sleep(GRACE_S)
        assert flock[0].node._context.store.fates() == []

    story(tell, 4)


def test_only_the_last_fates_are_kept() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        ids = [await delivered(flock, f"number {number}", 3) for number in range(5)]
        await stop(flock[0])
        await flock[0].restart()
        assert [state.id for state in told(flock[0])] == ids[-3:]

    story(tell, 4, traces_max=3)


def test_what_a_full_disk_does_not_take_is_written_when_there_is_room() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        message_id = (await flock[0].say("hello")).id
        flock[0].disk.full = True
        await flock.expect(lambda: flock[0].state(message_id).delivered == (3, 3), 8, "all acked")
        await asyncio.sleep(GRACE_S)
        assert flock[0].node._context.collector.counters["save.PeerNodeError"] > 0
        flock[0].disk.full = False
        await asyncio.sleep(GRACE_S)
        flock[0].crash()
        await flock[0].restart()
        assert flock[0].state(message_id).delivered == (3, 3)

    story(tell, 4)


def test_who_acks_what_waited_over_a_restart_is_counted_in_a_large_channel() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[0])
        message_id = (await flock[0].say("hello")).id
        flock[0].crash()
        await flock[0].restart()
        flock.mend(cut)
        await flock.expect(lambda: flock[0].state(message_id).delivered[0] == 3, 40, "all acked")

    story(tell, 4, small_channel_max=2)


def test_who_was_alone_still_says_so_after_a_restart() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        message_id = (await flock[0].say("anybody?")).id
        await flock.expect(lambda: flock[0].state(message_id).state == "sent", 8, "stored here")
        assert flock[0].state(message_id).alone
        flock[0].crash()
        await flock[0].restart()
        state = flock[0].state(message_id)
        assert (state.state, state.alone, state.stored) == ("sent", True, (1, 1))

    story(tell, 1)


def test_a_stop_in_the_middle_of_writing_forgets_nothing() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        said = await asyncio.gather(*(flock[0].say(f"{number}") for number in range(3 * WRITTEN_AT_ONCE)))
        ids = {state.id for state in said}

        def delivered_ones() -> set[str]:
            return {state.id for state in told(flock[0]) if state.delivered == (3, 3)}

        await flock.expect(lambda: delivered_ones() == ids, 30, "all acked")
        await stop(flock[0])
        await flock[0].restart()
        assert delivered_ones() == ids

    story(tell, 4)


def test_only_what_was_just_sent_is_looked_after_for_who_is_out_of_reach() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[3])
        await delivered(flock, "long ago", 2)
        await asyncio.sleep(WATCH_S)  # who comes so late acks to nobody any more
        flock.mend(cut)
        await flock.expect(lambda: "long ago" in flock[3].texts(), 30, "it is back")
        flock.cut_off(flock[3])
        await delivered(flock, "just now", 2)
        await stop(flock[0])
        await flock[0].restart()
        assert flock[0].node._pubsub.sizes()["unreached"][0] == 1

    story(tell, 4)


def test_only_for_what_was_just_sent_an_ack_is_waited_for_after_a_restart() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[3])
        await delivered(flock, "long ago", 2)
        await asyncio.sleep(ACKED_LATE_MS / 1000)
        flock.mend(cut)
        await flock.expect(lambda: "long ago" in flock[3].texts(), 30, "it is back")
        cut = flock.cut_off(flock[3])
        late = await delivered(flock, "just now", 2)
        await asyncio.sleep(GRACE_S)
        flock[0].crash()
        await flock[0].restart()
        assert flock[0].node._pubsub.sizes()["spreads"][0] == 1
        flock.mend(cut)
        await flock.expect(lambda: flock[0].state(late).delivered == (3, 3), 30, "the late ack")

    story(tell, 4)


def test_what_has_failed_is_not_called_sent_after_a_restart() -> None:
    """Its own receipt alone is on the disk, of the set that it needs a quorum of."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await delivered(flock, "before", 3)
        await asyncio.sleep(GRACE_S)
        cut = flock.cut_off(flock[0])
        message_id = (await flock[0].say("while cut off")).id
        await flock.expect(lambda: flock[0].state(message_id).state == "failed", 8, "no quorum")
        flock[0].crash()
        flock[0].events.clear()
        await flock[0].restart()
        assert flock[0].state(message_id).state == "failed"
        assert flock[0].state(message_id).error is not None
        flock.mend(cut)
        await flock.expect(lambda: flock[0].state(message_id).delivered == (3, 3), 20, "it gets through")

    story(tell, 4)

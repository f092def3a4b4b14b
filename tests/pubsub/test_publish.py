"""Publishing: accepted, sent, delivered, failed, retried, discarded; said truthfully each time."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.message import Message
from peernode.errors import PeerNodeError
from peernode.events import MessageReceived
from peernode.pubsub.ingest import Source
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_relay import replica_of


def test_a_message_is_accepted_then_sent_then_delivered() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        accepted = await flock[1].say("hello")
        assert accepted.state == "pending"
        await flock.expect(lambda: flock[1].state(accepted.id).delivered == (2, 2), 5, "delivered to both")
        told = flock[1].states(accepted.id)
        assert told[0].stored[0] >= 2, "nothing is told before a quorum holds it"
        assert told[-1].state == "delivered"
        assert flock[1].state(accepted.id).stored == (3, 3)
        assert flock[1].state(accepted.id).machines == 3
        assert flock[0].texts() == flock[2].texts() == ["hello"]

    story(tell, 3)


def test_a_full_outbox_refuses_whatever_comes_at_the_same_moment() -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].join()
        said = await asyncio.gather(*(flock[0].say(f"m{n}") for n in range(9)), return_exceptions=True)
        assert [error.code for error in said if isinstance(error, PeerNodeError)] == ["OUTBOX_FULL"] * 5
        size, bound = flock[0].node.sizes()["pubsub.outbox"]
        assert size <= bound == 4

    story(tell, 1, outbox_max=4)


def is_sure_of(bird: Bird, subscribers: int) -> bool:
    return bool(replica_of(bird).leases.count_sure(bird.node._context.now()) == subscribers)


def test_counts_never_go_down() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        # An initiator names to an author only the subscribers that have answered itself.
        await flock.expect(lambda: all(is_sure_of(b, 8) for b in flock if replica_of(b).serves), 30, "listed")
        accepted = [await flock[index % 8].say(f"m{index}") for index in range(24)]
        await asyncio.sleep(10)
        for index, state in enumerate(accepted):
            told = flock[index % 8].states(state.id)
            assert [s.stored[0] for s in told] == sorted(s.stored[0] for s in told)
            assert [s.delivered[0] for s in told] == sorted(s.delivered[0] for s in told)
            assert told[-1].delivered == (7, 7)

    story(tell, 8, loss=0.1, seed=1)


def test_alone_on_the_network_it_says_so() -> None:
    async def tell(flock: Flock) -> None:
        joined = await flock[0].join()
        assert joined.alone and joined.created
        state = await flock[0].say("anybody?")
        await flock.expect(lambda: flock[0].state(state.id).state == "sent", 2, "sent")
        assert flock[0].state(state.id).alone
        assert flock[0].state(state.id).stored == (1, 1)

    story(tell, 1)


def test_what_was_written_alone_reaches_those_who_come_later() -> None:
    async def tell(flock: Flock) -> None:
        first, late = flock[0], flock[1]
        await late.call(late.node.stop())
        await first.call(first.node.stop())
        await first.start()
        await first.join()
        state = await first.say("early")
        await flock.expect(lambda: first.state(state.id).state == "sent", 2, "sent alone")
        late.host.crash()
        await late.restart()
        await late.join()
        await flock.expect(lambda: late.texts() == ["early"], 30, "the newcomer has it")
        await flock.expect(lambda: first.state(state.id).stored[0] == 2, 60, "and it is stored twice")

    story(tell, 2)


def test_a_node_that_was_cut_off_fails_and_a_retry_brings_it_through_once() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[1])
        state = await flock[1].say("from the dark")
        await flock.expect(lambda: flock[1].states(state.id) != [], 6, "a verdict")
        failed = flock[1].state(state.id)
        assert failed.state == "failed"
        assert failed.error is not None
        assert failed.error.code == "NO_QUORUM"
        assert failed.error.remedy
        flock.mend(cut)
        await flock[1].call(flock[1].node.retry(state.id))
        await flock.expect(lambda: flock[1].state(state.id).state == "delivered", 5, "delivered")
        await asyncio.sleep(60)
        for other in (flock[0], flock[2]):
            assert other.texts() == ["from the dark"]

    story(tell, 3)


def test_a_failed_message_goes_out_by_itself_when_the_network_is_back() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[2])
        state = await flock[2].say("patience")
        await asyncio.sleep(40)
        assert flock[2].state(state.id).state == "failed"
        assert flock[2].node.state.state == "offline"
        flock.mend(cut)
        await flock.expect(lambda: flock[2].state(state.id).state == "delivered", 15, "delivered by itself")
        await flock.expect(lambda: flock[0].texts() == ["patience"], 5, "told to the others")

    story(tell, 4)


def test_a_discarded_message_is_shown_to_nobody() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        cut = flock.cut_off(flock[1])
        state = await flock[1].say("a mistake")
        await asyncio.sleep(6)
        twice = (flock[1].call(flock[1].node.discard(state.id)) for _ in range(2))
        first, second = await asyncio.gather(*twice, return_exceptions=True)
        assert first is None, first
        assert isinstance(second, PeerNodeError)
        assert second.code == "MESSAGE_UNKNOWN", "one skip takes it back, not two"
        flock.mend(cut)
        later = await flock[1].say("better")
        await flock.expect(lambda: flock[1].state(later.id).state == "delivered", 15, "the next one arrives")
        await asyncio.sleep(60)
        for bird in flock:
            assert bird.texts() == ([] if bird is flock[1] else ["better"])
            assert bird.node.log_ids(LOBBY) == [later.id]

    story(tell, 3)


def test_the_same_id_is_one_message_and_another_text_under_it_is_refused() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        message_id = "01890a5d-ac96-774b-bcce-b302099a8057"
        for _ in range(3):
            await flock[1].say("once", message_id=message_id)
        with pytest.raises(PeerNodeError) as caught:
            await flock[1].say("other", message_id=message_id)
        assert caught.value.code == "ID_REUSED"
        await asyncio.sleep(30)
        assert flock[0].texts() == flock[2].texts() == ["once"]

    story(tell, 3)


@pytest.mark.parametrize(("text", "code"), [("", "EMPTY"), ("  \n", "EMPTY"), ("x" * 16_385, "TOO_LARGE")])
def test_what_is_no_message_is_refused_before_anything_is_stored(text: str, code: str) -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].join()
        with pytest.raises(PeerNodeError) as caught:
            await flock[0].say(text)
        assert caught.value.code == code
        assert flock[0].node.outbox() == []

    story(tell, 1)


def test_publishing_without_joining_is_refused() -> None:
    async def tell(flock: Flock) -> None:
        with pytest.raises(PeerNodeError) as caught:
            await flock[0].say("hello")
        assert caught.value.code == "NOT_A_MEMBER"

    story(tell, 1)


def test_sixteen_kibibytes_arrive_whole() -> None:
    long = "".join(f"{index:07d} " for index in range(2048))
    assert len(long.encode()) == 16 * 1024

    async def tell(flock: Flock) -> None:
        await flock.join()
        state = await flock[3].say(long)
        await flock.expect(lambda: flock[3].state(state.id).delivered == (5, 5), 10, "delivered")
        for bird in flock:
            if bird is not flock[3]:
                assert bird.texts() == [long]
        assert flock[3].node.history(LOBBY)[0].text == long

    story(tell, 6, loss=0.05)


def test_each_authors_messages_are_told_in_sequence_and_the_log_is_the_same_everywhere() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.gather(*(bird.say(f"{bird.index} {n}") for n in range(20) for bird in flock))
        await flock.expect(lambda: all(len(bird.texts()) == 180 for bird in flock), 30, "180 each")
        for bird in flock:
            for author in flock:
                own = [text for text in bird.texts() if text.startswith(f"{author.index} ")]
                expected = [] if author is bird else [f"{author.index} {n}" for n in range(20)]
                assert own == expected
        logs = [bird.node.log_ids(LOBBY) for bird in flock]
        assert len(logs[0]) == 200
        assert all(log == logs[0] for log in logs)

    story(tell, 10, seed=1, loss=0.02, jitter_ms=5)


def test_a_catch_up_that_overtakes_a_push_does_not_begin_the_authors_sequence() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        flock.cut_off(flock[2])
        await flock[0].say("one")
        await flock[0].say("two")
        written, reader = flock[0].node._pubsub.storage, flock[2].node._pubsub
        raws = flock[0].node._context.store.newest(written.member(LOBBY).channel_id, None, 2)
        first, second = sorted((Message.trusted(raw) for raw in raws), key=lambda message: message.seq)
        replica, author = reader.storage.member(LOBBY), written.member(LOBBY).initiators
        assert author is not None
        pulled = reader.ingest.take_all(replica, [second.raw], author.contacts[0])
        assert await flock[2].call(pulled) == 1
        assert flock[2].texts() == []
        await flock[2].call(reader.ingest.take(replica, first, Source.PUSH, None))
        assert flock[2].texts() == ["one", "two"]

    story(tell, 3)


def test_a_restart_keeps_identity_channels_messages_and_outbox() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        sent = await flock[1].say("kept")
        await flock.expect(lambda: flock[1].state(sent.id).state == "delivered", 5, "delivered")
        cut = flock.cut_off(flock[1])
        waiting = await flock[1].say("still to go")
        before = flock[1].node.node_id
        flock[1].crash()
        flock.mend(cut)
        flock[1].events.clear()
        await flock[1].restart()
        assert flock[1].node.node_id == before
        assert waiting.id in [item.id for item in flock[1].node.outbox()]
        await flock.expect(lambda: flock[0].texts() == ["kept", "still to go"], 20, "the outbox went out")
        assert list(flock[1].node.channels()) == [LOBBY]
        assert [m.text for m in flock[1].node.history(LOBBY)] == ["kept", "still to go"]

    story(tell, 3)


def test_nothing_is_delivered_to_who_has_left() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock[2].call(flock[2].node.leave(LOBBY))
        await asyncio.sleep(1)
        state = await flock[1].say("gone?")
        await flock.expect(lambda: flock[1].state(state.id).state == "delivered", 5, "delivered")
        assert flock[1].state(state.id).delivered == (1, 1)
        assert flock[2].told(MessageReceived) == []
        listed = await flock[1].call(flock[1].node.subscribers(LOBBY))
        assert all(flock[2].node.node_id not in ids for ids in listed.values())

    story(tell, 3)


def test_half_a_character_is_refused_plainly() -> None:
    async def tell(flock: Flock) -> None:
        await flock[0].join()
        with pytest.raises(PeerNodeError) as caught:
            await flock[0].say("broken \ud800 text")
        assert caught.value.code == "BAD_FRAME"

    story(tell, 1)


def test_a_full_disk_refuses_plainly_and_the_node_serves_on() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        flock[1].disk.full = True
        with pytest.raises(PeerNodeError) as caught:
            await flock[1].say("no room")
        assert caught.value.code == "STORE_FULL"
        flock[1].disk.full = False
        state = await flock[1].say("room again")
        await flock.expect(lambda: flock[1].state(state.id).state == "delivered", 5, "delivered")
        await asyncio.sleep(30)
        assert flock[0].texts() == flock[2].texts() == ["room again"]

    story(tell, 3)

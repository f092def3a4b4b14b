"""Who is there and can be reached, who writes, who is not heard, and what can be found."""

from __future__ import annotations

import asyncio

import pytest

from peernode.errors import PeerNodeError
from peernode.events import Typing
from peernode.pubsub.audience import LOOK_EVERY_S
from peernode.pubsub.chosen import BLOCKED_MAX
from peernode.pubsub.presence import FRESH_S
from peernode.pubsub.reading import UNREAD_MAX
from peernode.pubsub.search import SCANNED_MAX
from tests.pubsub.flock import LOBBY, Bird, Flock, story


async def reachable(bird: Bird) -> dict[str, bool]:
    members, total = await bird.call(bird.node.members(LOBBY))
    assert total == len(members)
    return {member.node_id: member.reachable for member in members}


async def reader_and_latecomer(flock: Flock) -> tuple[Bird, Bird]:
    """One who has joined, and one who has not yet; neither is an initiator, the others have joined."""
    for bird in flock.birds[:-1]:
        await bird.join()
    initiators = flock[0].node.diagnostics()["channels"][0]["initiators"]
    assert flock.birds[-1].node.node_id not in initiators
    return next(bird for bird in flock if bird.node.node_id not in initiators), flock.birds[-1]


def test_a_member_is_reachable_as_long_as_its_node_answers_ours() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        ids = [bird.node.node_id for bird in flock]
        assert await reachable(flock[1]) == dict.fromkeys(ids, True)
        assert next(iter(await reachable(flock[1]))) == ids[1]
        flock[2].crash()
        await asyncio.sleep(FRESH_S + 1)
        assert await reachable(flock[1]) == {ids[0]: True, ids[1]: True, ids[2]: False}

    story(tell, 3)


def test_a_hint_of_typing_reaches_the_others_and_not_too_often() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        writer, reader = flock[0], flock[1]

        async def type_once() -> None:
            writer.node.typing(LOBBY)

        await flock.expect(lambda: bool(reader.node.leaseholders(LOBBY)), 5, "leases")
        for _ in range(5):
            await writer.call(type_once())
        hint = Typing(LOBBY, writer.node.node_id)
        await flock.expect(lambda: reader.told(Typing) == [hint], 1, "one hint of five")
        assert writer.told(Typing) == []

    story(tell, 3)


def test_a_stranger_is_not_seen_typing() -> None:
    async def tell(flock: Flock) -> None:
        member, stranger = flock[0], flock[1]
        await member.join()
        await stranger.join("#elsewhere")

        async def pretend() -> None:
            replica = stranger.node._pubsub.storage.member("#elsewhere")
            replica.subscribers[member.identity.node_id] = member.node._context.me()
            replica.channel_id = member.node._pubsub.storage.member(LOBBY).channel_id
            stranger.node._pubsub.presence.typing(replica)

        await stranger.call(pretend())
        await flock.expect(
            lambda: stranger.node.happened().get("typing.Refused", 0) == 1, 5, "the hint is refused"
        )
        assert member.told(Typing) == []

    story(tell, 2)


def test_who_is_blocked_does_not_count_as_unread_and_survives_a_restart() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        reader, loud = flock[0], flock[1]
        first = await loud.say("one")
        await flock.expect(lambda: len(reader.node.history(LOBBY)) == 1, 5, "the first message")
        await reader.call(reader.node.mark_read(LOBBY, first.order))
        await loud.say("two")
        await flock.expect(lambda: reader.node.read_state(LOBBY).unread == 1, 5, "one unread")
        assert await reader.call(reader.node.block(loud.node.node_id, True)) == [loud.node.node_id]
        assert reader.node.read_state(LOBBY).unread == 0
        reader.crash()
        await reader.restart()
        assert reader.node.blocked() == [loud.node.node_id]
        assert await reader.call(reader.node.block(loud.node.node_id, False)) == []
        for nobody in ("ab", reader.node.node_id):
            with pytest.raises(PeerNodeError) as refused:
                await reader.call(reader.node.block(nobody, True))
            assert refused.value.code == "BAD_FRAME"

    story(tell, 2)


def test_who_is_blocked_hides_nobody_elses_messages_by_many_own_ones() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        reader, loud, other = flock
        first = await loud.say("one")
        await flock.expect(lambda: len(reader.node.history(LOBBY)) == 1, 5, "the first message")
        await reader.call(reader.node.mark_read(LOBBY, first.order))
        await other.say(f"you <@{reader.node.node_id}> there")
        await flock.expect(lambda: reader.node.read_state(LOBBY).unread == 1, 5, "one unread")
        await reader.call(reader.node.block(loud.node.node_id, True))
        for number in range(UNREAD_MAX + 1):
            await loud.say(f"{number}")
        await flock.expect(lambda: len(reader.node.log_ids(LOBBY)) == UNREAD_MAX + 3, 30, "all of it")
        state = reader.node.read_state(LOBBY)
        assert (state.unread, state.mentions) == (1, 1)

    story(tell, 3)


def test_people_are_chosen_by_whole_ids_however_they_are_written_and_none_is_lost() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        for nobody in ("ab " * 13 + " ", "zz" * 20, "a" * 39):
            with pytest.raises(PeerNodeError) as refused:
                await bird.call(bird.node.block(nobody, True))
            assert refused.value.code == "BAD_FRAME"
        assert await bird.call(bird.node.block("AB" * 20, True)) == ["ab" * 20]

        async def at_once() -> None:
            await asyncio.gather(*(bird.node.verify(f"{number:040x}", True) for number in range(3)))

        await bird.call(at_once())
        assert bird.node.verified() == [f"{number:040x}" for number in range(3)]
        assert await bird.call(bird.node.block("ab" * 20, False)) == []

    story(tell, 1)


def test_a_full_list_of_blocked_people_says_so() -> None:
    async def tell(flock: Flock) -> None:
        bird = flock[0]
        for number in range(BLOCKED_MAX):
            await bird.call(bird.node.block(f"{number:040x}", True))
        with pytest.raises(PeerNodeError) as refused:
            await bird.call(bird.node.block("f" * 40, True))
        assert refused.value.code == "TOO_MANY_BLOCKED"
        assert len(bird.node.blocked()) == BLOCKED_MAX

    story(tell, 1)


def test_a_search_finds_words_as_they_are_now_and_says_how_much_it_saw() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        bird = flock[0]
        said = [await bird.say(text) for text in ("The Cat sat", "a dog", "cats and dogs", "nothing")]
        await bird.call(bird.node.edit(LOBBY, None, said[1].id, "a cat after all"))
        await bird.call(bird.node.delete(LOBBY, None, said[2].id))
        found = await bird.call(bird.node.search(LOBBY, "CAT"))
        assert [message.id for message in found.messages] == [said[1].id, said[0].id]
        assert (found.searched, found.since_ms, found.next) == (4, said[0].at_ms, "")
        page = await bird.call(bird.node.search(LOBBY, "cat", None, 1))
        assert [message.id for message in page.messages] == [said[1].id]
        rest = await bird.call(bird.node.search(LOBBY, "cat", page.next, 1))
        assert [message.id for message in rest.messages] == [said[0].id]
        assert (await bird.call(bird.node.search(LOBBY, "cat after"))).messages[0].id == said[1].id
        with pytest.raises(PeerNodeError) as refused:
            await bird.call(bird.node.search(LOBBY, "  "))
        assert refused.value.code == "EMPTY"

    story(tell, 1)


def test_a_search_stops_at_its_bound_and_goes_on_from_there() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        bird = flock[0]
        needle = await bird.say("needle")
        for number in range(SCANNED_MAX):
            await bird.say(f"hay {number}")
        first = await bird.call(bird.node.search(LOBBY, "needle"))
        assert (first.messages, first.searched) == ((), SCANNED_MAX)
        second = await bird.call(bird.node.search(LOBBY, "needle", first.next))
        assert [message.id for message in second.messages] == [needle.id]
        assert (second.searched, second.next) == (1, "")

    story(tell, 1, author_rate_per_s=10_000.0, author_burst=10_000)


def test_who_came_just_now_is_in_the_list_before_the_next_renewal() -> None:
    async def tell(flock: Flock) -> None:
        reader, writer = await reader_and_latecomer(flock)
        before = await reachable(reader)
        await writer.join()
        assert await reachable(reader) == before, "asked for the list a moment ago"
        await asyncio.sleep(LOOK_EVERY_S)
        assert (await reachable(reader))[writer.node.node_id]

    story(tell, 9, seed=2)


def test_who_came_lately_and_has_written_is_seen_typing_before_the_next_renewal() -> None:
    async def tell(flock: Flock) -> None:
        reader, writer = await reader_and_latecomer(flock)
        await writer.join()
        await writer.say("hello")
        await flock.expect(lambda: reader.texts() == ["hello"], 5, "the first message")

        async def type_once() -> None:
            writer.node.typing(LOBBY)

        await asyncio.sleep(1)
        await writer.call(type_once())
        await flock.expect(lambda: bool(reader.told(Typing)), 1, "the hint")

    story(tell, 9, seed=2)

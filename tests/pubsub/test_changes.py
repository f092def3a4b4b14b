"""Edits, deletions, reactions and replies, from one person's screen to everybody's."""

from __future__ import annotations

import pytest

from peernode.errors import PeerNodeError
from peernode.events import ChatMessage, MessageChanged, MessageTakenBack
from tests.pubsub.flock import LOBBY, Bird, Flock, story

TICK = "✅"
HEART = "❤️"


def looks(bird: Bird, message_id: str) -> ChatMessage:
    """A message as a page that is read anew shows it."""
    return next(message for message in bird.node.history(LOBBY) if message.id == message_id)


def last_told(bird: Bird, message_id: str) -> ChatMessage:
    changes = [event.message for event in bird.told(MessageChanged) if event.message.id == message_id]
    return changes[-1]


async def everybody(flock: Flock, message_id: str, **fields: object) -> None:
    """All see it so: in what they were told last, and on a page read anew."""

    def seen() -> bool:
        looks_now = [looks(bird, message_id) for bird in flock if bird.node.history(LOBBY)]
        alike = [{name: getattr(one, name) for name in fields} == fields for one in looks_now]
        return len(alike) == len(flock.birds) and all(alike)

    await flock.expect(seen, 5, f"{fields} at everybody's")
    for bird in flock:
        assert last_told(bird, message_id) == looks(bird, message_id)


async def said(flock: Flock, text: str = "hello") -> str:
    await flock.join()
    state = await flock[0].say(text)
    await flock.expect(lambda: all(bird.node.history(LOBBY) for bird in flock), 5, "the message everywhere")
    return state.id


def test_an_edit_shows_everywhere_and_says_when() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock)
        author = flock[0]
        edit = await author.call(author.node.edit(LOBBY, None, message_id, "hello, world"))
        assert (edit.kind, edit.target, edit.text) == ("edit", message_id, "hello, world")
        await everybody(flock, message_id, text="hello, world", deleted=False)
        assert looks(flock[2], message_id).edited_ms >= looks(flock[2], message_id).at_ms
        await flock.expect(lambda: author.state(edit.id).delivered == (2, 2), 5, "the edit's acks")
        long = "x" * 5000
        await author.call(author.node.edit(LOBBY, None, message_id, long))
        await everybody(flock, message_id, text=long)
        assert [message.id for message in flock[1].node.history(LOBBY)] == [message_id]
        flock.check_unharmed()

    story(tell, 3)


def test_a_deleted_message_has_no_text_and_no_reactions_for_good() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock, "a secret")
        author, other = flock[0], flock[1]
        await other.call(other.node.react(LOBBY, None, message_id, HEART, True))
        await everybody(flock, message_id, reactions=((HEART, (other.node.node_id,)),))
        gone = await author.call(author.node.delete(LOBBY, None, message_id))
        await everybody(flock, message_id, text="", deleted=True, reactions=())
        await flock.expect(lambda: author.state(gone.id).delivered == (2, 2), 5, "removed on both")
        await author.call(author.node.edit(LOBBY, None, message_id, "back again?"))
        await flock.expect(lambda: other.node.root(LOBBY) == author.node.root(LOBBY), 5, "the edit arrived")
        assert looks(other, message_id).deleted

    story(tell, 3)


def test_reactions_are_set_and_taken_back_by_each_for_himself() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock)
        first, second = flock[1], flock[2]
        await first.call(first.node.react(LOBBY, None, message_id, TICK, True))
        await everybody(flock, message_id, reactions=((TICK, (first.node.node_id,)),))
        await second.call(second.node.react(LOBBY, None, message_id, TICK, True))
        await everybody(flock, message_id, reactions=((TICK, (first.node.node_id, second.node.node_id)),))
        await first.call(first.node.react(LOBBY, None, message_id, TICK, False))
        await everybody(flock, message_id, reactions=((TICK, (second.node.node_id,)),))

    story(tell, 3)


def test_a_reply_names_what_it_answers() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock)
        reply = await flock[1].call(flock[1].node.publish(LOBBY, None, "yes?", reply_to=message_id))
        await flock.expect(lambda: len(flock[2].node.history(LOBBY)) == 2, 5, "the reply")
        answer = looks(flock[2], reply.id)
        assert (answer.text, answer.reply_to) == ("yes?", message_id)
        assert looks(flock[2], message_id).reply_to == ""

    story(tell, 3)


def test_who_comes_later_and_who_restarts_sees_the_same() -> None:
    async def tell(flock: Flock) -> None:
        late = flock[2]
        await flock[0].join()
        await flock[1].join()
        message_id = (await flock[0].say("hello")).id
        await flock[0].call(flock[0].node.edit(LOBBY, None, message_id, "goodbye"))
        await flock[0].call(flock[0].node.react(LOBBY, None, message_id, TICK, True))
        await late.join()
        await flock.expect(lambda: len(late.node.history(LOBBY)) == 1, 5, "history")
        await flock.expect(lambda: bool(looks(late, message_id).reactions), 5, "the reaction")
        assert looks(late, message_id).text == "goodbye"
        before = looks(flock[0], message_id)
        flock[0].crash()
        await flock[0].restart()
        assert looks(flock[0], message_id) == before

    story(tell, 3)


def test_an_edit_that_is_discarded_is_undone_on_the_screen() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock)
        author = flock[0]
        flock.cut_off(author)
        edit = await author.call(author.node.edit(LOBBY, None, message_id, "oops"))
        assert looks(author, message_id).text == "oops"
        await author.call(author.node.discard(edit.id))
        assert looks(author, message_id).text == "hello"
        assert last_told(author, message_id).text == "hello"

    story(tell, 3)


def test_what_is_taken_back_after_all_have_seen_it_goes_from_their_screens() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock)
        author, others = flock[0], flock.birds[1:]
        order = looks(author, message_id).order
        await author.call(author.node.discard(message_id))
        gone = [MessageTakenBack(message_id, LOBBY, author.node.node_id, order)]
        await flock.expect(
            lambda: all(bird.told(MessageTakenBack) == gone for bird in others), 5, "told to all"
        )
        assert [bird.node.history(LOBBY) for bird in flock] == [[], [], []]

    story(tell, 3)


def test_nobody_changes_what_another_wrote_or_what_is_not_there() -> None:
    async def tell(flock: Flock) -> None:
        message_id = await said(flock)
        other = flock[1]
        for change in (
            other.node.edit(LOBBY, None, message_id, "mine"),
            other.node.delete(LOBBY, None, message_id),
        ):
            with pytest.raises(PeerNodeError) as refused:
                await other.call(change)
            assert refused.value.code == "NOT_AUTHOR"
        with pytest.raises(PeerNodeError) as unknown:
            await other.call(other.node.react(LOBBY, None, other.node.node_id[:32], TICK, True))
        assert unknown.value.code == "MESSAGE_UNKNOWN"
        for emoji in ("", "two words", "\n", "x" * 65):
            with pytest.raises(PeerNodeError) as odd:
                await other.call(other.node.react(LOBBY, None, message_id, emoji, True))
            assert odd.value.code == "BAD_FRAME"

    story(tell, 3)

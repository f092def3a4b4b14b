"""An author that contradicts itself is flagged to who reads the channel, once, and for good."""

from __future__ import annotations

import asyncio

import pytest

from peernode.channel.kinds import Kind
from peernode.channel.message import ZERO_PREV, Message, sign_message
from peernode.events import Trouble
from peernode.pubsub.forkwatch import TELL_EVERY_S
from peernode.wire.ops import Op
from tests.pubsub.flock import LOBBY, Bird, Flock, story
from tests.pubsub.test_findings_truth import held


def signed(bird: Bird, seq: int, text: str, prev: bytes = ZERO_PREV) -> Message:
    """What its program would never sign, with its key."""
    context = bird.node._context
    number = sum(text.encode()) * 1000 + seq
    return sign_message(
        bird.identity,
        channel_id=held(bird).channel_id,
        instance=b"instance",
        seq=seq,
        prev=prev,
        id=number.to_bytes(6, "big") + b"\x70\x00\x80" + bytes(7),
        hlc=(context.wall_ms() + seq) << 16,
        kind=Kind.TEXT,
        body=text.encode(),
    )


async def bring(bird: Bird, *messages: Message) -> None:
    """Publish messages to the channel's initiators."""
    view, rpc = held(bird).initiators, bird.node._context.rpc
    assert view is not None
    for message in messages:
        for contact in view.others(bird.identity.public_key):
            await rpc.request(contact, Op.PUBLISH, [message.raw], prove=True)


def flags(bird: Bird) -> list[tuple[str, str, str]]:
    """What it told of authors that contradict themselves: the text, the channel, the author."""
    told = [each for each in bird.told(Trouble) if each.error.code == "AUTHOR_FORKED"]
    return [(each.error.message, each.context["forked_in"], each.context["author"]) for each in told]


async def forked(reader: Bird) -> list[str]:
    """Who is marked in its list of people."""
    members, _ = await reader.node.members(LOBBY)
    return [member.node_id for member in members if member.forked]


@pytest.mark.parametrize("kind", ["two under one number", "a chain that does not fit"])
def test_who_contradicts_itself_is_told_of_once_and_marked_for_good(kind: str) -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        author, *readers = flock
        first = signed(author, 1, "one")
        await bring(author, first)
        await asyncio.sleep(3)
        assert [flags(bird) for bird in readers] == [[]] * len(readers)
        assert [await forked(bird) for bird in readers] == [[]] * len(readers)
        if kind == "two under one number":
            texts = ["one", "another"]
            await bring(author, signed(author, 1, "another"))
        else:
            texts = ["one", "two"]
            await bring(author, signed(author, 2, "two", prev=b"\1" * 16))
        await asyncio.sleep(3)
        mark = author.node.node_id
        expected = (f"{mark[:8]} has sent two different messages as one in {LOBBY}", LOBBY, mark)
        assert [flags(bird) for bird in readers] == [[expected]] * len(readers)
        assert [await forked(bird) for bird in readers] == [[mark]] * len(readers)
        assert {frozenset(bird.texts()) for bird in readers} == {frozenset(texts)}, "both are shown"
        assert len({held(bird).log.root() for bird in readers}) == 1
        more = [signed(author, 2 + at, f"more {at}", prev=b"\2" * 16) for at in range(1, 4)]
        await bring(author, *more)
        await asyncio.sleep(TELL_EVERY_S + 3)
        assert {len(flags(bird)) for bird in readers} == {1}
        readers[0].crash()
        await readers[0].restart()
        await asyncio.sleep(10)
        assert await forked(readers[0]) == [mark]
        assert len({held(bird).log.root() for bird in readers}) == 1

    story(tell, 7)


def test_many_keys_are_told_of_one_in_a_while_and_all_marked() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(5)
        reader, *authors = flock
        for author in authors:
            await bring(author, signed(author, 1, "one"), signed(author, 1, "another"))
        await asyncio.sleep(5)
        assert len(flags(reader)) == 1
        assert {*await forked(reader)} == {author.node.node_id for author in authors}
        assert reader.node.happened()["log.fork_untold"] >= 1
        await asyncio.sleep(TELL_EVERY_S)
        await bring(authors[-1], signed(authors[-1], 2, "and more", prev=b"\1" * 16))
        await asyncio.sleep(3)
        assert len(flags(reader)) == 2, "who goes on is told of when it is time"

    story(tell, 6)

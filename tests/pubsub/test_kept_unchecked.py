"""What a node has kept of kinds that it did not know is no danger to it after an update that knows them."""

from __future__ import annotations

from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.identity import Identity
from peernode.store.base import PutMessage
from tests.channel.making import unchecked
from tests.pubsub.flock import LOBBY, Flock, story
from tests.pubsub.test_findings_truth import held

STRANGE = [Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.REPLY, Kind.CARD, Kind.FILE]


def test_a_node_starts_with_what_it_kept_unchecked_and_chats_on() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        await flock[1].say("before")
        await flock.expect(lambda: "before" in flock[0].texts(), 5, "it is there")
        hostile = Identity.from_seed(bytes(32))
        channel_id = held(flock[0]).channel_id
        kept = [unchecked(hostile, kind, b"\xff no such body", channel_id) for kind in STRANGE]
        writes = [PutMessage(Message.trusted(raw)) for raw in kept]
        await flock[0].call(flock[0].node._context.store.commit(*writes))
        flock[0].crash()
        await flock[0].restart()

        await flock[1].say("after")
        await flock.expect(lambda: "after" in flock[0].texts(), 15, "it is served on")
        # As if the others knew the kinds and node 0 did not, or the other way round: the logs agree.
        await flock.expect(lambda: len({held(bird).log.root() for bird in flock}) == 1, 30, "equal logs")
        for bird in flock:
            page = bird.node.history(LOBBY)
            assert [message.text for message in page] == ["before", "after"]
            assert set(kept) <= set(bird.node._context.store.newest(channel_id, None, 100))

    story(tell, 3)

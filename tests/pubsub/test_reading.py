"""Only what was told is unread: a page that adds the events to the node's last word counts none twice."""

from __future__ import annotations

import asyncio

from peernode.channel.message import Kind, Message, sign_message
from peernode.events import MessageReceived, ReadState
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.pubsub.ingest import Source
from peernode.pubsub.replica import Replica
from peernode.simulation.world.host import SimWorld
from peernode.store.base import Write
from tests.pubsub.flock import LOBBY, Bird

HOLD_S = 2.0


class Lone:
    """One node without a network, to which another's messages are pushed."""

    def __init__(self, world: SimWorld) -> None:
        bird = Bird(world, 0, {"gap_hold_s": HOLD_S})
        self.author = Identity.generate(bird.host.env.random)
        self.store = bird.disk.store_for(bird.identity.node_id)
        self.told: list[str] = []
        self.node = PeerNode(bird.config, bird.host.env, self.store, bird.identity, self._tell)

    def _tell(self, event: object) -> None:
        if isinstance(event, MessageReceived):
            self.told.append(event.message.text)

    async def begin(self) -> Replica:
        """Be in the channel, and have read nothing of it."""
        replica = await self.node._pubsub.storage.open(LOBBY)
        replica.member = True
        await self.node.mark_read(LOBBY, "00" * len(self.signed(replica, 1).order_key))
        return replica

    def signed(self, replica: Replica, seq: int) -> Message:
        return sign_message(
            self.author,
            channel_id=replica.channel_id,
            instance=bytes(8),
            seq=seq,
            prev=bytes(16) if seq == 1 else b"p" * 16,
            id=self.node._context.new_id(),
            hlc=(self.node._context.wall_ms() + seq) << 16,
            kind=Kind.TEXT,
            body=str(seq).encode(),
        )

    async def push(self, replica: Replica, seq: int) -> None:
        await self.node._pubsub.ingest.take(replica, self.signed(replica, seq), Source.PUSH, None)

    def newest_text(self, replica: Replica) -> str:
        """The words of what the node calls the newest."""
        newest = self.node.newest(LOBBY)
        page = replica.timeline.page(None, 9, untold=True)
        return next((message.text for message in page if message.order == newest), "")

    def look(self) -> tuple[list[str], int, list[str]]:
        """What was told, how many are unread, and what a page that is read anew shows."""
        state: ReadState = self.node.read_state(LOBBY)
        return list(self.told), state.unread, [message.text for message in self.node.history(LOBBY)]


def test_what_is_only_on_the_disk_yet_is_not_counted() -> None:
    """A mark that became durable together with a message must not be answered with a count of both."""
    with SimWorld(seed=1) as world:
        lone = Lone(world)
        looks: list[tuple[list[str], int, list[str]]] = []
        commit = lone.store.commit

        async def commit_and_look(*writes: Write) -> None:
            await commit(*writes)
            looks.append(lone.look())

        async def main() -> None:
            replica = await lone.begin()
            lone.store.commit = commit_and_look  # type: ignore[method-assign]
            await lone.push(replica, 1)
            looks.append(lone.look())

        world.run(main())
    assert looks == [([], 0, []), (["1"], 1, ["1"])]


def test_what_waits_behind_a_gap_is_counted_when_it_is_told() -> None:
    with SimWorld(seed=1) as world:
        lone = Lone(world)
        looks: list[tuple[list[str], int, list[str]]] = []

        async def main() -> None:
            replica = await lone.begin()
            for seq in (1, 3):
                await lone.push(replica, seq)
            looks.append(lone.look())
            assert len(lone.node.log_ids(LOBBY)) == 2  # the log is what is here, told or not
            assert lone.newest_text(replica) == "3", "who joins now begins to read behind it"
            await asyncio.sleep(2 * HOLD_S)
            looks.append(lone.look())

        world.run(main())
    assert looks == [(["1"], 1, ["1"]), (["1", "3"], 2, ["1", "3"])]

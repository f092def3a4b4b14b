"""Random stories of commits, damage and restarts against plain dicts, on both kinds of disks."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from peernode.channel.message import Kind, Message
from peernode.channel.parts import part_digest
from peernode.store.base import (
    ChannelRow,
    DropChannel,
    DropFate,
    DropMeta,
    DropOutbox,
    DropParts,
    OutboxRow,
    PutChannel,
    PutFate,
    PutMessage,
    PutMeta,
    PutOutbox,
    PutPart,
    PutPeers,
    StreamRow,
    Write,
)
from tests.store.disks import (
    ALICE,
    BOB,
    CHANNEL,
    INSTANCE,
    NODE,
    OTHER_CHANNEL,
    OTHER_NODE,
    Disk,
    FileDisk,
    SimulatedDisk,
    message,
    message_id,
    outbox_row,
)

CHANNELS = (CHANNEL, OTHER_CHANNEL)
NODES = (NODE, OTHER_NODE)
POOL = [
    message(seq, author=author, channel_id=channel, body=body, id_number=seq % 3)
    for channel in CHANNELS
    for author in (ALICE, BOB)
    for seq in (1, 2, 3, 4)
    for body in (b"one", b"two")
] + [message(5, channel_id=channel, kind=Kind.PROFILE, body=b"Alice") for channel in CHANNELS]
BLOCKS = (b"a block", b"another", b"\0" * 1024)

MESSAGES = st.integers(0, len(POOL) - 1).map(lambda place: PutMessage(POOL[place]))
WRITES: st.SearchStrategy[Write] = st.one_of(
    MESSAGES,
    MESSAGES,
    st.builds(PutMeta, st.sampled_from("ab"), st.binary(max_size=4)),
    st.sampled_from("ab").map(DropMeta),
    st.builds(ChannelRow, st.sampled_from(CHANNELS), st.text(max_size=3), st.booleans(), st.booleans()).map(
        PutChannel
    ),
    st.sampled_from(CHANNELS).map(DropChannel),
    st.sampled_from(BLOCKS).map(lambda block: PutPart(part_digest(block), block)),
    st.lists(st.sampled_from(BLOCKS).map(part_digest), max_size=2).map(lambda gone: DropParts(tuple(gone))),
    st.builds(outbox_row, st.integers(0, 3), st.integers(0, 2), st.text(max_size=3)).map(PutOutbox),
    st.integers(0, 3).map(lambda number: DropOutbox(message_id(number))),
    st.builds(PutFate, st.integers(0, 3).map(message_id), st.binary(max_size=4)),
    st.integers(0, 3).map(lambda number: DropFate(message_id(number))),
    st.lists(st.binary(max_size=3), max_size=3).map(lambda contacts: PutPeers(tuple(contacts))),
)
COMMIT = st.tuples(st.sampled_from(NODES), st.lists(WRITES, max_size=6))


@dataclass
class Expected:
    """What one node's store should hold."""

    meta: dict[str, bytes] = field(default_factory=dict)
    channels: dict[bytes, ChannelRow] = field(default_factory=dict)
    messages: dict[bytes, Message] = field(default_factory=dict)
    parts: dict[bytes, bytes] = field(default_factory=dict)
    outbox: dict[bytes, OutboxRow] = field(default_factory=dict)
    fates: dict[bytes, bytes] = field(default_factory=dict)
    peers: list[bytes] = field(default_factory=list)
    damaged: set[bytes] = field(default_factory=set)
    """Digests of messages and parts."""

    def apply(self, write: Write) -> None:
        match write:
            case PutMeta(key, value):
                self.meta[key] = value
            case DropMeta(key):
                self.meta.pop(key, None)
            case PutChannel(row):
                self.channels[row.channel_id] = row
            case DropChannel(channel_id):
                self.channels.pop(channel_id, None)
                gone = [key for key, one in self.messages.items() if one.channel_id == channel_id]
                for key in gone:
                    del self.messages[key]
                    self.damaged.discard(key)
            case PutMessage(one):
                self.messages[one.digest] = one
                self.damaged.discard(one.digest)
            case PutPart(digest, block):
                self.parts[digest] = block
                self.damaged.discard(digest)
            case DropParts(digests):
                for digest in digests:
                    self.parts.pop(digest, None)
                    self.damaged.discard(digest)
            case PutOutbox(waiting):
                self.outbox[waiting.id] = waiting
            case DropOutbox(id_):
                self.outbox.pop(id_, None)
            case PutFate(id_, fate):
                self.fates[id_] = fate
            case DropFate(id_):
                self.fates.pop(id_, None)
            case PutPeers(contacts):
                self.peers = list(contacts)

    def of(self, channel_id: bytes, sound: bool = True) -> list[Message]:
        """The channel's messages in order."""
        found = (one for one in self.messages.values() if one.channel_id == channel_id)
        kept = (one for one in found if not sound or one.digest not in self.damaged)
        return sorted(kept, key=lambda one: one.order_key)


class StoreModel(RuleBasedStateMachine):
    """The story; ``new_disk`` says where it takes place."""

    def new_disk(self) -> Disk:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.disk = self.new_disk()
        self.expected = {node: Expected() for node in NODES}
        self._take_views()

    def _take_views(self) -> None:
        self.stores = {node: self.disk.store(node) for node in NODES}

    def teardown(self) -> None:
        self.disk.close()
        self.loop.close()

    @rule(commits=st.lists(COMMIT, min_size=1, max_size=3))
    def commit_together(self, commits: list[tuple[bytes, list[Write]]]) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(self.stores[node].commit(*writes) for node, writes in commits))

        self.loop.run_until_complete(all_of_them())
        for node, writes in commits:
            for write in writes:
                self.expected[node].apply(write)

    @precondition(lambda self: any(expected.messages for expected in self.expected.values()))
    @rule(draw=st.data())
    def damage_a_message(self, draw: Any) -> None:
        node = draw.draw(st.sampled_from([node for node in NODES if self.expected[node].messages]))
        sound = [d for d in self.expected[node].messages if d not in self.expected[node].damaged]
        if sound:
            digest = draw.draw(st.sampled_from(sound))
            self.disk.damage_message(self.expected[node].messages[digest], node)
            self.expected[node].damaged.add(digest)

    @rule(block=st.sampled_from(BLOCKS), node=st.sampled_from(NODES))
    def damage_a_part(self, block: bytes, node: bytes) -> None:
        expected = self.expected[node]
        if part_digest(block) in expected.parts and part_digest(block) not in expected.damaged:
            self.disk.damage_part(block, node)
            expected.damaged.add(part_digest(block))

    @rule()
    def restart(self) -> None:
        self.disk.restart()
        self._take_views()

    @invariant()
    def rows_agree(self) -> None:
        for node, expected in self.expected.items():
            store = self.stores[node]
            assert {key: store.meta(key) for key in "ab"} == {key: expected.meta.get(key) for key in "ab"}
            assert store.channels() == sorted(expected.channels.values(), key=lambda row: row.channel_id)
            assert store.fates() == sorted(expected.fates.items())
            assert store.outbox() == sorted(
                expected.outbox.values(), key=lambda row: (row.created_ms, row.id)
            )
            assert store.peers() == expected.peers
            for digest in map(part_digest, BLOCKS):
                wanted = None if digest in expected.damaged else expected.parts.get(digest)
                assert store.part(digest) == wanted

    @invariant()
    def messages_agree(self) -> None:
        for node, expected in self.expected.items():
            for channel_id in CHANNELS:
                self._check_channel(node, expected, channel_id)

    def _check_channel(self, node: bytes, expected: Expected, channel_id: bytes) -> None:
        store = self.stores[node]
        every, sound = expected.of(channel_id, sound=False), expected.of(channel_id)
        assert store.count(channel_id) == len(every)
        assert list(store.heads(channel_id)) == sorted(
            (one.author, one.instance, one.seq, one.digest) for one in every
        )
        assert store.newest(channel_id, None, 3) == [one.raw for one in sound[::-1][:3]]
        if every:
            middle = every[len(every) // 2].order_key
            assert store.newest(channel_id, middle, 99) == [
                one.raw for one in sound[::-1] if one.order_key < middle
            ]
        for author in (ALICE.public_key, BOB.public_key):
            stream = sorted((one.seq, one.digest, one.raw) for one in sound if one.author == author)
            wanted = [(seq, raw) for seq, _, raw in stream if 2 <= seq <= 4]
            assert store.messages(channel_id, author, INSTANCE, 2, 4, 4) == wanted[:4]
            places = sorted((one.seq, one.digest) for one in every if one.author == author)
            at_two = [digest for seq, digest in places if seq == 2]
            assert store.digest_at(channel_id, author, INSTANCE, 2) == (at_two[0] if at_two else None)
            keys = [
                StreamRow(one.seq, one.digest, one.kind, one.hlc >> 16, len(one.raw))
                for one in sorted(every, key=lambda one: (one.seq, one.digest))
                if one.author == author
            ]
            assert store.stream_rows(channel_id, author, INSTANCE, 3) == keys[:3], "damaged or not"
        for number in range(3):
            same = [one.raw for one in sound if one.id == message_id(number)]
            assert store.by_id(channel_id, message_id(number)) == same
        for kind in (Kind.TEXT, Kind.PROFILE):
            assert store.of_kind(channel_id, kind) == [one.raw for one in sound if one.kind == kind]


class SimulatedModel(StoreModel):
    def new_disk(self) -> Disk:
        return SimulatedDisk()


class FileModel(StoreModel):
    def new_disk(self) -> Disk:
        self.directory = tempfile.TemporaryDirectory()
        return FileDisk(Path(self.directory.name) / "nodes.sqlite3")

    def teardown(self) -> None:
        super().teardown()
        self.directory.cleanup()


TestSimulatedDisk = SimulatedModel.TestCase
TestSimulatedDisk.settings = settings(max_examples=60, stateful_step_count=25)
TestFile = FileModel.TestCase
TestFile.settings = settings(max_examples=15, stateful_step_count=15)

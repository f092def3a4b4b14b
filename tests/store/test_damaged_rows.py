"""Rows of a node's own state that the disk has damaged, on a real file: rebuilt, or the person is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from peernode.errors import PeerNodeError
from peernode.events import MessageState, Trouble
from peernode.store.base import ChannelRow, PutOutbox
from tests.store.disks import FileDisk, outbox_row
from tests.store.test_nodes_on_files import CHANNEL, FileNode, started, until


def damage(node: FileNode, sql: str) -> None:
    """What the disk does to the file while nobody has it open."""
    with closing(sqlite3.connect(node.path)) as connection:
        assert connection.execute(sql).rowcount == 1
        connection.commit()


def troubles(node: FileNode) -> list[dict[str, str]]:
    return [
        event.context
        for event in node.events
        if isinstance(event, Trouble) and event.error.code == "ROW_DAMAGED"
    ]


def stored_by(node: FileNode, message_id: str) -> int:
    """By how many nodes, as the node said last."""
    told = [event.state for event in node.events if isinstance(event, MessageState)]
    return next((state.stored[0] for state in reversed(told) if state.id == message_id), 0)


def is_zero(row: ChannelRow) -> bool:
    return row.channel_id == bytes(20)


async def waiting(node: FileNode) -> Any:
    """A node that nobody has met, and its message, which waits for others."""
    await started(node)
    said = await node.node.publish(CHANNEL, None, "is anybody there?")
    await until("sent, as far as that goes", lambda: node.states().get(said.id) == "sent")
    await node.stop()
    node.events.clear()
    return said


COLUMNS = ("text = 'else'", "state = 'failed'", "raw = x'00ff'", "sum = x'00'", "id = x'0011'")


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_damaged_message_in_the_outbox_is_rebuilt_and_goes_out(tmp_path: Path, column: str) -> None:
    nodes = [FileNode(tmp_path / f"{number}.sqlite3") for number in range(2)]
    said = await waiting(nodes[0])
    damage(nodes[0], f"UPDATE outbox SET {column}")
    await nodes[0].start()
    try:
        (found,) = nodes[0].node.outbox()
        assert (found.id, found.text) == (said.id, "is anybody there?")
        assert nodes[0].node.happened()["outbox.row_rebuilt"] == 1
        await nodes[1].start(nodes[0].node.address)
        await nodes[1].node.join(CHANNEL)
        await until("stored by both", lambda: stored_by(nodes[0], said.id) == 2)
        assert nodes[1].node.log_ids(CHANNEL) == nodes[0].node.log_ids(CHANNEL)
        assert troubles(nodes[0]) == []
    finally:
        for node in nodes:
            await node.stop()


async def test_what_the_log_has_lost_stands_in_the_row_as_long_as_its_signature_is_right(
    tmp_path: Path,
) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    said = await waiting(node)
    damage(node, "UPDATE outbox SET state = 'failed'")
    damage(node, "UPDATE messages SET raw = x'00ff'")
    await node.start()
    assert [(found.id, found.text) for found in node.node.outbox()] == [(said.id, "is anybody there?")]
    assert troubles(node) == []
    await node.stop()


async def test_what_both_have_lost_is_told_once(tmp_path: Path) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    said = await waiting(node)
    damage(node, "UPDATE outbox SET raw = x'00ff'")
    damage(node, "UPDATE messages SET raw = x'00ff'")
    for told in (1, 1):  # the row is gone: at the next start there is nothing to tell
        await node.start()
        assert node.node.outbox() == []
        assert troubles(node) == [{"table": "outbox", "key": said.id.replace("-", "")}] * told
        await until("dropped", lambda: not node.database.for_node(node.identity.node_id).outbox_damaged())
        await node.stop()


async def test_a_channel_whose_name_is_damaged_is_told_and_is_whole_when_joined_again(tmp_path: Path) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    said = await waiting(node)
    damage(node, "UPDATE channels SET name = '#fiLes'")
    await node.start()
    try:
        assert node.node.channels() == {}
        (told,) = troubles(node)
        assert told["table"] == "channels"
        with pytest.raises(PeerNodeError, match="NOT_A_MEMBER"):
            await node.node.publish(CHANNEL, None, "still here?")
        await node.node.join(CHANNEL)
        assert node.node.channels() == {CHANNEL: True}
        assert len(node.node.log_ids(CHANNEL)) == 1
        await until("what waited in it waits again", lambda: [x.id for x in node.node.outbox()] == [said.id])
        await node.stop()
        node.events.clear()
        await node.start()
        assert troubles(node) == [] and list(node.node.channels()) == [CHANNEL]
    finally:
        await node.stop()


async def test_a_channel_whose_id_is_damaged_is_set_right(tmp_path: Path) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    said = await waiting(node)
    damage(node, f"UPDATE channels SET channel = x'{bytes(20).hex()}'")
    for rebuilt in (1, 0):
        await node.start()
        assert [*node.node.channels()] == [CHANNEL] and troubles(node) == []
        assert [found.id for found in node.node.outbox()] == [said.id]
        assert node.node.happened().get("channels.row_rebuilt", 0) == rebuilt
        store = node.database.for_node(node.identity.node_id)
        await until("written", lambda store=store: [*map(is_zero, store.channels())] == [False])
        await node.stop()


async def test_a_row_with_a_damaged_id_beside_the_sound_one_goes_and_is_told(tmp_path: Path) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    said = await waiting(node)
    damage(
        node, f"INSERT INTO channels SELECT node, x'{bytes(20).hex()}', name, member, stored FROM channels"
    )
    await node.start()
    store = node.database.for_node(node.identity.node_id)
    assert [*node.node.channels()] == [CHANNEL]
    assert troubles(node) == [{"table": "channels", "key": bytes(20).hex()}], "its name may be what is wrong"
    assert [found.id for found in node.node.outbox()] == [said.id]
    assert node.node.happened().get("channels.row_rebuilt", 0) == 0
    await until("written", lambda: [*map(is_zero, store.channels())] == [False])
    await node.stop()


async def test_a_name_that_became_that_of_another_channel_is_told_and_goes(tmp_path: Path) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    await started(node)
    for name in ("#room2", "#room3"):
        await node.node.join(name)
    await node.stop()
    damage(node, "UPDATE channels SET name = '#room3' WHERE name = '#room2'")
    node.events.clear()
    await node.start()
    assert "#room2" not in node.node.channels() and "#room3" in node.node.channels()
    (told,) = troubles(node)
    assert told["table"] == "channels"
    await node.stop()


@pytest.mark.parametrize("column", COLUMNS)
async def test_a_damaged_message_of_a_channel_that_is_not_here_waits_until_it_is_joined(
    tmp_path: Path, column: str
) -> None:
    node = FileNode(tmp_path / "node.sqlite3")
    said = await waiting(node)
    damage(node, f"UPDATE outbox SET {column}")
    damage(node, "UPDATE channels SET name = '#fiLes'")
    await node.start()
    assert node.node.outbox() == []
    await node.stop()
    await node.start()
    try:
        assert {told["table"] for told in troubles(node)} == {"channels"}
        await node.node.join(CHANNEL)
        await until("it waits again", lambda: [x.id for x in node.node.outbox()] == [said.id])
        assert node.node.outbox()[0].text == "is anybody there?"
        assert node.states()[said.id] == "sent", "open pages hear of it"
        assert node.node.happened()["outbox.row_rebuilt"] == 1
    finally:
        await node.stop()


async def test_the_store_names_what_it_leaves_out(file_disk: FileDisk) -> None:
    store = file_disk.store()
    await store.commit(PutOutbox(outbox_row(1)), PutOutbox(outbox_row(2)))
    assert store.outbox_damaged() == []
    file_disk.execute(f"UPDATE outbox SET text = 'x' WHERE id = x'{outbox_row(2).id.hex()}'")
    assert store.outbox_damaged() == [outbox_row(2, text="x")]

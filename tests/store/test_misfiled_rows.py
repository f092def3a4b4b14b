"""Messages on a real file that stand under a wrong key, or that an index has lost: never shown, put right."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.store.base import PutMessage
from peernode.store.schema import MESSAGE_INDICES
from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import ALICE, CHANNEL, INSTANCE, FileDisk, message, message_id
from tests.store.test_damaged_rows import damage
from tests.store.test_nodes_on_files import CHANNEL as FILES
from tests.store.test_nodes_on_files import FileNode, started, until

SWAPPED = "CAST(substr({0}, 1, 4) || x'77' || substr({0}, 6) AS BLOB)"
CELLS = {
    "number": "seq = seq + 1024",
    "digest": f"digest = {SWAPPED.format('digest')}",
    "order": f"order_key = {SWAPPED.format('order_key')}",
    "id": f"id = {SWAPPED.format('id')}",
    "kind": "kind = 9",
    "target": "target = x'0011'",
    "author": f"author = {SWAPPED.format('author')}",
}


async def filled(disk: FileDisk) -> list[Message]:
    ours = [message(number) for number in range(1, 9)]
    await disk.store().commit(*(PutMessage(one) for one in ours))
    return ours


def places(messages: list[Message]) -> list[tuple[bytes, bytes, int, bytes]]:
    return [(one.author, one.instance, one.seq, one.digest) for one in messages]


@pytest.mark.parametrize("cell", CELLS)
async def test_a_row_under_a_wrong_key_is_missing_and_put_right(file_disk: FileDisk, cell: str) -> None:
    ours = await filled(file_disk)
    file_disk.execute(f"UPDATE messages SET {CELLS[cell]} WHERE seq = 5")
    store = file_disk.store()
    told: list[str] = []
    store.on_misfiled = lambda: told.append(cell)
    store.on_bad_row = lambda *_: pytest.fail("its place is not to be believed")
    others = [one.raw for one in ours if one.seq != 5]
    assert store.newest(CHANNEL, None, 9) == others[::-1]
    assert ours[4].raw not in store.of_kind(CHANNEL, Kind.FILE) + store.by_id(CHANNEL, message_id(5))
    served = store.messages(CHANNEL, ALICE.public_key, INSTANCE, 1, 9999, 99)
    assert [raw for _, raw in served] == others
    place = (CHANNEL, ALICE.public_key, INSTANCE)
    assert (store.stream_rows(*place, 99) is None) == (cell != "author"), "that one is in nobody's stream"
    assert [row.seq for row in store.stream_rows(*place, 4) or ()] == [1, 2, 3, 4]
    assert told and store.bad_rows == len(told)
    await store.set_right()
    assert [row.digest for row in store.stream_rows(*place, 99) or ()] == [one.digest for one in ours]
    assert list(store.heads(CHANNEL)) == places(ours)
    assert store.newest(CHANNEL, None, 9) == [one.raw for one in ours[::-1]]
    assert store.by_id(CHANNEL, message_id(5)) == [ours[4].raw]
    assert store.righted == 1


@pytest.mark.parametrize("cell", CELLS)
async def test_keys_are_right_before_a_log_is_built_of_them(file_disk: FileDisk, cell: str) -> None:
    ours = await filled(file_disk)
    before = file_disk.store().charges(CHANNEL)
    file_disk.execute(f"UPDATE messages SET {CELLS[cell]} WHERE seq = 5")
    store = file_disk.store()
    assert store.charges(CHANNEL) == before
    assert list(store.heads(CHANNEL)) == places(ours)
    assert (store.bad_rows, store.righted) == (1, 1)


async def test_a_row_of_which_nothing_can_be_believed_goes(file_disk: FileDisk) -> None:
    ours = await filled(file_disk)
    file_disk.execute("UPDATE messages SET raw = x'00ff', seq = 1029 WHERE seq = 5")
    file_disk.execute("UPDATE messages SET raw = x'00ff' WHERE seq = 7")  # its place says what to fetch
    store = file_disk.store()
    store.charges(CHANNEL)
    assert list(store.heads(CHANNEL)) == places([one for one in ours if one.seq != 5])


def lose_entry(disk: FileDisk, index: str) -> None:
    """Let an index forget number 5."""
    disk.close()
    whole = MESSAGE_INDICES[index].split(" WHERE ")[0]
    with closing(sqlite3.connect(disk.path)) as connection:
        connection.execute(f"DROP INDEX {index}")
        connection.execute(f"{whole} WHERE seq <> 5")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (whole, index))
        connection.commit()
    disk.database = SqliteDatabase(disk.path)


@pytest.mark.parametrize("index", ["messages_by_stream", "messages_by_order", "messages_by_id"])
@pytest.mark.parametrize("brought", [False, True])
async def test_an_index_that_has_lost_a_row_is_made_anew(
    file_disk: FileDisk, index: str, brought: bool
) -> None:
    ours = await filled(file_disk)
    lose_entry(file_disk, index)
    store = file_disk.store()
    if brought and index == "messages_by_stream":  # by a peer, since its number was not there
        await store.commit(PutMessage(ours[4]))
    store.charges(CHANNEL)
    assert list(store.heads(CHANNEL)) == places(ours)
    assert store.newest(CHANNEL, None, 99) == [one.raw for one in ours[::-1]]
    assert store.by_id(CHANNEL, message_id(5)) == [ours[4].raw]
    assert store.count(CHANNEL) == len(ours)
    with closing(sqlite3.connect(file_disk.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def roots(nodes: list[FileNode]) -> set[bytes]:
    return {one.node._pubsub.storage.member(FILES).log.root() for one in nodes}


async def eight_texts(nodes: list[FileNode]) -> list[str]:
    """Two nodes with eight messages of the first; their ids in the order."""
    await started(*nodes)
    for number in range(8):
        await nodes[0].node.publish(FILES, None, f"text {number}")
    await until("all have all", lambda: len(nodes[1].texts()) == 8 and len(roots(nodes)) == 1)
    return nodes[0].node.log_ids(FILES)


@pytest.mark.parametrize("cell", ["number", "digest", "order", "all"])
async def test_a_node_whose_keys_have_rotted_shows_its_history_and_its_log_is_equal(
    tmp_path: Path, cell: str
) -> None:
    nodes = [FileNode(tmp_path / f"{number}.sqlite3") for number in range(2)]
    ids = await eight_texts(nodes)
    await nodes[1].stop()
    # The last cell with its bytes, too: nothing tells where it belongs, and the other node brings it.
    changes = {**CELLS, "all": "seq = 1029, raw = x'00ff'"}[cell]
    damage(nodes[1], f"UPDATE messages SET {changes} WHERE seq = {8 if cell == 'digest' else 5}")
    nodes[1].events.clear()
    await nodes[1].start(nodes[0].node.address)
    try:
        await until("equal again", lambda: len(roots(nodes)) == 1)
        assert nodes[1].node.log_ids(FILES) == ids
        assert nodes[1].node._pubsub.storage.member(FILES).log.gaps() == []
        pulled = sum(one.node.counters().get("op.PULL.out", 0) for one in nodes)
        assert pulled <= 4, "nobody asks for numbers that there never were"
        await until("counted", lambda: nodes[1].node.happened().get("repair.keys_righted"))
        await nodes[0].node.publish(FILES, None, "after")
        await until("heard", lambda: "after" in nodes[1].texts())
        assert len(nodes[1].texts()) == len(set(nodes[1].texts()))
    finally:
        for node in nodes:
            await node.stop()


async def test_a_key_that_rots_while_the_node_runs_is_put_right_when_it_is_read(tmp_path: Path) -> None:
    nodes = [FileNode(tmp_path / f"{number}.sqlite3") for number in range(2)]
    ids = await eight_texts(nodes)
    try:
        damage(nodes[1], f"UPDATE messages SET {CELLS['number']} WHERE seq = 5")
        damage(nodes[1], "UPDATE messages SET raw = x'00ff', seq = 1027 WHERE seq = 3")
        assert nodes[1].node.log_ids(FILES) == [one for one in ids if one not in (ids[2], ids[4])]
        await until("all there", lambda: nodes[1].node.log_ids(FILES) == ids)
        assert len(roots(nodes)) == 1
    finally:
        for node in nodes:
            await node.stop()

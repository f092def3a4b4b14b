"""Indices of a real file that have lost entries, or hold them in a wrong order: noticed, and made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from peernode.channel.kinds import Kind
from peernode.channel.message import Message
from peernode.store import statements
from peernode.store.base import PutMessage, PutMeta
from peernode.store.schema import MESSAGE_INDICES
from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import CHANNEL, NODE, FileDisk, message, message_id
from tests.store.rot import (
    ABOUT_ONE,
    COUNT,
    behind_index,
    filled,
    forget,
    of_another_channel,
    of_another_key,
    of_another_type,
    swap,
    without_entries,
)
from tests.store.test_damaged_rows import damage
from tests.store.test_misfiled_rows import eight_texts, places
from tests.store.test_nodes_on_files import CHANNEL as FILES
from tests.store.test_nodes_on_files import FileNode, until

BY_ALL = ["messages_by_stream", "messages_by_order", "messages_by_kind", "messages_by_target"]
ROT = [
    *((rot, index) for rot in (swap, of_another_channel) for index in BY_ALL),
    *((forget, index) for index in MESSAGE_INDICES),
    (of_another_key, "messages_by_target"),
    (of_another_type, "messages_by_order"),
]


@pytest.mark.parametrize(("rot", "index"), ROT)
async def test_an_index_that_misleads_is_made_anew_before_anything_is_shown(
    file_disk: FileDisk, rot: object, index: str
) -> None:
    ours = await filled(file_disk)
    before = file_disk.store().charges(CHANNEL)
    file_disk.close()
    rot(file_disk.path, index)  # type: ignore[operator]
    file_disk.database = SqliteDatabase(file_disk.path)
    store = file_disk.store()
    assert store.charges(CHANNEL) == before
    assert store.bad_rows == 1
    raws = [one.raw for one in ours]
    assert list(store.heads(CHANNEL)) == places(ours)
    assert store.newest(CHANNEL, None, 99) == raws[::-1]
    assert store.of_kind(CHANNEL, Kind.REACTION) == store.about(CHANNEL, ABOUT_ONE) == raws[1:]
    assert store.by_id(CHANNEL, message_id(5)) == [raws[4]]
    with closing(sqlite3.connect(file_disk.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_an_index_that_points_at_nothing_is_made_anew(file_disk: FileDisk) -> None:
    ours = await filled(file_disk)
    file_disk.close()
    behind_index(file_disk.path, "messages_by_stream", "DELETE FROM messages WHERE seq = 5")
    file_disk.database = SqliteDatabase(file_disk.path)
    store = file_disk.store()
    assert store.charges(CHANNEL)
    assert list(store.heads(CHANNEL)) == places([one for one in ours if one.seq != 5])
    assert store.bad_rows == 1


async def test_who_reads_on_from_the_last_one_comes_to_an_end_though_the_order_has_rotted(
    file_disk: FileDisk,
) -> None:
    ours = await filled(file_disk)
    file_disk.close()
    swap(file_disk.path, "messages_by_order")
    file_disk.database = SqliteDatabase(file_disk.path)  # as if it had rotted after the channel was loaded
    store = file_disk.store()
    read: list[bytes] = []
    key = None
    while (page := store.newest(CHANNEL, key, 2)) and len(read) < 2 * COUNT:
        read += page
        key = Message.trusted(page[-1]).order_key
    assert len(read) == len(set(read)) < COUNT == len(ours)
    assert store.bad_rows


@pytest.mark.parametrize("index", [name for name in MESSAGE_INDICES if name != "messages_by_stream"])
async def test_what_is_committed_during_the_look_is_no_loss(file_disk: FileDisk, index: str) -> None:
    """It comes right before one of the indices is read."""
    ours = await filled(file_disk)
    later = message(COUNT + 1, kind=Kind.REACTION, body=ours[1].body)
    file_disk.restart()
    store = file_disk.store()
    committed: list[str] = []

    def commit(statement: str) -> None:
        if index in statement and not committed:
            committed.append(statement)
            with closing(sqlite3.connect(file_disk.path)) as connection, connection:
                statements.run(connection, [(NODE, (PutMessage(later),))])

    file_disk.database._reader.set_trace_callback(commit)
    charges = store.charges(CHANNEL)
    assert committed and (store.bad_rows, store.righted) == (0, 0)
    assert store.newest(CHANNEL, None, 1) == [later.raw], "the look is over"
    assert charges < store.charges(CHANNEL)


async def test_a_full_disk_at_the_start_leaves_all_as_it_was(file_disk: FileDisk) -> None:
    """An index that is made anew needs more room than what was left of it."""
    ours = [message(number) for number in range(1, 101)]
    await file_disk.store().commit(*(PutMessage(one) for one in ours))
    before = file_disk.store().charges(CHANNEL)
    file_disk.close()
    without_entries(file_disk.path, "messages_by_id")
    size = file_disk.path.stat().st_size
    for bytes_max, told in ((size, 2), (None, 1)):  # whoever is told of a failure tries again
        file_disk.database = SqliteDatabase(file_disk.path, bytes_max=bytes_max)
        store = file_disk.store()
        heard: list[object] = []
        store.on_misfiled = partial(heard.append, None)
        assert store.charges(CHANNEL) == before
        assert len(heard) == told
        assert bool(store.by_id(CHANNEL, message_id(5))) is (told == 1)
        assert store.newest(CHANNEL, None, 999) == [one.raw for one in ours[::-1]]
        await store.commit(PutMeta("after", b"1"))
        file_disk.close()


@pytest.mark.parametrize("rot", ["entry", "target"])
async def test_what_was_deleted_stays_deleted_whatever_rots(tmp_path: Path, rot: str) -> None:
    nodes = [FileNode(tmp_path / f"{number}.sqlite3") for number in range(2)]
    await eight_texts(nodes)
    victim = nodes[1]
    left = [f"text {number}" for number in range(8) if number != 3]
    try:
        (gone,) = [one.id for one in nodes[0].node.history(FILES, None, 50) if one.text == "text 3"]
        await nodes[0].node.delete(FILES, None, gone)
        await until("gone", lambda: shown(victim) == left)
        await victim.stop()
        if rot == "entry":
            forget(victim.path, "messages_by_target", 9)
        else:
            damage(victim, f"UPDATE messages SET target = NULL WHERE kind = {int(Kind.DELETE)}")
        await victim.start()
        assert shown(victim) == left
    finally:
        for node in nodes:
            await node.stop()


def shown(node: FileNode) -> list[str]:
    return [one.text for one in node.node.history(FILES, None, 50) if one.text]

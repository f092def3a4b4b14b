"""Files that an earlier version has made, or this one: brought up to date, and durable whichever it was."""

from __future__ import annotations

from contextlib import closing

import pytest

from peernode.channel.kinds import Kind, Target
from peernode.store.base import PutFate, PutMessage
from peernode.store.schema import open_writer
from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import ALICE, CHANNEL, FileDisk, message, message_id
from tests.store.test_file import execute

VERSION_2 = ("DROP TABLE fates", "PRAGMA user_version = 2")
VERSION_1 = (
    "DROP INDEX messages_by_target",
    "ALTER TABLE messages DROP COLUMN target",
    "DROP TABLE fates",
    "PRAGMA user_version = 1",
)


@pytest.mark.parametrize("before", [(), ("PRAGMA journal_mode = DELETE",), VERSION_2, VERSION_1])
def test_what_is_committed_is_forced_to_the_disk_in_any_file(
    file_disk: FileDisk, before: tuple[str, ...]
) -> None:
    """No kill can show it: the system's cache outlives the process. Catches any other ``synchronous``."""
    file_disk.close()
    execute(file_disk.path, *before)
    for path in (file_disk.path, file_disk.path.with_name("new.sqlite3")):
        with closing(open_writer(path, None)) as writer:
            names = ("journal_mode", "synchronous", "fullfsync", "checkpoint_fullfsync")
            set_to = [writer.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
            assert set_to == ["wal", 2, 1, 1]


async def test_a_file_of_version_1_is_brought_up_to_date(file_disk: FileDisk) -> None:
    await file_disk.store().commit(PutMessage(message(1)))
    file_disk.close()
    execute(file_disk.path, *VERSION_1)
    file_disk.database = SqliteDatabase(file_disk.path)
    target = Target(ALICE.node_id, message_id(1)).key
    delete = message(2, kind=Kind.DELETE, body=target)
    await file_disk.store().commit(PutMessage(delete))
    assert file_disk.store().newest(CHANNEL, None, 9) == [delete.raw, message(1).raw]
    assert file_disk.store().about(CHANNEL, target) == [delete.raw]


async def test_a_file_of_version_2_is_brought_up_to_date(file_disk: FileDisk) -> None:
    await file_disk.store().commit(PutMessage(message(1)))
    file_disk.close()
    execute(file_disk.path, *VERSION_2)
    file_disk.database = SqliteDatabase(file_disk.path)
    store = file_disk.store()
    await store.commit(PutFate(message_id(1), b"sent"))
    assert (store.newest(CHANNEL, None, 9), store.fates()) == ([message(1).raw], [(message_id(1), b"sent")])

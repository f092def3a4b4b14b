"""The database file: who may read it, who may open it, and what is refused."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from peernode.errors import PeerNodeError
from peernode.store import queries, sqlite
from peernode.store.base import PutMessage, PutMeta, PutOutbox, PutPart
from peernode.store.schema import SCHEMA_VERSION
from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import CHANNEL, INSTANCE, NODE, FileDisk, message, outbox_row

SUFFIXES = ["", "-shm", "-wal", ".lock"]
READS = [
    "META",
    "CHANNELS",
    "HEADS",
    "MESSAGES",
    "DIGEST_AT",
    "NEWEST",
    "BY_ID",
    "ABOUT",
    "OF_KIND",
    "PART",
    "PEERS",
]


def refusal(path: Path) -> str:
    """The code with which a file is refused, the same when it is tried again."""
    codes = []
    for _ in range(2):
        with pytest.raises(PeerNodeError) as caught:
            SqliteDatabase(path)
        codes.append(caught.value.code)
    assert codes[0] == codes[1]
    return codes[0]


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_the_owner_can_read_any_of_it(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        with SqliteDatabase(tmp_path / "deep" / "data" / "nodes.sqlite3") as database:
            await database.for_node(NODE).commit(PutMeta("a", b"1"))
            files = sorted((tmp_path / "deep" / "data").iterdir())
            assert [file.name.removeprefix("nodes.sqlite3") for file in files] == [
                "",
                "-shm",
                "-wal",
                ".lock",
            ]
            assert {mode(file) for file in files} == {0o600}
            assert mode(tmp_path / "deep" / "data") == 0o700
    finally:
        os.umask(previous)


def test_a_loose_file_is_tightened_and_a_directory_of_others_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "nodes.sqlite3"
    path.touch(0o644)
    with SqliteDatabase(path):
        assert mode(path) == 0o600
        assert mode(tmp_path) == 0o755


def test_a_second_opening_is_refused(file_disk: FileDisk) -> None:
    assert refusal(file_disk.path) == "STORE_LOCKED"
    file_disk.restart()


def test_a_second_process_is_refused(file_disk: FileDisk) -> None:
    program = (
        "import sys; from pathlib import Path; from peernode.errors import PeerNodeError\n"
        "from peernode.store.sqlite import SqliteDatabase\n"
        "try:\n    SqliteDatabase(Path(sys.argv[1])).close()\n"
        "except PeerNodeError as error:\n    print(error.code)\n"
        "else:\n    print('opened')\n"
    )
    command = [sys.executable, "-c", program, str(file_disk.path)]

    def outcome() -> str:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()

    assert outcome() == "STORE_LOCKED"
    file_disk.close()
    assert outcome() == "opened"


def test_a_newer_file_is_refused_and_not_touched(file_disk: FileDisk) -> None:
    file_disk.close()
    execute(file_disk.path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    content = file_disk.path.read_bytes()
    assert refusal(file_disk.path) == "STORE_VERSION"
    assert file_disk.path.read_bytes() == content


def test_another_programs_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite3"
    execute(path, "CREATE TABLE theirs (a)", "INSERT INTO theirs VALUES (1)")
    content = path.read_bytes()
    assert refusal(path) == "STORE_CORRUPT"
    assert path.read_bytes() == content


def no_database(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(8192))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def without_a_table(path: Path) -> None:
    execute(path, "DROP TABLE outbox")


def without_a_version(path: Path) -> None:
    execute(path, "PRAGMA user_version = 0")


def directory_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "ruin", [no_database, cut_short, without_a_table, without_a_version, directory_instead]
)
def test_a_ruined_file_is_refused(file_disk: FileDisk, ruin: Callable[[Path], None]) -> None:
    file_disk.close()
    ruin(file_disk.path)
    assert refusal(file_disk.path) == "STORE_CORRUPT"


def test_a_place_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "nodes.sqlite3") == "STORE_CORRUPT"


async def test_ruined_pages_are_an_error_with_a_code(file_disk: FileDisk) -> None:
    await file_disk.store().commit(*(PutMessage(message(number)) for number in range(1, 50)))
    file_disk.close()
    content = file_disk.path.read_bytes()
    file_disk.path.write_bytes(content[:8192] + b"\xaa" * (len(content) - 8192))
    file_disk.database = SqliteDatabase(file_disk.path)
    store = file_disk.store()
    with pytest.raises(PeerNodeError) as caught:
        store.newest(CHANNEL, None, 9)
    assert caught.value.code == "STORE_CORRUPT"
    with pytest.raises(PeerNodeError) as caught:
        await store.commit(PutMessage(message(50)))
    assert caught.value.code == "STORE_CORRUPT"


async def test_a_damaged_outbox_row_is_missing(file_disk: FileDisk) -> None:
    store = file_disk.store()
    await store.commit(PutOutbox(outbox_row(1)), PutOutbox(outbox_row(2, text="größe")))
    file_disk.execute("UPDATE outbox SET text = 'hullo' WHERE text = 'hello'")
    assert store.outbox() == [outbox_row(2, text="größe")]
    assert store.bad_rows == 1


async def test_text_that_is_no_text_any_more_is_a_bad_row(file_disk: FileDisk) -> None:
    store = file_disk.store()
    await store.commit(PutOutbox(outbox_row(1)))
    file_disk.execute("UPDATE outbox SET text = CAST(x'ff68' AS TEXT)")
    assert store.outbox() == []
    assert store.bad_rows == 1


async def test_reads_leave_nothing_open_that_holds_up_the_log(file_disk: FileDisk) -> None:
    store = file_disk.store()
    await store.commit(*(PutMessage(message(number)) for number in range(1, 20)))
    assert len(store.newest(CHANNEL, None, 3)) == 3
    next(iter(store.heads(CHANNEL)))
    with closing(sqlite3.connect(file_disk.path)) as connection:
        busy, in_log, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, in_log) == (0, 0)


async def test_heads_are_read_page_by_page(file_disk: FileDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "HEADS_PAGE", 4)
    store = file_disk.store()
    for count in (3, 4, 8, 9):
        await store.commit(*(PutMessage(message(number)) for number in range(1, count + 1)))
        assert [seq for _, _, seq, _ in store.heads(CHANNEL)] == list(range(1, count + 1))


@pytest.mark.parametrize(
    "name",
    ["META", "CHANNELS", "HEADS", "MESSAGES", "DIGEST_AT", "NEWEST", "BY_ID", "OF_KIND", "PART", "PEERS"],
)
def test_every_read_goes_by_an_index_without_sorting(file_disk: FileDisk, name: str) -> None:
    sql = getattr(queries, name)
    with closing(sqlite3.connect(file_disk.path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")).fetchall()
    details = [row[3] for row in plan]
    assert len(details) == 1, details
    assert details[0].startswith("SEARCH") and ("USING" in details[0]), details


async def test_a_page_costs_the_same_whatever_the_history(file_disk: FileDisk) -> None:
    """Counted in instructions of SQLite's virtual machine, not in time."""
    store = file_disk.store()

    def costs() -> list[int]:
        found = []
        ours = message(10)
        for sql, values in (
            (queries.NEWEST, (b"\xff" * 73,)),
            (queries.MESSAGES, (ours.author, INSTANCE, 3, 12)),
            (queries.BY_ID, (ours.id, 64)),
            (queries.DIGEST_AT, (ours.author, INSTANCE, 5)),
        ):
            steps = 0

            def step() -> None:
                nonlocal steps
                steps += 1

            with closing(sqlite3.connect(file_disk.path)) as connection:
                connection.set_progress_handler(step, 1)
                connection.execute(sql, (NODE, CHANNEL, *values)).fetchmany(10)
            found.append(steps)
        return found

    await store.commit(*(PutMessage(message(number)) for number in range(1, 21)))
    few = costs()
    await store.commit(*(PutMessage(message(number)) for number in range(21, 1021)))
    assert costs() == few


async def test_a_part_is_verified_by_its_own_digest(file_disk: FileDisk) -> None:
    store = file_disk.store()
    await store.commit(PutPart(b"x" * 32, b"not what that names"))
    assert store.part(b"x" * 32) is None

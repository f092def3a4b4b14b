"""What the doctor says of databases: sound, damaged, in use, of others, on full disks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from peernode.doctor import storehealth
from peernode.doctor.storehealth import check, disk, store_of_file, store_of_node
from peernode.errors import PeerNodeError
from peernode.store.base import PutMeta
from peernode.store.sqlite import SqliteDatabase

NODE = b"n" * 20


class StandingClock:
    """A write takes no time, however slow the test machine's disk."""

    def monotonic(self) -> float:
        return 7.0

    def wall_ms(self) -> int:
        return 1_700_000_000_000


CLOCK = StandingClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "node.sqlite3"
    SqliteDatabase(place).close()
    return place


async def test_a_sound_database_takes_a_durable_write(path: Path) -> None:
    found = await store_of_file(path, NODE, CLOCK)
    assert found.result == "ok"
    assert "sound" in found.sentence and "durable" in found.sentence


def rows_in(path: Path) -> list[str]:
    """All that is in a database."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


async def test_examinations_leave_no_row(path: Path) -> None:
    """Each run on the command line has an identity of its own, so a row of each would stay for ever."""
    before = rows_in(path)
    for number in range(5):
        found = await store_of_file(path, bytes([number]) * 20, CLOCK)
        assert found.result == "ok"
    with SqliteDatabase(path) as database:
        assert (await store_of_node(database.for_node(NODE), CLOCK, path)).result == "ok"
    assert rows_in(path) == before


async def test_a_running_node_s_database_is_checked_beside_it(path: Path) -> None:
    with SqliteDatabase(path) as database:
        own = await store_of_node(database.for_node(NODE), CLOCK, path)
        assert own.result == "ok" and "sound" in own.sentence
        other = await store_of_file(path, NODE, CLOCK)
        assert other.result == "ok" and "a running program has it open" in other.sentence


def damage(path: Path) -> None:
    """A page in the middle is not what was written."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)


def size_of(path: Path) -> int:
    """Bytes of a file; of a directory, how many are in it."""
    return len(list(path.iterdir())) if path.is_dir() else path.stat().st_size


async def test_what_is_not_there_yet_is_no_failure(tmp_path: Path) -> None:
    empty = size_of(tmp_path)
    found = await store_of_file(tmp_path / "none.sqlite3", NODE, CLOCK)
    assert found.result == "skipped"
    assert size_of(tmp_path) == empty, "a doctor makes no files"


async def test_a_file_that_is_no_database_fails(tmp_path: Path) -> None:
    content = b"no database at all, whatever it is called" * 200
    place = tmp_path / "node.sqlite3"
    place.write_bytes(content)
    found = await store_of_file(place, NODE, CLOCK)
    assert (found.result, found.code) == ("failed", "STORE_CORRUPT")
    assert place.read_bytes() == content


async def test_damage_inside_of_a_database_is_found(path: Path) -> None:
    with SqliteDatabase(path) as database:
        store = database.for_node(NODE)
        for number in range(500):
            await store.commit(PutMeta(f"key {number}", bytes(200)))
    damage(path)
    found = check(path, CLOCK)
    assert (found.result, found.code) == ("failed", "STORE_CORRUPT")


async def test_a_directory_in_the_place_of_a_database_fails(tmp_path: Path) -> None:
    (tmp_path / "node.sqlite3").mkdir()
    found = await store_of_file(tmp_path / "node.sqlite3", NODE, CLOCK)
    assert (found.result, found.code) == ("failed", "STORE_CORRUPT")


async def test_a_check_that_takes_too_long_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteDatabase(path) as database:
        for number in range(300):
            await database.for_node(NODE).commit(PutMeta(f"key {number}", bytes(500)))
    monkeypatch.setattr(storehealth, "CHECK_MAX_S", -1.0)
    monkeypatch.setattr(storehealth, "SQLITE_STEPS", 1)
    found = check(path, CLOCK)
    assert found.result == "ok" and "too large for a whole check" in found.sentence


async def test_a_database_that_may_not_grow_fails(path: Path) -> None:
    with SqliteDatabase(path, bytes_max=size_of(path)) as database:
        store = database.for_node(NODE)
        for size in (3000, 10):
            with pytest.raises(PeerNodeError, match="STORE_FULL"):
                for number in range(2000):
                    await store.commit(PutMeta(f"{size} bytes, {number}", bytes(size)))
        found = await store_of_node(store, CLOCK, path)
        assert (found.result, found.code) == ("failed", "STORE_FULL")


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("free", "result", "code"),
    [(1 << 20, "failed", "STORE_FULL"), (500 << 20, "warning", "DISK_LOW"), (9 << 30, "ok", "")],
)
def test_the_room_on_the_disk_is_judged(
    free: int, result: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: _Usage(10 << 30, 0, free))
    found = disk(tmp_path / "not" / "there" / "yet")
    assert (found.result, found.code) == (result, code)
    assert disk(None).result == "skipped"

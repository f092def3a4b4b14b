"""The doctor's steps about the disk: is the database sound, does it take a durable write, is there room?

The file is read over a connection of its own, which can't write and waits for nobody; a check that takes
longer than ``CHECK_MAX_S`` ends there and says so, since a large file takes minutes. Invariants: what is
written to try the disk is taken back in the same transaction, so that no row stays, not even after a power
cut; a step ends in a finding whatever the disk does.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from peernode.clock import Clock
from peernode.doctor.steps import Finding, failed, ok, refused, skipped, warning
from peernode.errors import Backpressure, LocalProtocolError, PeerNodeError
from peernode.store.base import DropFate, PutFate, Store
from peernode.store.schema import meaning_of, open_reader
from peernode.store.sqlite import SqliteDatabase

CHECK_MAX_S = 8.0
WRITE_MAX_S = 5.0
SLOW_WRITE_S = 0.5
"""A durable write over it makes everything that people do feel slow."""

FREE_FAILED_BYTES, FREE_WARNED_BYTES = 64 << 20, 1 << 30
TRIED_ID, TRIED_BYTES = b"doctor", 8192
"""A row that no message has the id of, too long for what room a page has left."""

SQLITE_STEPS = 1000
"""Virtual-machine steps between two looks at the clock."""

PROBLEMS_SHOWN = 3


async def store_of_node(store: Store, clock: Clock, path: Path | None) -> Finding:
    """The store of a running node; ``path``: of its database file, when it has one."""
    written = await _write(store, clock)
    if written.result == "failed" or path is None:
        return written
    return _worse(await asyncio.to_thread(check, path, clock), written)


async def store_of_file(path: Path, node_id: bytes, clock: Clock) -> Finding:
    """A database file that no node of this process has open."""
    checked = await asyncio.to_thread(check, path, clock)
    if checked.result in ("failed", "skipped"):
        return checked
    try:
        database = await asyncio.to_thread(SqliteDatabase, path)
    except PeerNodeError as error:
        if error.code == "STORE_LOCKED":
            return checked.adding("store.in_use")
        return refused(error)
    try:
        return _worse(checked, await _write(database.for_node(node_id), clock))
    finally:
        await asyncio.to_thread(database.close)


def check(path: Path, clock: Clock) -> Finding:
    """SQLite's quick check of a file; blocks, for ``CHECK_MAX_S`` at most."""
    if not path.exists():
        return skipped("store.none", path=str(path))
    until_s = clock.monotonic() + CHECK_MAX_S
    try:
        with closing(open_reader(path)) as connection:
            connection.set_progress_handler(lambda: clock.monotonic() > until_s, SQLITE_STEPS)
            rows = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            return ok("store.large", seconds=round(CHECK_MAX_S))
        meaning = meaning_of(error)
        if isinstance(meaning, LocalProtocolError) or meaning.code == "STORE_FULL":
            return failed("STORE_CORRUPT", "store.unreadable", path=str(path), reason=str(error))
        return refused(meaning)
    if rows != ["ok"]:
        reason = "; ".join(rows[:PROBLEMS_SHOWN])
        return failed("STORE_CORRUPT", "store.damaged", path=str(path), reason=reason)
    return ok("store.sound")


def disk(path: Path | None) -> Finding:
    """Free space where the database is, or will be."""
    if path is None:
        return skipped("disk.none")
    place = next((each for each in (path, *path.absolute().parents) if each.exists()), Path("/"))
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return failed("STORE_CORRUPT", "disk.unreadable", path=str(place), reason=str(error.strerror))
    said: dict[str, Any] = {"says": "disk.free", "free_gb": round(free / (1 << 30), 1)}
    if free < FREE_FAILED_BYTES:
        return failed("STORE_FULL", **said)
    return (warning("DISK_LOW", **said) if free < FREE_WARNED_BYTES else ok(**said)).telling(free_bytes=free)


async def _write(store: Store, clock: Clock) -> Finding:
    started_s = clock.monotonic()
    try:
        async with asyncio.timeout(WRITE_MAX_S):
            await store.commit(PutFate(TRIED_ID, bytes(TRIED_BYTES)), DropFate(TRIED_ID))
    except TimeoutError:
        return failed("STORE_SLOW", "store.slow", seconds=round(WRITE_MAX_S))
    except Backpressure:
        return failed("STORE_SLOW", "store.queue")
    except PeerNodeError as error:
        return failed(error.code, "store.refused", **{**error.params, "detail": error.detail or error.code})
    elapsed_s = clock.monotonic() - started_s
    said: dict[str, Any] = {"says": "store.durable", "write_ms": round(1000 * elapsed_s, 1)}
    return warning("STORE_SLOW", **said) if elapsed_s > SLOW_WRITE_S else ok(**said)


def _worse(first: Finding, second: Finding) -> Finding:
    """Both sentences, under the worse of two results."""
    order = ("skipped", "ok", "warning", "failed")
    worse = max(first, second, key=lambda each: order.index(each.result))
    values = {**first.values, **second.values}
    return Finding(worse.result, first.says + second.says, values, worse.code)

"""The database file: its tables, who may open it, and which files are refused.

Invariants: one process at a time has the file open (a lock on a file beside it, which the kernel lets go
of when the process ends, however it ends); a file that is not ours, or is newer than this program, is
never written to; file and lock are readable by their owner only, and so is a directory made for them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from pathlib import Path

from peernode.errors import LocalProtocolError, PeerNodeError

SCHEMA_VERSION = 3
"""2: messages that are about another one are found by it (``target``). 3: ``fates`` of own ones."""
APPLICATION_ID = 0x53544152
""""STAR" in the file's header: a database of this program."""

BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another program that holds the file, such as a backup."""

WAL_PAGES = 4000
"""The write-ahead log is written back when it has so many pages: 16 MB."""

CACHE_KIB = 16_000

TABLES = {
    "meta": "node BLOB, key TEXT, value BLOB NOT NULL, PRIMARY KEY (node, key)",
    "channels": "node BLOB, channel BLOB, name TEXT NOT NULL, member INTEGER NOT NULL,"
    " stored INTEGER NOT NULL, PRIMARY KEY (node, channel)",
    "messages": "node BLOB NOT NULL, channel BLOB NOT NULL, author BLOB NOT NULL, instance BLOB NOT NULL,"
    " seq INTEGER NOT NULL, digest BLOB NOT NULL, id BLOB NOT NULL, kind INTEGER NOT NULL,"
    " order_key BLOB NOT NULL, raw BLOB NOT NULL, target BLOB",
    "parts": "node BLOB NOT NULL, digest BLOB NOT NULL, block BLOB NOT NULL",
    "outbox": "node BLOB, id BLOB, channel BLOB NOT NULL, raw BLOB NOT NULL, text TEXT NOT NULL,"
    " state TEXT NOT NULL, error_code TEXT NOT NULL, created_ms INTEGER NOT NULL, sum BLOB NOT NULL,"
    " PRIMARY KEY (node, id)",
    "fates": "node BLOB, id BLOB, fate BLOB NOT NULL, PRIMARY KEY (node, id)",
    "peers": "node BLOB, place INTEGER, contact BLOB NOT NULL, PRIMARY KEY (node, place)",
}
LARGE_ROWS = ("messages", "parts", "outbox", "fates")
"""Tables with a rowid: their rows are too big to lie in the tree of their keys."""

MESSAGES_BY_TARGET = (
    "CREATE INDEX messages_by_target ON messages (node, channel, target, order_key) WHERE target IS NOT NULL"
)
MESSAGE_INDICES = {
    "messages_by_stream": "CREATE UNIQUE INDEX messages_by_stream"
    " ON messages (node, channel, author, instance, seq, digest)",
    "messages_by_order": "CREATE INDEX messages_by_order ON messages (node, channel, order_key)",
    "messages_by_id": "CREATE INDEX messages_by_id ON messages (node, channel, id, order_key)",
    "messages_by_kind": "CREATE INDEX messages_by_kind"
    " ON messages (node, channel, kind, order_key) WHERE kind <> 1",
    "messages_by_target": MESSAGES_BY_TARGET,
}
"""By name: what ``righting`` makes anew."""
INDICES = (*MESSAGE_INDICES.values(), "CREATE UNIQUE INDEX parts_by_digest ON parts (node, digest)")

_SPACE = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def meaning_of(error: Exception) -> PeerNodeError | LocalProtocolError:
    """What an error of SQLite means to the application.

    A disk that refuses to write, for whatever reason, is ``STORE_FULL``: nothing of it was kept, and the
    same commit can be tried again. A value that no database could hold is a bug of ours.
    """
    primary = getattr(error, "sqlite_errorcode", -1) & 0xFF
    detail = f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"
    if primary in _SPACE:
        return PeerNodeError("STORE_FULL", detail)
    if primary in _DAMAGE:
        return PeerNodeError("STORE_CORRUPT", detail)
    if primary in _IN_USE:
        return PeerNodeError("STORE_LOCKED", detail)
    return LocalProtocolError(detail)


def lock(path: Path) -> int:
    """Take the lock file of a database, made with its directory; the descriptor to close at the end.

    Raises ``PeerNodeError``: ``STORE_LOCKED`` when somebody has it, ``STORE_CORRUPT`` when the place can't
    be used at all.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise PeerNodeError("STORE_CORRUPT", str(error), path=str(path)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        code = "STORE_LOCKED" if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else "STORE_CORRUPT"
        raise PeerNodeError(code, f"{path}: {error.strerror}", path=str(path)) from error
    return descriptor


def open_writer(path: Path, bytes_max: int | None) -> sqlite3.Connection:
    """The connection that writes; makes the tables in an empty or absent file.

    Raises ``PeerNodeError``: ``STORE_VERSION`` for a newer file, ``STORE_CORRUPT`` for one that can't be
    read or is not ours, ``STORE_FULL`` when there is no space for the tables.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise PeerNodeError("STORE_CORRUPT", f"{path}: {error}", path=str(path)) from error
    try:
        _prepare(connection, path, bytes_max)
    except sqlite3.Error as error:
        connection.close()
        raise meaning_of(error) from error
    except PeerNodeError:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can't write; text that is not UTF-8 any more is shown as far as it goes."""
    uri = path.absolute().as_uri() + "?mode=ro"
    connection = sqlite3.connect(
        uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _text
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def _text(text: bytes) -> str:
    return text.decode(errors="replace")


def _prepare(connection: sqlite3.Connection, path: Path, bytes_max: int | None) -> None:
    is_new = _is_new(connection, path)
    connection.text_factory = _text
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = 1")  # where a plain fsync stops at the drive's cache (macOS)
    connection.execute("PRAGMA checkpoint_fullfsync = 1")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    if bytes_max is not None:
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {max(1, bytes_max // page_bytes)}")
    if is_new:
        connection.execute("BEGIN IMMEDIATE")
        for name, columns in TABLES.items():
            _make_table(connection, name, columns)
        for statement in INDICES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        _sync_directory(path.parent)
    elif connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
        _upgrade(connection)


def _upgrade(connection: sqlite3.Connection) -> None:
    """From version 1, without ``target``, or 2, without fates. All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] < 2:
        connection.execute("ALTER TABLE messages ADD COLUMN target BLOB")
        connection.execute(MESSAGES_BY_TARGET)
    _make_table(connection, "fates", TABLES["fates"])
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _make_table(connection: sqlite3.Connection, name: str, columns: str) -> None:
    options = "STRICT" if name in LARGE_ROWS else "STRICT, WITHOUT ROWID"
    connection.execute(f"CREATE TABLE {name} ({columns}) {options}")


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables must be made; raises when they are not ours. Reads only."""
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not names and application_id == 0 and version == 0:
        return True
    if application_id != APPLICATION_ID:
        raise PeerNodeError("STORE_CORRUPT", f"{path} belongs to another program", path=str(path))
    if version > SCHEMA_VERSION:
        detail = f"{path} has version {version}, this program knows up to {SCHEMA_VERSION}"
        raise PeerNodeError("STORE_VERSION", detail, path=str(path))
    expected = TABLES.keys() - ({"fates"} if version < SCHEMA_VERSION else set())
    if version < 1 or not names.issuperset(expected):
        raise PeerNodeError("STORE_CORRUPT", f"{path} lacks some of its tables", path=str(path))
    return False


def _sync_directory(directory: Path) -> None:
    """Make a new file's name as durable as its content."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

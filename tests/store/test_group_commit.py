"""The writer thread: many commits in one transaction, errors that go to the right one, a clean end.

Another connection that holds SQLite's write lock stands for a slow disk: until it lets go, no
transaction can begin, so what is asked for meanwhile waits together, whatever the machine's speed.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from peernode.errors import Backpressure, LocalProtocolError, PeerNodeError
from peernode.store.base import DropParts, PutMessage, PutMeta, PutOutbox, PutPart, Store
from peernode.store.sqlite import SqliteDatabase
from tests.store.disks import CHANNEL, NODE, OTHER_NODE, FileDisk, message, outbox_row

TURN_S = 0.3
"""How long somebody has who would not wait for its turn."""


@contextmanager
def slow_disk(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


async def asked(*commits: object) -> list[asyncio.Task[None]]:
    """The commits as tasks that have been asked for and wait."""
    tasks = [asyncio.ensure_future(commit) for commit in commits]  # type: ignore[call-overload]
    await asyncio.sleep(0)
    return tasks


async def test_commits_that_wait_share_a_transaction(file_disk: FileDisk) -> None:
    stores = [file_disk.store(NODE), file_disk.store(OTHER_NODE)]
    with slow_disk(file_disk.path):
        tasks = await asked(*(stores[n % 2].commit(PutMessage(message(n + 1))) for n in range(500)))
    await asyncio.gather(*tasks)
    writer = file_disk.database.writer
    assert writer.commits == 500
    # The first one begins alone, and waits while the others arrive.
    assert 1 <= writer.transactions <= 2
    assert [store.count(CHANNEL) for store in stores] == [250, 250]


async def test_a_lone_commit_is_one_transaction(file_disk: FileDisk) -> None:
    store = file_disk.store()
    for number in range(1, 4):
        await store.commit(PutMessage(message(number)), PutOutbox(outbox_row(number)))
        assert file_disk.database.writer.transactions == number


async def test_nothing_is_seen_before_it_is_durable(file_disk: FileDisk) -> None:
    store = file_disk.store()
    with slow_disk(file_disk.path):
        tasks = await asked(store.commit(PutMeta("a", b"1")))
        assert store.meta("a") is None
        assert not tasks[0].done()
    await tasks[0]
    assert store.meta("a") == b"1"


async def test_a_bad_commit_fails_alone_and_as_a_whole(file_disk: FileDisk) -> None:
    store = file_disk.store()
    not_text = outbox_row(2, text="\ud800")
    with slow_disk(file_disk.path):
        tasks = await asked(
            store.commit(PutMeta("first", b"1")),
            store.commit(PutMessage(message(1))),
            store.commit(PutMessage(message(2)), PutOutbox(not_text), PutMeta("second", b"2")),
            store.commit(PutMessage(message(3))),
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        type(None), type(None), LocalProtocolError, type(None)
    ]  # fmt: skip
    assert store.newest(CHANNEL, None, 9) == [message(3).raw, message(1).raw]
    assert (store.meta("first"), store.meta("second")) == (b"1", None)
    await store.commit(PutMessage(message(2)))
    assert store.count(CHANNEL) == 3


async def test_the_queue_is_bounded(tmp_path: Path) -> None:
    with SqliteDatabase(tmp_path / "nodes.sqlite3", queue_max=10) as database:
        store = database.for_node(NODE)
        with slow_disk(database.path):
            tasks = await asked(*(store.commit(PutMeta(str(n), b"")) for n in range(20)))
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [n for n, outcome in enumerate(outcomes) if outcome is None]
        # Ten wait; one more fits when the thread has taken the first one up already.
        assert kept in (list(range(10)), list(range(11)), [*range(10), *kept[10:11]])
        assert all(isinstance(outcomes[n], Backpressure) for n in range(20) if n not in kept)
        assert [n for n in range(20) if store.meta(str(n)) is not None] == kept
        await store.commit(PutMeta("again", b"1"))


async def test_a_full_file_refuses_goes_on_serving_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "nodes.sqlite3"
    blocks = [bytes([n]) * 1024 for n in range(200)]
    puts = [PutPart(bytes([n]) * 32, block) for n, block in enumerate(blocks)]
    with SqliteDatabase(path, bytes_max=160_000) as database:
        store = database.for_node(NODE)
        await store.commit(PutMeta("a", b"1"), PutMessage(message(1)))
        with pytest.raises(PeerNodeError) as caught:
            await store.commit(*puts)
        assert caught.value.code == "STORE_FULL"
        outcomes = await asyncio.gather(*(store.commit(put) for put in puts), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, PeerNodeError)]
        assert {error.code for error in refused} == {"STORE_FULL"}
        assert 0 < len(refused) < len(puts)
        assert store.newest(CHANNEL, None, 9) == [message(1).raw]
    with SqliteDatabase(path) as database:
        store = database.for_node(NODE)
        await store.commit(*puts)
        assert store.meta("a") == b"1"


def names_in(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


async def test_close_waits_for_what_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "nodes.sqlite3"
    database = SqliteDatabase(path)
    store = database.for_node(NODE)
    tasks = await asked(*(store.commit(PutMessage(message(n + 1))) for n in range(100)))
    database.close()
    database.close()
    assert not any(thread.name == "store-writer" for thread in threading.enumerate())
    assert await asyncio.gather(*tasks) == [None] * 100
    with pytest.raises(LocalProtocolError):
        await store.commit(PutMeta("a", b"1"))
    with pytest.raises(LocalProtocolError):
        store.meta("a")
    assert names_in(tmp_path) == ["nodes.sqlite3", "nodes.sqlite3.lock"]
    with SqliteDatabase(path) as database:
        assert database.for_node(NODE).count(CHANNEL) == 100


def commit_many(store: Store, first: int) -> None:
    """Run a loop of one's own."""

    async def all_of_them() -> None:
        await asyncio.gather(*(store.commit(PutMessage(message(first + n))) for n in range(50)))

    asyncio.run(all_of_them())


def test_loops_in_several_threads_share_the_writer(file_disk: FileDisk) -> None:
    store = file_disk.store()
    threads = [threading.Thread(target=commit_many, args=(store, first)) for first in (1, 1001, 2001)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count(CHANNEL) == 150


class Slow(tuple[bytes, ...]):
    """Digests that are looked at in the middle of a transaction, and what is done then."""

    meanwhile: Callable[[], None]

    def __iter__(self) -> Iterator[bytes]:
        self.meanwhile()
        return super().__iter__()


async def test_rows_are_put_right_between_two_transactions_not_inside_one(file_disk: FileDisk) -> None:
    store = file_disk.store()
    righted: list[int] = []
    thread = threading.Thread(target=lambda: righted.append(file_disk.database.writer.set_right()))
    waited: list[bool] = []

    def meanwhile() -> None:
        if not waited:
            thread.start()
            thread.join(TURN_S)
            waited.append(thread.is_alive())

    slow = Slow((b"d" * 32,))
    slow.meanwhile = meanwhile
    await store.commit(PutMeta("a", b"1"), DropParts(slow), PutMessage(message(1)))
    thread.join()
    assert (waited, righted) == ([True], [0])
    assert (store.meta("a"), store.newest(CHANNEL, None, 9)) == (b"1", [message(1).raw])


async def test_nothing_is_put_right_after_close(file_disk: FileDisk) -> None:
    store = file_disk.store()
    file_disk.close()
    with pytest.raises(LocalProtocolError, match="set right after close"):
        await store.set_right()


def test_a_loop_that_is_gone_harms_nobody(file_disk: FileDisk) -> None:
    store = file_disk.store()

    async def ask_and_go() -> None:
        await asked(store.commit(PutMeta("a", b"1")))

    loop = asyncio.new_event_loop()
    with slow_disk(file_disk.path):
        loop.run_until_complete(ask_and_go())
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
    commit_many(store, 1)
    assert file_disk.database.writer.unheard == 1
    assert store.meta("a") == b"1"


TWISTED = """
import asyncio, sys
from pathlib import Path
from twisted.internet import asyncioreactor
loop = asyncio.new_event_loop()
asyncioreactor.install(loop)
from twisted.internet import defer, reactor
from peernode.store.base import PutMeta
from peernode.store.sqlite import SqliteDatabase

async def story():
    with SqliteDatabase(Path(sys.argv[1])) as database:
        store = database.for_node(b"n" * 20)
        await asyncio.gather(*(store.commit(PutMeta("last", b"%d" % n)) for n in range(20)))
        print(store.meta("last").decode(), flush=True)
    reactor.stop()

reactor.callWhenRunning(lambda: defer.Deferred.fromFuture(loop.create_task(story())))
reactor.run()
"""


def test_it_works_on_twisteds_loop(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TWISTED, str(tmp_path / "nodes.sqlite3")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == ("19\n", 0), done.stderr

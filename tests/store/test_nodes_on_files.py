"""Real nodes on real SQLite files and sockets: a file that may not grow, and one put back from a backup."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from peernode.config import NodeConfig
from peernode.environment import Address
from peernode.errors import PeerNodeError
from peernode.events import Event, MessageReceived, MessageState
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.rpc.transport import SystemEnvironment
from peernode.store.sqlite import SqliteDatabase

CHANNEL = "#files"
WAIT_S = 30.0


class FileNode:
    """One node with a database file of its own."""

    def __init__(self, path: Path, bytes_max: int | None = None) -> None:
        self.path = path
        self.bytes_max = bytes_max
        self.env = SystemEnvironment()
        self.identity = Identity.generate(self.env.random)
        self.events: list[Event] = []

    async def start(self, *bootstrap: Address) -> None:
        self.database = SqliteDatabase(self.path, bytes_max=self.bytes_max)
        store = self.database.for_node(self.identity.node_id)
        config = NodeConfig(bootstrap=bootstrap, network="files")
        self.node = PeerNode(config, self.env, store, self.identity, self.events.append)
        await self.node.start()

    async def stop(self) -> None:
        await self.node.stop()
        self.database.close()

    def texts(self) -> list[str]:
        return [event.message.text for event in self.events if isinstance(event, MessageReceived)]

    def states(self) -> dict[str, str]:
        told = (event.state for event in self.events if isinstance(event, MessageState))
        return {state.id: state.state for state in told}


def put_back(backup: Path, path: Path) -> None:
    """The file as it was, without the log beside it."""
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    shutil.copy(backup, path)


async def until(what: str, holds: object) -> None:
    for _ in range(int(WAIT_S * 50)):
        if holds():  # type: ignore[operator]
            return
        await asyncio.sleep(0.02)
    raise AssertionError(what)


async def started(*nodes: FileNode) -> None:
    for node in nodes:
        await node.start(*([] if node is nodes[0] else [nodes[0].node.address]))
    for node in nodes:
        await node.node.join(CHANNEL)


async def test_a_file_that_may_not_grow_refuses_and_its_node_serves_on(tmp_path: Path) -> None:
    full = FileNode(tmp_path / "full.sqlite3", bytes_max=48 * 4096)
    others = [FileNode(tmp_path / f"{number}.sqlite3") for number in range(3)]
    await started(others[0], full, *others[1:])
    try:
        sent = [
            await others[1].node.publish(CHANNEL, None, f"{number} " + "x" * 600) for number in range(200)
        ]
        await until("all sent", lambda: len(others[1].states()) == len(sent) and _safe(others[1]))
        with pytest.raises(PeerNodeError) as caught:
            for number in range(20):
                await full.node.publish(CHANNEL, None, f"own {number} " + "y" * 600)
        assert caught.value.code == "STORE_FULL"
        await until("the others have all", lambda: len(others[2].texts()) >= 200)
        held = len(full.node.log_ids(CHANNEL))
        assert 10 <= held < 200, "what had room is there, and read"
        last = await others[2].node.publish(CHANNEL, None, "still served by three")
        await until("sent", lambda: others[2].states().get(last.id) in ("sent", "delivered"))
        assert full.node.state.state == "online"
        assert not full.node.happened().get("tasks.crashed")
    finally:
        for node in (full, *others):
            await node.stop()


def _safe(node: FileNode) -> bool:
    return all(state in ("sent", "delivered") for state in node.states().values())


async def test_a_file_from_a_backup_never_leads_to_a_number_signed_twice(tmp_path: Path) -> None:
    nodes = [FileNode(tmp_path / f"{number}.sqlite3") for number in range(3)]
    await started(*nodes)
    victim = nodes[1]
    try:
        for number in range(5):
            await victim.node.publish(CHANNEL, None, f"before {number}")
        await until("delivered", lambda: len(nodes[2].texts()) == 5)
        await victim.stop()
        shutil.copy(victim.path, tmp_path / "backup")
        await victim.start(nodes[0].node.address)
        await victim.node.join(CHANNEL)
        for number in range(5):
            await victim.node.publish(CHANNEL, None, f"lost {number}")
        await until("delivered", lambda: len(nodes[2].texts()) == 10)
        await victim.stop()
        put_back(tmp_path / "backup", victim.path)
        await victim.start(nodes[0].node.address)
        for number in range(5):  # before it can know what the lost file had
            await victim.node.publish(CHANNEL, None, f"after {number}")
        await until("delivered", lambda: len(nodes[2].texts()) == 15)
        await until("all are back", lambda: len(victim.node.log_ids(CHANNEL)) == 15)
        # With what is in the logs beside the messages that people see, which nothing above waits for.
        await until("the logs are equal", lambda: len({node.node.root(CHANNEL) for node in nodes}) == 1)
        logs = [node.node.log_ids(CHANNEL) for node in nodes]
        assert logs == [logs[0]] * 3
        assert all(_forks(node) == 0 for node in nodes)
    finally:
        for node in nodes:
            await node.stop()


def _forks(node: FileNode) -> int:
    """Numbers of one stream that carry two messages, in the file."""
    places = node.database.rows(
        "SELECT count(*) FROM messages GROUP BY node, channel, author, instance, seq HAVING count(*) > 1", ()
    )
    return len(list(places))

"""A network of real nodes in one process: UDP on 127.0.0.1, SQLite in a temporary folder.

All nodes share one event loop and two disks' worth of fsync, so latencies are those of a busy
machine; they are comparable between runs on the same machine, not with a network of many.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from peernode.config import NodeConfig
from peernode.events import Event, MessageReceived, MessageState
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.rpc.transport import SystemEnvironment
from peernode.store.sqlite import SqliteDatabase

CHANNEL = "#bench"
WAIT_S = 30.0
POLL_S = 0.01


@dataclass
class Participant:
    """One node and what it was told; times are ``time.monotonic`` in seconds."""

    received: dict[str, float] = field(default_factory=dict)
    states: dict[str, dict[str, float]] = field(default_factory=dict)
    node: PeerNode = field(init=False)

    def note(self, event: Event) -> None:
        """Remember when each message arrived and when each of ours changed its state."""
        now = time.monotonic()
        if isinstance(event, MessageReceived):
            self.received.setdefault(event.message.id, now)
        elif isinstance(event, MessageState):
            self.states.setdefault(event.state.id, {}).setdefault(event.state.state, now)

    def sent_at(self, message_id: str) -> float:
        """When our message was sent, or already delivered; 0 before, ``RuntimeError`` when it failed."""
        states = self.states.get(message_id, {})
        if "failed" in states:
            raise RuntimeError(f"{message_id} failed")
        return min((states[each] for each in ("sent", "delivered") if each in states), default=0.0)

    async def publish(self, text: str) -> tuple[str, float]:
        """Publish; the message's id and when."""
        begin = time.monotonic()
        state = await self.node.publish(CHANNEL, None, text)
        return state.id, begin


@asynccontextmanager
async def network(folder: Path, count: int) -> AsyncIterator[list[Participant]]:
    """``count`` participants of one channel, all joined."""
    database = SqliteDatabase(folder / "nodes.sqlite3")
    participants: list[Participant] = []
    bootstrap: tuple[tuple[str, int], ...] = ()
    try:
        for number in range(count):
            participant = Participant()
            environment = SystemEnvironment()
            identity = Identity.generate(environment.random)
            config = NodeConfig(bootstrap=bootstrap, display_name=f"node {number}", network="bench")
            store = database.for_node(identity.node_id)
            participant.node = PeerNode(config, environment, store, identity, participant.note)
            await participant.node.start()
            participants.append(participant)
            bootstrap = bootstrap or (participants[0].node.address,)
        for participant in participants:
            await participant.node.join(CHANNEL)
        yield participants
    finally:
        await asyncio.gather(*(participant.node.stop() for participant in participants))
        database.close()


async def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for a condition; ``TimeoutError`` names it."""
    end = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(what)
        await asyncio.sleep(POLL_S)

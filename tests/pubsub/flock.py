"""A few simulated nodes to tell stories with: the engine that ships, on virtual time.

Everything goes through ``PeerNode``'s public face and its events; the network and the power are the
simulator's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from peernode.config import NodeConfig
from peernode.events import Event, Joined, JoinProgress, MessageReceived, MessageState, OutboxState
from peernode.identity import Identity
from peernode.node import PeerNode
from peernode.simulation.world.disturbances import Block, Partition
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.store.base import PutMeta, PutPeers
from peernode.store.memory import MemoryDisk
from peernode.wire.codec import pack
from peernode.wire.contact import Contact
from peernode.wire.sealing import Sealer

T = TypeVar("T")
LOBBY = "#lobby"
NETWORK = ("one_way_ms", "loss", "jitter_ms", "duplicate", "reorder")
PORT = 7400


class Bird:
    """One node with its host and disk, and all that it told."""

    def __init__(self, world: SimWorld, index: int, settings: dict[str, Any], nat: str = "none") -> None:
        self.host: SimHost = world.host(nat)
        self.index = index
        self.identity = Identity.generate(self.host.env.random)
        self.disk = MemoryDisk()
        self.config = replace(
            NodeConfig(listen=(self.host.local_ip, PORT), machine_id=index.to_bytes(8, "big")), **settings
        )
        self.events: list[Event] = []
        self.crashes: list[tuple[str, BaseException]] = []
        self.sealer: type[Sealer] = Sealer
        self.node: PeerNode

    @property
    def address(self) -> tuple[str, int]:
        return (self.host.ip, PORT)

    async def start(self) -> None:
        store = self.disk.store_for(self.identity.node_id)
        self.node = PeerNode(
            self.config,
            self.host.env,
            store,
            self.identity,
            self.events.append,
            lambda name, error: self.crashes.append((name, error)),
            self.sealer,
        )
        await self.call(self.node.start())

    async def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await self.host.call(coroutine)

    async def join(self, name: str = LOBBY) -> Joined:
        return await self.call(self.node.join(name))

    async def say(self, text: str, name: str = LOBBY, message_id: str | None = None) -> OutboxState:
        return await self.call(self.node.publish(name, message_id, text))

    def crash(self) -> None:
        self.host.crash()
        self.disk.power_cut()

    async def restart(self) -> None:
        self.host.restart()
        await self.start()

    def told(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def texts(self) -> list[str]:
        """Others' messages in the order in which they were told."""
        return [event.message.text for event in self.told(MessageReceived)]

    def state(self, message_id: str) -> OutboxState:
        """The last word on an own message; what the node answers while it has told nothing."""
        waiting = [state for state in self.node.outbox() if state.id == message_id]
        return [*waiting, *self.states(message_id)][-1]

    def states(self, message_id: str) -> list[OutboxState]:
        return [event.state for event in self.told(MessageState) if event.state.id == message_id]

    def steps(self) -> list[str]:
        return [event.step for event in self.told(JoinProgress) if event.done]


class Flock:
    """Several birds on one network; the first one is everybody's bootstrap. ``nats``: index -> kind."""

    def __init__(
        self, world: SimWorld, count: int, nats: Mapping[int, str] | None = None, **settings: Any
    ) -> None:
        self.world = world
        behind = nats or {}
        self.birds = [Bird(world, index, settings, behind.get(index, "none")) for index in range(count)]
        for bird in self.birds[1:]:
            bird.config = replace(bird.config, bootstrap=(self.birds[0].address,))

    def __getitem__(self, index: int) -> Bird:
        return self.birds[index]

    def __iter__(self) -> Any:
        return iter(self.birds)

    async def remember_gone(self, count: int) -> None:
        """Before they start: all remember so many others, who are gone for good."""
        gone = [Bird(self.world, len(self.birds) + number, {}) for number in range(count)]
        contacts = tuple(pack(Contact(each.identity.public_key, *each.address).encode()) for each in gone)
        for bird in self.birds:
            store = bird.disk.store_for(bird.identity.node_id)
            await bird.call(store.commit(PutPeers(contacts), PutMeta("met_others", b"1")))

    async def start(self) -> None:
        for bird in self.birds:
            await bird.start()

    async def join(self, name: str = LOBBY) -> list[Joined]:
        return list(await asyncio.gather(*(bird.join(name) for bird in self.birds)))

    def cut_off(self, *birds: Bird) -> int:
        """These hosts lose the network; ``mend`` with the number that is returned."""
        groups = {bird.host.index: 1 if bird in birds else 0 for bird in self.birds}
        return self.world.network.disturb(Partition(groups))

    def block(self, senders: Iterable[Bird], receivers: Iterable[Bird]) -> int:
        """What these send does not arrive at those; ``mend`` as after ``cut_off``."""
        blocked = [frozenset(bird.host.index for bird in birds) for birds in (senders, receivers)]
        return self.world.network.disturb(Block(*blocked))

    def mend(self, number: int) -> None:
        self.world.network.calm(number)

    async def expect(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait in virtual time; fails when the condition does not come true."""
        for _ in range(int(seconds * 100)):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"not within {seconds} virtual s: {what}")

    def check_unharmed(self) -> None:
        """No task of any node has crashed."""
        assert [crash for bird in self.birds for crash in bird.crashes] == []


def story(
    tell: Callable[[Flock], Coroutine[Any, Any, None]],
    count: int,
    *,
    seed: int = 1,
    gone: int = 0,
    **options: Any,
) -> Flock:
    """Run a story with ``count`` started nodes; ``options`` of network and ``NodeConfig`` mixed.

    ``gone``: see ``Flock.remember_gone``.
    """
    network = {key: options.pop(key) for key in list(options) if key in NETWORK}
    with SimWorld(seed=seed, **network) as world:
        flock = Flock(world, count, **options)

        async def main() -> None:
            if gone:
                await flock.remember_gone(gone)
            await flock.start()
            await tell(flock)
            flock.check_unharmed()

        world.run(main())
    return flock

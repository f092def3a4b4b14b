"""Nodes with nothing above the overlay, on the simulated network or on real loopback."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from peernode.config import NodeConfig
from peernode.environment import Address, Environment, Neighbourhood
from peernode.identity import Identity
from peernode.overlay.overlay import Overlay
from peernode.rpc.rpc import Rpc
from peernode.simulation.world.disturbances import Disturbance
from peernode.simulation.world.host import SimHost, SimWorld
from peernode.wire.codec import pack
from peernode.wire.contact import Contact

PORT = 7000


@dataclass
class KeptPeers:
    """A peer cache that outlives a node, as a disk does."""

    peers: list[bytes] = field(default_factory=list)
    met: bool = False
    saves: int = 0

    def load(self) -> list[bytes]:
        return list(self.peers)

    async def save(self, peers: list[bytes]) -> None:
        self.peers = peers
        self.saves += 1

    def met_others(self) -> bool:
        return self.met

    async def set_met_others(self) -> None:
        self.met = True


class Node:
    """One node: key, Rpc, overlay, and its memory."""

    def __init__(
        self,
        env: Environment,
        config: NodeConfig,
        identity: Identity,
        kept: KeptPeers | None = None,
        lan: Neighbourhood | None = None,
    ) -> None:
        self.identity = identity
        self.kept = kept or KeptPeers()
        self.rpc = Rpc(identity, config, env)
        self.overlay = Overlay(self.rpc, config, env, self.kept, lan=lan)

    @property
    def id(self) -> bytes:
        return self.identity.node_id

    @property
    def contact(self) -> Contact:
        return Contact(self.identity.public_key, *(self.rpc.external or self.rpc.address))

    async def start(self) -> None:
        await self.rpc.start()
        await self.overlay.start()

    async def stop(self) -> None:
        await self.overlay.stop()
        await self.rpc.close()


def identity(number: int) -> Identity:
    return Identity.generate(random.Random(f"identity {number}"))


def sim_node(
    host: SimHost,
    bootstrap: Sequence[Address] = (),
    kept: KeptPeers | None = None,
    config: NodeConfig | None = None,
    lan: Neighbourhood | None = None,
) -> Node:
    """A node that is not yet started on ``host``; its key follows from the host's number."""
    config = replace(config or NodeConfig(), listen=(host.local_ip, PORT), bootstrap=tuple(bootstrap))
    made: list[Node] = []
    host.context.copy().run(lambda: made.append(Node(host.env, config, identity(host.index), kept, lan)))
    return made[0]


def stored(hosts: Iterable[SimHost]) -> list[bytes]:
    """The contacts of these hosts' nodes, as a peer cache holds them."""
    return [pack(Contact(identity(host.index).public_key, host.ip, PORT).encode()) for host in hosts]


class SimNetworkOfNodes:
    """``count`` nodes on a simulated network, the first of them everybody's bootstrap.

    ``gone``: so many others are remembered by all, and gone for good.
    """

    def __init__(self, world: SimWorld, count: int, config: NodeConfig | None = None, gone: int = 0) -> None:
        self.world = world
        self.hosts = [world.host() for _ in range(count)]
        first = (self.hosts[0].ip, PORT)
        cache = stored([world.host() for _ in range(gone)])
        self.nodes = [
            sim_node(
                host, [] if host is self.hosts[0] else [first], KeptPeers([*cache], met=bool(cache)), config
            )
            for host in self.hosts
        ]

    async def start(self, every_s: float = 0.05) -> None:
        for host, node in zip(self.hosts, self.nodes, strict=True):
            await host.call(node.start())
            await asyncio.sleep(every_s)

    def truly_closest(self, target: bytes, count: int, without: Node) -> list[bytes]:
        wanted = int.from_bytes(target, "big")
        ids = sorted(
            (node.id for node in self.nodes if node is not without),
            key=lambda node_id: int.from_bytes(node_id, "big") ^ wanted,
        )
        return ids[:count]


class Cut(Disturbance):
    """Nothing gets to or from these hosts."""

    def __init__(self, *hosts: SimHost) -> None:
        self.hosts = hosts

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        return source in self.hosts or target in self.hosts


class Split(Disturbance):
    """Two sides that can't reach each other."""

    def __init__(self, *side: SimHost) -> None:
        self.side = side

    def drops(self, source: SimHost, target: SimHost, rng: random.Random) -> bool:
        return (source in self.side) != (target in self.side)


async def until(condition: Callable[[], Any], within_s: float, what: str = "") -> float:
    """Seconds until ``condition`` holds, looked at every 20 ms; fails after ``within_s``."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not condition():
        assert loop.time() - began <= within_s, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.02)
    return loop.time() - began

"""One simulated node with the person in front of it: it is started, used, cut off, and observed.

Idea: everything the node tells its application goes to its ``Screen`` and so into ``Evidence``; what a
person does (``join``, ``publish``) is called as code of the node's host, so a crash in the middle of
it is a crash in the middle of it.

Invariants: the identity belongs to the machine and survives; the disk survives what was synced on it;
the node object does not survive anything.
"""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from peernode.channel.ids import channel_id_of
from peernode.config import NodeConfig
from peernode.environment import Address
from peernode.errors import PeerNodeError
from peernode.identity import Identity, network_id_of
from peernode.node import PeerNode
from peernode.simulation.evidence import Failure, Joining, Sending
from peernode.simulation.observation.disks import Held
from peernode.simulation.observation.observers import Observation
from peernode.simulation.observation.paths import taken
from peernode.simulation.observation.screen import Screen
from peernode.simulation.world.host import HostCrashed, SimHost, SimWorld
from peernode.simulation.world.standin import sealer_for
from peernode.store.memory import MemoryDisk
from peernode.store.memory_tables import Tables
from peernode.wire.codec import unpack
from peernode.wire.contact import Contact

PORT = 7_400
STOP_MAX_S = 30.0
DRAIN_TICK_S = 0.002
FREED_S = 3.0
"""After so long a person whose disk was full looks again."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A disk's rows at a moment, and what the watch on the disks knows of them."""

    held: Held
    nodes: dict[bytes, Tables]


class Participant:
    """Node number ``index``, counted from 0, on its own host with its own disk."""

    def __init__(self, world: SimWorld, watching: Observation, index: int, nat: str) -> None:
        evidence = watching.evidence
        self.index = index
        self.host: SimHost = world.host(nat)
        self.identity = Identity.generate(self.host.env.random)
        self.node: PeerNode | None = None
        self.config = NodeConfig()
        self.counters: Counter[str] = Counter()
        """Of earlier lives."""
        self.everyone: list[Participant] = []
        self.on_going_down: Callable[[Participant], None] | None = None
        """Told while the node can still be asked; must only look."""
        self._watching = watching
        self._screen = Screen(index, evidence, world.loop.time, self._path_s)
        self._rejoin = False
        self._up = asyncio.Event()
        self._world = world
        self._evidence = evidence
        self.disk = MemoryDisk()
        self.disk.witness = watching.disks.witness(index)
        evidence.node_ids.append(self.identity.node_id.hex())
        evidence.downs[index] = [(0.0, None)]

    @property
    def address(self) -> Address:
        """Where others reach the node, as far as its address translation lets them."""
        return (self.host.ip, PORT)

    def configure(self, bootstrap: tuple[Address, ...], small_channel_max: int) -> None:
        """Say what the node knows before it starts."""
        self.config = NodeConfig(
            listen=(self.host.local_ip, PORT),
            bootstrap=tuple(address for address in bootstrap if address != self.address),
            machine_id=self.index.to_bytes(8, "big"),
            display_name=f"node {self.index}",
            small_channel_max=small_channel_max,
        )

    # -- power ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the node, in a new life of the host if it had one."""
        if self.node is not None:
            return
        if not self.host.up:
            self.host.restart()
        life = self.host.life
        node = PeerNode(
            self.config,
            self.host.env,
            self.disk.store_for(self.identity.node_id),
            self.identity,
            partial(self._screen.told, life),
            self._crashed,
            sealer_for(len(self.everyone)),
        )
        node.on_attempt(partial(self._watching.pushes.attempted, self.index))
        self._watching.wire.life_begins(
            self.host.key, self.index, self.host.ip, self._known(), self.identity.seed
        )
        self.node = node
        self._up.set()
        spans = self._evidence.downs[self.index]
        spans[-1] = (spans[-1][0], self._world.loop.time())
        try:
            await self.host.call(self._start(node, life))
        except HostCrashed:
            return
        except PeerNodeError as error:
            self._fail(f"node {self.index} did not start: {error}")
        if self._rejoin:
            self._rejoin = False
            asked = [channel for node, channel in self._evidence.joinings if node == self.index]
            await asyncio.gather(*(self.join(channel) for channel in asked))

    def _known(self) -> list[Address]:
        """Addresses that the node is configured with or remembers from an earlier life."""
        remembered = self.disk.store_for(self.identity.node_id).peers()
        return [*self.config.bootstrap, *(Contact.decode(unpack(raw)).address for raw in remembered)]

    async def _start(self, node: PeerNode, life: int) -> None:
        await node.start()
        if life == 0:
            return
        told = {s.id for s in self._evidence.sightings if s.node == self.index and s.life == life}
        self._evidence.restored[(self.index, life)] = {
            message_id: None
            for name in node.channels()
            for message_id in node.log_ids(name)
            if message_id not in told
        }
        self._screen.recalled(life, node.outbox())

    def crash(self, reached: float = 0.0) -> str:
        """Cut the power; argument and answer are those of ``MemoryDisk.power_cut``."""
        self._went_down()
        self.host.crash()
        return self.disk.power_cut(reached)

    def replace_disk(self) -> None:
        """Put an empty disk into a machine without power; its person joins again what it had joined."""
        self.disk = MemoryDisk()
        self._watching.disks.lost(self.index)
        self.disk.witness = self._watching.disks.witness(self.index)
        self._rejoin = True

    def back_up(self) -> Backup:
        """Copy the disk as it is, to be restored later."""
        return Backup(self._watching.disks.backed_up(self.index), copy.deepcopy(self.disk.nodes))

    def restore(self, backup: Backup) -> None:
        """Put a machine without power back on what its disk held at an earlier time."""
        self.disk.nodes = copy.deepcopy(backup.nodes)
        self._watching.disks.set_back(self.index, backup.held)
        self._rejoin = True

    async def stop(self) -> None:
        """Shut down in good order."""
        node = self.node
        if node is None:
            return
        try:
            async with asyncio.timeout(STOP_MAX_S):
                await self.host.call(node.stop())
                while self.disk.flushing or self.disk.waiting:  # noqa: ASYNC110 - a disk tells no end
                    await asyncio.sleep(DRAIN_TICK_S)  # the kernel ends what it was asked to write
        except TimeoutError:
            self._fail(f"node {self.index} did not stop within {STOP_MAX_S:g} s")
        except HostCrashed:
            return
        self._evidence.stopped[self.index, self.host.life] = None
        self._went_down()
        self.host.crash()

    def _went_down(self) -> None:
        if self.node is not None:
            if self.on_going_down is not None:
                self.on_going_down(self)
            self._watching.wire.life_ends(self.host.key)
            self.fold_counters()
            self.counters.update(self.node.counters())
            self.node = None
            self._up.clear()
            self._evidence.downs[self.index].append((self._world.loop.time(), None))

    def _crashed(self, task: str, error: BaseException) -> None:
        self._fail(f"node {self.index}, task {task}: {_place(error)}")

    def _fail(self, what: str) -> None:
        self._evidence.failures.append(Failure(self._world.loop.time(), what))

    # -- what a person does ---------------------------------------------------------------------

    async def join(self, channel: str) -> None:
        """Ask the node to join; again when it lost its power before it knew of it, or its disk was full."""
        key = (self.index, channel)
        while True:
            await self._up.wait()
            if self.node is None:
                continue  # up and down again before this went on
            if channel in self.node.channels():
                return
            joining = self._evidence.joinings.setdefault(
                key, Joining(self.index, channel, self._world.loop.time())
            )
            try:
                await self.host.call(self.node.join(channel))
            except PeerNodeError as error:
                joining.error = error.code
                if error.code != "STORE_FULL":
                    return
                self._evidence.coverage["join refused by a full disk"] += 1
                await asyncio.sleep(FREED_S)  # what the remedy says: free space, then try again
                continue
            except HostCrashed:
                continue
            return

    async def publish(self, channel: str, message_id: str, text: str) -> None:
        """Send a message; a node that is down can't."""
        if self.node is None:
            self._evidence.coverage["publish while down"] += 1
            return
        sending = Sending(message_id, channel, self.index, text, self._world.loop.time(), self.host.life)
        self._evidence.sendings[message_id] = sending
        try:
            state = await self.host.call(self.node.publish(channel, message_id, text))
        except PeerNodeError as error:
            sending.state, sending.error = "failed", error.code
        except HostCrashed:
            self._evidence.coverage["crash in publish"] += 1
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if waiter is None or waiter.cancelling():
                raise
            self._evidence.coverage["stop in publish"] += 1
        else:
            sending.accepted_at_s = self._world.loop.time()
            sending.state = sending.state or state.state

    # -- what can be looked at from outside --------------------------------------------------------

    def holds(self, channel: str, message_id: str) -> bool:
        """Whether the node's disk has a message, synced."""
        store = self.disk.store_for(self.identity.node_id)
        return bool(store.by_id(self._channel_id(channel), bytes.fromhex(message_id.replace("-", ""))))

    def traffic_by_op(self) -> Counter[str]:
        """The node's counters over all of its lives."""
        counters = Counter(self.counters)
        if self.node is not None:
            counters.update(self.node.counters())
        return counters

    def fold_counters(self) -> None:
        """Add the paths that this life has taken to the run's coverage, when it ends."""
        if self.node is not None:
            self._evidence.coverage.update(taken(self.node.counters(), self.node.happened()))

    def _path_s(self, source: int, target: int) -> float:
        """The undisturbed one-way delay between two nodes: nothing is faster."""
        if source == target:
            return 0.0
        ips = (self.everyone[source].host.ip, self.everyone[target].host.ip)
        return self._world.network.one_way_ms(*ips) / 1000

    def distance(self, channel: str) -> int:
        """XOR distance to a channel; the closest are its initiators."""
        return int.from_bytes(self.identity.node_id, "big") ^ int.from_bytes(self._channel_id(channel), "big")

    def _channel_id(self, channel: str) -> bytes:
        return channel_id_of(network_id_of(self.config.network), channel)


def _place(error: BaseException) -> str:
    """An exception and where it came from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})" if trace else ""
    return f"{error!r}{where}"

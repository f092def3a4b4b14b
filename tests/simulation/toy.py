"""A small protocol that the simulator's own tests run: ask an address, get an answer, ask again."""

from __future__ import annotations

import asyncio

from peernode.environment import Address, DatagramEndpoint, Environment
from peernode.simulation.world.host import SimWorld


class Toy:
    """Answers every ``?x`` with ``!x``; ``ask`` repeats until the answer is there."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.heard: list[tuple[float, bytes, Address]] = []
        self.socket: DatagramEndpoint
        self._waiting: dict[bytes, asyncio.Future[float]] = {}

    async def start(self, ip: str, port: int = 7000) -> None:
        self.socket = await self.env.open_datagrams((ip, port), self._receive)

    def _receive(self, data: bytes, source: Address) -> None:
        self.heard.append((self.env.clock.monotonic(), data, source))
        if data.startswith(b"?"):
            self.socket.send(b"!" + data[1:], source)
        elif (future := self._waiting.get(data[1:])) is not None and not future.done():
            future.set_result(self.env.clock.monotonic())

    async def ask(self, address: Address, timeout_s: float = 5.0) -> float:
        """Seconds until the answer; raises ``TimeoutError``."""
        word = self.env.random.randbytes(8)
        began = self.env.clock.monotonic()
        answer: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[word] = answer
        async with asyncio.timeout(timeout_s):
            while not answer.done():
                self.socket.send(b"?" + word, address)
                await _answer_or_pause(answer)
        return answer.result() - began


async def _answer_or_pause(answer: asyncio.Future[float]) -> None:
    try:
        async with asyncio.timeout(0.25):
            await asyncio.shield(answer)
    except TimeoutError:
        return


async def gossip(world: SimWorld, hosts: int = 6, rounds: int = 20) -> int:
    """Everybody asks everybody at random; how many questions were answered."""
    toys: list[Toy] = []
    for _ in range(hosts):
        host = world.host()
        toy = Toy(host.env)
        await host.call(toy.start(host.ip))
        toys.append(toy)

    async def life(toy: Toy) -> int:
        answered = 0
        for _ in range(rounds):
            await asyncio.sleep(toy.env.random.random())
            try:
                await toy.ask((f"10.0.0.{toy.env.random.randrange(hosts) + 1}", 7000), timeout_s=2.0)
            except TimeoutError:
                continue
            answered += 1
        return answered

    tasks = {world.hosts[i].spawn(life(toy)) for i, toy in enumerate(toys)}
    return sum(await asyncio.gather(*tasks))


def gossip_hash(seed: int) -> str:
    """The trace hash of one gossip; also the body of the test's second process."""
    with SimWorld(seed=seed, loss=0.1, jitter_ms=3, duplicate=0.05, reorder=0.1) as world:
        answered = world.run(gossip(world))
        return f"{answered} {world.network.trace.hash()}"

"""A node under fire from strangers and from a peer that knows how to seal: it serves on, unchanged."""

from __future__ import annotations

import asyncio
import random

from peernode.config import NodeConfig
from peernode.errors import Backpressure, Refused, RpcTimeout
from peernode.identity import Identity
from peernode.rpc.rpc import Rpc
from peernode.wire.codec import pack
from peernode.wire.contact import Contact
from peernode.wire.ops import Op
from tests.pubsub.flock import PORT, Flock, story

BODIES = 1500


def _junk(rng: random.Random, depth: int = 3) -> object:
    """Any value that the codec can pack."""
    kind = rng.randrange(7 if depth else 5)
    if kind == 0:
        return rng.randrange(-(1 << 40), 1 << 62)
    if kind == 1:
        return rng.randbytes(rng.choice((0, 8, 16, 20, 32, 64, 90)))
    if kind == 2:
        return None
    if kind == 3:
        return rng.random() < 0.5
    if kind == 4:
        return "#" * rng.randrange(30)
    return [_junk(rng, depth - 1) for _ in range(rng.randrange(6))]


def test_sealed_junk_in_every_operation_changes_nothing() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        attacker = flock.world.host()
        identity = Identity.generate(attacker.env.random)
        rpc = Rpc(identity, NodeConfig(listen=(attacker.local_ip, PORT), requests_per_s=1e6), attacker.env)
        rng = random.Random(7)
        victim = Contact(flock[1].identity.public_key, *flock[1].address)
        roots = [bird.node.diagnostics()["channels"][0]["root"] for bird in flock]

        async def attack() -> None:
            await rpc.start()
            await rpc.hello(flock[1].address)
            for number in range(BODIES):
                op = rng.choice(list(Op))
                body = _junk(rng)
                if not isinstance(body, list) or len(pack(body)) > 1000:
                    body = [body] if len(pack([body])) <= 1000 else []
                if number % 3 == 0:
                    channel = bytes.fromhex("00" * 20)
                    body = [channel, *body][:6]
                if len(pack(body)) > 1000:
                    continue
                try:
                    await rpc.request(victim, op, body, sends=1)
                except (Refused, RpcTimeout, Backpressure):
                    continue
            await rpc.close()

        await attacker.call(attack())
        await asyncio.sleep(1)
        assert [bird.node.diagnostics()["channels"][0]["root"] for bird in flock] == roots
        state = await flock[1].say("still here")
        await flock.expect(lambda: flock[1].state(state.id).delivered == (2, 2), 5, "delivered to all")

    story(tell, 3)


def test_ten_thousand_random_and_mutated_datagrams_leave_a_node_serving_and_no_larger() -> None:
    async def tell(flock: Flock) -> None:
        await flock.join()
        victim = flock[1]
        recorded: list[bytes] = []
        network = flock.world.network
        ordinary_send = network.send

        def record(endpoint: object, data: bytes, target: tuple[str, int]) -> None:
            if target == victim.address and len(recorded) < 200:
                recorded.append(data)
            ordinary_send(endpoint, data, target)  # type: ignore[arg-type]

        network.send = record  # type: ignore[method-assign]  # a wire tap, outside of the nodes
        await flock[0].say("traffic to be recorded")
        await asyncio.sleep(2)
        network.send = ordinary_send  # type: ignore[method-assign]
        assert len(recorded) > 5

        rng = random.Random(11)
        stranger = flock.world.host()

        async def fire() -> None:
            socket = await stranger.env.open_datagrams((stranger.local_ip, PORT), lambda data, source: None)
            for number in range(10_000):
                if number % 2:
                    data = bytearray(rng.choice(recorded))
                    for _ in range(rng.randrange(1, 4)):
                        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
                    if number % 5 == 0:
                        data = data[: rng.randrange(len(data))]
                    socket.send(bytes(data), victim.address)
                else:
                    socket.send(rng.randbytes(rng.randrange(1200)), victim.address)
                if number % 100 == 0:
                    await asyncio.sleep(0.01)
            socket.close()

        await stranger.call(fire())
        await asyncio.sleep(1)
        state = await victim.say("unimpressed")
        await flock.expect(lambda: victim.state(state.id).delivered == (2, 2), 5, "delivered to all")
        diagnostics = victim.node.diagnostics()
        assert len(diagnostics["peers"]) == 2
        assert diagnostics["channels"][0]["messages"] == 2
        assert sum(count for name, count in diagnostics["rpc"].items() if name.startswith("rejected")) > 9_000

    story(tell, 3)

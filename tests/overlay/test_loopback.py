"""The same engine on real sockets: a dozen nodes on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from peernode.config import NodeConfig
from peernode.rpc.transport import SystemEnvironment
from tests.overlay.nodes import Node, identity, until

TARGET = bytes(20)


@pytest.fixture
async def loopback() -> AsyncIterator[list[Node]]:
    env = SystemEnvironment()
    nodes: list[Node] = []
    for number in range(12):
        config = NodeConfig(bootstrap=(nodes[0].rpc.address,) if nodes else ())
        node = Node(env, config, identity(number))
        await node.start()
        nodes.append(node)
    yield nodes
    for node in nodes:
        await node.stop()


async def test_twelve_nodes_on_loopback_find_each_other(loopback: list[Node]) -> None:
    await until(lambda: all(len(node.overlay.peers()) == 11 for node in loopback), 10)
    for asker in loopback:
        others = [node for node in loopback if node is not asker]
        for target in (TARGET, b"\xff" * 20, loopback[3].id):
            result = await asker.overlay.lookup(target, 5)
            number = int.from_bytes(target, "big")
            expected = sorted((n.id for n in others), key=lambda i: int.from_bytes(i, "big") ^ number)[:5]
            assert [contact.id for contact in result.closest] == expected
            assert result.answered >= 5
    assert all(node.rpc.counters["rejected.contacts"] == 0 for node in loopback)


async def test_results_are_where_the_peers_really_are(loopback: list[Node]) -> None:
    await until(lambda: all(len(node.overlay.peers()) == 11 for node in loopback), 10)
    result = await loopback[5].overlay.lookup(loopback[9].id, 1)
    assert result.closest[0].address == loopback[9].rpc.address

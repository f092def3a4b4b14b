"""Property 23: an unreachable bootstrap node is failed over, and with all of them dead the peer cache serves.

How many bootstraps and remembered peers there are, which of them are dead or die just then, and the links
are drawn.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from peernode.environment import Address
from peernode.simulation.world.host import SimWorld
from peernode.wire.codec import pack
from tests.overlay.nodes import PORT, KeptPeers, Node, SimNetworkOfNodes, sim_node, until
from tests.properties.examples import drawn
from tests.pubsub.flock import Flock, story

ONLINE_S = 1.0
IN_THE_CHANNEL_S = 5.0

networks = st.fixed_dictionaries(
    {
        "one_way_ms": st.tuples(st.integers(2, 20), st.integers(20, 80)),
        "jitter_ms": st.sampled_from((0, 5)),
        "loss": st.sampled_from((0.0, 0.01)),
        "seed": st.integers(0, 2**32),
    }
)
fates = st.lists(st.sampled_from(("alive", "dead", "dead", "dying")), min_size=1, max_size=5)


def contact_of(node: Node) -> bytes:
    """As a peer cache keeps it."""
    return pack(node.contact.encode())


@drawn
@given(networks, fates, fates, st.integers(0, 3))
def test_property_23_an_unreachable_bootstrap_is_failed_over(
    network: dict[str, Any], bootstraps: list[str], remembered: list[str], survivor: int
) -> None:
    """Catches an engine that dials one after the other, and one that does not dial whom it remembers."""
    fate = [*bootstraps, *remembered]
    fate[survivor % len(fate)] = "alive"
    with SimWorld(**network) as world:
        net = SimNetworkOfNodes(world, len(fate))
        addresses: list[Address] = [(host.ip, PORT) for host in net.hosts[: len(bootstraps)]]
        host = world.host()
        kept = KeptPeers(met=True)
        node = sim_node(host, addresses, kept)

        async def main() -> None:
            await net.start(every_s=0.01)
            await asyncio.sleep(0.5)
            kept.peers = [contact_of(each) for each in net.nodes[len(bootstraps) :]]
            for each, known in zip(fate, net.hosts, strict=True):
                if each == "dead":
                    known.crash()
            starting = host.spawn(node.start())
            await asyncio.sleep(network["one_way_ms"][0] / 1000)
            for each, known in zip(fate, net.hosts, strict=True):
                if each == "dying":
                    known.crash()
            await until(lambda: node.overlay.state()[0] == "online", ONLINE_S)
            await starting

        world.run(main())


@drawn
@given(
    networks,
    st.sampled_from((3, 3, 4)),
    st.integers(0, 2),
    st.sampled_from(("crash", "stop")),
    st.integers(0, 8),
)
def test_property_23_with_every_bootstrap_dead_the_peer_cache_brings_a_node_back(
    network: dict[str, Any], count: int, who: int, how: str, down_s: int
) -> None:
    """Catches the mutant ``peer-cache-unread``."""

    async def tell(flock: Flock) -> None:
        await flock.join()
        await asyncio.sleep(3)
        back = flock[1 + who % (count - 1)]
        others = [bird for bird in flock if bird.index and bird is not back]
        flock[0].crash()
        if how == "stop":
            await back.call(back.node.stop())
        back.crash()
        await asyncio.sleep(down_s)
        began_s = flock.world.loop.time()
        await back.restart()
        await flock.expect(lambda: back.node.state.state == "online", ONLINE_S, "online")
        assert flock.world.loop.time() - began_s <= ONLINE_S
        await others[0].say("here you are")
        await flock.expect(lambda: "here you are" in back.texts(), IN_THE_CHANNEL_S, "pushed to")
        await back.say("here I am")
        await flock.expect(lambda: all("here I am" in bird.texts() for bird in others), 5, "heard")

    story(tell, count, **network)

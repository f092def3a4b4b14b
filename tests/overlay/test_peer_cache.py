"""What is remembered of others, what is dropped first, and what a damaged store may hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from peernode.config import NodeConfig
from peernode.errors import PeerNodeError
from peernode.overlay.peer_cache import RememberedPeers
from peernode.simulation.world.host import SimWorld
from peernode.wire.codec import pack
from peernode.wire.contact import Contact
from tests.overlay.nodes import KeptPeers, SimNetworkOfNodes, identity, until

PEERS = [Contact(identity(number).public_key, "10.0.0.9", 1000 + number) for number in range(40)]


def remembering(count_max: int = 8) -> tuple[RememberedPeers, KeptPeers, set[bytes]]:
    kept, live = KeptPeers(), set[bytes]()
    return RememberedPeers(kept, count_max, lambda contact: contact.public_key in live), kept, live


async def test_what_is_saved_is_loaded_the_live_ones_first() -> None:
    remembered, kept, live = remembering()
    for contact in PEERS[:5]:
        remembered.met(contact)
    live.update({PEERS[3].public_key, PEERS[4].public_key})
    await remembered.save()
    again = RememberedPeers(kept, 8, lambda contact: False)
    again.load()
    assert again.contacts() == [PEERS[3], PEERS[4], PEERS[2], PEERS[1], PEERS[0]]
    assert again.contacts()[0].address == PEERS[3].address


async def test_the_latest_lost_come_first_over_a_restart_too() -> None:
    remembered, kept, live = remembering(8)
    for contact in PEERS[:5]:
        live.add(contact.public_key)
        remembered.changed("appeared", contact)
    await remembered.save()
    for number in (3, 0, 2):
        live.discard(PEERS[number].public_key)
        remembered.changed("left", PEERS[number])
    assert remembered.lost() == [PEERS[2], PEERS[0], PEERS[3]]
    await remembered.save()
    again = RememberedPeers(kept, 8, lambda contact: False)
    again.load()
    assert again.lost() == [PEERS[1], PEERS[4], PEERS[2], PEERS[0], PEERS[3]]
    for contact in PEERS[10:14]:
        again.changed("appeared", contact)
    assert again.lost()[4:] == [PEERS[1], PEERS[4], PEERS[2], PEERS[0]], "the longest lost is dropped"


async def test_it_is_saved_only_when_something_changed() -> None:
    remembered, kept, _ = remembering()
    await remembered.save()
    assert kept.saves == 0
    remembered.met(PEERS[0])
    await remembered.save()
    await remembered.save()
    remembered.heard(PEERS[0])
    remembered.heard(PEERS[1])
    await remembered.save()
    assert kept.saves == 1
    remembered.heard(Contact(PEERS[0].public_key, "10.0.0.9", 7))
    await remembered.save()
    assert kept.saves == 2 and remembered.contacts()[0].port == 7


async def test_lost_peers_keep_half_of_the_places() -> None:
    remembered, _, live = remembering(8)
    for contact in PEERS[:8]:
        remembered.met(contact)  # lost now, for nobody is live
    for contact in PEERS[8:]:
        live.add(contact.public_key)
        remembered.met(contact)
    assert remembered.lost() == PEERS[7:3:-1]
    assert remembered.contacts() == [*PEERS[36:], *PEERS[7:3:-1]]


@given(st.lists(st.tuples(st.integers(0, 39), st.booleans()), max_size=150), st.integers(1, 8))
def test_it_is_bounded_and_the_newest_is_always_in(steps: list[tuple[int, bool]], count_max: int) -> None:
    remembered, _, live = remembering(count_max)
    for index, is_live in steps:
        (live.add if is_live else live.discard)(PEERS[index].public_key)
        remembered.met(PEERS[index])
        assert len(remembered) <= count_max
        assert PEERS[index] in remembered.contacts() or not is_live


@given(st.lists(st.one_of(st.binary(max_size=60), st.just(pack(PEERS[1].encode()))), max_size=20))
def test_a_damaged_store_costs_only_what_is_damaged(stored: list[bytes]) -> None:
    remembered = RememberedPeers(KeptPeers(peers=stored), 64, lambda contact: False)
    remembered.load()
    good = [raw for raw in stored if raw == pack(PEERS[1].encode())]
    assert remembered.contacts() == ([PEERS[1]] if good else [])
    assert remembered.damaged == len(stored) - len(good)


def test_a_store_that_is_full_is_tried_again() -> None:
    class FullAtFirst(KeptPeers):
        refusals = 0

        async def save(self, peers: list[bytes]) -> None:
            if self.refusals < 2:
                self.refusals += 1
                raise PeerNodeError("STORE_FULL")
            await super().save(peers)

    with SimWorld() as world:
        net = SimNetworkOfNodes(world, 3, NodeConfig(peer_cache_max=4))
        kept = FullAtFirst()
        net.nodes[1].overlay._cache = kept
        net.nodes[1].overlay._remembered._cache = kept

        async def main() -> None:
            await net.start()
            await until(lambda: len(kept.peers) == 2, 20)
            assert kept.refusals == 2 and net.nodes[1].rpc.counters["peer_cache.unsaved"] == 2

        world.run(main())

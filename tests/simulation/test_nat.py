"""Address translators keep to RFC 4787: mapping, filtering, refresh, timeout, hairpin, bounds."""

from __future__ import annotations

import asyncio
import random

import pytest

from peernode.environment import Address
from peernode.simulation.world.host import SimWorld
from peernode.simulation.world.nat import (
    NAT_FILTERS_MAX,
    NAT_KINDS,
    NAT_MAPPING_S,
    NAT_MAPPINGS_MAX,
    Translator,
)
from tests.simulation.test_network import PORT, listeners

IP = "10.0.0.1"
INNER = 7_400
BEHIND = [kind for kind in NAT_KINDS if kind != "none"]
INDEPENDENT = ["full", "address", "port"]


def translator(kind: str) -> Translator:
    return Translator(IP, kind, random.Random(5))


def other(number: int, port: int = 1) -> Address:
    return (f"10.1.{number >> 8}.{number & 255}", port)


@pytest.mark.parametrize("kind", INDEPENDENT)
def test_mapping_is_endpoint_independent_and_keeps_the_port(kind: str) -> None:
    nat = translator(kind)
    assert {nat.outward(INNER, other(number), 0.0) for number in range(9)} == {(IP, INNER)}
    assert nat.outward(INNER + 1, other(0), 0.0) == (IP, INNER + 1)


def test_mapping_is_address_and_port_dependent_when_symmetric() -> None:
    nat = translator("symmetric")
    seen = {target: nat.outward(INNER, target, 0.0) for target in (other(1), other(1, 2), other(2))}
    assert len(set(seen.values())) == 3
    assert {target: nat.outward(INNER, target, 1.0) for target in seen} == seen


@pytest.mark.parametrize("kind", BEHIND)
def test_what_goes_out_keeps_a_mapping_open_and_what_comes_in_does_not(kind: str) -> None:
    nat = translator(kind)
    port = nat.outward(INNER, other(1), 0.0)[1]
    for at_s in (100.0, 200.0, 300.0):
        assert nat.outward(INNER, other(1), at_s) == (IP, port)
    last_s = 300.0 + NAT_MAPPING_S
    assert nat.inward(other(1), port, last_s - 60) == INNER
    assert nat.inward(other(1), port, last_s) == INNER
    assert nat.inward(other(1), port, last_s + 0.001) is None


def test_a_way_back_ends_by_itself_though_the_mapping_is_kept_open() -> None:
    for kind, lets_in in (("full", True), ("address", False), ("port", False)):
        nat = translator(kind)
        nat.outward(INNER, other(1), 0.0)
        nat.outward(INNER, other(2), 100.0)
        assert (nat.inward(other(1), INNER, 150.0) == INNER) is lets_in
        assert nat.inward(other(2), INNER, 150.0) == INNER


def test_a_mapping_that_ended_is_made_anew() -> None:
    nat = translator("symmetric")
    before = nat.outward(INNER, other(1), 0.0)
    after = nat.outward(INNER, other(1), NAT_MAPPING_S + 1)
    assert after != before
    assert nat.inward(other(1), before[1], NAT_MAPPING_S + 2) is None
    assert nat.inward(other(1), after[1], NAT_MAPPING_S + 2) == INNER


def test_tables_are_bounded_and_the_least_recently_used_goes_first() -> None:
    nat = translator("symmetric")
    first, second = nat.outward(INNER, other(0), 0.0), nat.outward(INNER, other(1), 0.0)
    for number in range(2, NAT_MAPPINGS_MAX):
        nat.outward(INNER, other(number), 1.0)
    nat.outward(INNER, other(0), 2.0)
    nat.outward(INNER, other(NAT_MAPPINGS_MAX), 3.0)
    assert nat.inward(other(0), first[1], 4.0) == INNER
    assert nat.inward(other(1), second[1], 4.0) is None

    nat = translator("port")
    for number in range(NAT_FILTERS_MAX + 1):
        nat.outward(INNER, other(number), 1.0)
    assert nat.inward(other(0), INNER, 2.0) is None
    assert nat.inward(other(1), INNER, 2.0) == INNER


@pytest.mark.parametrize("kind", BEHIND)
def test_a_host_reaches_itself_by_its_public_address(kind: str) -> None:
    with SimWorld() as world:
        inside, outside = listeners(world, kind, "none")

        async def main() -> None:
            inside.send(outside)
            await asyncio.sleep(1)
            inside.send(inside.socket.address, b"inner")
            inside.send(outside.heard[0][2], b"hairpin")
            await asyncio.sleep(1)

        world.run(main())
        # Address- and port-dependent filters let in only whom was written to: here the outer port itself.
        heard = [data for _, data, _ in inside.heard]
        assert heard == ([] if kind == "symmetric" else [b"hairpin"])


@pytest.mark.parametrize("kind", BEHIND)
def test_a_translator_remembers_across_a_crash_of_its_host(kind: str) -> None:
    with SimWorld(one_way_ms=(10, 10)) as world:
        inside, outside = listeners(world, kind, "none")

        async def main() -> None:
            inside.send(outside)
            await asyncio.sleep(1)
            inside.host.crash()
            outside.send(outside.heard[0][2], b"nobody there")
            await asyncio.sleep(1)
            inside.host.restart()
            inside.host.bind((inside.host.local_ip, PORT), inside._receive)
            outside.send(outside.heard[0][2], b"welcome back")
            await asyncio.sleep(1)

        world.run(main())
        assert [data for _, data, _ in inside.heard] == [b"welcome back"]

"""The real socket: drained, closed cleanly, and never the cause of an exception."""

from __future__ import annotations

import pytest

from peernode.environment import Address
from peernode.rpc.transport import DRAIN_MAX, SystemEnvironment, UdpEndpoint

from .lossy import until

LOOPBACK = ("127.0.0.1", 0)


def ignore(data: bytes, source: Address) -> None:
    """Receives nothing in these tests."""


async def test_all_datagrams_of_a_burst_are_received_in_order() -> None:
    env, got = SystemEnvironment(), list[tuple[bytes, Address]]()
    receiver = await env.open_datagrams(LOOPBACK, lambda data, source: got.append((data, source)))
    sender = await env.open_datagrams(LOOPBACK, ignore)
    for number in range(3 * DRAIN_MAX):
        sender.send(b"%d" % number, receiver.address)
    await until(lambda: len(got) == 3 * DRAIN_MAX)
    assert got == [(b"%d" % number, sender.address) for number in range(3 * DRAIN_MAX)]
    sender.close()
    receiver.close()


async def test_nothing_is_received_after_close_and_the_port_is_free() -> None:
    env, got = SystemEnvironment(), list[bytes]()

    def close_at_once(data: bytes, source: Address) -> None:
        got.append(data)
        receiver.close()

    receiver = await env.open_datagrams(LOOPBACK, close_at_once)
    sender = await env.open_datagrams(LOOPBACK, ignore)
    for _ in range(10):
        sender.send(b"x", receiver.address)
    await until(lambda: bool(got))
    assert got == [b"x"], "closed by the first, in the middle of draining"
    again = await env.open_datagrams(receiver.address, ignore)
    receiver.close()
    again.close()
    sender.close()


async def test_what_cannot_be_sent_is_counted_as_lost() -> None:
    endpoint = await SystemEnvironment().open_datagrams(LOOPBACK, ignore)
    assert isinstance(endpoint, UdpEndpoint)
    endpoint.send(b"x", ("127.0.0.1", 0))
    endpoint.send(b"x", ("127.0.0.1", 70000))
    endpoint.send(bytes(70_000), ("127.0.0.1", 9))
    endpoint.close()
    endpoint.send(b"x", ("127.0.0.1", 9))
    assert endpoint.lost == 4


async def test_a_taken_address_is_an_error() -> None:
    env = SystemEnvironment()
    first = await env.open_datagrams(LOOPBACK, ignore)
    with pytest.raises(OSError, match="in use"):
        await env.open_datagrams(first.address, ignore)
    first.close()


def test_clocks_and_randomness_are_the_systems() -> None:
    env = SystemEnvironment()
    assert env.clock.monotonic() <= env.clock.monotonic()
    assert env.clock.wall_ms() > 1_700_000_000_000
    assert env.random.randbytes(16) != env.random.randbytes(16)

"""Leases: whose they are, which one wins, when they end, and how many there may be."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.lease import TTL_MAX_S, Lease, decode_lease, sign_lease
from peernode.channel.leasetable import (
    SERIAL_AHEAD_MAX_MS,
    SERIAL_OLD_MAX_MS,
    TOMBSTONE_S,
    LeaseTable,
    Verdict,
)
from peernode.config import NodeConfig
from peernode.errors import RemoteProtocolError
from peernode.identity import node_id_of
from peernode.wire.codec import pack
from peernode.wire.contact import Contact
from tests.channel.making import CHANNEL, identity

NETWORK = b"network8"
SIGNER = identity()
WALL_MS = 1_700_000_000_000
NOW_S = 5000.0


def lease(number: int = 0, serial_ms: int = WALL_MS, ttl_s: int = TTL_MAX_S) -> Lease:
    """A subscriber's lease."""
    return sign_lease(identity(number), NETWORK, CHANNEL, serial_ms, ttl_s)


def contact(number: int = 0, port: int = 4000) -> Contact:
    """Where a subscriber is."""
    return Contact(identity(number).public_key, "192.0.2.1", port)


def subscriber_id(number: int = 0) -> bytes:
    """A subscriber's node id."""
    return identity(number).node_id


class Table:
    """A lease table with both clocks set by the test."""

    def __init__(self, subscribers_max: int = 100) -> None:
        self.leases = LeaseTable(NodeConfig(subscribers_per_channel_max=subscribers_max))
        self.passed_s = 0.0

    @property
    def now_s(self) -> float:
        """The monotonic clock."""
        return NOW_S + self.passed_s

    def put(
        self, item: Lease, number: int = 0, port: int = 4000, remaining_s: float | None = None
    ) -> Verdict:
        """Offer a lease now."""
        wall_ms = WALL_MS + int(self.passed_s * 1000)
        return self.leases.put(item, contact(number, port), self.now_s, wall_ms, remaining_s)

    def copy(self, item: Lease, remaining_s: float) -> Verdict:
        """An initiator passes a lease on."""
        wall_ms = WALL_MS + int(self.passed_s * 1000)
        return self.leases.put(item, contact(), self.now_s, wall_ms, remaining_s, b"an initiator")

    def live(self) -> list[bytes]:
        """Whose leases are live now."""
        return sorted(held.subscriber_id for held in self.leases.live(self.now_s))


def signed(*items: Any, over: bytes | None = None) -> bytes:
    """An array with a valid signature over its terms and root: of the single leaf, or another."""
    version, network_id, channel_id, subscriber, serial_ms, ttl_s, size, *_ = items
    root = hashlib.blake2b(b"\0" + channel_id, digest_size=16).digest() if over is None else over
    terms = pack([version, network_id, subscriber, serial_ms, ttl_s, size, root])
    return pack([*items, SIGNER.sign("lease", terms)])


GOOD: tuple[Any, ...] = (1, NETWORK, CHANNEL, SIGNER.public_key, WALL_MS, 60, 1, 0, b"", [])


def test_a_lease_survives_the_wire() -> None:
    item = lease(ttl_s=45)
    assert decode_lease(item.raw, NETWORK) == item
    assert item.raw == signed(*GOOD[:5], 45, *GOOD[6:])
    assert item.subscriber_id == node_id_of(SIGNER.public_key)


@pytest.mark.parametrize(
    "items",
    [
        (2, *GOOD[1:]),
        (1, b"network9", *GOOD[2:]),
        (1, NETWORK, CHANNEL[:-1], *GOOD[3:]),
        (*GOOD[:3], identity(1).public_key, *GOOD[4:]),
        (*GOOD[:4], -1, *GOOD[5:]),
        (*GOOD[:4], True, *GOOD[5:]),
        (*GOOD[:5], TTL_MAX_S + 1, *GOOD[6:]),
        (*GOOD[:5], -1, *GOOD[6:]),
        (*GOOD[:6], 0, *GOOD[7:]),
        (*GOOD[:6], 2, *GOOD[7:]),
        (*GOOD[:6], 26, *GOOD[7:]),
        (*GOOD[:7], 1, *GOOD[8:]),
        (*GOOD[:8], bytes(16), []),
        (*GOOD[:9], [bytes(16)]),
        (*GOOD[:9], [bytes(15)]),
        (*GOOD, b"more"),
        GOOD[:9],
    ],
    ids=str,
)
def test_what_is_no_lease_is_refused_although_it_is_signed(items: tuple[Any, ...]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_lease(signed(*items), NETWORK)


@settings(max_examples=60)
@given(st.integers(0, 1 << 16), st.integers(1, 255))
def test_one_changed_byte_is_noticed(position: int, change: int) -> None:
    raw = bytearray(signed(*GOOD))
    raw[position % len(raw)] ^= change
    with pytest.raises(RemoteProtocolError):
        decode_lease(bytes(raw), NETWORK)


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_lease_or_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_lease(raw, NETWORK)


def test_a_lease_lives_for_its_time_on_the_receivers_clock() -> None:
    table = Table()
    assert table.put(lease(ttl_s=60)) is Verdict.TAKEN
    (held,) = table.leases.live(table.now_s)
    assert (held.subscriber, held.contact, held.remaining_s(table.now_s)) == (
        SIGNER.public_key,
        contact(),
        60,
    )
    table.passed_s = 59.9
    assert table.live() == [subscriber_id()]
    table.passed_s = 60
    assert table.live() == []
    table.leases.expire(table.now_s)
    assert table.leases.contact(subscriber_id()) is None


def test_a_copy_lives_only_for_what_remained() -> None:
    table = Table()
    assert table.put(lease(ttl_s=60), remaining_s=10) is Verdict.TAKEN
    table.put(lease(1, ttl_s=60), 1, remaining_s=1000)
    table.passed_s = 10
    assert table.live() == [subscriber_id(1)]
    table.passed_s = 60
    assert table.live() == []


def test_the_newest_serial_wins() -> None:
    table = Table()
    assert table.put(lease(serial_ms=WALL_MS), port=1) is Verdict.TAKEN
    assert table.put(lease(serial_ms=WALL_MS + 1), port=2) is Verdict.TAKEN
    assert table.put(lease(serial_ms=WALL_MS), port=3) is Verdict.STALE
    assert table.put(lease(serial_ms=WALL_MS + 1, ttl_s=0), port=4) is Verdict.STALE
    assert table.leases.contact(subscriber_id()) == contact(port=2)
    held = table.leases.contact(subscriber_id())
    assert held is not None and held.port == 2


def test_a_repeated_lease_does_not_live_longer() -> None:
    table = Table()
    table.put(lease())
    table.passed_s = 50
    assert table.put(lease()) is Verdict.STALE
    table.passed_s = 60
    assert table.live() == []


@pytest.mark.parametrize(
    ("offset_ms", "verdict"),
    [
        (-SERIAL_OLD_MAX_MS - 1, Verdict.REFUSED),
        (-SERIAL_OLD_MAX_MS, Verdict.TAKEN),
        (SERIAL_AHEAD_MAX_MS, Verdict.TAKEN),
        (SERIAL_AHEAD_MAX_MS + 1, Verdict.REFUSED),
    ],
)
def test_a_serial_must_be_near_the_wall_clock(offset_ms: int, verdict: Verdict) -> None:
    assert Table().put(lease(serial_ms=WALL_MS + offset_ms)) is verdict


def test_who_left_is_not_brought_back_by_an_old_lease() -> None:
    table = Table()
    old = lease(serial_ms=WALL_MS)
    table.put(old)
    assert table.put(lease(serial_ms=WALL_MS + 1, ttl_s=0)) is Verdict.TAKEN
    assert table.live() == []
    table.passed_s = TOMBSTONE_S - 61
    table.leases.expire(table.now_s)
    assert table.put(old) is Verdict.STALE
    assert table.put(lease(serial_ms=WALL_MS + 2)) is Verdict.TAKEN
    assert table.live() == [subscriber_id()]


def test_leaving_is_remembered_also_when_it_comes_first() -> None:
    table = Table()
    assert table.put(lease(serial_ms=WALL_MS + 1, ttl_s=0)) is Verdict.TAKEN
    assert table.put(lease(serial_ms=WALL_MS)) is Verdict.STALE
    assert table.live() == []


def test_a_full_table_refuses_newcomers_and_serves_the_others() -> None:
    table = Table(subscribers_max=2)
    assert [table.put(lease(n), n) for n in range(3)] == [Verdict.TAKEN, Verdict.TAKEN, Verdict.FULL]
    assert table.put(lease(0, WALL_MS + 1), 0) is Verdict.TAKEN
    assert table.put(lease(1, WALL_MS + 1, ttl_s=0), 1) is Verdict.TAKEN
    assert table.put(lease(2), 2) is Verdict.TAKEN


def test_a_full_table_makes_room_of_what_has_run_out() -> None:
    table = Table(subscribers_max=1)
    table.put(lease(0, ttl_s=10), 0)
    table.passed_s = 11
    assert table.put(lease(1), 1) is Verdict.TAKEN
    assert table.live() == [subscriber_id(1)]


def test_coming_and_leaving_does_not_grow_the_table() -> None:
    table = Table(subscribers_max=4)
    for number in range(40):
        table.put(lease(number, WALL_MS), number)
        table.put(lease(number, WALL_MS + 1, ttl_s=0), number)
    assert len(table.leases) <= 8


def test_the_last_to_leave_is_remembered_when_too_many_leave() -> None:
    table = Table(subscribers_max=2)
    for number in range(5):
        table.put(lease(number, WALL_MS), number)
        assert table.put(lease(number, WALL_MS + 1, ttl_s=0), number) is Verdict.TAKEN
    assert table.put(lease(4, WALL_MS), 4) is Verdict.STALE


def test_the_digest_names_the_subscribers() -> None:
    table, other = Table(), Table()
    empty = table.leases.digest()
    for number in (0, 1, 2):
        table.put(lease(number), number)
    for number in (2, 0, 1):
        other.put(lease(number, WALL_MS + number), number, port=9)
    assert table.leases.digest() == other.leases.digest() != empty
    before = table.leases.digest()
    table.put(lease(1, WALL_MS + 1, ttl_s=0), 1)
    assert table.leases.digest() != before
    table.passed_s = 61
    table.leases.expire(table.now_s)
    assert table.leases.digest() == empty


def test_who_is_dropped_comes_back_only_with_a_newer_lease() -> None:
    table = Table()
    table.put(lease(serial_ms=WALL_MS))
    table.leases.drop(subscriber_id())
    assert table.live() == []
    assert table.put(lease(serial_ms=WALL_MS), remaining_s=50) is Verdict.STALE
    assert table.put(lease(serial_ms=WALL_MS + 1)) is Verdict.TAKEN
    table.leases.drop(subscriber_id(7))


def test_a_subscriber_corrects_the_address_that_another_node_told() -> None:
    table = Table()
    table.put(lease(), port=666, remaining_s=50)
    table.put(lease(), port=4000)
    held = table.leases.contact(subscriber_id())
    assert held is not None and held.port == 4000
    table.put(lease(), port=666, remaining_s=50)
    held = table.leases.contact(subscriber_id())
    assert held is not None and held.port == 4000

"""Leases under one signature: each is a lease by itself, what is hidden stays hidden, nothing is forged."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.lease import TTL_MAX_S, channel_leaf, decode_lease
from peernode.channel.leasebatch import LeaseBatch, Shown
from peernode.channel.leasetable import SERIAL_OLD_MAX_MS, Verdict
from peernode.channel.merkle import LEAVES_MAX
from peernode.errors import LocalProtocolError, RemoteProtocolError
from peernode.wire.codec import Fields, pack, unpack
from peernode.wire.payload import REQUEST_BODY_MAX
from tests.channel.making import CHANNEL, identity
from tests.channel.test_lease import NETWORK, SIGNER, WALL_MS, Table, subscriber_id

SECRET = b"a secret of ours"
ROOT = bytes(16)


def channel(number: int) -> bytes:
    """A channel's id; ids come in no order."""
    return CHANNEL if not number else hashlib.sha256(b"%d" % number).digest()[:20]


def batch(size: int, serial_ms: int = WALL_MS, secret: bytes = SECRET, first: int = 0) -> LeaseBatch:
    """Leases of so many channels."""
    ids = [channel(first + number) for number in range(size)]
    return LeaseBatch(SIGNER, NETWORK, ids, serial_ms, TTL_MAX_S, secret)


def shown(fields: list[Any], subscriber: bytes = SIGNER.public_key) -> Shown:
    """What an initiator reads, after the way over the wire."""
    return Shown.decode(Fields(unpack(pack(fields))), NETWORK, subscriber)


parts = st.integers(1, LEAVES_MAX).flatmap(
    lambda size: st.tuples(st.just(size), st.lists(st.integers(0, size - 1), min_size=1, unique=True))
)


@settings(max_examples=100, deadline=None)
@given(parts)
def test_an_initiator_makes_the_very_leases_that_the_subscriber_would_send(
    part: tuple[int, list[int]],
) -> None:
    size, numbers = part
    ours = batch(size)
    ids = [channel(number) for number in numbers]
    notes = [bytes([number]) * 16 for number in numbers]
    got = shown(ours.show(ids, notes))
    assert [(lease.channel_id, note) for lease, note in got.leases] == list(zip(ids, notes, strict=True))
    for lease, _ in got.leases:
        assert lease == ours.lease(lease.channel_id) == decode_lease(lease.raw, NETWORK)
        assert (lease.subscriber, lease.serial_ms, lease.ttl_s) == (SIGNER.public_key, WALL_MS, TTL_MAX_S)


def test_twenty_five_channels_fit_one_datagram_and_twenty_six_are_refused() -> None:
    ids = [channel(number) for number in range(LEAVES_MAX)]
    ours = LeaseBatch(SIGNER, NETWORK, ids, (1 << 52) - 1, TTL_MAX_S, SECRET)
    assert len(pack(ours.show(ids, [ROOT] * LEAVES_MAX))) <= REQUEST_BODY_MAX
    with pytest.raises(LocalProtocolError):
        batch(LEAVES_MAX + 1)
    with pytest.raises(LocalProtocolError):
        LeaseBatch(SIGNER, NETWORK, [CHANNEL, CHANNEL], WALL_MS, TTL_MAX_S, SECRET)
    with pytest.raises(LocalProtocolError):
        batch(0)
    fields = ours.show(ids, [ROOT] * LEAVES_MAX)
    fields[2:5] = [26, bytes(range(26)), [*fields[4], channel(26) + ROOT]]
    with pytest.raises(RemoteProtocolError):
        shown(fields)


def test_what_is_passed_on_tells_nothing_of_the_other_channels_not_even_whether_a_guess_is_right() -> None:
    """Without salts anyone could compare the hash of a guessed id with those of the proof."""
    ours = batch(LEAVES_MAX)
    for raw in (ours.lease(CHANNEL).raw, pack(ours.show([CHANNEL], [ROOT]))):
        assert SECRET not in raw
        values = [raw[start : start + 16] for start in range(len(raw) - 15)]
        for number in range(1, LEAVES_MAX):
            assert channel(number) not in raw
            for salt in (b"", *values):
                assert channel_leaf(channel(number), salt) not in raw
    again = batch(LEAVES_MAX, secret=b"secret of others")
    assert not {*_proof(ours.lease(CHANNEL).raw)} & {*_proof(again.lease(CHANNEL).raw)}


def _proof(raw: bytes) -> list[bytes]:
    proof: list[bytes] = unpack(raw)[9]
    return proof


def test_only_who_is_shown_everything_gets_the_secret() -> None:
    ours = batch(3)
    everything = [channel(number) for number in range(3)]
    assert ours.show(everything, [ROOT] * 3)[5:8] == [SECRET, [], []]
    assert ours.show(everything[:2], [ROOT] * 2)[5] is None


def test_leases_of_two_trees_do_not_mix() -> None:
    one, two = (
        unpack(batch(8).lease(CHANNEL).raw),
        unpack(batch(8, secret=b"another secret..").lease(CHANNEL).raw),
    )
    assert decode_lease(pack(one), NETWORK).channel_id == CHANNEL
    for field in range(6, 11):
        if one[field] == two[field]:
            continue
        mixed = [*one[:field], two[field], *one[field + 1 :]]
        with pytest.raises(RemoteProtocolError):
            decode_lease(pack(mixed), NETWORK)


def test_a_lease_does_not_stand_for_its_neighbour() -> None:
    ours = batch(8)
    one, two = unpack(ours.lease(channel(1)).raw), unpack(ours.lease(channel(2)).raw)
    for fields in ((2,), (2, 7), (2, 8), (7,), (9,), (2, 7, 8)):
        swapped = [two[field] if field in fields else one[field] for field in range(11)]
        with pytest.raises(RemoteProtocolError):
            decode_lease(pack(swapped), NETWORK)
    truncated = [*one[:9], one[9][:-1], one[10]]
    with pytest.raises(RemoteProtocolError):
        decode_lease(pack(truncated), NETWORK)


def _with(fields: list[Any], place: int, value: Any) -> list[Any]:
    return [*fields[:place], value, *fields[place + 1 :]]


def test_no_part_of_what_is_shown_can_be_exchanged() -> None:
    ours, other = batch(9), batch(9, WALL_MS + 1, b"another secret..")
    ids = [channel(number) for number in range(4)]
    fields, others = ours.show(ids, [ROOT] * 4), other.show(ids, [ROOT] * 4)
    entries, salts, proof = fields[4], fields[6], fields[7]
    assert len(shown(fields).leases) == 4
    forged = [
        *(_with(fields, place, others[place]) for place in (0, 6, 7, 8)),
        _with(fields, 1, TTL_MAX_S - 1),
        _with(fields, 1, 0),
        _with(fields, 2, 10),
        _with(fields, 3, bytes(reversed(fields[3]))),
        _with(fields, 3, bytes([fields[3][0]] * 4)),
        _with(fields, 3, bytes([99, *fields[3][1:]])),
        _with(fields, 3, fields[3][:-1]),
        _with(fields, 4, [channel(8) + ROOT, *entries[1:]]),
        _with(fields, 4, [entries[1], entries[0], *entries[2:]]),
        _with(fields, 4, entries[:-1]),
        _with(fields, 4, [entry[:-1] for entry in entries]),
        _with(fields, 5, SECRET),
        _with(fields, 6, salts[:-1]),
        _with(fields, 6, [salts[1], salts[0], *salts[2:]]),
        _with(fields, 7, proof[:-1]),
        _with(fields, 7, [*proof, bytes(16)]),
        _with(fields, 7, proof[1:] + proof[:1]),
        _with(fields, 8, bytes(64)),
        fields[:8],
        [],
    ]
    forged.append([*fields[:3], b"", [], None, [], *fields[7:]])
    for number, items in enumerate(forged):
        with pytest.raises(RemoteProtocolError):
            raise AssertionError(f"{number}: {shown(items)}")
    with pytest.raises(RemoteProtocolError):
        shown(fields, identity(1).public_key)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("ttl_s", [0, TTL_MAX_S + 1, 1 << 20])
def test_what_would_live_longer_than_a_lease_may_is_refused_although_it_is_signed(
    count: int, ttl_s: int
) -> None:
    """And so is a batch of tombstones: these come one by one."""
    ids = [channel(number) for number in range(3)]
    signed = LeaseBatch(SIGNER, NETWORK, ids, WALL_MS, ttl_s, SECRET).show(ids[:count], [ROOT] * count)
    within = LeaseBatch(SIGNER, NETWORK, ids, WALL_MS, TTL_MAX_S, SECRET).show(ids[:count], [ROOT] * count)
    assert len(shown(within).leases) == count
    with pytest.raises(RemoteProtocolError):
        shown(signed)


values: st.SearchStrategy[Any] = st.recursive(
    st.integers(-(1 << 40), 1 << 60) | st.binary(max_size=70) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 8), values)
def test_any_value_in_any_place_is_refused_or_the_same(place: int, value: Any) -> None:
    fields = batch(5).show([channel(1), channel(2)], [ROOT] * 2)
    try:
        got = shown(_with(fields, place, value))
    except RemoteProtocolError:
        return
    assert got == shown(fields)


def test_in_a_table_only_newer_serials_count_wherever_they_come_from() -> None:
    """A batch, a single lease, a copy, a tombstone: one order."""
    table = Table()
    first, second = batch(5, WALL_MS), batch(3, WALL_MS + 5)
    assert table.put(second.lease(CHANNEL)) is Verdict.TAKEN
    assert table.put(first.lease(CHANNEL)) is Verdict.STALE
    assert table.put(decode_lease(second.lease(CHANNEL).raw, NETWORK)) is Verdict.STALE
    gone = LeaseBatch(SIGNER, NETWORK, [CHANNEL, channel(1)], WALL_MS + 6, 0, SECRET)
    assert table.put(decode_lease(gone.lease(CHANNEL).raw, NETWORK)) is Verdict.TAKEN
    assert table.live() == []
    assert table.put(batch(25, WALL_MS + 6).lease(CHANNEL)) is Verdict.STALE
    assert table.put(batch(25, WALL_MS + 7).lease(CHANNEL)) is Verdict.TAKEN
    assert table.live() == [subscriber_id()]
    table.passed_s = TTL_MAX_S
    assert table.live() == []
    assert table.put(batch(25, WALL_MS + 60_000 - SERIAL_OLD_MAX_MS - 1).lease(CHANNEL)) is Verdict.REFUSED

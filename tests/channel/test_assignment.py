"""Rendezvous ranking: the same for everyone, balanced, and stable when a member changes."""

from __future__ import annotations

import hashlib
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.assignment import rank, set_hash

CHANNEL = bytes(20)
keys = st.lists(st.binary(min_size=32, max_size=32), unique=True, max_size=7)


def named(kind: str, count: int) -> list[bytes]:
    """``count`` keys."""
    return [hashlib.sha256(f"{kind} {number}".encode()).digest() for number in range(count)]


@settings(max_examples=60)
@given(keys, st.binary(min_size=20, max_size=20), st.integers(0, 1 << 32))
def test_the_order_in_which_the_set_is_listed_does_not_matter(
    initiators: list[bytes], subscriber: bytes, seed: int
) -> None:
    other = list(initiators)
    random.Random(seed).shuffle(other)
    ranking = rank(subscriber, CHANNEL, initiators)
    assert ranking == rank(subscriber, CHANNEL, other)
    assert sorted(ranking) == sorted(initiators)
    assert set_hash(initiators) == set_hash(other)
    assert len(set_hash(initiators)) == 16


@settings(max_examples=60)
@given(keys.filter(bool), st.binary(min_size=20, max_size=20))
def test_without_one_member_the_others_keep_their_order(initiators: list[bytes], subscriber: bytes) -> None:
    ranking = rank(subscriber, CHANNEL, initiators)
    assert rank(subscriber, CHANNEL, initiators[1:]) == [key for key in ranking if key != initiators[0]]
    assert set_hash(initiators) != set_hash(initiators[1:])


def test_subscribers_are_spread_evenly_at_every_rank() -> None:
    initiators = named("initiator", 5)
    rankings = [rank(key[:20], CHANNEL, initiators) for key in named("subscriber", 2000)]
    for position in range(5):
        served = [sum(ranking[position] == key for ranking in rankings) for key in initiators]
        assert all(320 <= count <= 480 for count in served), served  # 400 expected, 4.5 deviations of 18


def test_other_channels_are_served_by_others() -> None:
    initiators = named("initiator", 5)
    firsts = {rank(b"s" * 20, key[:20], initiators)[0] for key in named("channel", 50)}
    assert firsts == set(initiators)

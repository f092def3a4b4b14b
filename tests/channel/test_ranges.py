"""The ranges of one stream agree with a plain set of numbers."""

from __future__ import annotations

import hashlib
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.ranges import StreamRanges

KEY = bytes(40)
numbers = st.sets(st.integers(1, 40), min_size=1)


def digest(seq: int) -> bytes:
    """A digest for a number."""
    return hashlib.blake2b(b"%d" % seq, digest_size=16).digest()


def ranges_of(seqs: list[int]) -> StreamRanges:
    """The ranges after these numbers came in this order."""
    ranges = StreamRanges(KEY)
    for seq in seqs:
        ranges.add(seq, digest(seq))
    return ranges


@settings(max_examples=100)
@given(numbers, st.integers(0, 1 << 32), st.integers(0, 45), st.integers(0, 45))
def test_ranges_are_a_set_of_numbers(seqs: set[int], seed: int, low: int, high: int) -> None:
    order = sorted(seqs)
    random.Random(seed).shuffle(order)
    ranges = ranges_of(order)
    assert [seq for seq in range(50) if ranges.holds(seq)] == sorted(seqs)
    assert (ranges.floor, ranges.highest) == (min(seqs) - 1, max(seqs))
    assert ranges.following == next(seq for seq in range(min(seqs), 50) if seq not in seqs)
    listed = [seq for first, last in ranges.missing(low, high) for seq in range(first, last + 1)]
    assert listed == [seq for seq in range(low, high + 1) if seq not in seqs]
    assert ranges.digest() == ranges_of(sorted(seqs)).digest()
    for before, after in zip(ranges.spans, ranges.spans[1:], strict=False):
        assert before.low <= before.high and before.high + 1 < after.low
    assert [span.head for span in ranges.spans] == [digest(span.high) for span in ranges.spans]


@settings(max_examples=60)
@given(numbers, numbers)
def test_other_numbers_have_another_digest(some: set[int], others: set[int]) -> None:
    same = ranges_of(sorted(some)).digest() == ranges_of(sorted(others)).digest()
    assert same == (some == others)


def test_memory_grows_with_the_gaps_not_with_the_messages() -> None:
    assert len(ranges_of(list(range(1, 2000))).spans) == 1
    assert len(ranges_of([1, 2, 3, 7, 8, 20]).spans) == 3

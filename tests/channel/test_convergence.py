"""Union is the merge: the same messages give the same log, however and however often they come."""

from __future__ import annotations

import functools

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.message import Message
from tests.channel.making import Author, Replica, shuffled

STREAMS = 4
LENGTH = 9


@functools.cache
def everything() -> tuple[Message, ...]:
    """A few streams, one author with two instances, some forks, a third message under one number."""
    found: list[Message] = []
    for author in (Author(0), Author(0, b"another1"), Author(1), Author(2)):
        stream = author.stream(LENGTH)
        found.extend(stream)
        found.extend(author.fork(stream[place], "fork") for place in (0, 4, LENGTH - 1))
        found.append(author.fork(stream[4], "a third"))
    return tuple(found)


@functools.cache
def honest() -> tuple[Message, ...]:
    """The same without forks."""
    authors = (Author(0), Author(0, b"another1"), Author(1), Author(2))
    return tuple(message for author in authors for message in author.stream(LENGTH))


subsets = st.sets(st.integers(0, STREAMS * (LENGTH + 4) - 1)).map(
    lambda places: [everything()[place] for place in sorted(places)]
)
honest_subsets = st.sets(st.integers(0, STREAMS * LENGTH - 1)).map(
    lambda places: [honest()[place] for place in sorted(places)]
)


def with_originals(messages: list[Message]) -> list[Message]:
    """The messages, and of each forked number the one that the next message names.

    Only a live log knows that a held message names one that never came; see ``ChannelLog.rebuild``.
    """
    named = {message.prev for message in everything()}
    places = {(m.author, m.instance, m.seq) for m in messages}
    originals = [m for m in everything() if m.digest in named and (m.author, m.instance, m.seq) in places]
    return list(dict.fromkeys([*messages, *originals]))


seeds = st.integers(0, 1 << 32)


def state(replica: Replica) -> tuple[object, ...]:
    """All that a log says of itself, in a form that compares."""
    log = replica.log
    return (
        log.root(),
        log.bucket_digests(),
        sorted(log.heads()),
        sorted((r.author, r.instance, r.low, r.high) for r in log.gaps()),
        sorted(log.forked()),
        log.differing_streams([bytes(8)] * 64),
    )


@settings(max_examples=60)
@given(subsets, seeds, seeds)
def test_the_order_of_arrival_and_repetition_do_not_matter(
    messages: list[Message], one: int, other: int
) -> None:
    first = Replica(shuffled(messages, one))
    second = Replica(shuffled([*messages, *messages], other))
    assert state(first) == state(second)


@settings(max_examples=60)
@given(honest_subsets, honest_subsets)
def test_equal_roots_mean_equal_sets(some: list[Message], others: list[Message]) -> None:
    mine, theirs = Replica(some), Replica(others)
    assert (mine.log.root() == theirs.log.root()) == (set(mine.disk) == set(theirs.disk))


@settings(max_examples=40)
@given(subsets, subsets, subsets)
def test_merging_is_commutative_associative_and_idempotent(
    a: list[Message], b: list[Message], c: list[Message]
) -> None:
    whole = state(Replica([*a, *b, *c]))
    assert state(Replica([*c, *b, *a])) == whole
    assert state(Replica([*b, *a, *c, *a, *b])) == whole


@settings(max_examples=40)
@given(subsets.map(with_originals), seeds)
def test_the_incremental_root_is_the_rebuilt_one(messages: list[Message], seed: int) -> None:
    replica = Replica()
    for message in shuffled(messages, seed):
        replica.put(message)
        replica.log.root()  # so that later adds must invalidate what was computed here
    assert state(replica.restarted()) == state(replica)


@settings(max_examples=60)
@given(honest_subsets, honest_subsets)
def test_one_catch_up_each_way_makes_two_replicas_equal(some: list[Message], others: list[Message]) -> None:
    mine, theirs = Replica(some), Replica(others)
    union = {m.digest for m in (*some, *others)}
    new = mine.pull_from(theirs)
    assert new == len(union) - len({m.digest for m in some})
    theirs.pull_from(mine)
    assert set(mine.disk) == set(theirs.disk) == union
    assert mine.log.root() == theirs.log.root()
    assert mine.pull_from(theirs) == 0


@settings(max_examples=40)
@given(honest_subsets, honest_subsets)
def test_nothing_is_asked_for_that_is_here(some: list[Message], others: list[Message]) -> None:
    mine, theirs = Replica(some), Replica(others)
    held = {(m.author, m.instance, m.seq) for m in some}
    for span in mine.log.missing(theirs.log.differing_streams(mine.log.bucket_digests())):
        assert not held & {(span.author, span.instance, seq) for seq in range(span.low, span.high + 1)}


@settings(max_examples=60)
@given(subsets, seeds)
def test_has_answers_for_exactly_what_is_stored(messages: list[Message], seed: int) -> None:
    replica = Replica(shuffled(messages, seed))
    for message in everything():
        assert replica.log.has(message) == (message.digest in replica.disk)

"""Authors that contradict themselves: what is kept as evidence, and that all nodes still agree."""

from __future__ import annotations

import pytest

from peernode.channel.log import Added
from peernode.channel.message import Message
from peernode.channel.ranges import FAULTS_MAX, LAST_FEW, SWEEP
from tests.channel.making import Author, Replica, identity, shuffled

KEY = identity().public_key


def test_two_messages_under_one_number_are_evidence() -> None:
    author = Author()
    stream = author.stream(3)
    other = author.fork(stream[1], "another")
    replica = Replica(stream)
    before = replica.log.root()
    assert replica.log.forked() == []
    assert replica.put(other) is Added.FORK
    assert replica.log.forked() == [KEY]
    assert replica.log.root() != before
    assert replica.log.has(other) and replica.log.has(stream[1])
    assert replica.put(other) is Added.DUPLICATE


def test_of_many_messages_under_one_number_the_two_lowest_are_kept() -> None:
    author = Author()
    author.next()
    variants = sorted((author.sign(2, author.prev, f"{n}") for n in range(4)), key=lambda m: m.digest)
    first = Replica([variants[1], variants[3]])
    assert first.put(variants[2]) is Added.FORK
    assert first.put(variants[0]) is Added.FORK
    assert first.put(variants[2]) is not Added.FORK
    assert first.put(variants[3]) is not Added.FORK
    assert first.log.root() == Replica(variants[:2]).log.root()


def test_what_would_be_ignored_is_ignored_also_after_it_was_stored() -> None:
    author = Author()
    author.next()
    variants = sorted((author.sign(2, author.prev, f"{n}") for n in range(3)), key=lambda m: m.digest)
    replica = Replica(variants[:2])
    before = (replica.log.root(), replica.log.version)
    assert replica.log.would_add(variants[2]) is Added.IGNORED
    replica.store(variants[2])
    assert replica.log.add(variants[2]) not in (Added.NEW, Added.FORK)
    assert (replica.log.root(), replica.log.version) == before


@pytest.mark.parametrize("reverse", [False, True])
def test_a_fork_is_found_whichever_digest_is_lower(reverse: bool) -> None:
    author = Author()
    pair = [author.sign(1, bytes(16), text) for text in ("one", "other")]
    pair.sort(key=lambda m: m.digest, reverse=reverse)
    replica = Replica()
    assert [replica.put(message) for message in pair] == [Added.NEW, Added.FORK]


@pytest.mark.parametrize("damaged", [[0], [1], [0, 1]])
def test_a_fork_whose_messages_cannot_be_read_is_still_one_after_a_restart(damaged: list[int]) -> None:
    author = Author()
    author.next()
    pair = sorted((author.sign(2, author.prev, f"{n}") for n in range(2)), key=lambda m: m.digest)
    before = Replica([author.sign(1, bytes(16)), *pair])
    sound = [message.digest for index, message in enumerate(pair) if index not in damaged]
    after = Replica()
    after.places[KEY, pair[0].instance, 2] = sound
    after.log.rebuild(sorted((m.author, m.instance, m.seq, m.digest) for m in before.disk.values()))
    assert after.log.fork_at(KEY, pair[0].instance, 2) == (pair[0].digest, pair[1].digest)
    assert after.log.root() == before.log.root()


def test_a_fork_at_the_end_is_pulled_both_ways() -> None:
    author = Author()
    common: list[Message] = author.stream(5)
    last = [author.sign(6, author.prev, text) for text in ("one", "other")]
    mine, theirs = Replica([*common, last[0]]), Replica([*common, last[1]])
    assert mine.log.root() != theirs.log.root()
    assert (mine.pull_from(theirs), theirs.pull_from(mine)) == (1, 1)
    assert mine.log.root() == theirs.log.root()
    assert mine.log.forked() == theirs.log.forked() == [KEY]


def test_an_old_fork_is_found_in_a_few_catch_ups() -> None:
    author = Author()
    stream = author.stream(300)
    mine, theirs = Replica(stream), Replica([*stream, author.fork(stream[20], "another")])
    rounds = 0
    while mine.log.root() != theirs.log.root() and rounds < 20:
        mine.pull_from(theirs)
        rounds += 1
    assert mine.log.root() == theirs.log.root()
    assert mine.log.forked() == [KEY]


def test_a_catch_up_compares_a_part_of_a_stream_and_not_its_history() -> None:
    author = Author()
    stream = author.stream(300)
    mine, theirs = Replica(stream), Replica([*stream, author.fork(stream[20], "another")])
    for _ in range(10):
        asked = mine.log.missing(theirs.log.differing_streams(mine.log.bucket_digests()))
        assert sum(item.high - item.low + 1 for item in asked) <= LAST_FEW + SWEEP


def test_who_forks_without_end_is_given_up_alike_everywhere() -> None:
    author = Author()
    stream = author.stream(FAULTS_MAX + 6)
    forks = [author.fork(message, "another") for message in stream]
    one, other = Replica([*stream, *forks]), Replica([*stream, *reversed(forks)])
    assert one.log.root() == other.log.root() == one.restarted().log.root()
    assert one.put(author.next()) is Added.IGNORED
    assert one.log.forked() == [KEY]
    assert one.log.missing(Replica(stream).log.differing_streams(one.log.bucket_digests())) == []
    late = Replica(stream)
    late.pull_from(one)
    assert late.log.root() == one.log.root()


def told_differently() -> tuple[list[Message], list[Message]]:
    """What two halves of a network hold when an author told them different things, then the same."""
    author = Author()
    stream = author.stream(30)
    other = author.fork(stream[4], "another")
    return stream, [*stream[:4], other, *stream[5:]]


@pytest.mark.parametrize("seed", range(6))
def test_an_author_who_tells_two_stories_is_noticed(seed: int) -> None:
    one, other = told_differently()
    mine, theirs = Replica(one), Replica(shuffled(other, seed))
    assert mine.log.root() != theirs.log.root()
    assert theirs.log.root() == Replica(other).log.root()
    assert (mine.log.forked(), theirs.log.forked()) == ([], [KEY])
    for _ in range(2):
        theirs.pull_from(mine)
        mine.pull_from(theirs)
    assert mine.log.root() == theirs.log.root()
    assert set(mine.disk) == set(theirs.disk)
    assert mine.log.forked() == [KEY]
    assert mine.restarted().log.root() == mine.log.root()


def test_a_whole_stream_told_twice_ends_in_one_state() -> None:
    author = Author()
    common = author.stream(3)
    branches: list[list[Message]] = []
    for text in ("one", "other"):
        branch = Author()
        branch.seq, branch.prev = author.seq, author.prev
        branches.append([branch.next(text) for _ in range(8)])
    mine, theirs = (Replica([*common, *branch]) for branch in branches)
    for _ in range(20):
        mine.pull_from(theirs)
        theirs.pull_from(mine)
    assert set(mine.disk) == set(theirs.disk)
    assert mine.log.root() == theirs.log.root()


def test_honest_authors_are_never_accused() -> None:
    messages = [message for number in range(3) for message in Author(number).stream(12)]
    for seed in range(20):
        assert Replica(shuffled(messages, seed)[:25]).log.forked() == []


def test_a_log_that_was_rebuilt_knows_a_tear_once_the_message_behind_it_is_read() -> None:
    author = Author()
    first = author.next()
    torn = author.sign(2, bytes([7] * 16), "behind something else")
    replica = Replica([first, torn])
    again = Replica()
    for message in (first, torn):
        again.store(message)
    again.log.rebuild((m.author, m.instance, m.seq, m.digest) for m in (first, torn))
    assert replica.log.forked() == [KEY] and again.log.forked() == []
    again.log.root()
    version = again.log.version
    for message in (first, torn):
        again.log.reread(message)
    assert again.log.forked() == [KEY]
    assert again.log.root() == replica.log.root()
    assert again.log.version == version + 1
    again.log.reread(torn)
    assert again.log.version == version + 1, "nothing new"
    again.log.reread(author.sign(9, bytes([7] * 16), "not held"))
    assert again.log.root() == replica.log.root()

"""The log: what is held, what is missing, what is refused, what is evidence."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from peernode.channel.log import HIDDEN_MAX, Added
from peernode.channel.message import SEQ_MAX
from peernode.channel.ranges import RANGES_MAX
from peernode.channel.summary import Range, StreamSummary, decode_summary, encode_summary
from peernode.config import NodeConfig
from peernode.errors import RemoteProtocolError
from peernode.wire.codec import pack, unpack
from tests.channel.making import INSTANCE, Author, Replica, identity

KEY = identity().public_key


def gaps(replica: Replica) -> list[tuple[int, int]]:
    """The missing numbers of the one stream there is."""
    return [(item.low, item.high) for item in replica.log.gaps()]


def test_a_new_log_is_empty() -> None:
    log = Replica().log
    assert (log.version, log.heads(), log.gaps(), log.forked()) == (0, [], [], [])
    assert log.floor(KEY, INSTANCE) == 0
    assert log.bucket_digests() == [bytes(8)] * 64


def test_messages_are_taken_once() -> None:
    first, second = Author().stream(2)
    replica = Replica()
    assert [replica.put(m) for m in (first, second, first)] == [Added.NEW, Added.NEW, Added.DUPLICATE]
    assert replica.log.version == 2
    assert replica.log.has(first) and replica.log.has(second)
    assert replica.log.heads() == [(KEY, INSTANCE, 3)]


def test_a_message_that_is_not_here_is_not_had() -> None:
    stream = Author().stream(5)
    replica = Replica([stream[0], stream[1], stream[3]])
    assert [replica.log.has(message) for message in stream] == [True, True, False, True, False]
    assert not replica.log.has(Author().fork(stream[1], "another"))
    assert not replica.log.has(Author(1).next())


def test_a_gap_is_named_until_it_is_filled() -> None:
    stream = Author().stream(6)
    replica = Replica([stream[0], stream[3], stream[5]])
    assert gaps(replica) == [(2, 3), (5, 5)]
    replica.take([stream[2]])
    assert gaps(replica) == [(2, 2), (5, 5)]
    replica.take([stream[4], stream[1]])
    assert gaps(replica) == []


def test_an_unknown_stream_starts_at_a_provisional_floor_that_history_lowers() -> None:
    stream = Author().stream(6)
    replica = Replica([stream[3]])
    assert (replica.log.floor(KEY, INSTANCE), gaps(replica)) == (3, [])
    assert replica.put(stream[2]) is Added.NEW
    assert (replica.log.floor(KEY, INSTANCE), gaps(replica)) == (2, [])
    assert replica.put(stream[0]) is Added.NEW
    assert (replica.log.floor(KEY, INSTANCE), gaps(replica)) == (0, [(2, 2)])


def test_too_far_ahead_is_refused() -> None:
    config = NodeConfig(seq_ahead_max=10)
    stream = Author().stream(20)
    replica = Replica([stream[0]], config)
    assert replica.put(stream[15]) is Added.TOO_FAR
    assert replica.put(stream[8]) is Added.NEW
    assert not replica.log.has(stream[15])


def test_news_enter_while_history_is_filled_in_from_below() -> None:
    stream = Author().stream(40)
    replica = Replica(stream[30:35], NodeConfig(seq_ahead_max=10))
    replica.take(stream[:3])
    assert replica.put(stream[35]) is Added.NEW
    assert gaps(replica) == [(4, 30)]


def test_more_streams_than_the_bound_are_refused() -> None:
    replica = Replica(config=NodeConfig(streams_per_channel_max=2))
    authors = [Author(number) for number in range(3)]
    assert [replica.put(author.next()) for author in authors] == [Added.NEW, Added.NEW, Added.FULL]
    assert replica.put(authors[0].next()) is Added.NEW
    theirs = Replica([Author(2).next()]).log.differing_streams([bytes(8)] * 64)
    assert replica.log.missing(theirs) == [], "what would be refused must not be pulled again and again"


def test_with_too_many_gaps_only_what_opens_another_is_refused() -> None:
    author = Author()
    everything = author.stream(2 * RANGES_MAX + 4)
    replica = Replica(config=NodeConfig(seq_ahead_max=10_000))
    replica.take(everything[: 2 * RANGES_MAX : 2])
    assert replica.log.would_add(everything[2 * RANGES_MAX + 2]) is Added.TOO_FAR
    assert replica.log.would_add(everything[2 * RANGES_MAX - 1]) is Added.NEW
    assert replica.log.would_add(everything[1]) is Added.NEW
    replica.put(everything[1])
    assert replica.log.would_add(everything[2 * RANGES_MAX + 2]) is Added.NEW


def test_what_a_skip_names_is_hidden_whichever_comes_first() -> None:
    author = Author()
    said = author.next()
    skip = author.skip(said)
    for order in itertools.permutations([said, skip]):
        replica = Replica(order)
        assert replica.log.hidden(said) and not replica.log.hidden(skip)


def test_nobody_hides_what_another_said() -> None:
    said = Author(0).next()
    liar = Author(1)
    liar.next()
    assert not Replica([said, liar.skip(said)]).log.hidden(said)


def test_a_log_is_rebuilt_from_the_rows_of_its_store() -> None:
    author = Author()
    stream = author.stream(9)
    fork = author.fork(stream[4], "another")
    before = Replica([*stream[2:6], stream[7], fork, Author(1).next()])
    after = before.restarted()
    assert after.log.root() == before.log.root()
    assert after.log.heads() == before.log.heads()
    assert after.log.gaps() == before.log.gaps()
    assert after.log.forked() == [KEY]
    assert after.log.version == before.log.version
    assert all(after.log.has(message) for message in before.disk.values())


def test_adding_costs_the_same_with_much_history() -> None:
    def lookups(history: int) -> int:
        author = Author()
        replica = Replica(author.stream(history))
        replica.lookups = 0
        replica.log.add(author.next())
        replica.log.root()
        return replica.lookups

    assert lookups(400) == lookups(4) == 0


def test_a_summary_survives_the_wire() -> None:
    stream = Author().stream(8)
    replica = Replica([*stream[2:5], stream[6]])
    (summary,) = replica.log.differing_streams([bytes(8)] * 64)
    assert (summary.floor, summary.following, summary.highest) == (2, 6, 7)
    assert decode_summary(unpack(pack(encode_summary(summary)))) == summary


@pytest.mark.parametrize(
    "numbers",
    [(-1, 2, 5), (0, 0, 5), (5, 5, 9), (0, 7, 3), (3, 5, 2), (0, 1, SEQ_MAX + 1), (0, SEQ_MAX + 2, 9)],
)
def test_a_summary_that_contradicts_itself_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_summary([KEY, INSTANCE, *numbers, bytes(16)])


@pytest.mark.parametrize(
    "item", [None, [], [KEY], [KEY, INSTANCE, 0, 2, 1, bytes(15)], [b"", b"", 0, 2, 1, b""]]
)
def test_what_is_no_summary_is_refused(item: object) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_summary(item)


def test_a_lying_summary_costs_no_memory() -> None:
    replica = Replica(Author().stream(3))
    lie = StreamSummary(KEY, INSTANCE, 0, SEQ_MAX, SEQ_MAX, bytes(16))
    assert replica.log.missing([lie]) == [Range(KEY, INSTANCE, 4, SEQ_MAX)]


def test_only_streams_in_differing_buckets_are_compared() -> None:
    authors = [Author(number) for number in range(12)]
    common = [author.next() for author in authors]
    mine, theirs = Replica(common), Replica([*common, authors[3].next()])
    named = theirs.log.differing_streams(mine.log.bucket_digests())
    assert authors[3].identity.public_key in [item.author for item in named]
    assert len(named) < len(authors)
    assert mine.log.differing_streams(mine.log.bucket_digests()) == []


def test_pages_of_differing_streams_have_each_once_and_look_at_a_bucket_or_two() -> None:
    """A page that sorts and sums up all streams costs hundreds of digests in place of some."""
    log = Replica().log
    log.rebuild((bytes([number]) * 32, INSTANCE, 1, bytes(16)) for number in range(255))
    theirs = [b"another!"] * 64
    paged: list[StreamSummary] = []
    after: bytes | None = None
    while page := log.differing_streams(theirs, after, 11):
        paged += page
        after = page[-1].author + page[-1].instance
    assert paged == log.differing_streams(theirs)
    assert len({item.author for item in paged}) == len(paged) == 255
    summed_up: list[object] = []
    honest = log._summary
    log._summary = lambda stream: (summed_up.append(stream), honest(stream))[1]  # type: ignore[method-assign]
    log.differing_streams(theirs, paged[99].author + INSTANCE, 12)
    assert len(summed_up) == 12


def test_what_a_peer_has_is_asked_for_and_no_more() -> None:
    stream = Author().stream(12)
    mine = Replica([*stream[:3], *stream[5:7]])
    theirs = Replica(stream[1:10])
    asked = mine.log.missing(theirs.log.differing_streams(mine.log.bucket_digests()))
    assert [(item.low, item.high) for item in asked] == [(4, 5), (8, 10)]


def test_what_is_hidden_is_bounded_and_the_newest_stays_hidden() -> None:
    author = Author()
    said = author.stream(3)
    skip = author.skip(said[0])
    log = Replica().log
    log.note_skip(skip)
    for number in range(HIDDEN_MAX - 1):
        log.note_skip(replace(skip, body=pack([INSTANCE, number + 10, bytes(16)])))
    assert log.hidden(said[0])
    log.note_skip(replace(skip, body=pack([INSTANCE, 3, said[2].digest])))
    assert not log.hidden(said[0])
    assert log.hidden(said[2])

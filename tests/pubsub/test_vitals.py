"""What is said in answer to HEALTH fits a datagram, comes through whole, and adds up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.diagnostics.windows import BINS_MAX, SPANS, Tally, Windows, bin_of, merged
from peernode.errors import RemoteProtocolError
from peernode.pubsub.growth import MARKS_MAX, SETTLED_S, Growth
from peernode.pubsub.vitals import (
    BINS_TOLD_MAX,
    PAGES_MAX,
    SLICES_FROM,
    Share,
    Vitals,
    decode_page,
    page_of,
    shares_of,
)
from peernode.span import PARTS
from peernode.wire.codec import Fields, pack, unpack
from peernode.wire.payload import ANSWER_BODY_MAX

WORST = Vitals(1 << 48, 1 << 48, 1 << 48, bytes(16), bytes(16), 1 << 48, 1 << 40, True, 1 << 40)


def answers(shares: list[Share]) -> list[Share]:
    """All pages as a peer reads them, each checked against the size of a datagram."""
    found: list[Share] = []
    after: int | None = None
    for _ in range(PAGES_MAX + 1):
        page, following = page_of(shares, after)
        head = WORST.encode() if after is None else None
        raw = pack([head, [share.encode() for share in page], following])
        assert len(raw) <= ANSWER_BODY_MAX
        vitals, read, after = decode_page(Fields(unpack(raw)), after is None)
        assert vitals in (WORST, None)
        found += read
        if after is None:
            return found
    raise AssertionError("too many pages")


pushes = st.tuples(
    st.floats(0.0, 90_000.0), st.booleans(), st.booleans(), st.sampled_from((0.3, 9.0, 44.0, 350.0, 8_000.0))
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(pushes, max_size=300), st.floats(90_000.0, 90_300.0))
def test_what_several_initiators_tell_adds_up_to_what_happened(
    done: list[tuple[float, bool, bool, float]], now_s: float
) -> None:
    """Catches a slice told twice or left out at the edge of a page."""
    windows = [Windows(), Windows()]
    for index, (at_s, acked, again, elapsed_ms) in enumerate(sorted(done)):
        windows[index % 2].add(at_s, acked=acked, again=again, elapsed_ms=elapsed_ms)
    told = [answers(shares_of(each, now_s)) for each in windows]
    for place, name in enumerate(SPANS):
        both = merged(share.tally for shares in told for share in shares if share.place == place)
        honest = merged(each.tally(name, now_s) for each in windows)
        assert (both.attempted, both.acked, both.retried, both.failed) == (
            honest.attempted,
            honest.acked,
            honest.retried,
            honest.failed,
        )
        assert both.percentile_ms(0.95) == honest.percentile_ms(0.95)
        assert abs(both.sum_ms - honest.sum_ms) <= 2
    slices = [share for shares in told for share in shares if share.place >= SLICES_FROM]
    assert all(0 <= share.age_ms <= 310_000 for share in slices)
    assert sum(share.tally.attempted for share in slices) == sum(
        each.tally("5m", now_s).attempted for each in windows
    )


def test_the_fullest_pages_fit_a_datagram() -> None:
    tally = Tally(1 << 40, 161 << 20, 1 << 40, 1 << 30, 1e12, parts=dict.fromkeys(PARTS, 1e11))
    tally.bins = Counter(dict.fromkeys(range(BINS_MAX + 1), 1 << 20))
    shares = [Share(place, 290_000, tally) for place in range(33)]
    told = answers(shares[:PAGES_MAX])
    assert [share.place for share in told] == list(range(PAGES_MAX))
    for share in told:
        assert len(share.tally.bins) <= BINS_TOLD_MAX
        assert share.tally.bins.total() == tally.acked


def test_a_wide_histogram_is_told_more_coarsely_and_hardly_shifted() -> None:
    tally = Tally(161, 161, 0, 0, 1.0, Counter(range(BINS_MAX + 1)))
    told = Share.decode(unpack(pack(Share(0, 0, tally).encode()))).tally
    exact, coarse = tally.percentile_ms(0.5), told.percentile_ms(0.5)
    assert exact is not None
    assert coarse is not None
    assert coarse <= exact <= coarse * 2**0.5


@pytest.mark.parametrize("first", [True, False])
def test_vitals_stand_on_the_first_page_and_on_no_other(first: bool) -> None:
    body = [None if first else WORST.encode(), [], None]
    with pytest.raises(RemoteProtocolError):
        decode_page(Fields(body), first)


def test_what_came_lately_is_not_settled() -> None:
    growth = Growth()
    assert growth.recent(100.0, 7) == 0
    for number in range(40):
        growth.grows(100.0 + number / 2, 7 + number)
    assert growth.recent(120.0, 47) == 22  # of the last ten seconds, and of one more that began before
    assert growth.recent(119.5 + SETTLED_S + 2, 47) == 0
    assert growth.recent(1_000.0, 47) == 0
    assert len(growth._marks) == MARKS_MAX


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.0, 60.0), max_size=200))
def test_no_message_of_the_last_ten_seconds_is_called_settled(moments: list[float]) -> None:
    growth, taken = Growth(), 0
    for at_s in sorted(moments):
        growth.grows(at_s, taken)
        taken += 1
    lately = sum(1 for at_s in moments if 60.0 - at_s < SETTLED_S)
    earlier = sum(1 for at_s in moments if 60.0 - at_s > SETTLED_S + 2.0)
    assert lately <= growth.recent(60.0, taken) <= taken - earlier


SPENT = {"lookup": 7.0, "disk": 11.0, "network": 40.0, "retry": 20.0, "queue": 3.0, "own": 9.0}


def test_where_the_time_went_is_told_and_adds_up() -> None:
    tally = Tally(3, 2, 0, 1, 90.0, Counter({20: 1, 30: 1}), SPENT)
    told = Share.decode(unpack(pack(Share(0, 0, tally).encode()))).tally
    assert told.parts == SPENT
    whole = merged([told, Tally(2, 2, 0, 0, 10.0, Counter({10: 2}), {"disk": 10.0})])
    assert sum(whole.parts.values()) == whole.sum_ms
    assert whole.told()["parts"]["disk"] == 5.2


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(PARTS), st.floats(0.0, 9_000.0)))
def test_parts_never_exceed_the_whole_whatever_is_rounded(spent: dict[str, float]) -> None:
    tally = Tally(1, 1, 0, 0, sum(spent.values()), Counter({10: 1}), spent)
    told = Share.decode(unpack(pack(Share(0, 0, tally).encode()))).tally
    assert sum(told.parts.values()) == told.sum_ms
    assert all(abs(ms - spent.get(name, 0.0)) <= 6 for name, ms in told.parts.items())


def test_who_does_not_say_where_it_went_or_whether_there_is_room_is_of_an_earlier_version() -> None:
    old = Share(0, 0, Tally(3, 2, 0, 1, 90.0, Counter({20: 1, 30: 1}), SPENT)).encode()[:8]
    assert Share.decode(old).tally.parts == {"unknown": 90.0}
    assert Vitals.decode(WORST.encode()[:8]).full_age_ms is None


@pytest.mark.parametrize(
    "parts", [[0, 0, 91, 0, 0], [50, 41, 0, 0, 0], [0, 0, 0, 0], [0, 0, -1, 0, 0], 7, [[]]]
)
def test_parts_that_do_not_fit_the_whole_are_malformed(parts: object) -> None:
    share = [*Share(0, 0, Tally(3, 2, 0, 1, 90.0, Counter({20: 1, 30: 1}))).encode()[:8], parts]
    with pytest.raises(RemoteProtocolError):
        Share.decode(share)


def test_bins_are_what_the_protocol_says() -> None:
    assert [bin_of(ms) for ms in (0.1, 1.0, 2.0, 1024.0, 1e9)] == [0, 0, 8, 80, BINS_MAX]

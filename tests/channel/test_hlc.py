"""The hybrid clock: strictly increasing, above what was merged, never dragged into the future."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.hlc import AHEAD_MAX_MS, OWN_AHEAD_MAX_MS, REFUSED_S, Hlc, ahead_ms, hlc_ms

START_MS = 1_700_000_000_000


class WallClock:
    """A clock that a test sets, also backwards."""

    def __init__(self) -> None:
        self.ms = START_MS
        self.seconds = 0.0

    def monotonic(self) -> float:
        """What the test has set; the wall clock knows nothing of it."""
        return self.seconds

    def wall_ms(self) -> int:
        """What the test has set."""
        return self.ms


def written_ahead(clock: WallClock, hlc: Hlc, by_ms: int) -> int:
    """A timestamp taken while the clock was so far ahead, which it is no more."""
    clock.ms += by_ms
    early = hlc.now()
    clock.ms -= by_ms
    return early


def test_own_timestamps_go_back_once_others_refuse_them() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    early = written_ahead(clock, hlc, 90_000)
    assert not hlc.go_back(), "nobody has refused anything: it may be our clock that is behind"
    assert hlc.now() == early + 1
    hlc.refused(early)
    assert hlc.go_back()
    assert hlc.now() == START_MS << 16
    assert not hlc.go_back(), "there is nothing left to give up"


def test_a_refusal_counts_for_what_our_clock_finds_early_and_is_not_given_up_and_not_for_ever() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    early = written_ahead(clock, hlc, 90_000)
    hlc.refused(early)
    assert hlc.go_back()
    hlc.refused(early)  # somebody presses Retry: the same bytes again
    clock.ms += 7_200_000
    hlc.now()
    clock.ms -= 3_600_000  # and now the clock is behind, and nobody has refused anything of these two hours
    assert not hlc.go_back()
    clock.ms += 3_600_000
    hlc.refused(hlc.now())  # by somebody whose own clock is behind
    assert not hlc.go_back(), "our clock does not find it early"
    early = written_ahead(clock, hlc, 90_000)
    hlc.refused(early)
    clock.seconds += REFUSED_S + 1
    assert not hlc.go_back(), "too long ago to say anything of the clock as it is now"


def test_own_timestamps_do_not_go_back_behind_what_others_wrote_or_for_little() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    hlc.refused(written_ahead(clock, hlc, 90_000))
    theirs = (clock.ms + 45_000) << 16
    assert hlc.merge(theirs)
    assert hlc.go_back()
    assert hlc.now() == theirs + 1
    hlc.refused(theirs + 1)
    assert not hlc.go_back(), "it only followed others"
    slight = Hlc(clock)
    last = written_ahead(clock, slight, OWN_AHEAD_MAX_MS)
    slight.refused(last)
    assert not slight.go_back()
    assert slight.now() == last + 1


def test_what_others_wrote_too_far_ahead_of_the_clock_as_it_is_now_is_no_floor() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    clock.ms += 90_000
    assert hlc.merge(clock.ms << 16)
    early = hlc.now()
    clock.ms -= 90_000
    hlc.refused(early)
    assert hlc.go_back()
    assert hlc.now() == START_MS << 16


def test_it_goes_on_above_the_log_and_is_not_held_to_it_when_it_goes_back() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    hlc.resume((START_MS + 50_000) << 16)
    assert hlc.now() == ((START_MS + 50_000) << 16) + 1
    hlc.resume((START_MS + 90_000) << 16)
    hlc.refused(hlc.now())
    assert hlc.go_back()
    assert hlc.now() == START_MS << 16


def test_a_timestamp_is_milliseconds_and_a_counter() -> None:
    hlc = Hlc(WallClock())
    first, second = hlc.now(), hlc.now()
    assert (hlc_ms(first), first & 0xFFFF) == (START_MS, 0)
    assert (hlc_ms(second), second & 0xFFFF) == (START_MS, 1)


def test_a_counter_that_overflows_carries_into_the_milliseconds() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    assert hlc.merge(START_MS << 16 | 0xFFFF)
    assert hlc.now() == (START_MS + 1) << 16


def test_a_clock_that_is_set_back_does_not_take_the_timestamps_back() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    before = hlc.now()
    clock.ms -= 3_600_000
    assert hlc.now() == before + 1


def test_what_lies_too_far_ahead_is_not_merged() -> None:
    hlc = Hlc(WallClock())
    limit = START_MS + AHEAD_MAX_MS
    assert not hlc.merge((limit + 1) << 16)
    assert hlc_ms(hlc.now()) == START_MS
    assert hlc.merge(limit << 16)
    assert hlc.now() == limit << 16 | 1


def test_the_lead_is_counted_in_milliseconds() -> None:
    assert ahead_ms((START_MS + 250) << 16 | 9, START_MS) == 250
    assert ahead_ms((START_MS - 250) << 16 | 9, START_MS) == -250


steps = st.lists(
    st.one_of(
        st.tuples(st.just("wall"), st.integers(-5000, 5000)),
        st.tuples(st.just("merge"), st.integers(-5000, 120_000)),
        st.tuples(st.just("now"), st.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=100)
@given(steps)
def test_now_is_above_everything_before_it_and_never_runs_off(plan: list[tuple[str, int]]) -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    seen, latest_wall = 0, clock.ms
    for step, ms in plan:
        if step == "wall":
            clock.ms += ms
            latest_wall = max(latest_wall, clock.ms)
        elif step == "merge":
            stamp = (clock.ms + ms) << 16 | 7
            if hlc.merge(stamp):
                seen = max(seen, stamp)
        else:
            stamp = hlc.now()
            assert stamp > seen
            seen = stamp
    assert ahead_ms(hlc.now(), latest_wall) <= AHEAD_MAX_MS

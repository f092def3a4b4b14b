"""The hybrid clock: strictly increasing, above what was merged, never dragged into the future."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from peernode.channel.hlc import AHEAD_MAX_MS, OWN_AHEAD_MAX_MS, Hlc, ahead_ms, hlc_ms

START_MS = 1_700_000_000_000


class WallClock:
    """A clock that a test sets, also backwards."""

    def __init__(self) -> None:
        self.ms = START_MS

    def monotonic(self) -> float:
        """Not used by the clock under test."""
        return 0.0

    def wall_ms(self) -> int:
        """What the test has set."""
        return self.ms


def test_own_timestamps_go_back_once_others_refuse_them() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    clock.ms += 90_000
    early = hlc.now()
    clock.ms -= 90_000
    assert not hlc.go_back(), "nobody has refused anything: it may be our clock that is behind"
    assert hlc.now() == early + 1
    hlc.refused()
    assert hlc.go_back()
    assert hlc.now() == START_MS << 16
    assert not hlc.go_back(), "there is nothing left to give up"


def test_own_timestamps_do_not_go_back_behind_what_others_wrote_or_for_little() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    hlc.refused()
    clock.ms += 90_000
    hlc.now()
    theirs = (clock.ms - 45_000) << 16
    assert hlc.merge(theirs)
    clock.ms -= 90_000
    assert hlc.go_back()
    assert hlc.now() == theirs + 1
    hlc.refused()
    assert not hlc.go_back(), "it only followed others"
    slight = Hlc(clock)
    slight.refused()
    clock.ms += OWN_AHEAD_MAX_MS
    last = slight.now()
    clock.ms -= OWN_AHEAD_MAX_MS
    assert not slight.go_back()
    assert slight.now() == last + 1


def test_what_others_wrote_too_far_ahead_of_the_clock_as_it_is_now_is_no_floor() -> None:
    clock = WallClock()
    hlc = Hlc(clock)
    clock.ms += 90_000
    assert hlc.merge(clock.ms << 16)
    hlc.now()
    clock.ms -= 90_000
    hlc.refused()
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

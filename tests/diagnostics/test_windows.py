"""Counts and percentiles by time: bounded, mergeable, and never far off."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.diagnostics.windows import (
    BINS_MAX,
    BINS_PER_OCTAVE,
    SPANS,
    Tally,
    Windows,
    bin_of,
    history,
    merged,
    ms_of,
)

OFF = 2 ** (1 / BINS_PER_OCTAVE)


@given(st.lists(st.floats(1.0, 600_000.0), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_off_by_a_bin_at_most(latencies_ms: list[float], share: float) -> None:
    windows = Windows()
    for latency_ms in latencies_ms:
        windows.add(5.0, acked=True, again=False, elapsed_ms=latency_ms)
    exact = sorted(latencies_ms)[math.ceil(len(latencies_ms) * share) - 1]
    found = windows.tally("5m", 5.0).percentile_ms(share)
    assert found is not None
    assert exact / OFF - 0.1 <= found <= exact * OFF + 0.1


@pytest.mark.parametrize("name", SPANS)
def test_a_window_forgets_what_is_older_and_keeps_no_more_slices_than_it_has(name: str) -> None:
    slice_s, count = SPANS[name]
    windows = Windows()
    for number in range(3 * count):
        windows.add(number * slice_s, acked=number % 2 == 0, again=number % 4 == 3, elapsed_ms=10)
    now_s = (3 * count - 1) * slice_s
    tally = windows.tally(name, now_s)
    assert (tally.attempted, tally.acked, tally.failed, tally.retried) == (
        count,
        count // 2,
        count // 2,
        count // 4,
    )
    assert windows.tally(name, now_s + count * slice_s).attempted == 0
    series = windows.series(name, now_s, 1_000_000_000)
    assert len(series) == count
    assert [at for at, _ in series] == [
        1_000_000_000 - round(slice_s * 1000) * back for back in range(count)
    ][::-1]


def test_tallies_of_several_nodes_are_one() -> None:
    first, second = Windows(), Windows()
    for latency_ms in (10, 20, 30):
        first.add(0, acked=True, again=False, elapsed_ms=latency_ms, parts={"network": latency_ms})
    second.add(0, acked=False, again=True, elapsed_ms=5000)
    second.add(0, acked=True, again=False, elapsed_ms=900, parts={"network": 100, "disk": 800})
    told = merged([first.tally("1h", 1), second.tally("1h", 1)]).told()
    assert told == {
        "attempted": 5,
        "acked": 4,
        "retried": 1,
        "failed": 1,
        "average_ms": 240.0,
        "parts": {"network": 40.0, "disk": 200.0},
        "p50_ms": pytest.approx(20, rel=0.1),
        "p95_ms": pytest.approx(900, rel=0.1),
        "p99_ms": pytest.approx(900, rel=0.1),
    }
    assert Tally().told()["average_ms"] is Tally().told()["p99_ms"] is None


def test_every_latency_has_a_bin() -> None:
    assert [bin_of(ms) for ms in (0, 0.5, 1)] == [0, 0, 0]
    assert bin_of(1e12) == BINS_MAX
    assert all(bin_of(ms_of(place)) == place for place in range(BINS_MAX + 1))


@pytest.mark.parametrize("name", ["1h", "24h"])
def test_a_long_window_of_several_nodes_is_told_slice_by_slice_in_bounded_memory(name: str) -> None:
    """As plots need it: each slice has its place by the wall clock, two nodes' of one time are one."""
    slice_s, count = SPANS[name]
    here, there = Windows(), Windows()
    for number in range(3 * count):
        here.add(number * slice_s + 1.0, acked=True, again=False, elapsed_ms=10.0)
    now_s = (3 * count - 1) * slice_s + 2.0
    there.add(now_s, acked=False, again=False, elapsed_ms=100.0)
    wall_ms = round(1_700_000_000 // slice_s * slice_s * 1000) + 2000
    slices = [each for node in (here, there) for each in node.series(name, now_s, wall_ms)]
    told = history(slices, name)
    assert len(told) == count
    slice_ms = round(slice_s * 1000)
    assert [each["at_ms"] for each in told] == [
        (wall_ms // slice_ms - count + 1 + number) * slice_ms for number in range(count)
    ]
    assert {each["attempted"] for each in told[:-1]} == {1}
    assert (told[-1]["attempted"], told[-1]["failed"], told[-1]["acked"]) == (2, 1, 1)
    assert told[0]["p95_ms"] == pytest.approx(10.0, rel=0.1)

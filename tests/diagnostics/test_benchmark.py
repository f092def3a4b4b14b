"""The benchmark of the diagnostic mode compares deliveries per second, and fails when too few are left."""

from __future__ import annotations

import pytest

from benchmarks.diagnosing import THROUGHPUT_LEAST, Side, compared, side, too_slow


def sides(*pairs: tuple[float, float], cpu: tuple[float, float] = (100.0, 100.0)) -> dict[bool, list[Side]]:
    """Pairs of seconds, on and off, for a thousand deliveries each."""
    return {
        True: [Side(1000, on, cpu[0]) for on, _ in pairs],
        False: [Side(1000, off, cpu[1]) for _, off in pairs],
    }


def test_throughput_is_deliveries_per_second_not_cpu() -> None:
    told = compared(sides((1.25, 1.0), (1.25, 1.0)))
    assert told["deliveries_per_s"] == {"on": 800.0, "off": 1000.0}
    assert told["throughput_on_to_off"] == 0.8
    assert told["cpu_off_to_on"] == 1.0
    assert told["pairs"] == [0.8, 0.8]


def test_a_ratio_is_that_of_all_bursts_together_and_its_spread_is_told() -> None:
    told = compared(sides((1.0, 2.0), (2.0, 1.0), cpu=(120.0, 60.0)))
    assert told["throughput_on_to_off"] == 1.0
    assert told["cpu_off_to_on"] == 0.5
    assert told["pairs"] == [2.0, 0.5]
    assert told["pairs_standard_error"] == pytest.approx(0.75)


def test_bursts_of_one_side_count_together() -> None:
    bursts = [
        {"deliveries": 700, "seconds": 0.5, "cpu_ms_per_delivery": 1.0},
        {"deliveries": 700, "seconds": 1.5, "cpu_ms_per_delivery": 2.0},
    ]
    assert side(bursts) == Side(1400, 2.0, 2100.0)


def test_a_run_that_leaves_too_little_throughput_fails_whatever_the_cpu_says() -> None:
    assert too_slow(compared(sides((1.0, THROUGHPUT_LEAST), cpu=(200.0, 100.0)))) == ""
    complaint = too_slow(compared(sides((1.0, 0.94))))
    assert "0.940 of the throughput" in complaint

"""What the report is made of: words for numbers, scales, escaping, and the counts behind it."""

from __future__ import annotations

import pytest

from peernode.simulation.observation.timeline import SLICES, WATCHED_MAX, Timeline
from peernode.simulation.report import figures, svg
from peernode.simulation.report.markup import TEXT_CHARS_MAX, element, escaped


def test_with_many_nodes_a_sample_is_watched() -> None:
    timeline = Timeline(1_000, 60.0, {f"10.0.0.{index}": index for index in range(1_000)})
    assert len(timeline.rows) == WATCHED_MAX
    for second in range(60):
        timeline.datagram(second, "DROP", ("10.0.0.5", 1), ("10.0.0.0", 1), 100)
        timeline.datagram(second, "RECV", ("10.0.0.6", 1), ("10.0.0.0", 1), 100)
        timeline.datagram(second, "RECV", ("10.0.0.6", 1), ("10.0.0.1", 1), 100)
    assert timeline.arrivals(0, None, 0, SLICES) == (60, 60)
    assert sum(timeline.arrivals(row, None, 0, SLICES)[0] for row in range(WATCHED_MAX)) == 60


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (figures.milliseconds(44.535), "44.5 ms"),
        (figures.milliseconds(1_240), "1.24 s"),
        (figures.milliseconds(125_000), "2 min 5 s"),
        (figures.milliseconds(None), "–"),
        (figures.share(59_999, 60_000), "99.9 %"),
        (figures.share(60, 60), "100 %"),
        (figures.share(1, 5_000), "< 0.1 %"),
        (figures.share(0, 0), "–"),
        (figures.size(6_884.0), "6.72 KiB"),
        (figures.number(20.66), "20.7"),
        (figures.number(26_453), "26,453"),
        (figures.plural(1, "node"), "1 node"),
        (figures.compact(4_000), "4k"),
        (figures.compact(0.5), "0.5"),
    ],
)
def test_numbers_are_worded_as_people_read_them(shown: str, expected: str) -> None:
    assert shown == expected


def test_ticks_are_round_and_within() -> None:
    assert svg.Linear(0, 150, 0, 100).ticks(8) == [0, 20, 40, 60, 80, 100, 120, 140]
    assert svg.Log(8, 600, 0, 100).ticks(6) == [10, 20, 50, 100, 200, 500]
    assert svg.Log(0.5, 60_000, 0, 100).ticks(6) == [1, 10, 100, 1_000, 10_000]


def test_attributes_and_words_are_escaped() -> None:
    assert element("a", "<b>", title='"&') == '<a title="&quot;&amp;">&lt;b&gt;</a>'


def test_a_long_text_is_cut_and_what_has_no_form_is_spelled_out() -> None:
    assert escaped("a" * (TEXT_CHARS_MAX + 1)) == "a" * TEXT_CHARS_MAX + " …"
    assert escaped("\x00\u202e\ud800\n") == "\\u0000\\u202e\\ud800\n"

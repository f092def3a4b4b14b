"""Benchmarks look on the page for what it says: every text of theirs is one of the page's own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.words import said, timeline_label, timeline_start

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
LOOKED_FOR = re.compile(r"(?:get_by_(?:text|label|title)\(|\bname=)f?[\"'].*")


def test_the_texts_that_benchmarks_look_for_are_among_the_words_of_the_page() -> None:
    assert timeline_label("#long") == "Messages in #long"
    assert timeline_start("#long") == "Your node has nothing older of #long."


def test_no_benchmark_writes_a_text_of_the_page_a_second_time() -> None:
    written = {
        path.name: LOOKED_FOR.findall(path.read_text(encoding="utf-8")) for path in BENCHMARKS.glob("*.py")
    }
    assert "scrolling.py" in written
    assert {name: found for name, found in written.items() if found} == {}


def test_words_that_are_gone_are_no_text_to_wait_for() -> None:
    with pytest.raises(KeyError):
        said("timeline.beginning")
    with pytest.raises(KeyError):
        said("timeline.start")

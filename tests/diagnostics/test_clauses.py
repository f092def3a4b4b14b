"""Whatever a verdict can say, the health page has words for, in each language, with the same values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from peernode.diagnostics.pushfindings import PART_WORDS

KINDS = {
    "NO_INITIATOR": ("", "none"),
    "STORES_FULL": ("", "toomany"),
    "PUSHES_FAIL": ("", "lone"),
    "NETWORK_SLOW": ("way", "part", "subscribers", "lone"),
    "DELIVERY_SLOW": ("", "lone", *PART_WORDS),
}
"""Codes that say several things."""

SOURCES = [Path(f"peernode/diagnostics/{name}.py").read_text() for name in ("findings", "pushfindings")]
CODES = {code for text in SOURCES for code in re.findall(r"Reason\(\s*\w+,\s*\"([A-Z_]+)\"", text)}
FORM = re.compile(r"\.(zero|one|two|few|many|other)$")


def test_the_codes_of_several_meanings_are_found() -> None:
    assert set(KINDS) < CODES
    assert len(CODES) > 15


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_words_for_each_clause(language: str) -> None:
    words = Path(f"static/webchat/js/health/words/{language}.js").read_text()
    told = {FORM.sub("", key) for key in re.findall(r'^  "why\.([\w.]+)":', words, re.MULTILINE)}
    said = {f"{code}.{kind}" if kind else code for code in CODES for kind in KINDS.get(code, ("",))}
    assert told == said

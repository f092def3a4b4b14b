"""Every mutant is caught at its recorded seed or soon after, and the healthy engine is clean there."""

from __future__ import annotations

import pytest

from peernode.simulation import checkers
from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import healthy_objections, mutant_objections, recorded
from tests.mutants.table import as_markdown
from tools.tracked import text_of

MUTANTS_MIN = 20
SEEDS_MAX = 200
SECTIONS = range(3, 15)
SECTIONS_ASKED = range(4, 14)
SEEDS_TRIED_MAX = 5
"""From the recorded seed on: any change of the engine moves what a single seed does."""


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_is_caught_and_the_healthy_engine_is_not(name: str) -> None:
    mutant, catch = MUTANTS[name], recorded()[name]
    found: dict[str, str] = {}
    for seed in range(catch.seed, catch.seed + SEEDS_TRIED_MAX):
        assert healthy_objections(mutant.scenario, seed) == {}, f"{mutant.scenario}, seed {seed}"
        found = mutant_objections(mutant, seed)
        if set(mutant.caught_by) & set(found):
            break
    assert set(mutant.caught_by) & set(found), f"not caught; hunt again: python -m tests.mutants {name}"
    assert all(vars(item.owner).get(item.name) is not item.broken for item in mutant.patches)


def test_there_are_enough_and_each_was_caught_in_time() -> None:
    catches = recorded()
    asked = [mutant.section for mutant in MUTANTS.values() if mutant.section in SECTIONS_ASKED]
    assert len(asked) >= MUTANTS_MIN
    assert [section for section in SECTIONS_ASKED if section not in asked] == []
    assert list(catches) == list(MUTANTS)
    assert max(catch.seeds for catch in catches.values()) <= SEEDS_MAX


def test_every_checker_has_caught_one() -> None:
    caught = {name for catch in recorded().values() for name in catch.caught_by}
    assert [name for name in checkers.ALL if name not in caught] == []


def test_each_names_the_sentence_that_it_breaks() -> None:
    sections = dict.fromkeys(mutant.section for mutant in MUTANTS.values())
    assert [section for section in sections if section not in SECTIONS] == []
    for mutant in MUTANTS.values():
        assert len(mutant.sentence.split()) >= 2, mutant.name
        assert mutant.mistake, mutant.name
        assert mutant.patches, mutant.name


def test_the_page_shows_what_is_recorded() -> None:
    again = "run: python -m tests.mutants --markdown docs/mutants.md"
    assert text_of("docs/mutants.md") == as_markdown(), again


def test_other_pages_count_them_rightly() -> None:
    catches = recorded().values()
    first, last = sum(catch.seeds == 1 for catch in catches), max(catch.seeds for catch in catches)
    said = f"each caught by a checker: {first} at the first seed, the last one at seed {last}."
    assert f"{len(catches)} mutants, {said}" in text_of("docs/benchmarks.md")
    for page in ("README.md", "CHANGELOG.md"):
        assert f"{len(catches)} engines broken on purpose" in text_of(page), page

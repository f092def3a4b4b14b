"""Every mutant is caught at its recorded seed, and the healthy engine is clean there."""

from __future__ import annotations

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import healthy_objections, mutant_objections, recorded
from tests.mutants.table import as_markdown
from tools.tracked import text_of

MUTANTS_MIN = 20
SEEDS_MAX = 200
SECTIONS = range(4, 15)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_is_caught_and_the_healthy_engine_is_not(name: str) -> None:
    mutant, catch = MUTANTS[name], recorded()[name]
    assert healthy_objections(mutant.scenario, catch.seed) == {}
    found = mutant_objections(mutant, catch.seed)
    assert set(mutant.caught_by) & set(found) & set(catch.caught_by), found
    assert all(vars(item.owner)[item.name] is not item.broken for item in mutant.patches)


def test_there_are_enough_and_each_was_caught_in_time() -> None:
    catches = recorded()
    assert len(MUTANTS) >= MUTANTS_MIN
    assert list(catches) == list(MUTANTS)
    assert max(catch.seeds for catch in catches.values()) <= SEEDS_MAX


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

"""What a lookup believes of those that others name to it: each teller's credit, without a network."""

from __future__ import annotations

from peernode.overlay.search import CANDIDATES_MAX, Candidate, Search
from tests.overlay.test_search import TARGET, asked, numbers, search_among
from tests.overlay.test_table import Placed


def tell(search: Search, teller: Candidate, named: range | list[int], doubted: bool = False) -> None:
    """``teller`` answers and names these."""
    for peer in named:
        search.learn(Placed(peer), doubted=doubted, teller=teller.word)
    search.came(teller)


def all_late(search: Search, candidates: list[Candidate]) -> None:
    for candidate in candidates:
        search.late(candidate)


def test_a_slow_one_still_counts_among_those_asked_on_somebodys_word() -> None:
    """Or whoever names inventions would have two of them asked with each timeout."""
    search = search_among([100, 200], want=2, alpha=10)
    liar, _ = asked(search)
    tell(search, liar, range(1, 17))
    invented = asked(search)
    for candidate in invented:
        search.slow(candidate)
    assert asked(search) == []
    assert search.misled_by() == []
    all_late(search, invented)
    assert search.misled_by() == [liar.contact.public_key]


def test_what_one_names_alone_fills_no_window_and_is_soon_not_believed() -> None:
    search = search_among([100, 200, 300, 400, 500], want=2, alpha=10)
    liar, *honest = asked(search)
    assert numbers(honest) == [200, 300, 400, 500]
    tell(search, liar, range(1, 17))
    invented = asked(search)
    assert numbers(invented) == [1, 2], "the others wait for what becomes of these"
    tell(search, honest[0], [150, 160])
    found = asked(search)
    assert numbers(found) == [150, 160], "they do not wait for the invented ones"
    for candidate in (*found, *honest[1:]):
        search.came(candidate)
    assert not search.over
    all_late(search, invented)
    assert asked(search) == []
    assert search.over, "nobody is believed about the rest, nor waited for"
    assert [contact.long_id for contact in search.result()] == [100, 150]
    assert search.misled_by() == [liar.contact.public_key]


def test_what_another_one_names_too_is_asked() -> None:
    search = search_among([100, 200], want=2, alpha=10)
    liar, honest = asked(search)
    tell(search, liar, range(1, 17))
    all_late(search, asked(search))
    assert asked(search) == []
    tell(search, honest, [7])
    assert numbers(asked(search)) == [7]


def test_who_names_some_that_answer_is_believed_a_little_longer() -> None:
    search = search_among([100, 200], want=3, alpha=10)
    teller, _ = asked(search)
    tell(search, teller, [1, 2, 200, *range(3, 9)])
    first = asked(search)
    search.came(first[0])
    search.late(first[1])
    dead: list[Candidate] = []
    while more := asked(search):
        dead += more
        all_late(search, more)
    assert numbers(dead) == [3, 4], (
        "two as with everybody, one for that which answered, and one at a time more"
    )
    assert search.misled_by() == [teller.contact.public_key]


def test_the_dead_that_we_doubt_ourselves_are_not_the_tellers_fault() -> None:
    search = search_among([100], want=2, alpha=10)
    (teller,) = asked(search)
    tell(search, teller, range(1, 9), doubted=True)
    for candidate in asked(search):
        search.given_up(candidate)
    search.learn(Placed(20), doubted=False, teller=teller.word)
    assert numbers(asked(search)) == [20]
    assert search.misled_by() == []


def test_who_misled_us_lately_has_to_name_one_that_answers_first() -> None:
    search = Search(TARGET, 2, 10, lambda key: key == Placed(100).public_key)
    for peer in (100, 200):
        search.learn(Placed(peer), doubted=False)
    liar, honest = asked(search)
    tell(search, liar, [1, 2])
    assert asked(search) == []
    tell(search, honest, [2])
    (two,) = asked(search)
    search.came(two)
    assert numbers(asked(search)) == [1]


def test_a_flood_of_inventions_pushes_nobody_out_who_may_be_believed() -> None:
    search = search_among([5000], want=2, alpha=10)
    (liar,) = asked(search)
    tell(search, liar, range(1, 3))
    all_late(search, asked(search))
    search.learn(Placed(6000), doubted=False)
    for peer in range(10, 10 + CANDIDATES_MAX):
        search.learn(Placed(peer), doubted=False, teller=liar.word)
    assert 6000 in [contact.long_id for contact in search.known()]
    assert len(search.known()) <= CANDIDATES_MAX

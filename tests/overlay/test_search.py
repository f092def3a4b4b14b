"""Whom a lookup asks next and when it is over, without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peernode.overlay.search import ASKED_MAX, CANDIDATES_MAX, SPARE, Candidate, Search
from tests.overlay.test_table import Placed

TARGET = bytes(20)


def search_among(
    peers: range | list[int], want: int = 2, alpha: int = 3, doubted: tuple[int, ...] = ()
) -> Search:
    search = Search(TARGET, want, alpha)
    for peer in peers:
        search.learn(Placed(peer), doubted=peer in doubted)
    return search


def asked(search: Search) -> list[Candidate]:
    found = []
    while (candidate := search.next()) is not None:
        found.append(candidate)
    return found


def numbers(candidates: list[Candidate]) -> list[int]:
    return [candidate.contact.long_id for candidate in candidates]


def test_nobody_known_is_over_at_once() -> None:
    search = search_among([])
    assert search.over and search.result() == []


def test_the_closest_are_asked_first_alpha_at_a_time() -> None:
    search = search_among([9, 3, 7, 1, 5])
    first = asked(search)
    assert numbers(first) == [1, 3, 5]
    search.came(first[1])
    assert numbers(asked(search)) == [7]


def test_it_is_over_when_the_closest_and_the_spare_ones_have_answered() -> None:
    search = search_among(range(1, 20), want=2, alpha=100)
    candidates = asked(search)
    assert numbers(candidates) == list(range(1, 2 + SPARE + 1))
    for candidate in candidates:
        assert not search.over
        search.came(candidate)
    assert search.over
    assert [contact.long_id for contact in search.result()] == [1, 2]


def test_a_closer_one_named_late_is_asked_too() -> None:
    search = search_among([10, 11], want=1)
    first, second = asked(search)
    search.came(first)
    search.learn(Placed(2), doubted=False)
    search.came(second)
    assert not search.over
    (closer,) = asked(search)
    search.came(closer)
    assert search.over and search.result()[0].long_id == 2


def test_who_failed_is_not_in_the_result_and_another_is_asked_instead() -> None:
    search = search_among(range(1, 10), want=1, alpha=4)
    candidates = asked(search)
    search.failed(candidates[0])
    assert numbers(asked(search)) == [5]
    assert 1 not in [contact.long_id for contact in search.result()]


def test_a_late_peer_makes_room_for_another() -> None:
    search = search_among(range(1, 10), alpha=1)
    (first,) = asked(search)
    assert asked(search) == []
    search.late(first)
    assert numbers(asked(search)) == [2]


def test_only_a_late_peer_of_the_result_is_waited_for_until_given_up() -> None:
    search = search_among(range(1, 6), want=2, alpha=10)
    candidates = asked(search)
    for candidate in candidates[2:]:
        search.came(candidate)
    search.late(candidates[0])
    search.late(candidates[1])
    search.came(candidates[1])
    assert not search.over
    search.given_up(candidates[0])
    assert search.over
    assert [contact.long_id for contact in search.result()] == [2, 3]


def test_a_late_peer_beyond_the_result_is_not_waited_for() -> None:
    search = search_among(range(1, 6), want=2, alpha=10)
    candidates = asked(search)
    for candidate in candidates[:4]:
        search.came(candidate)
    assert not search.over
    search.late(candidates[4])
    assert search.over


def test_a_slow_peer_makes_room_for_another_and_for_one_more_in_the_window() -> None:
    search = search_among(range(1, 10), want=1, alpha=1)
    (first,) = asked(search)
    search.slow(first)
    for number in range(2, 2 + 1 + SPARE):
        assert not search.over
        (another,) = asked(search)
        assert numbers([another]) == [number]
        search.came(another)
    assert asked(search) == []
    assert not search.over, "it would be the closest, and has missed only one send"
    search.late(first)
    search.given_up(first)
    assert search.over


def test_a_slow_peer_beyond_the_result_is_not_waited_for_and_has_not_failed() -> None:
    search = search_among(range(1, 6), want=2, alpha=10)
    candidates = asked(search)
    for candidate in candidates[:4]:
        search.came(candidate)
    search.slow(candidates[4])
    assert search.over
    search.came(candidates[4])
    assert search.answered == 5


def test_a_late_answer_still_counts() -> None:
    search = search_among([1, 2], want=2, alpha=10)
    first, second = asked(search)
    search.late(first)
    search.given_up(first)
    search.came(first)
    search.came(second)
    assert [contact.long_id for contact in search.result()] == [1, 2]


def test_doubted_peers_are_asked_without_holding_anybody_up() -> None:
    search = search_among(range(1, 20), want=1, alpha=2, doubted=(1, 2, 3))
    candidates = asked(search)
    assert numbers(candidates) == [1, 2, 4, 5]  # two doubted ones beside the two that count
    for candidate in candidates[2:]:
        search.came(candidate)
    more = asked(search)
    assert numbers(more) == [6, 7]
    for candidate in more:
        search.came(candidate)
    assert not search.over  # an answer may still come
    for candidate in candidates[:2]:
        search.given_up(candidate)
    (third,) = asked(search)
    search.given_up(third)
    assert search.over and search.result()[0].long_id == 4


def test_an_urgent_one_is_asked_however_far_it_is() -> None:
    search = search_among(range(1, 20), want=1, alpha=1)
    search.learn(Placed(1 << 100), doubted=False, urgent=True)
    assert numbers(asked(search)) == [1 << 100]


def test_known_candidates_keep_their_first_address() -> None:
    search = search_among([1])
    search.learn(Placed(1, port=6666), doubted=False)
    (candidate,) = asked(search)
    assert candidate.contact.port == 1000


def test_hostile_answers_meet_bounds() -> None:
    search = Search(TARGET, 2, 3)
    named = 1 << 40
    search.learn(Placed(named), doubted=False)
    while (candidate := search.next()) is not None:
        search.came(candidate)
        for _ in range(16):  # ever closer ones
            named -= 1
            search.learn(Placed(named), doubted=False)
    assert search.asked == ASKED_MAX and search.over
    assert len(search._candidates) == len(search._ranked) <= CANDIDATES_MAX


@given(
    answers=st.dictionaries(st.integers(1, 60), st.lists(st.integers(1, 60), max_size=5), min_size=1),
    alpha=st.integers(1, 4),
    want=st.integers(1, 6),
    fates=st.lists(st.sampled_from(["came", "slow", "late", "given_up", "failed"]), max_size=400),
    order=st.randoms(use_true_random=False),
)
def test_it_always_ends_and_never_returns_a_silent_peer(
    answers: dict[int, list[int]], alpha: int, want: int, fates: list[str], order: object
) -> None:
    search = search_among(sorted(answers)[:3], want=want, alpha=alpha)
    open_ones: list[Candidate] = []
    came: set[int] = set()
    for _ in range(1000):
        open_ones += asked(search)
        if search.over:
            break
        assert open_ones, "not over, and nothing that could end it"
        candidate = open_ones.pop(order.randrange(len(open_ones)))  # type: ignore[attr-defined]
        fate = fates.pop() if fates else "came"
        getattr(search, fate)(candidate)
        if fate == "came":
            came.add(candidate.contact.long_id)
            for peer in answers.get(candidate.contact.long_id, []):
                search.learn(Placed(peer), doubted=False)
        elif fate in ("slow", "late"):
            open_ones.append(candidate)
    else:
        pytest.fail("it does not end")
    result = [contact.long_id for contact in search.result()]
    assert result == sorted(came)[:want]

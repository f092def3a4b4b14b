"""What the worker keeps is bounded by bytes as well: remembered answers, rendered texts."""

from __future__ import annotations

from webchat.answers import Answers
from webchat.chat.weights import weight_of
from webchat.textcache import TextCache
from webchat.worker import READING, Worker


def answer(size: int) -> dict[str, str]:
    return {"result": "x" * (size - len('{"result": ""}'))}


def test_answers_beyond_the_room_go_the_oldest_first_and_nothing_that_is_being_done() -> None:
    answers = Answers(100, 1000)
    answers.begin("running")
    for number in range(4):
        answers.begin(f"c{number}")
        answers.keep(f"c{number}", answer(400))
    assert [f"c{number}" in answers for number in range(4)] == [False, False, True, True]
    assert "running" in answers and answers.of("running") is None
    assert answers.bytes == 800
    answers.begin("huge")
    answers.keep("huge", answer(5000))
    assert ("huge" in answers, answers.bytes) == (False, 0)
    answers.keep("running", answer(100))
    assert (answers.of("running"), answers.bytes) == (answer(100), 100)


def test_answers_are_bounded_by_number_and_count_only_what_is_there() -> None:
    answers = Answers(2, 10_000)
    for number in range(4):
        answers.begin(f"c{number}")
        answers.keep(f"c{number}", answer(50))
    assert (len(answers), answers.bytes) == (2, 100)
    answers.keep("c0", answer(50))
    answers.forget("c3")
    answers.forget("c3")
    assert (len(answers), answers.bytes) == (1, 50)


def test_what_may_be_large_and_changes_nothing_is_not_remembered(worker: Worker) -> None:
    large = {"hello", "replay", "history.page", "search", "file.read", "person.picture", "profile.whole"}
    assert large <= set(READING) <= set(worker._commands)


def test_rendered_texts_have_so_much_room_and_go_when_they_were_not_asked_for() -> None:
    made = []

    def shout(text: str) -> str:
        made.append(text)
        return text.upper()

    cache = TextCache(shout, 100, 40)
    for text in ("aaaaa", "bbbbb", "aaaaa", "ccccc", "ddddd", "aaaaa", "eeeee"):
        assert cache(text) == text.upper()
    assert made == ["aaaaa", "bbbbb", "ccccc", "ddddd", "eeeee"]
    assert cache.bytes == 40
    cache("bbbbb")
    assert made[-1] == "bbbbb", "it had to go"
    assert cache("x" * 30) == "X" * 30
    assert (cache.bytes, len(cache)) == (40, 4), "one that is too large drives out nobody"
    few = TextCache(shout, 2, 1000)
    for text in ("a", "b", "c"):
        few(text)
    assert (len(few), few.bytes) == (2, 4)


def test_a_weight_is_never_less_than_the_texts() -> None:
    assert weight_of({"text": "ü☺" * 10}) >= len(("ü☺" * 10).encode())

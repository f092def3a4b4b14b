"""Event streams: what a reader passes on is every event once, in order, whatever the layer does."""

from __future__ import annotations

import random

from webchat.chat.stream import Cursor, EventStream, StreamReader

EPOCH = "e1"


def stream(events: int, events_max: int = 100, bytes_max: int = 10_000) -> EventStream:
    result = EventStream(EPOCH, events_max, bytes_max)
    for number in range(1, events + 1):
        result.append({"n": number})
    return result


def numbers(taken: list[tuple[Cursor, dict[str, int]]]) -> list[int]:
    assert all(cursor.number == event["n"] for cursor, event in taken)
    return [event["n"] for _, event in taken]


def reader(at: int) -> StreamReader:
    result = StreamReader()
    result.begin(Cursor(EPOCH, at))
    return result


def batch(first: int, last: int) -> tuple[str, int, list[dict[str, int]]]:
    return EPOCH, first, [{"n": number} for number in range(first, last + 1)]


def test_a_cursor_survives_its_text() -> None:
    assert Cursor.parse(str(Cursor("abc", 17))) == Cursor("abc", 17)


def test_a_stream_replays_what_it_holds() -> None:
    whole = stream(10)
    assert whole.holds(Cursor(EPOCH, 0))
    assert [event["n"] for event in whole.after(4, 3)] == [5, 6, 7]
    assert whole.after(10, 3) == []
    assert str(whole.cursor) == "e1:10"


def test_a_stream_forgets_the_oldest_and_says_so() -> None:
    short = stream(10, events_max=4)
    assert short.forgotten == 6
    assert short.holds(Cursor(EPOCH, 6))
    assert not short.holds(Cursor(EPOCH, 5))
    assert [event["n"] for event in short.after(6, 100)] == [7, 8, 9, 10]


def test_a_stream_has_room_for_so_many_bytes_whatever_their_number() -> None:
    whole = EventStream(EPOCH, 100, 3000)
    for number in range(1, 6):
        whole.append({"n": number, "text": "x" * 980})
    assert (whole.forgotten, whole.head) == (2, 5)
    assert whole.bytes <= 3000
    assert [event["n"] for event in whole.after(2, 100)] == [3, 4, 5]
    whole.append({"n": 6, "text": "ü" * 2000})
    assert [event["n"] for event in whole.after(5, 100)] == [6], "the newest stays, however large it is"
    assert not whole.holds(Cursor(EPOCH, 4))
    whole.append({"n": 7})
    assert whole.forgotten == 6
    assert whole.bytes == len('{"n": 7}')


def test_a_place_that_never_existed_is_not_held() -> None:
    assert not stream(3).holds(Cursor(EPOCH, 4))
    assert not stream(3).holds(Cursor("e0", 2))


def test_events_before_the_beginning_are_withheld_and_missed_after_it() -> None:
    fresh = StreamReader()
    assert fresh.take(*batch(1, 2)) == []
    assert not fresh.misses_events
    fresh.begin(Cursor(EPOCH, 1))
    assert fresh.misses_events
    assert numbers(fresh.take(*batch(2, 2))) == [2]
    assert not fresh.misses_events


def test_an_event_that_comes_twice_is_passed_on_once() -> None:
    at_two = reader(2)
    assert numbers(at_two.take(*batch(1, 4))) == [3, 4]
    assert at_two.take(*batch(1, 4)) == []
    assert not at_two.misses_events


def test_nothing_behind_a_hole_is_passed_on() -> None:
    at_two = reader(2)
    assert at_two.take(*batch(4, 5)) == []
    assert at_two.misses_events
    assert numbers(at_two.take(*batch(3, 5))) == [3, 4, 5]
    assert not at_two.misses_events


def test_a_lost_last_event_shows_by_the_head() -> None:
    at_two = reader(2)
    at_two.note_head(Cursor(EPOCH, 3))
    assert at_two.misses_events


def test_another_epoch_is_a_hole_until_the_worker_says_otherwise() -> None:
    at_two = reader(2)
    assert at_two.take("e0", 3, [{"n": 3}]) == []
    assert at_two.misses_events
    at_two.note_head(Cursor(EPOCH, 2))
    assert not at_two.misses_events


def test_a_replay_does_not_repeat_what_was_passed_on_meanwhile() -> None:
    at_two = reader(2)
    at_two.take(*batch(3, 4))
    assert at_two.begin(Cursor(EPOCH, 2), replayed=True) == Cursor(EPOCH, 4)
    assert at_two.begin(Cursor(EPOCH, 2)) == Cursor(EPOCH, 2)
    assert at_two.misses_events
    assert at_two.begin(Cursor("e2", 1), replayed=True) == Cursor("e2", 1)


def test_losses_and_doubles_of_every_kind_end_in_each_event_once_and_in_order() -> None:
    rng = random.Random(20)
    for _ in range(200):
        whole = stream(40, events_max=1000)
        at_zero = reader(0)
        seen: list[int] = []
        for _ in range(rng.randrange(30)):
            first = rng.randrange(1, 41)
            seen += numbers(at_zero.take(*batch(first, rng.randrange(first, 41))))
        at_zero.note_head(whole.cursor)
        while at_zero.misses_events:
            position = at_zero.position
            assert position is not None
            events = whole.after(position.number, rng.randrange(1, 5))
            seen += numbers(at_zero.take(EPOCH, position.number + 1, events))
        assert seen == list(range(1, 41))

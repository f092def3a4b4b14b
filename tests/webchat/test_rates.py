"""The bound on messages: a window that slides, counted per user."""

from __future__ import annotations

from webchat.chat.rates import MessageRate


def test_a_window_has_room_for_so_many() -> None:
    rate = MessageRate(3, 10.0)
    assert [rate.take(at) for at in (0.0, 1.0, 2.0)] == [0.0, 0.0, 0.0]
    assert rate.take(3.0) == 7.0


def test_refused_ones_do_not_count_and_room_comes_back_as_the_window_slides() -> None:
    rate = MessageRate(2, 10.0)
    assert [rate.take(at) for at in (0.0, 4.0)] == [0.0, 0.0]
    assert rate.take(9.0) == 1.0
    assert rate.take(10.0) == 0.0
    assert rate.take(10.0) == 4.0


def test_an_empty_window_can_be_forgotten() -> None:
    rate = MessageRate(2, 10.0)
    rate.take(0.0)
    assert not rate.forget(9.9)
    assert rate.forget(10.0)

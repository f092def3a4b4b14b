"""The bounds: on messages a window that slides, on other things one that begins with the first of them."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from webchat.accounts import throttle
from webchat.chat.commands import CommandError
from webchat.chat.frames import CLIENT_FRAMES, PACED, PACES
from webchat.chat.rates import MessageRate, UserRates


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


def test_every_frame_that_costs_the_worker_anything_has_its_pace(settings: Settings) -> None:
    assert set(CLIENT_FRAMES) - set(PACED) == {"ping"}
    assert set(PACES) == {"message", *settings.FRAMES_PER_WINDOW_MAX}


def taken(rates: UserRates, user_id: int, kind: str, now: float) -> int:
    """0, or after how many seconds it may be asked for again."""
    try:
        rates.take(user_id, kind, now)
    except CommandError as error:
        assert error.code == "RATE_LIMITED"
        return int(error.params["retry_after"])
    return 0


def test_kinds_and_users_do_not_wait_for_each_other(settings: Settings) -> None:
    settings.FRAMES_PER_WINDOW_MAX = {**settings.FRAMES_PER_WINDOW_MAX, "hello": 2, "page": 1}
    rates = UserRates()
    assert [taken(rates, 1, "hello", at) for at in (100.0, 100.0, 103.5)] == [0, 0, 7]
    assert [taken(rates, 1, "page", 104.0), taken(rates, 2, "hello", 104.0)] == [0, 0]
    assert taken(rates, 1, "page", 105.0) == 9
    assert taken(rates, 1, "hello", 110.0) == 0


def test_users_who_are_quiet_are_forgotten(settings: Settings) -> None:
    settings.FRAMES_PER_WINDOW_MAX = {**settings.FRAMES_PER_WINDOW_MAX, "hello": 1}
    rates = UserRates()
    for user_id in range(50):
        assert taken(rates, user_id, "hello", 100.0 + user_id / 10) == 0
    assert taken(rates, 0, "page", 100.0) == 0
    assert taken(rates, 99, "hello", 114.0) == 0
    assert len(rates) == 10, "those of the last ten seconds"
    assert taken(rates, 49, "hello", 114.0) == 1, "whose window has not passed"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the throttle, which a test may change."""
    times = [1_000_000.0]
    monkeypatch.setattr(throttle.time, "time", lambda: times[0])
    return times


async def refused_for(kind: str = "files") -> int:
    """Take the one that is allowed in 60 s, or hear how long there is to wait."""
    try:
        await throttle.limit(kind, 1, 1, 60)
    except CommandError as error:
        assert error.code == "RATE_LIMITED"
        return int(error.params["retry_after"])
    return 0


async def test_who_is_refused_hears_when_the_next_is_allowed(now: list[float]) -> None:
    assert await refused_for() == 0
    assert await refused_for() == 60
    now[0] += 48.5
    assert await refused_for() == 12
    assert await refused_for() == 12, "a refused one makes nobody wait longer"
    now[0] += 11.2
    assert await refused_for() == 1
    assert await refused_for("other things") == 0
    now[0] += 0.4
    assert await refused_for() == 0, "and then it is"


async def test_a_lost_beginning_is_as_if_it_were_now(now: list[float]) -> None:
    assert await refused_for() == 0
    throttle.cache.delete(throttle._end(throttle._key("files", "1")))
    now[0] += 30
    assert await refused_for() == 60

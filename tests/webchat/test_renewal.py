"""A session lasts as long as somebody comes: renewed by pages in its second half, by nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from webchat.models import BrowserSession

pytestmark = pytest.mark.django_db

WHOLE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
HOUR = timedelta(hours=1)


@pytest.fixture
def member(client: Client) -> Client:
    """Ann's browser."""
    client.force_login(User.objects.create_user("ann"))
    return client


def leave(left: timedelta) -> None:
    """So much of the session is left."""
    BrowserSession.objects.update(expire_date=timezone.now() + left)


def is_whole() -> bool:
    """Whether all of its time is before it."""
    return BrowserSession.objects.get().expire_date > timezone.now() + WHOLE - HOUR


def test_a_session_is_two_weeks() -> None:
    assert timedelta(days=14) == WHOLE


@pytest.mark.parametrize("name", ["chat", "account"])
def test_a_page_in_the_second_half_renews_the_session_and_its_cookie(member: Client, name: str) -> None:
    leave(WHOLE / 2 - HOUR)
    answer = member.get(reverse(name))
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["max-age"] == settings.SESSION_COOKIE_AGE
    assert cookie.value == BrowserSession.objects.get().session_key, "the same session: open sockets stay"
    assert is_whole()
    assert settings.SESSION_COOKIE_NAME not in member.get(reverse(name)).cookies, "once is enough"


def test_a_page_in_the_first_half_changes_nothing(member: Client) -> None:
    leave(WHOLE / 2 + HOUR)
    assert settings.SESSION_COOKIE_NAME not in member.get(reverse("chat")).cookies
    assert not is_whole()


def test_what_is_no_page_renews_nothing(member: Client) -> None:
    leave(HOUR)
    assert member.get("/people/nobody/").status_code == 404
    member.post(reverse("set_language"), {"language": "de"})
    member.head(reverse("chat"))
    assert not is_whole()


def test_what_is_over_stays_over(member: Client) -> None:
    leave(-HOUR)
    assert member.get(reverse("chat")).status_code == 302
    assert not is_whole()
    assert Client().get(reverse("signin")).status_code == 200


def test_who_comes_each_week_is_never_put_out(member: Client) -> None:
    for _ in range(8):
        leave(WHOLE - timedelta(days=7, minutes=1))
        assert member.get(reverse("chat")).status_code == 200
        assert is_whole()

"""What a browser keeps of an account goes also when its session was ended somewhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from webchat.accounts.forgetting import EVERYTHING
from webchat.accounts.sessions import end_sessions
from webchat.models import BrowserSession

PASSWORD = "correct horse battery"
NEW_PASSWORD = "another horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@example.org", PASSWORD)


def browser(name: str = "ann") -> Client:
    client = Client()
    client.post(reverse("signin"), {"username": name, "password": PASSWORD})
    assert client.get(reverse("chat")).status_code == 200
    return client


def told(client: Client) -> str:
    """What the browser is told to forget when it comes next."""
    answer = client.get(reverse("chat"))
    word = answer.cookies.get(settings.FORGET_COOKIE_NAME)
    return word.value if word is not None and answer.status_code == 302 else ""


def end_one(here: Client) -> None:
    name = next(each.name for each in here.get(reverse("account")).context["sessions"] if not each.is_this)
    here.post(reverse("end_sessions"), {"session": name})


def end_others(here: Client) -> None:
    here.post(reverse("end_sessions"), {"session": "others"})


def change_password(here: Client) -> None:
    fields = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    here.post(reverse("password_change"), fields)


def change_password_as_staff(here: Client) -> None:
    ann = User.objects.get(username="ann")
    staff = Client()
    staff.force_login(User.objects.create_superuser("staff", password=PASSWORD))
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    staff.post(reverse("admin:auth_user_password_change", args=[ann.pk]), fields)
    assert staff.get(reverse("chat")).status_code == 200


@pytest.mark.parametrize("end", [end_one, end_others, change_password, change_password_as_staff])
def test_the_browser_is_told_once_when_it_comes(ann: User, end: object) -> None:
    here, there = browser(), browser()
    assert callable(end)
    end(here)
    assert told(there) == f"{ann.pk}.drafts"
    assert told(there) == ""
    if end is not change_password_as_staff:
        assert here.get(reverse("chat")).status_code == 200


def test_staff_who_change_their_own_password_stay(ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_staff=True, is_superuser=True)
    here, there = browser(), browser()
    fields = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    here.post(reverse("admin:auth_user_password_change", args=[ann.pk]), fields)
    assert (told(here), told(there)) == ("", f"{ann.pk}.drafts")


def test_whoever_signs_in_in_the_place_of_an_ended_session_has_its_drafts_forgotten(
    ann: User,
) -> None:
    """The page for that stood open already: a shared machine."""
    User.objects.create_user("bob", password=PASSWORD)
    here, there = browser(), browser()
    end_others(here)
    answer = there.post(reverse("signin"), {"username": "bob", "password": PASSWORD})
    assert answer.cookies[settings.FORGET_COOKIE_NAME].value == f"{ann.pk}.drafts"
    assert there.get(reverse("chat")).status_code == 200


def test_a_session_that_has_merely_expired_leaves_the_drafts(ann: User) -> None:
    there = browser()
    BrowserSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert there.get(reverse("chat")).status_code == 302
    assert told(there) == ""


def test_of_an_account_that_has_ended_nothing_is_kept_anywhere(ann: User) -> None:
    there = browser()
    end_sessions(ann, forget=EVERYTHING)
    assert told(there) == f"{ann.pk}.all"


def test_the_word_opens_nothing_and_others_do_not_get_it(ann: User) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    here, there, bob = browser(), browser(), browser("bob")
    keys = {each.session_key for each in (here.session, there.session, bob.session)}
    end_others(here)
    [place] = set(BrowserSession.objects.values_list("session_key", flat=True)) - keys
    assert told(bob) == ""
    assert BrowserSession.objects.get(session_key=place).user_id is None
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = place
    assert thief.get(reverse("chat")).status_code == 302
    assert thief.get(reverse("account")).status_code == 302
    assert told(there) == f"{ann.pk}.drafts"


def test_words_that_nobody_has_come_for_go_with_the_expired_sessions(ann: User) -> None:
    here, _ = browser(), browser()
    end_others(here)
    BrowserSession.objects.filter(user_id=None).update(expire_date=timezone.now() - timedelta(seconds=1))
    end_others(here)
    assert not BrowserSession.objects.filter(user_id=None).exists()

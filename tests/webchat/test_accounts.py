"""Accounts: the first one is the administrator, names are one person's, guessing is bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django import Settings

from webchat.accounts.creation import create_account
from webchat.accounts.throttle import Attempt

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_failures_remembered() -> None:
    cache.clear()


def sign_up(client: Client, name: str = "ann", password: str = PASSWORD) -> HttpResponse:
    return client.post(reverse("signup"), {"username": name, "password": password})


def sign_in(client: Client, name: str = "ann", password: str = PASSWORD, **extra: str) -> HttpResponse:
    return client.post(reverse("signin"), {"username": name, "password": password}, **extra)


def signup_policy(settings: Settings, policy: str) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup=policy)


def test_signing_up_signs_in_and_leads_to_the_chat(client: Client) -> None:
    answer = sign_up(client)
    assert (answer.status_code, answer["Location"]) == (302, reverse("chat"))
    assert client.get(reverse("chat")).status_code == 200


def test_the_first_account_is_the_administrator_and_no_other(client: Client) -> None:
    sign_up(client)
    sign_up(Client(), "bob")
    assert [(user.username, user.is_superuser) for user in User.objects.order_by("pk")] == [
        ("ann", True),
        ("bob", False),
    ]


@pytest.mark.django_db(transaction=True)
def test_of_accounts_created_at_once_one_is_the_administrator() -> None:
    def create(number: int) -> bool:
        try:
            user = create_account(f"user{number}", PASSWORD)
            return user is not None and user.is_superuser
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        administrators = list(pool.map(create, range(8)))
    assert administrators.count(True) == 1
    assert User.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_of_those_who_want_one_name_at_once_one_gets_it() -> None:
    def create(_: int) -> bool:
        try:
            return create_account("ann", PASSWORD) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(create, range(4))).count(True) == 1


@pytest.mark.parametrize("name", ["Ann", "a b", "", "x" * 41, "<script>"])
def test_a_name_that_is_taken_or_odd_is_refused(client: Client, name: str) -> None:
    create_account("ann", PASSWORD)
    answer = sign_up(client, name)
    assert answer.status_code == 200
    assert "username" in answer.context["form"].errors
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["", "short", "12345678901", "password", "ann-the-great"])
def test_a_weak_password_is_refused(client: Client, password: str) -> None:
    answer = sign_up(client, "ann-the-great", password)
    assert "password" in answer.context["form"].errors
    assert not User.objects.exists()


@pytest.mark.parametrize("policy", ["closed", "invite"])
def test_where_accounts_are_not_open_it_is_said(client: Client, settings: Settings, policy: str) -> None:
    signup_policy(settings, policy)
    answer = sign_up(client)
    assert answer.status_code == 403
    assert "administrator" in answer.content.decode()
    assert not User.objects.exists()


def test_labels_and_buttons_are_those_that_people_and_tests_know(client: Client) -> None:
    for page, button in (("signup", "Create account"), ("signin", "Sign in")):
        text = client.get(reverse(page)).content.decode()
        assert [label for label in ("Username", "Password") if label in text] == ["Username", "Password"]
        assert button in text


def test_the_chat_asks_strangers_to_sign_in(client: Client) -> None:
    answer = client.get(reverse("chat"))
    assert answer["Location"] == f"{reverse('signin')}?next={reverse('chat')}"


def test_signing_in_never_leads_to_another_site(client: Client) -> None:
    create_account("ann", PASSWORD)
    credentials = {"username": "ann", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post(reverse("signin"), credentials)["Location"] == reverse("chat")


def test_signing_out_is_a_post_and_ends_the_session(client: Client) -> None:
    sign_up(client)
    assert client.get(reverse("signout")).status_code == 405
    assert client.post(reverse("signout"))["Location"] == reverse("signin")
    assert client.get(reverse("chat")).status_code == 302


def test_forms_from_another_site_are_refused() -> None:
    assert sign_up(Client(enforce_csrf_checks=True)).status_code == 403
    assert not User.objects.exists()


def test_a_new_password_keeps_this_session_and_ends_the_others(client: Client) -> None:
    sign_up(client)
    elsewhere = Client()
    sign_in(elsewhere)
    new = "another horse battery"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("password_change"), fields)["Location"] == reverse("chat")
    assert client.get(reverse("chat")).status_code == 200
    assert elsewhere.get(reverse("chat")).status_code == 302
    assert sign_in(Client()).status_code == 200
    assert sign_in(Client(), password=new).status_code == 302


@override_settings(SIGNIN_FAILURES_MAX=3)
def test_guessing_a_password_is_bounded_even_for_the_right_one(client: Client) -> None:
    create_account("ann", PASSWORD)
    assert [sign_in(client, password="wrong").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = sign_in(client)
    assert refused.status_code == 429
    assert "Too many attempts" in refused.content.decode()


@override_settings(SIGNIN_FAILURES_MAX=3)
def test_the_bound_holds_for_one_address_and_name_however_it_is_written() -> None:
    create_account("ann", PASSWORD)
    for name in ("ann", "ANN", "Ann"):
        sign_in(Client(), name, "wrong")
    assert sign_in(Client(), "aNN").status_code == 429
    assert sign_in(Client(), REMOTE_ADDR="10.0.0.9").status_code == 302


@override_settings(SIGNIN_FAILURES_MAX=3)
def test_the_right_password_forgets_the_failures() -> None:
    create_account("ann", PASSWORD)
    for _ in range(3):
        assert sign_in(Client(), password="wrong").status_code == 200
        cache_entry = Attempt("ann", "127.0.0.1")
        cache_entry.succeeded()
    assert sign_in(Client()).status_code == 302


@override_settings(SIGNIN_FAILURES_MAX=100, SIGNIN_FAILURES_PER_ADDRESS_MAX=5)
def test_guessing_many_names_from_one_address_is_bounded() -> None:
    assert [sign_in(Client(), f"name{n}", "wrong").status_code for n in range(6)] == [200] * 5 + [429]


@override_settings(SIGNIN_FAILURES_PER_ADDRESS_MAX=2)
def test_an_address_over_its_bound_fills_the_cache_with_no_more_names() -> None:
    for name in ("ann", "bob", "cleo"):
        sign_in(Client(), name, "wrong")
    held = len(cache._cache)
    assert sign_in(Client(), "dora", "wrong").status_code == 429
    assert len(cache._cache) == held


def test_who_has_signed_out_is_forgotten_by_the_browser(client: Client) -> None:
    sign_up(client)
    number = User.objects.get().pk
    client.cookies[settings.FORGET_COOKIE_NAME] = "99.all&98.drafts&nonsense"
    done = client.post(reverse("signout"))
    told = done.cookies[settings.FORGET_COOKIE_NAME]
    assert told.value == f"99.all&98.drafts&{number}.drafts"
    assert not told["httponly"]  # the page after it reads it
    assert f'data-forget="{settings.FORGET_COOKIE_NAME}"' in client.get(done["Location"]).content.decode()


def test_who_signs_out_at_the_administration_is_forgotten_as_well(client: Client) -> None:
    sign_up(client)
    done = client.post("/admin/logout/")
    assert done["Location"] == reverse("signin")
    assert done.cookies[settings.FORGET_COOKIE_NAME].value == f"{User.objects.get().pk}.drafts"


def test_the_page_for_a_new_account_takes_the_word_as_well(client: Client) -> None:
    read = f'data-forget="{settings.FORGET_COOKIE_NAME}"'
    assert read in client.get(reverse("signup")).content.decode()
    with override_settings(DEPLOYMENT=replace(settings.DEPLOYMENT, signup="closed")):
        assert read in client.get(reverse("signup")).content.decode()


def test_nobody_is_forgotten_who_was_not_signed_in(client: Client) -> None:
    assert settings.FORGET_COOKIE_NAME not in client.post(reverse("signout")).cookies

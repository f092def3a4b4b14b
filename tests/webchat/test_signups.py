"""How many accounts one address may make: counted as made, by address or prefix, said in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache.backends.locmem import LocMemCache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.webchat.carrying import PASSPHRASE
from webchat.accounts import throttle

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"
STRANGER = "203.0.113.7"


@pytest.fixture(autouse=True)
def deployment(settings: Settings) -> Settings:
    """Two accounts an hour."""
    choose(settings, signups_per_hour=2)
    return settings


def choose(settings: Settings, **chosen: Any) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, **chosen)


def sign_up(name: str, address: str = STRANGER, said: str = "") -> Any:
    more = {"HTTP_X_FORWARDED_FOR": said} if said else {}
    fields = {"username": name, "password": PASSWORD}
    return Client().post(reverse("signup"), fields, REMOTE_ADDR=address, **more)


def statuses(*names: str, **where: str) -> list[int]:
    return [sign_up(name, **where).status_code for name in names]


def test_one_address_makes_so_many_accounts_and_then_hears_how_long_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(throttle.time, "time", lambda: now[0])
    assert statuses("ann", "bob") == [302, 302]
    now[0] += 600
    refused = sign_up("cleo")
    page = refused.content.decode()
    assert (refused.status_code, refused["Retry-After"]) == (429, "3000")
    assert "Too many new accounts from your address. Wait 50 minutes, then try again." in page
    assert 'value="cleo"' in page, "what was filled in stays"
    assert not User.objects.filter(username="cleo").exists()
    assert statuses("cleo", address="203.0.113.8") == [302]


def test_what_made_no_account_does_not_count() -> None:
    assert statuses("ann") == [302]
    assert statuses("ann", "ANN", "a b") == [200, 200, 200]
    assert statuses("bob", "cleo") == [302, 429]


def test_an_account_that_was_refused_after_all_is_given_back(carried_twice: dict[str, Any]) -> None:
    for _ in range(3):
        answer = Client().post(reverse("signup"), carried_twice, REMOTE_ADDR=STRANGER)
        assert answer.status_code == 200 and "IDENTITY_IN_USE" in answer.content.decode()
        carried_twice["file"].seek(0)
    assert statuses("ann", "bob", "cleo") == [302, 302, 429]


@pytest.fixture
def carried_twice(exported: bytes) -> dict[str, Any]:
    """A sign-up with an identity that somebody here has already."""

    def filled(name: str) -> dict[str, Any]:
        file = SimpleUploadedFile("identity.starling", exported)
        return {"username": name, "password": PASSWORD, "file": file, "passphrase": PASSPHRASE}

    assert Client().post(reverse("signup"), filled("first")).status_code == 302
    return filled("second")


class ForgetsOnceSeen(LocMemCache):
    """A cache whose keys expire just after they were looked at."""

    def get(self, key: Any, *args: Any, **options: Any) -> Any:
        found = super().get(key, *args, **options)
        self.delete(key)
        return found


def test_a_window_that_ends_while_something_is_given_back_is_no_failure(settings: Settings) -> None:
    backend = f"{__name__}.{ForgetsOnceSeen.__name__}"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "forgets-once-seen"}}
    attempt = throttle.Attempt("ann", STRANGER)
    assert attempt.allowed() and throttle.take("signup", STRANGER, 1, 60)
    attempt.succeeded()
    throttle.give_back("signup", STRANGER)


def test_the_machine_itself_is_not_counted_unless_a_proxy_is_in_front(settings: Settings) -> None:
    assert statuses(*(f"here{n}" for n in range(4)), address="127.0.0.1") == [302] * 4
    choose(settings, origins=("https://chat.example",))
    assert statuses(*(f"behind{n}" for n in range(3)), address="127.0.0.1") == [302, 302, 429]


def test_a_proxy_on_this_machine_that_forwards_is_everybody() -> None:
    assert statuses("ann", "bob", "cleo", address="127.0.0.1", said=STRANGER) == [302, 302, 429]
    assert statuses("dan", address="127.0.0.1") == [302], "who sits here is still not counted"


def test_behind_proxies_each_address_that_they_have_seen_counts_by_itself(settings: Settings) -> None:
    choose(settings, origins=("https://chat.example",), proxies=1)
    assert statuses("ann", "bob", "cleo", address="127.0.0.1", said="9.9.9.9, 203.0.113.7") == [302, 302, 429]
    assert statuses("cleo", address="127.0.0.1", said="203.0.113.7, 203.0.113.8") == [302]


@pytest.mark.parametrize(
    ("addresses", "last"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3"), 429),
        (("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1"), 302),
        (("203.0.113.7", "::ffff:203.0.113.7", "203.0.113.7"), 429),
    ],
)
def test_who_has_a_whole_prefix_counts_once(addresses: tuple[str, ...], last: int) -> None:
    assert [sign_up(f"user{n}", each).status_code for n, each in enumerate(addresses)] == [302, 302, last]


def test_without_a_bound_there_is_none(settings: Settings) -> None:
    choose(settings, signups_per_hour=0)
    assert statuses("ann", "bob", "cleo") == [302] * 3

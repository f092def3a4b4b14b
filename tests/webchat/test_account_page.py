"""The account page: sessions that are listed and ended, the address, a forgotten password."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, override_settings
from django.urls import reverse
from pytest_django import Settings

from webchat.accounts import letters
from webchat.accounts.browsers import browser_words
from webchat.models import BrowserSession

PASSWORD = "correct horse battery"
NEW_PASSWORD = "another horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
LINK = re.compile(r"http://testserver(/password/reset/\S+)")
TOKEN = re.compile(r"csrfmiddlewaretoken.*?>")

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", "ann@example.org", PASSWORD)


def browser(name: str = "ann", agent: str = FIREFOX, address: str = "10.0.0.9") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    assert client.login(username=name, password=PASSWORD)  # type: ignore[arg-type]
    client.logout()
    client.post(reverse("signin"), {"username": name, "password": PASSWORD})
    return client


def shown(client: Client) -> str:
    return client.get(reverse("account")).content.decode()


def ask_for_a_letter(address: str, client: Client | None = None) -> int:
    answer = (client or Client()).post(reverse("password_reset"), {"email": address})
    letters.wait()
    return answer.status_code


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/130.0 Safari/537 Edg/130.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/130 Mobile Safari/537", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17 Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17 Safari/605", "Safari on macOS"),
        ("", "Unknown browser"),
        ("<script>", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words


def test_sessions_are_listed_with_this_one_first(ann: User) -> None:
    browser(agent="Mozilla/5.0 (iPhone) Safari/604", address="10.0.0.7")
    here = browser()
    sessions = here.get(reverse("account")).context["sessions"]
    assert [(s.is_this, s.browser, s.address) for s in sessions] == [
        (True, "Firefox on Linux", "10.0.0.9"),
        (False, "Safari on iPhone", "10.0.0.7"),
    ]
    page = shown(here)
    assert page.index("this one") < page.index("Safari on iPhone")


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "203.0.113.7", "10.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.1"),
        (1, "2001:DB8::7", "2001:db8::7"),
        (1, "<script>", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_behind_proxies_the_address_is_the_one_that_they_have_seen(
    ann: User, settings: Settings, proxies: int, said: str, address: str
) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, proxies=proxies)
    client = Client(headers={"x-forwarded-for": said}, REMOTE_ADDR="10.0.0.1")
    client.post(reverse("signin"), {"username": "ann", "password": PASSWORD})
    assert [s.address for s in client.get(reverse("account")).context["sessions"]] == [address]


def test_failures_behind_a_proxy_are_each_clients_own(ann: User, settings: Settings) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, proxies=1)
    settings.SIGNIN_FAILURES_MAX = 2

    def status(address: str, password: str) -> int:
        client = Client(headers={"x-forwarded-for": address}, REMOTE_ADDR="10.0.0.1")
        return client.post(reverse("signin"), {"username": "ann", "password": password}).status_code

    assert [status("203.0.113.7", "wrong") for _ in range(3)] == [200, 200, 429]
    assert status("203.0.113.8", PASSWORD) == 302


def test_the_page_holds_nothing_that_opens_a_session(ann: User) -> None:
    browser()
    page = shown(browser())
    assert [key for key in BrowserSession.objects.values_list("session_key", flat=True) if key in page] == []


def test_one_session_is_ended_and_the_others_stay(ann: User) -> None:
    here, there, third = browser(), browser(), browser()
    name = next(s.name for s in there.get(reverse("account")).context["sessions"] if s.is_this)
    assert here.post(reverse("end_sessions"), {"session": name})["Location"] == reverse("account")
    assert [client.get(reverse("chat")).status_code for client in (here, there, third)] == [200, 302, 200]
    assert here.post(reverse("end_sessions"), {"session": name}).status_code == 302


def test_all_others_are_ended_at_once_and_nobody_elses(ann: User) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    here, there, bob = browser(), browser(), browser("bob")
    here.post(reverse("end_sessions"), {"session": "others"})
    assert [client.get(reverse("chat")).status_code for client in (here, there, bob)] == [200, 302, 200]


def test_nobody_ends_anothers_session(ann: User) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    here, bob = browser(), browser("bob")
    name = here.get(reverse("account")).context["sessions"][0].name
    bob.post(reverse("end_sessions"), {"session": name})
    assert here.get(reverse("chat")).status_code == 200


def test_a_new_password_removes_the_other_sessions(ann: User) -> None:
    here, _ = browser(), browser()
    fields = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    here.post(reverse("password_change"), fields)
    assert BrowserSession.objects.filter(user_id=ann.pk).count() == 1
    assert len(here.get(reverse("account")).context["sessions"]) == 1


@pytest.mark.parametrize("page", ["account", "email_change", "identity_export", "account_delete"])
def test_strangers_are_asked_to_sign_in(page: str) -> None:
    assert Client().get(reverse(page))["Location"].startswith(reverse("signin"))


def test_an_address_is_changed_with_the_password_only(ann: User) -> None:
    here = browser()
    refused = here.post(reverse("email_change"), {"email": "new@example.org", "password": "wrong"})
    assert "This is not your password" in refused.content.decode()
    ann.refresh_from_db()
    assert ann.email == "ann@example.org"
    here.post(reverse("email_change"), {"email": "new@example.org", "password": PASSWORD})
    ann.refresh_from_db()
    assert ann.email == "new@example.org"


@override_settings(SIGNIN_FAILURES_MAX=2)
def test_guessing_the_password_at_the_account_page_is_bounded(ann: User) -> None:
    here = browser()
    for _ in range(2):
        here.post(reverse("email_change"), {"email": "", "password": "wrong"})
    refused = here.post(reverse("email_change"), {"email": "", "password": PASSWORD})
    assert "Too many attempts" in refused.content.decode()
    ann.refresh_from_db()
    assert ann.email == "ann@example.org"


def test_an_address_can_be_given_at_sign_up(client: Client) -> None:
    client.post(reverse("signup"), {"username": "bob", "password": PASSWORD, "email": "bob@example.org"})
    assert User.objects.get(username="bob").email == "bob@example.org"


def test_a_letter_leads_to_a_new_password_once_and_ends_all_sessions(ann: User) -> None:
    before = browser()
    assert ask_for_a_letter("ANN@example.org") == 302
    (letter,) = mail.outbox
    assert (letter.to, "ann" in letter.body) == (["ann@example.org"], True)
    link = LINK.search(letter.body)
    assert link is not None
    client = Client()
    form = client.get(link[1])["Location"]
    fields = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post(form, fields)["Location"] == reverse("signin")
    ann.refresh_from_db()
    assert ann.check_password(NEW_PASSWORD)
    assert before.get(reverse("chat")).status_code == 302
    assert not BrowserSession.objects.filter(user_id=ann.pk).exists()
    again = Client().get(link[1], follow=True)
    assert "used before" in again.content.decode()


def test_who_asks_learns_nothing_about_accounts(ann: User) -> None:
    answers = [
        TOKEN.sub(
            "", Client().post(reverse("password_reset"), {"email": address}, follow=True).content.decode()
        )
        for address in ("ann@example.org", "nobody@example.org")
    ]
    assert answers[0] == answers[1]


@override_settings(RESET_LETTERS_PER_ADDRESS_MAX=2)
def test_one_address_gets_only_so_many_letters_and_nobody_is_told(ann: User) -> None:
    assert [ask_for_a_letter("ann@example.org") for _ in range(4)] == [302] * 4
    assert len(mail.outbox) == 2


@override_settings(RESET_LETTERS_PER_CLIENT_MAX=2)
def test_one_client_asks_only_so_often_and_is_told(ann: User) -> None:
    assert [ask_for_a_letter(f"{n}@example.org") for n in range(3)] == [302, 302, 429]


def test_no_link_is_made_from_a_host_that_anybody_could_have_written(ann: User, settings: Settings) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, host="0.0.0.0")
    assert ask_for_a_letter("ann@example.org") == 503
    assert mail.outbox == []
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, origins=("https://chat.example",))
    assert ask_for_a_letter("ann@example.org") == 302
    assert "://chat.example/password/reset/" in mail.outbox[0].body


def test_a_mail_server_that_fails_is_logged_and_shown_to_nobody(
    ann: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert ask_for_a_letter("ann@example.org") == 302
    assert "a letter was not sent" in caplog.text


def test_where_letters_only_reach_the_console_it_is_said() -> None:
    assert "no mail server yet" in Client().get(reverse("password_reset")).content.decode()

"""Pages: headers that keep other sites out, and refusals and failures in our words."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["signin", "signup"])
def test_the_content_security_policy_is_strict(client: Client, name: str) -> None:
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in client.get(reverse(name))["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_pages_send_the_other_protective_headers(client: Client) -> None:
    answer = client.get(reverse("signin"))
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_session_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    answer = client.post(reverse("signup"), {"username": "ann", "password": "correct horse battery"})
    cookie = next(cookie for name, cookie in answer.cookies.items() if "session" in name)
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_host_that_is_not_ours_is_refused(client: Client) -> None:
    assert client.get(reverse("healthz"), HTTP_HOST="evil.example").status_code == 400


def test_a_page_that_is_not_there_is_said_in_our_words(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "webchat/404.html" in [template.name for template in answer.templates]


def test_a_form_without_its_token_is_refused_in_our_words() -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("signin"), {"username": "ann"})
    assert answer.status_code == 403
    assert "webchat/403.html" in [template.name for template in answer.templates]


def test_a_failure_is_said_in_our_words(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("webchat.healthz._probes", None)
    assert client.get(reverse("healthz")).status_code == 500

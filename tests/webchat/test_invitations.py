"""Invitations: who makes them, what they open and when they don't; links to channels."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from webchat.accounts import invitations
from webchat.models import Invitation

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_invitation(settings: Settings) -> None:
    cache.clear()
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup="invite", invites="staff")


def member(name: str = "ann", *, staff: bool = True) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, is_staff=staff))
    return client


def link_by(client: Client, uses: int = 1, channel: str = "") -> str:
    fields = {"days": 7, "uses": uses, "channel": channel}
    page = client.post(reverse("invitations"), fields).content.decode()
    found = re.search(r'id="invitation-link">([^<]+)', page)
    assert found is not None
    return html.unescape(found[1]).removeprefix("http://testserver")


def sign_up(link: str, name: str = "bob", **more: str) -> Any:
    token = link.partition("invite=")[2]
    fields = {"username": name, "password": PASSWORD, "invite": token, **more}
    return Client().post(reverse("signup"), fields)


@pytest.mark.parametrize(
    ("said", "asks"),
    [("cross-site", True), ("none", False), ("same-origin", False), ("same-site", True)],
)
def test_a_link_on_another_site_asks_before_it_joins(client: Client, said: str, asks: bool) -> None:
    client.force_login(User.objects.create_user("ann"))
    headers = {"Sec-Fetch-Site": said, "Referer": "http://testserver/signin/"}
    page = client.get("/c/tea-room/", headers=headers).context["page"]
    assert (page["join"], page["asks"]) == ("#tea-room", asks)


@pytest.mark.parametrize(
    ("referer", "origins", "asks"),
    [
        (None, (), True),  # typed by hand, or a site that lets its browsers tell nothing
        ("http://testserver/signin/?next=/c/tea-room/", (), False),
        ("https://testserver/", (), True),
        ("http://testserver:8080/", (), True),
        ("http://evil.example/http://testserver/", (), True),
        ("http://testserver@evil.example/", (), True),
        ("http://[broken/", (), True),
        ("https://chat.example.org/signin/", ("https://chat.example.org",), False),
        ("http://testserver/signin/", ("https://chat.example.org",), True),
    ],
)
def test_over_plain_http_the_page_that_led_here_says_whether_to_ask(
    client: Client, settings: Settings, referer: str | None, origins: tuple[str, ...], asks: bool
) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, origins=origins)
    client.force_login(User.objects.create_user("ann"))
    headers = {} if referer is None else {"Referer": referer}
    assert client.get("/c/tea-room/", headers=headers).context["page"]["asks"] == asks


def test_who_signs_in_for_a_link_on_another_site_is_not_asked_again() -> None:
    User.objects.create_user("ann", password=PASSWORD)
    browser = Client()
    sent = browser.get("/c/tea-room/", headers={"Sec-Fetch-Site": "cross-site"})
    fields = {"username": "ann", "password": PASSWORD, "next": "/c/tea-room/"}
    there = browser.post(sent["Location"], fields, headers={"Sec-Fetch-Site": "same-origin"})
    page = browser.get(there["Location"], headers={"Sec-Fetch-Site": "same-origin"}).context["page"]
    assert (page["join"], page["asks"]) == ("#tea-room", False)


def test_a_link_makes_as_many_accounts_as_it_says() -> None:
    link = link_by(member(), uses=5)
    assert Client().get(link).status_code == 200
    assert [sign_up(link, f"user{n}").status_code for n in range(6)] == [302] * 5 + [403]
    assert "INVITE_EXPIRED" in Client().get(link).content.decode()
    assert User.objects.count() == 6


def test_a_mistake_in_the_form_uses_nothing_up() -> None:
    link = link_by(member())
    assert sign_up(link, "a b").status_code == 200
    assert sign_up(link).status_code == 302


def test_the_last_use_is_one_persons() -> None:
    link = link_by(member())
    token = link.partition("invite=")[2]
    invitations.use(token)
    with pytest.raises(invitations.CommandError, match="INVITE_EXPIRED"):
        invitations.use(token)
    assert Invitation.objects.get().uses_left == 0


@pytest.mark.parametrize("token", ["", "made-up", "\ud83d", "x" * 5000])
def test_without_a_real_invitation_there_is_no_account(token: str) -> None:
    answer = sign_up(f"?invite={token}") if token.isascii() else Client().get(reverse("signup"))
    assert answer.status_code == 403
    assert ("INVITE_INVALID" if token.isascii() and token else "by invitation") in answer.content.decode()
    assert not User.objects.exists()


def test_an_old_or_revoked_invitation_is_refused() -> None:
    ann = member()
    old, revoked = link_by(ann), link_by(ann)
    first, second = Invitation.objects.order_by("pk")
    Invitation.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    ann.post(reverse("take_back"), {"invitation": second.pk})
    for link in (old, revoked):
        assert "INVITE_EXPIRED" in sign_up(link).content.decode()


def test_who_is_switched_off_invites_nobody() -> None:
    link = link_by(member())
    User.objects.update(is_active=False)
    assert "INVITE_EXPIRED" in sign_up(link).content.decode()
    assert User.objects.count() == 1


def test_nobody_takes_back_anothers() -> None:
    link = link_by(member())
    member("bob").post(reverse("take_back"), {"invitation": Invitation.objects.get().pk})
    assert sign_up(link, "cleo").status_code == 302


def test_the_database_opens_no_door() -> None:
    token = link_by(member()).partition("invite=")[2]
    row = Invitation.objects.values().get()
    assert token not in str(row)
    assert Client().get(reverse("signup"), {"invite": row["token_hash"]}).status_code == 403


def test_who_invites_is_a_setting(settings: Settings) -> None:
    bob = member("bob", staff=False)
    assert bob.get(reverse("invitations")).status_code == 403
    assert reverse("invitations") not in bob.get(reverse("account")).content.decode()
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, invites="members")
    assert reverse("invitations") in bob.get(reverse("account")).content.decode()
    assert sign_up(link_by(bob), "cleo").status_code == 302


def test_where_accounts_are_closed_no_invitation_helps(settings: Settings) -> None:
    link = link_by(member())
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup="closed")
    assert sign_up(link).status_code == 403
    assert User.objects.count() == 1


def test_one_person_has_only_so_many(settings: Settings) -> None:
    settings.INVITATIONS_PER_PERSON_MAX = 1
    ann = member()
    link_by(ann)
    assert "INVITES_FULL" in ann.post(reverse("invitations"), {"days": 7, "uses": 1}).content.decode()


def test_a_link_to_a_channel_leads_through_signing_up(settings: Settings) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup="open")
    way = Client().get("/c/tea%20room".replace("%20", "-") + "/")["Location"]
    assert way == f"{reverse('signin')}?next=/c/tea-room/"
    assert f"{reverse('signup')}?next=/c/tea-room/" in Client().get(way).content.decode()
    answer = sign_up("", next="/c/tea-room/")
    assert answer["Location"] == "/c/tea-room/"
    page = answer.client.get("/c/tea-room/")
    assert page.context["page"]["join"] == "#tea-room"


def test_a_link_to_a_channel_says_so_and_offers_an_account_first(settings: Settings) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup="open")
    stranger = Client()
    page = stranger.get(reverse("signin"), {"next": "/c/tea%26room/"}).content.decode()
    assert "This link leads to #tea&amp;room" in page
    assert "invited" not in page, "anybody can write such a link, and nobody need have invited anybody"
    assert page.index("Get an account") < page.index('name="username"')
    assert "Welcome back" not in page
    page = stranger.get(reverse("signup"), {"next": "/c/tea/"}).content.decode()
    assert "This link leads to #tea" in page
    assert "invited" not in page
    for way in ("", "/account/", "/c/../", "/c/two%20words/", "https://evil.example/c/tea/"):
        page = stranger.get(reverse("signin"), {"next": way}).content.decode()
        assert "Welcome back" in page, way


def test_where_an_account_takes_an_invitation_the_link_to_a_channel_says_so() -> None:
    page = Client().get(reverse("signin"), {"next": "/c/tea/"}).content.decode()
    assert "This link leads to #tea" in page
    assert "Accounts are by invitation here" in page


@pytest.mark.parametrize("typed", ["tea/room", "#tea/room"])
def test_an_invitation_can_lead_into_a_channel(typed: str) -> None:
    link = link_by(member(), channel=typed)
    page = Client().get(link)
    assert "You are invited to #tea/room" in page.content.decode()
    answer = sign_up(link, next=page.context["next"])
    assert answer["Location"] == "/c/tea%2Froom/"
    assert answer.client.get(answer["Location"]).context["page"]["join"] == "#tea/room"


@pytest.mark.parametrize(
    ("signup", "invites", "staff", "where"),
    [
        ("open", "members", True, ""),
        ("closed", "members", True, ""),
        ("invite", "staff", False, ""),
        ("invite", "staff", True, "/account/invitations/"),
        ("invite", "members", False, "/account/invitations/"),
    ],
)
def test_the_chat_page_knows_for_whom_a_link_to_a_channel_works(
    settings: Settings, signup: str, invites: str, staff: bool, where: str
) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup=signup, invites=invites)
    page = member(staff=staff).get("/").context["page"]
    assert page["inviting"] == {"signup": signup, "invitations": where}


def test_a_link_to_the_page_of_invitations_fills_in_the_channel() -> None:
    page = member().get(reverse("invitations"), {"channel": '#tea room"><b>'}).content.decode()
    assert 'name="channel" value="#tea room&quot;&gt;&lt;b&gt;"' in page


def test_an_invitation_that_does_not_hold_is_called_none() -> None:
    page = Client().get(reverse("signup"), {"next": "/c/tea/", "invite": "made-up"}).content.decode()
    assert "This link leads to #tea" in page
    assert "You are invited" not in page


def test_an_invitation_into_an_impossible_channel_is_not_made() -> None:
    page = member().post(reverse("invitations"), {"days": 7, "uses": 1, "channel": ".."}).content.decode()
    assert "CHANNEL_NAME_INVALID" in page
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("staff", [True, False])
def test_where_nobody_needs_an_invitation_the_page_says_so(settings: Settings, staff: bool) -> None:
    ann = member(staff=staff)
    for signup, words in (("open", "Nobody needs an invitation here"), ("closed", "are not open here")):
        settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup=signup)
        answer = ann.get(reverse("invitations"))
        assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert ann.post(reverse("invitations"), {"days": 7, "uses": 1}).status_code == 200
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_up_never_leads_to_another_site(settings: Settings, elsewhere: str) -> None:
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, signup="open")
    assert sign_up("", next=elsewhere)["Location"] == reverse("chat")


def test_a_link_to_an_impossible_channel_is_not_found() -> None:
    assert member().get("/c/two%20words/").status_code == 404

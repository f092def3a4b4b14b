"""The administration pages: for staff, without secrets, by the site's own sign-in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from webchat.identities import seed_of
from webchat.models import BrowserSession, Invitation, PeerIdentity

PASSWORD = "correct horse battery"
SWITCHED_OFF = {"username": "bob", "date_joined_0": "2026-01-01", "date_joined_1": "12:00:00"}

pytestmark = pytest.mark.django_db


def signed_in(name: str, **rights: bool) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, password=PASSWORD, **rights))
    return client


@pytest.fixture
def staff() -> Client:
    return signed_in("ann", is_staff=True, is_superuser=True)


def page(client: Client, model: str, *key: object) -> str:
    name = f"admin:{model}_{'change' if key else 'changelist'}"
    return client.get(reverse(name, args=key)).content.decode()


def test_strangers_sign_in_at_the_page_with_the_bound() -> None:
    answer = Client().get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == f"{reverse('signin')}?next=/admin/"


def test_members_are_told_that_it_is_not_for_them() -> None:
    bob = signed_in("bob")
    assert bob.get("/admin/", follow=True).status_code == 403
    assert "/admin/" not in bob.get(reverse("account")).content.decode()


def test_staff_find_it_from_their_account(staff: Client) -> None:
    assert 'href="/admin/"' in staff.get(reverse("account")).content.decode()
    assert staff.get("/admin/").status_code == 200


def test_identities_are_shown_without_what_opens_them(staff: Client) -> None:
    user = User.objects.create_user("bob")
    seed = seed_of(user.pk)
    row = PeerIdentity.objects.get(user=user)
    for text in (page(staff, "webchat_peeridentity"), page(staff, "webchat_peeridentity", user.pk)):
        assert row.node_id is not None
        assert row.node_id in text
        assert seed.hex() not in text
        assert bytes(row.wrapped_seed).hex() not in text
        assert "wrapped_seed" not in text


def test_an_account_is_switched_off_and_signed_out_but_not_deleted(staff: Client) -> None:
    bob = signed_in("bob")
    user = User.objects.get(username="bob")
    assert staff.get(reverse("admin:auth_user_delete", args=[user.pk])).status_code == 403
    staff.post(reverse("admin:auth_user_change", args=[user.pk]), SWITCHED_OFF)
    user.refresh_from_db()
    assert not user.is_active
    assert bob.get(reverse("chat")).status_code == 302
    assert not BrowserSession.objects.filter(user_id=user.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_node_that_does_not_end_is_no_secret(staff: Client, settings: Settings) -> None:
    settings.PAGE_COMMAND_TIMEOUT_S = 0.05
    user = User.objects.create_user("bob")
    answer = staff.post(reverse("admin:auth_user_change", args=[user.pk]), SWITCHED_OFF, follow=True)
    assert "WORKER_UNAVAILABLE" in answer.content.decode()
    user.refresh_from_db()
    assert not user.is_active


def test_the_only_administrator_stays_one(staff: Client) -> None:
    ann = User.objects.get(username="ann")
    address = reverse("admin:auth_user_change", args=[ann.pk])
    answer = staff.post(address, {**SWITCHED_OFF, "username": "ann"})
    assert "This is the only administrator" in answer.content.decode()
    User.objects.create_user("eve", is_superuser=True)
    assert staff.post(address, {**SWITCHED_OFF, "username": "ann", "is_active": "on"}).status_code == 302
    assert User.objects.filter(username="ann", is_superuser=False, is_active=True).exists()


@pytest.mark.parametrize(("name", "made"), [("bob", True), ("b" * 41, False)])
def test_staff_make_accounts_with_names_as_at_sign_up(staff: Client, name: str, made: bool) -> None:
    fields = {"username": name, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    staff.post(reverse("admin:auth_user_add"), fields)
    assert User.objects.filter(username=name).exists() is made


def test_staff_take_invitations_back(staff: Client) -> None:
    ann = User.objects.get(username="ann")
    made = Invitation.objects.create(token_hash="h", made_by=ann, expires_at=ann.date_joined, uses_left=1)
    assert staff.post(reverse("admin:webchat_invitation_add")).status_code == 403
    fields = {"action": "take_back", "_selected_action": made.pk}
    staff.post(reverse("admin:webchat_invitation_changelist"), fields)
    made.refresh_from_db()
    assert made.revoked


def test_the_own_password_is_changed_where_other_sessions_end(staff: Client) -> None:
    assert staff.get("/admin/password_change/")["Location"] == reverse("password_change")

"""An identity taken along, and an account that ends; with real nodes."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.support.browser import Browser, cookie_of
from tests.webchat.carrying import CARRIED, PASSPHRASE, PROFILE, SEED
from webchat.accounts import identityfile
from webchat.bridge import node_id_of
from webchat.identities import seed_of
from webchat.models import PeerIdentity
from webchat.worker import Worker

PASSWORD = "correct horse battery"


def account(name: str = "ann") -> Client:
    User.objects.create_user(name, password=PASSWORD)
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def upload(content: bytes, passphrase: str = PASSPHRASE) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("identity.json", content), "passphrase": passphrase}


def sign_up(
    content: bytes, passphrase: str = PASSPHRASE, name: str = "ann", client: Client | None = None
) -> Any:
    fields = {"username": name, "password": PASSWORD, **upload(content, passphrase)}
    return (client or Client()).post(reverse("signup"), fields)


async def in_the_lobby(name: str) -> tuple[Client, Browser]:
    """Somebody new, with a page in ``#lobby``."""
    client = await database_sync_to_async(account)(name)
    page = Browser(cookie_of(client))
    assert await page.open()
    await page.hello()
    await page.join("#lobby")
    return client, page


async def posted(client: Client, address: str, fields: dict[str, Any]) -> Any:
    """As the server does it: each request in a thread of its own, beside the worker's."""

    def post() -> Any:
        try:
            return client.post(address, fields)
        finally:
            connection.close()

    async with ThreadSensitiveContext():
        return await sync_to_async(post)()


@pytest.mark.django_db
def test_an_export_needs_the_password() -> None:
    client = account()
    fields = {"passphrase": PASSPHRASE, "again": PASSPHRASE, "password": "wrong"}
    assert "Content-Disposition" not in client.post(reverse("identity_export"), fields)
    differs = client.post(reverse("identity_export"), {**fields, "again": "x", "password": PASSWORD})
    assert "The two pass phrases differ" in differs.content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_identity_is_taken_along_also_when_its_node_can_not_be_asked(settings: Settings) -> None:
    settings.PAGE_COMMAND_TIMEOUT_S = 0.05
    client = account()
    fields = {"passphrase": PASSPHRASE, "again": PASSPHRASE, "password": PASSWORD}
    file = client.post(reverse("identity_export"), fields)
    seed = seed_of(User.objects.get().pk)
    assert identityfile.opened(file.content, PASSPHRASE) == identityfile.Carried(seed, None)
    assert "Your profile is not in the file" in client.get(reverse("account")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_profile_that_waits_for_its_node_is_taken_along(exported: bytes, settings: Settings) -> None:
    settings.PAGE_COMMAND_TIMEOUT_S = 0.05
    client = Client()
    sign_up(exported, client=client)
    fields = {"passphrase": PASSPHRASE, "again": PASSPHRASE, "password": PASSWORD}
    file = client.post(reverse("identity_export"), fields)
    assert identityfile.opened(file.content, PASSPHRASE) == CARRIED
    assert "Your profile is not in the file" not in client.get(reverse("account")).content.decode()


async def test_an_identity_moves_with_its_profile_from_one_account_to_another(worker: Worker) -> None:
    client = await database_sync_to_async(account)()
    page = Browser(cookie_of(client))
    assert await page.open()
    node = (await page.hello())["node"]["node_id"]
    assert (await page.ask("profile.set", **PROFILE))["type"] == "ok"
    fields = {"passphrase": PASSPHRASE, "again": PASSPHRASE, "password": PASSWORD}
    file = await posted(client, reverse("identity_export"), fields)
    assert file["Content-Disposition"] == 'attachment; filename="starling-identity.json"'
    assert "no-store" in file["Cache-Control"]
    await posted(client, reverse("account_delete"), {"password": PASSWORD})

    elsewhere = Client()
    await database_sync_to_async(sign_up)(file.content, name="bob", client=elsewhere)
    back = Browser(cookie_of(elsewhere))
    assert await back.open()
    welcome = await back.hello()
    assert welcome["node"]["node_id"] == node
    profile = welcome["profile"]
    assert (profile["name"], profile["about"]) == (PROFILE["name"], PROFILE["about"])
    assert profile["picture"]
    await back.close()


@pytest.mark.django_db
def test_an_identity_is_brought_along_at_sign_up(exported: bytes) -> None:
    assert sign_up(exported)["Location"] == reverse("chat")
    user = User.objects.get()
    assert seed_of(user.pk) == SEED
    assert PeerIdentity.objects.get().node_id == node_id_of(SEED)


@pytest.mark.django_db
def test_what_can_not_be_brought_along_makes_no_account(exported: bytes) -> None:
    for content, passphrase, code in (
        (exported, "another pass phrase", "IDENTITY_PASSPHRASE_WRONG"),
        (b"{}", PASSPHRASE, "IDENTITY_FILE_INVALID"),
    ):
        answer = sign_up(content, passphrase)
        assert code in answer.content.decode()
    assert not User.objects.exists()
    sign_up(exported)
    again = sign_up(exported, name="bob")
    assert "IDENTITY_IN_USE" in again.content.decode()
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_files_at_sign_up_are_bounded_because_opening_them_costs(exported: bytes, settings: Settings) -> None:
    settings.IDENTITY_FILES_PER_CLIENT_MAX = 1
    sign_up(b"{}")
    assert "Too many attempts" in sign_up(exported).content.decode()
    assert not User.objects.exists()


async def test_an_unused_identity_is_replaced_by_an_imported_one(worker: Worker, exported: bytes) -> None:
    client = await database_sync_to_async(account)()
    page = Browser(cookie_of(client))
    assert await page.open()
    before = (await page.hello())["node"]["node_id"]
    fields = {**upload(exported), "password": PASSWORD}
    answer = await posted(client, reverse("identity_import"), fields)
    assert answer["Location"] == reverse("account")
    after = await page.hello()
    assert before != after["node"]["node_id"] == node_id_of(SEED)
    assert after["profile"]["name"] == PROFILE["name"]
    await page.close()


async def test_an_identity_that_others_know_is_not_replaced(worker: Worker, exported: bytes) -> None:
    client = await database_sync_to_async(account)()
    page = Browser(cookie_of(client))
    assert await page.open()
    before = (await page.hello())["node"]["node_id"]
    await page.join("#lobby")
    fields = {**upload(exported), "password": PASSWORD}
    answer = await posted(client, reverse("identity_import"), fields)
    assert "IDENTITY_NOT_FRESH" in answer.content.decode()
    assert (await page.hello())["node"]["node_id"] == before
    await page.close()


async def test_a_deleted_account_leaves_nothing_here_and_its_messages_with_others(
    worker: Worker, settings: Settings
) -> None:
    (ann, here), (_, there) = [await in_the_lobby(name) for name in ("ann", "bob")]
    said = await here.say("#lobby", "this stays")
    await there.see(said["id"])
    user = await database_sync_to_async(User.objects.get)(username="ann")
    node_id = await database_sync_to_async(lambda: PeerIdentity.objects.get(user=user).node_id)()

    elsewhere = Client()
    await posted(elsewhere, reverse("signin"), {"username": "ann", "password": PASSWORD})
    wrong = await posted(ann, reverse("account_delete"), {"password": "wrong"})
    assert wrong.status_code == 200
    answer = await posted(ann, reverse("account_delete"), {"password": PASSWORD})
    assert answer["Location"] == reverse("signin")
    assert answer.cookies[settings.FORGET_COOKIE_NAME].value == f"{user.pk}.all"
    told = await database_sync_to_async(elsewhere.get)(reverse("chat"))
    assert told.cookies[settings.FORGET_COOKIE_NAME].value == f"{user.pk}.all", "in other browsers, too"

    assert (await here.expect("error"))["code"] == "SESSION_ENDED"
    assert await here.next_frame() == {"type": "closed", "code": 4401}
    assert worker.host.is_fresh(node_id)
    assert not await database_sync_to_async(User.objects.filter(username="ann").exists)()
    assert await database_sync_to_async(PeerIdentity.objects.count)() == 1
    page = await there.ask("history.page", channel="#lobby")
    assert [message["text"] for message in page["messages"]] == ["this stays"]
    await there.close()


async def test_the_node_of_an_account_rests_while_it_is_switched_off(worker: Worker) -> None:
    (ann, here), (bob, there) = [await in_the_lobby(name) for name in ("ann", "bob")]
    await database_sync_to_async(User.objects.filter(username="ann").update)(is_staff=True, is_superuser=True)
    user = await database_sync_to_async(User.objects.get)(username="bob")
    address, joined = reverse("admin:auth_user_change", args=[user.pk]), user.date_joined
    fields = {"username": "bob", "date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}

    await posted(ann, address, fields)
    assert (await there.expect("error"))["code"] == "SESSION_ENDED"
    assert user.pk not in worker.host._peers
    said = await here.say("#lobby", "while you were away")

    await posted(ann, address, {**fields, "is_active": "on"})
    assert user.pk in worker.host._peers, "it receives before the person comes"
    await database_sync_to_async(bob.force_login)(user)
    back = Browser(cookie_of(bob))
    assert await back.open()
    welcome = await back.hello()
    if said["id"] not in [m["id"] for channel in welcome["channels"] for m in channel.get("messages", ())]:
        await back.see(said["id"])
    for page in (here, back):
        await page.close()


@pytest.mark.django_db(transaction=True)
def test_an_account_stays_whole_when_its_node_can_not_be_removed(settings: Settings) -> None:
    settings.PAGE_COMMAND_TIMEOUT_S = 0.05
    client = account()
    answer = client.post(reverse("account_delete"), {"password": PASSWORD})
    assert "WORKER_UNAVAILABLE" in answer.content.decode()
    assert User.objects.get().is_active
    assert client.get(reverse("chat")).status_code == 200


@pytest.mark.django_db
def test_the_only_administrator_does_not_leave_others_alone() -> None:
    client = account()
    User.objects.update(is_superuser=True)
    User.objects.create_user("bob")
    answer = client.post(reverse("account_delete"), {"password": PASSWORD})
    assert "only administrator" in answer.content.decode()
    assert User.objects.filter(username="ann").exists()

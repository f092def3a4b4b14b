"""The health page, its socket and its files are for staff; everybody else is refused, and told nothing."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import AsyncClient, Client
from django.urls import reverse

from tests.support.browser import Browser, cookie_of, signed_in
from tests.webchat.conftest import Open
from webchat.health import feed
from webchat.health.feed import HealthFeed
from webchat.worker import Worker

PATH = "/ws/health/"
ADDRESSES = [
    reverse("health"),
    reverse("health_export", args=["json"]),
    reverse("health_export", args=["csv"]),
    reverse("health_bundle"),
    reverse("health_bundle_file"),
]


async def account(name: str, *, staff: bool) -> User:
    """An account, staff or not."""
    found: User = await database_sync_to_async(User.objects.create)(username=name, is_staff=staff)
    return found


async def socket_of(user: User, origin: bytes = b"http://127.0.0.1:8000") -> Browser:
    """A browser that wants to watch, not connected yet."""
    client = await database_sync_to_async(signed_in)(user)
    return Browser(cookie_of(client), origin, PATH)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_sign_in_first(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("signin"))


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_members_are_refused_in_words(address: str) -> None:
    client = signed_in(User.objects.create(username="mia"))
    answer = client.get(address)
    assert answer.status_code == 403
    assert "administrators of this server" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_changed_there(address: str) -> None:
    client = signed_in(User.objects.create(username="ada", is_staff=True))
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_staff_see_the_page_and_no_cache_keeps_it() -> None:
    client = signed_in(User.objects.create(username="ada", is_staff=True))
    answer = client.get(reverse("health"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "Who reaches whom" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("staff", "linked"), [(True, True), (False, False)])
def test_only_staff_are_shown_the_way(staff: bool, linked: bool) -> None:
    client = signed_in(User.objects.create(username="ada", is_staff=staff))
    assert (reverse("health") in client.get(reverse("chat")).content.decode()) is linked


async def test_strangers_and_members_have_no_socket(transactional_db: None) -> None:
    assert not await Browser(path=PATH).open()
    assert not await (await socket_of(await account("mia", staff=False))).open()
    assert HealthFeed.of_running_loop().idle


async def test_staff_of_another_origin_have_no_socket(transactional_db: None) -> None:
    ada = await account("ada", staff=True)
    assert not await (await socket_of(ada, b"http://evil.example")).open()


async def test_who_is_switched_off_has_no_socket(transactional_db: None) -> None:
    ada = await account("ada", staff=True)
    watcher = await socket_of(ada)
    await database_sync_to_async(User.objects.filter(pk=ada.pk).update)(is_active=False)
    assert not await watcher.open()


async def test_who_is_no_longer_staff_is_put_out(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "STAFF_CHECK_S", 0.05)
    ada = await account("ada", staff=True)
    watcher = await socket_of(ada)
    assert await watcher.open()
    await watcher.hello()
    await database_sync_to_async(User.objects.filter(pk=ada.pk).update)(is_staff=False)
    assert (await watcher.expect("closed"))["code"] == 4403
    await watcher.close()


@pytest.mark.parametrize("frame", ["events", "diagnostic", "watch"])
async def test_who_is_no_longer_staff_is_answered_nothing_whether_watching_or_not(
    worker: Worker, frame: str
) -> None:
    """Before, only those who had said hello were looked after."""
    ada = await account("ada", staff=True)
    page = await socket_of(ada)
    assert await page.open()
    await database_sync_to_async(User.objects.filter(pk=ada.pk).update)(is_staff=False)
    await page.send(frame, **({"on": True} if frame == "diagnostic" else {}))
    assert (await page.expect("closed"))["code"] == 4403
    assert not worker.host.diagnostic
    await page.close()


async def test_a_failed_look_at_who_is_staff_is_followed_by_another(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "STAFF_CHECK_S", 0.05)
    real, looks = feed.staff_among, list[int]()

    def away_at_first(users: list[int]) -> set[int]:
        looks.append(len(users))
        if len(looks) == 1:
            raise OperationalError("database is locked")
        return real(users)

    monkeypatch.setattr(feed, "staff_among", away_at_first)
    ada = await account("ada", staff=True)
    watcher = await socket_of(ada)
    assert await watcher.open()
    await watcher.hello()
    await database_sync_to_async(User.objects.filter(pk=ada.pk).update)(is_staff=False)
    assert (await watcher.expect("closed"))["code"] == 4403
    assert len(looks) >= 2
    await watcher.close()


async def test_an_ended_session_ends_the_socket(worker: Worker) -> None:
    ada = await account("ada", staff=True)
    client = await database_sync_to_async(signed_in)(ada)
    watcher = Browser(cookie_of(client), path=PATH)
    assert await watcher.open()
    await watcher.hello()
    await database_sync_to_async(client.post)(reverse("signout"))
    assert (await watcher.expect("closed"))["code"] == 4401
    await watcher.close()


async def test_nothing_is_asked_while_nobody_watches(worker: Worker, open_page: Open) -> None:
    chatting = await open_page("ann")
    await chatting.hello()
    assert not worker.health.watch.runs
    watcher = await socket_of(await account("ada", staff=True))
    assert await watcher.open()
    await watcher.hello()
    await watcher.expect("health")
    assert worker.health.watch.runs
    await watcher.close()
    assert HealthFeed.of_running_loop().idle


async def test_files_of_a_filter_that_means_nothing_are_not_found(worker: Worker) -> None:
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(await account("ada", staff=True))
    for query in ("since=tomorrow", "since=-1", f"text={'x' * 200}"):
        assert (await client.get(f"{reverse('health_export', args=['json'])}?{query}")).status_code == 404
    assert (await client.get(reverse("health_export", args=["xml"]))).status_code == 404

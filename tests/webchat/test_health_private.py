"""Nothing private leaves the server: canaries in nodes and database are in no frame and in no file."""

from __future__ import annotations

import json

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.urls import reverse
from pytest_django import Settings

from tests.support.browser import signed_in
from tests.webchat.conftest import Open
from tests.webchat.test_health_access import account
from tests.webchat.test_health_socket import TEXT, watched, watcher
from webchat.accounts.invitations import invite
from webchat.identities import seed_of
from webchat.models import PeerIdentity
from webchat.worker import Worker

PASSWORD = "swordfish-canary-9"
EMAIL = "zoe.canary@example.org"


async def test_nothing_private_leaves_the_server(worker: Worker, open_page: Open, settings: Settings) -> None:
    zoe = await database_sync_to_async(User.objects.create_user)("zoe", EMAIL, PASSWORD)
    token = await database_sync_to_async(invite)(zoe, 7, 5)
    ann, page = await open_page("ann"), await open_page("zoe")
    for each in (ann, page):
        await each.hello()
        await each.join("#lobby")
    said = await page.say("#lobby", TEXT)
    await ann.see(said["id"])
    await page.ask("profile.set", name="Zoe Canary-Name", about="about-canary-words")
    staff = await watcher()
    frames = [await watched(staff, "#lobby")]
    await staff.ask("trace", channel="#lobby", id=said["id"])
    frames.append(await staff.ask("trace", channel="#lobby", id=said["id"]))
    frames.append(await staff.ask("events"))
    frames += staff.put_aside()
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(await User.objects.aget(username="ada"))
    shown = [json.dumps(frames)]
    for address in (
        reverse("health"),
        reverse("health_export", args=["json"]),
        reverse("health_export", args=["csv"]),
        reverse("health_bundle"),
        reverse("health_bundle_file"),
    ):
        answer = await client.get(address)
        assert answer.status_code == 200, address
        shown.append(answer.content.decode())
    keys = [path.read_bytes() for path in settings.DEPLOYMENT.keys.iterdir() if path.is_file()]
    secrets = [TEXT, PASSWORD, EMAIL, token, "about-canary-words", settings.SECRET_KEY]
    secrets += [key.hex() for key in keys] + [zoe.password]
    secrets.append(worker.host.canary_channel)
    secrets += [seed.hex() for seed in await database_sync_to_async(_seeds)()]
    for text in shown:
        for secret in secrets:
            assert secret not in text
    for text in shown[2:]:  # files; the page itself shows who is who
        assert "zoe" not in text.lower()
    assert "#lobby" not in shown[-1]
    assert "127.0.0.1" not in shown[-1]
    preview, bundle = shown[-2], json.loads(shown[-1])
    assert bundle["channels"][0]["channel"] == "#channel-1"
    assert bundle["records"]
    assert said["id"] in preview
    await staff.close()


def _seeds() -> list[bytes]:
    return [seed_of(user) for user in PeerIdentity.objects.values_list("user_id", flat=True)]


async def test_the_file_is_exactly_what_the_preview_showed(worker: Worker) -> None:
    client = AsyncClient()
    ada = await account("ada", staff=True)
    await database_sync_to_async(client.force_login)(ada)
    preview = (await client.get(reverse("health_bundle"))).context["bundle"].text
    await database_sync_to_async(signed_in)(ada)  # something happens meanwhile
    answer = await client.get(reverse("health_bundle_file"))
    assert answer.content.decode() == preview
    assert answer["Content-Disposition"].startswith('attachment; filename="starling-diagnostics-')

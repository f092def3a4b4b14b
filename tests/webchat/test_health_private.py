"""Nothing private leaves the server: canaries in nodes and database are in no frame and in no file."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import AsyncClient
from django.urls import reverse
from pytest_django import Settings

from tests.support.browser import signed_in
from tests.webchat.conftest import Open
from tests.webchat.test_health_access import account
from tests.webchat.test_health_files import record
from tests.webchat.test_health_socket import TEXT, watched, watcher
from webchat.accounts.invitations import invite
from webchat.chat.commands import CommandError
from webchat.deployment import MailServer
from webchat.health import bundle
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
        "",  # the link on the page before
    ):
        answer = await client.get(address or link_in(shown[-1]))
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
    assert "[left out]" not in shown[-1], "everything that there was in the network has a form"
    await staff.close()


@pytest.mark.parametrize("canary", ["zoe", "swordfish", "c0ffee15900d" * 2, "mzxw6ytboi", "Zm9vYmFy"])
async def test_no_word_of_anybody_is_in_the_bundle_whatever_it_looks_like(
    worker: Worker, canary: str
) -> None:
    """Names, passwords and tokens in lower case went through, as words or as ids, wherever they stood."""
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(await account("ada", staff=True))
    worker.health.view.log.add(
        worker.host.node.node_id,
        record(
            subject=canary,
            outcome=canary,
            operation=f"join.{canary}",
            route={"peer": canary, "reason": canary},
        ),
    )
    worker.host.canary = lambda: {"state": "failed", "code": canary, "message": canary, "remedy": canary}
    preview = (await client.get(reverse("health_bundle"))).content.decode()
    text = (await client.get(link_in(preview))).content.decode()
    assert canary not in text
    assert {each["subject"] for each in json.loads(text)["records"]} & {"[left out]", "id-1"}


async def test_the_servers_own_secrets_are_in_no_bundle_whatever_they_look_like(
    worker: Worker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has the form of a message's id, which is let through where nobody knows that it is a secret."""
    names = ("metrics", "redis", "database", "smtp")
    secrets = {name: f"01890a5d-ac96-774b-bcce-{name.encode().hex()[:10]:0<12}" for name in names}
    chosen = replace(
        settings.DEPLOYMENT,
        metrics_token=secrets["metrics"],
        redis_url=f"redis://:{secrets['redis']}@10.0.0.9:6379/0",
        database_url=f"postgres://starling:{secrets['database']}@10.0.0.9/starling",
        smtp=MailServer("mail.example.org", 587, "starling", secrets["smtp"]),
    )
    # The server that runs goes on with its own ones.
    known = SimpleNamespace(DEPLOYMENT=chosen, SECRET_KEY=settings.SECRET_KEY)
    monkeypatch.setattr(bundle, "settings", known)
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(await account("ada", staff=True))
    other = "01890a5d-ac96-774b-bcce-000000000000"
    for trace in (*secrets.values(), other):
        worker.health.view.log.add(worker.host.node.node_id, record(trace=trace))
    preview = (await client.get(reverse("health_bundle"))).content.decode()
    text = (await client.get(link_in(preview))).content.decode()
    assert other in text, "the form is one of those that are let through"
    assert [name for name, secret in secrets.items() if secret in text or secret in preview] == []


def link_in(page: str) -> str:
    """The download's address on the page of a bundle."""
    found = re.search(r'href="(\S+bundle\.json\S*)"', page)
    return found[1] if found else ""


def _seeds() -> list[bytes]:
    return [seed_of(user) for user in PeerIdentity.objects.values_list("user_id", flat=True)]


async def test_the_file_is_exactly_what_the_preview_showed(worker: Worker) -> None:
    client = AsyncClient()
    ada = await account("ada", staff=True)
    await database_sync_to_async(client.force_login)(ada)
    page = await client.get(reverse("health_bundle"))
    shown = page.context["bundle"]
    await database_sync_to_async(signed_in)(ada)  # something happens meanwhile
    answer = await client.get(link_in(page.content.decode()))
    assert answer.content.decode() == shown.text
    assert hashlib.sha256(answer.content).hexdigest() == shown.digest
    assert shown.digest in page.content.decode()
    assert answer["Content-Disposition"].startswith('attachment; filename="starling-diagnostics-')


async def test_what_was_not_shown_is_not_handed_out(worker: Worker) -> None:
    """Before, who skipped the preview, or waited too long, got a file that nobody had seen."""
    client, other = AsyncClient(), AsyncClient()
    await database_sync_to_async(client.force_login)(await account("ada", staff=True))
    await database_sync_to_async(other.force_login)(await account("eve", staff=True))
    file = reverse("health_bundle_file")
    assert (await client.get(file)).status_code == 410
    first = link_in((await client.get(reverse("health_bundle"))).content.decode())
    assert (await client.get(file)).status_code == 410
    assert (await other.get(first)).status_code == 410
    worker.health.view.log.add("ab" * 20, record(outcome="NO_QUORUM"))
    second = link_in((await client.get(reverse("health_bundle"))).content.decode())
    gone = await client.get(first)
    assert gone.status_code == 410
    assert reverse("health_bundle") in gone.content.decode()
    assert (await client.get(second)).status_code == 200
    cache.clear()
    assert (await client.get(second)).status_code == 410


@pytest.mark.parametrize(
    "kept", [{"text": "{}"}, "a text", ("of three", "parts", 1), (b"digest", b"text"), 7]
)
async def test_what_another_version_kept_is_no_preview(worker: Worker, kept: Any) -> None:
    """Before, a preview of before an update made the download fail as an error of the server."""
    client = AsyncClient()
    ada = await account("ada", staff=True)
    await database_sync_to_async(client.force_login)(ada)
    link = link_in((await client.get(reverse("health_bundle"))).content.decode())
    for place in (bundle._place(ada.pk), f"health-bundle:{ada.pk}"):
        cache.set(place, kept)
    gone = await client.get(link)
    assert gone.status_code == 410
    assert reverse("health_bundle") in gone.content.decode(), "with the way to a new one"


async def test_a_bundle_holds_every_channel_that_it_asks_for_or_names_it(
    worker: Worker, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has watched before, and the watch looks at eight at a time."""
    ann = await open_page("ann")
    await ann.hello()
    for number in range(bundle.CHANNELS_MAX):
        await ann.join(f"#room-{number:02}")
    found, names = await bundle.collect()
    assert [each["channel"] for each in found["channels"]] == names
    assert (len(names), found["unseen"]) == (bundle.CHANNELS_MAX, [])

    look, away = worker.health.view.channel, names[3]

    async def failing(name: str) -> dict[str, Any]:
        if name == away:
            raise CommandError("NO_INITIATOR")
        return await look(name)

    monkeypatch.setattr(worker.health.view, "channel", failing)
    await worker.health.watch.close()
    found, names = await bundle.collect()
    assert [(each["channel"], each["error"]["code"]) for each in found["unseen"]] == [(away, "NO_INITIATOR")]
    assert len(found["channels"]) == bundle.CHANNELS_MAX - 1
    shown = json.loads(bundle.redacted(found, names, []).text)
    assert shown["unseen"][0]["error"]["code"] == "NO_INITIATOR"

"""What administrators do is logged with who, when and what, and bounded in how often."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from django.urls import reverse

from tests.support.browser import Browser
from tests.webchat.test_health_access import account
from tests.webchat.test_health_private import link_in
from tests.webchat.test_health_socket import until, watcher
from webchat.chat.commands import CommandError
from webchat.health import rates
from webchat.health.actions import ABOUT_MAX_CHARS, EXPORT, REPAIR, acting
from webchat.health.rates import ACCOUNTS_MAX, PER_WINDOW, AskingRates
from webchat.health.records import FINE
from webchat.health.vocabulary import WORDS
from webchat.worker import Worker

NODE = "ab" * 20


async def logged(page: Browser) -> list[dict[str, Any]]:
    """What the event log has of administrators."""
    answer = await page.ask("events", operation="admin")
    records: list[dict[str, Any]] = answer["records"]
    for each in records:
        assert answer["names"][f"account:{each['route']['account']}"] == "ada"
        assert each["node"] == ""
    return records


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines of the server's log about it."""
    found = [each for each in caplog.records if each.name == "webchat.health.actions"]
    return [json.loads(each.getMessage()) for each in found if each.levelno == logging.INFO]


async def test_what_is_done_by_the_socket_is_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "webchat.health.actions")
    began_ms = time.time() * 1000
    page = await watcher()
    await page.ask("diagnostic", on=True)
    await page.ask("repair", channel="#nowhere", subscriber=NODE)
    await page.ask("doctor", address=f"{'x' * 100}")
    told = await logged(page)
    ada = await User.objects.aget(username="ada")
    assert [(each["operation"], each["subject"], each["outcome"], each["route"]) for each in told] == [
        ("admin.diagnostic", "", "ok", {"on": True, "account": ada.pk}),
        ("admin.repair", "#nowhere", "CHANNEL_UNKNOWN", {"subscriber": NODE, "account": ada.pk}),
        ("admin.doctor", "", "ADDRESS_INVALID", {"address": "x" * 100, "account": ada.pk}),
    ]
    assert all(began_ms - 1 <= each["wall_ms"] <= time.time() * 1000 + 1 for each in told)
    assert all(sum(each["parts"].values()) == each["elapsed_ms"] for each in told)
    assert [(line["name"], line["operation"], line["outcome"]) for line in lines(caplog)] == [
        ("ada", each["operation"], each["outcome"]) for each in told
    ]
    live = await until(
        page, "events", lambda frame: "admin.doctor" in [e["operation"] for e in frame["events"]]
    )
    assert live["events"]
    await page.close()


async def test_what_is_taken_away_is_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "webchat.health.actions")
    client = AsyncClient()
    page = await watcher()
    await database_sync_to_async(client.force_login)(await User.objects.aget(username="ada"))
    await client.get(f"{reverse('health_export', args=['csv'])}?text=a-private-word&outcome=failed")
    preview = await client.get(reverse("health_bundle"))
    file = await client.get(link_in(preview.content.decode()))
    told = await logged(page)
    assert [each["operation"] for each in told] == ["admin.export", "admin.preview", "admin.bundle"]
    assert told[0]["route"]["kind"] == "csv"
    assert told[0]["route"]["chosen_by"] == ["outcome", "text"]
    assert told[2]["route"]["bytes"] == len(file.content)
    assert "a-private-word" not in json.dumps(told) + caplog.text
    assert len(lines(caplog)) == 3
    exported = (await client.get(reverse("health_export", args=["json"]))).content.decode()
    assert "admin.export" in exported
    assert re.search(r"\bada\b", exported) is None, "accounts have numbers in files"
    await page.close()


async def test_what_is_typed_is_kept_in_short() -> None:
    heard: list[dict[str, Any]] = []

    async def tell(action: dict[str, Any]) -> None:
        heard.append(action)

    async with acting(1, "ada", EXPORT, tell, subject="s" * 1000, text="y" * 1000, number=7):
        pass
    [told] = heard
    assert told["subject"] == "s" * ABOUT_MAX_CHARS
    assert told["about"] == {"text": "y" * ABOUT_MAX_CHARS, "number": 7}


async def test_what_a_closed_page_left_behind_is_logged_as_such(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await watcher()
    begun = asyncio.Event()

    async def stuck(channel: str, subscriber: str) -> dict[str, Any]:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    monkeypatch.setattr(worker.health.view, "repair", stuck)
    await page.send("repair", channel="#nowhere", subscriber=NODE)
    await begun.wait()
    await page.close()
    page = await socket_of_ada()
    [told] = await logged(page)
    assert (told["operation"], told["subject"], told["outcome"]) == (
        "admin.repair",
        "#nowhere",
        "page_closed",
    )
    assert told["outcome"] not in FINE, "nobody knows what came of it"
    assert told["outcome"] in WORDS, "and a bundle may say it"
    await page.close()


async def test_what_a_closed_page_left_behind_is_told_however_long_that_takes() -> None:
    heard: list[str] = []
    release = asyncio.Event()

    async def tell(action: dict[str, Any]) -> None:
        await release.wait()
        heard.append(action["outcome"])

    async def act() -> None:
        async with acting(1, "ada", REPAIR, tell):
            await asyncio.Event().wait()

    task = asyncio.create_task(act())
    for _ in range(3):  # as ``Background.close`` does with what is late
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task])
    release.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert heard == ["page_closed"]


async def test_what_is_refused_for_its_number_is_in_the_event_log(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rates.PER_WINDOW, "act", 1)
    page = await watcher()
    for _ in range(3):
        await page.ask("diagnostic", on=False)
    live = await until(
        page, "events", lambda frame: "RATE_LIMITED" in [e["outcome"] for e in frame["events"]]
    )
    [told] = [each for each in live["events"] if each["outcome"] == "RATE_LIMITED"]
    assert (told["operation"], told["stands_for"]) == ("admin.diagnostic", 1)
    assert [each["outcome"] for each in await logged(page)] == ["ok", "RATE_LIMITED"]
    kept = [record.outcome for _, _, record in worker.health.view.log._actions.kept]
    assert kept == ["ok"], "a refusal takes no place of what was done"
    await page.close()


@pytest.mark.parametrize(("frame", "kind"), [("events", "look"), ("trace", "look"), ("diagnostic", "act")])
async def test_nobody_asks_the_nodes_without_end(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, frame: str, kind: str
) -> None:
    monkeypatch.setitem(rates.PER_WINDOW, kind, 3)
    fields: dict[str, Any] = {
        "events": {"text": "x"},
        "trace": {"channel": "#nowhere", "id": "01890a5d-ac96-774b-bcce-b302099a8057"},
        "diagnostic": {"on": False},
    }[frame]
    first, second = await watcher(), await socket_of_ada()
    for page in (first, second, first):
        assert (await page.ask(frame, **fields)).get("code") != "RATE_LIMITED"
    refused = await second.ask(frame, **fields)
    assert (refused["code"], 1 <= refused["retry_after"] <= rates.WINDOW_S) == ("RATE_LIMITED", True)
    assert (await second.ask("ping"))["type"] == "ok"
    await first.close()
    await second.close()


async def socket_of_ada() -> Browser:
    """Another page of the same administrator."""
    from tests.webchat.test_health_access import socket_of

    page = await socket_of(await User.objects.aget(username="ada"))
    assert await page.open()
    await page.hello()
    return page


async def test_nobody_takes_files_without_end(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rates.PER_WINDOW, "file", 2)
    client = AsyncClient()
    await database_sync_to_async(client.force_login)(await account("ada", staff=True))
    for address in (reverse("health_bundle"), reverse("health_export", args=["json"])):
        assert (await client.get(address)).status_code == 200
    refused = await client.get(reverse("health_export", args=["csv"]))
    assert refused.status_code == 429
    shown = refused.content.decode()
    assert "RATE_LIMITED" in shown and "Too much in a short time" in shown and "messages" not in shown
    assert f'href="{reverse("health")}"' in shown and 'href="/"' not in shown.partition("<main")[2]


async def test_rates_are_bounded_in_themselves() -> None:
    asked = AskingRates()
    for account_id in range(ACCOUNTS_MAX):
        for kind in PER_WINDOW:
            asked.take(account_id, kind)
    with pytest.raises(CommandError, match="RATE_LIMITED"):
        asked.take(ACCOUNTS_MAX, "act")
    asked.take(0, "act")

"""A channel as a file: what it says about how much it is, and that no message in it acts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncClient
from pytest_django import Settings

from tests.webchat.conftest import Open
from tests.webchat.vectors import VECTORS
from webchat.exporting import held
from webchat.exporting.files import as_html, as_json
from webchat.rendering import rendered

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
ANN, BOB = "0b" + "a" * 38, "17" + "b" * 38


def message(number: int, text: str, **more: Any) -> dict[str, Any]:
    """The ``number``-th message as the worker tells it."""
    fields = {
        "id": f"id-{number}",
        "channel": "#lobby",
        "author": ANN,
        "name": "ann",
        "text": text,
        "order": f"{number:08x}",
        "at_ms": 1_777_000_000_000 + number * 60_000,
        "own": False,
        "reply_to": "",
        "edited_ms": 0,
        "deleted": False,
        "reactions": (),
        "file": None,
        **more,
    }
    return {**fields, "html": rendered(str(fields["text"]))}


def a_channel(*messages: dict[str, Any]) -> held.Held:
    return held.Held("#lobby", list(messages), True, AT)


class Node:
    """A worker's answers about a channel of so many messages."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)

    async def ask(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        older = [each for each in self.messages if args["before"] is None or each["order"] < args["before"]]
        page = older[-args["limit"] :]
        return {"messages": page, "more": len(page) == args["limit"]}


class Elements(HTMLParser):
    """Which elements and attributes a page has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}


@pytest.mark.parametrize(
    "count", [0, 1, held.PAGE_MESSAGES - 1, held.PAGE_MESSAGES, 3 * held.PAGE_MESSAGES + 7]
)
async def test_every_message_is_in_it_once_and_in_order(count: int) -> None:
    node = Node(*(message(number, f"text {number}") for number in range(count)))
    found = await held.read("#lobby", node.ask, AT)
    assert (found.messages, found.is_whole) == (node.messages, True)


async def test_beyond_the_bounds_the_newest_are_in_it_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(*(message(number, "x" * 100) for number in range(5 * held.PAGE_MESSAGES)))
    monkeypatch.setattr(held, "MESSAGES_MAX", 2 * held.PAGE_MESSAGES)
    by_count = await held.read("#lobby", node.ask, AT)
    assert (by_count.messages, by_count.is_whole) == (node.messages[-2 * held.PAGE_MESSAGES :], False)
    monkeypatch.setattr(held, "BYTES_MAX", 100 * held.PAGE_MESSAGES)
    by_size = await held.read("#lobby", node.ask, AT)
    assert (by_size.messages, by_size.is_whole) == (node.messages[-held.PAGE_MESSAGES :], False)
    assert json.loads(as_json(by_size))["held"]["all_that_the_node_holds"] is False
    assert "did not fit" in as_html(by_size).decode()


def test_the_json_has_what_was_written_and_how_much_it_is() -> None:
    channel = a_channel(
        message(1, "**hello** <b>"),
        message(2, "", author=BOB, name="bob", deleted=True),
        message(3, "yes", reply_to="id-1", edited_ms=5, reactions=(("👍", (BOB,)),)),
    )
    content = json.loads(as_json(channel))
    assert (content["format"], content["version"], content["channel"]) == ("starling-channel", 1, "#lobby")
    assert content["held"]["messages"] == 3
    assert content["held"]["first_at"] == "2026-04-24T03:07:40.000+00:00"
    assert content["names"] == {ANN: "ann", BOB: "bob"}
    first, second, third = content["messages"]
    assert (first["text"], first["author"]) == ("**hello** <b>", ANN)
    assert second["deleted"] is True
    assert (third["reply_to"], third["reactions"]) == ("id-1", [["👍", [BOB]]])


def test_the_page_tells_names_answers_edits_and_deletions() -> None:
    page = as_html(
        a_channel(
            message(1, f"**hello** <@{BOB}>", name="<ann>"),
            message(2, "", author=BOB, name="b&b", deleted=True),
            message(3, "yes", name="<ann>", reply_to="id-1", edited_ms=5, reactions=(("👍", (BOB,)),)),
        )
    ).decode()
    assert "3 messages" in page
    assert "other nodes may hold more" in page
    assert f'<strong>hello</strong> <span class="mention" data-node="{BOB}">@b&amp;b</span>' in page
    assert 'href="#m-id-1">Reply to &lt;ann&gt;</a>' in page
    assert "Deleted" in page
    assert "(edited)" in page
    assert "<ann>" not in page


def test_a_file_is_named_in_both_and_its_name_does_nothing() -> None:
    file = {"root": "ab" * 20, "name": "<img src=x>.pdf", "size": 2048}
    channel = a_channel(message(1, "", file=file), message(2, "thanks", reply_to="id-1"))
    assert json.loads(as_json(channel))["messages"][0]["file"] == file
    page = as_html(channel).decode()
    assert page.count("&lt;img src=x&gt;.pdf") == 2, "by itself, and where it is answered"
    assert "not part of this page" in page
    assert "img" not in Elements(page).tags


def test_no_hostile_message_acts_in_the_page() -> None:
    hostile = [message(number, text, name=text[:40]) for number, text in enumerate(VECTORS)]
    answers = [message(1000 + number, "re", reply_to=each["id"]) for number, each in enumerate(hostile)]
    page = Elements(as_html(a_channel(*hostile, *answers)).decode())
    assert page.tags.isdisjoint({"script", "img", "iframe", "object", "embed", "link", "form", "svg", "base"})
    assert not {name for _, name in page.attributes if name.startswith("on") or name in ("src", "style")}


def test_the_pages_own_policy_allows_its_style_and_nothing_else() -> None:
    page = as_html(a_channel(message(1, "x"))).decode()
    policy = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    directives = dict(each.strip().split(" ", 1) for each in policy.replace("&#x27;", "'").split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["style-src"].startswith("'sha256-")
    assert page.count("<style>") == 1


async def _client(name: str) -> AsyncClient:
    user = await database_sync_to_async(User.objects.get)(username=name)
    client = AsyncClient()
    await client.aforce_login(user)
    return client


async def _asked(name: str, path: str) -> HttpResponse:
    answer: HttpResponse = await (await _client(name)).get(path)
    return answer


@pytest.mark.usefixtures("worker")
async def test_only_a_member_gets_a_channel(open_page: Open) -> None:
    ann, bob = await open_page("ann"), await open_page("bob")
    for page in (ann, bob):
        await page.hello()
    await ann.join("#lobby")
    said = await ann.say("#lobby", "Kept here")

    answer = await _asked("ann", "/c/lobby/export.json")
    assert answer["Content-Disposition"].startswith('attachment; filename="starling-lobby-')
    assert [each["id"] for each in json.loads(answer.content)["messages"]] == [said["id"]]
    assert b"Kept here" in (await _asked("ann", "/c/lobby/export.html")).content

    refused = await _asked("bob", "/c/lobby/export.json")
    assert (refused.status_code, b"CHANNEL_UNKNOWN" in refused.content) == (404, True)
    assert b"Kept here" not in refused.content
    assert (await _asked("ann", "/c/lobby/export.exe")).status_code == 404
    stranger: HttpResponse = await AsyncClient().get("/c/lobby/export.json")
    assert (stranger.status_code, stranger["Location"].startswith("/signin/")) == (302, True)


@pytest.mark.usefixtures("worker")
async def test_exports_are_bounded(open_page: Open, settings: Settings) -> None:
    settings.EXPORTS_PER_PERSON_MAX = 1
    ann = await open_page("ann")
    await ann.hello()
    await ann.join("#lobby")
    assert (await _asked("ann", "/c/lobby/export.json")).status_code == 200
    refused = await _asked("ann", "/c/lobby/export.json")
    assert (refused.status_code, b"RATE_LIMITED" in refused.content) == (429, True)


@pytest.mark.django_db(transaction=True)
async def test_without_a_worker_there_is_no_file(settings: Settings) -> None:
    settings.PAGE_COMMAND_TIMEOUT_S = 0.01
    settings.DEPLOYMENT = replace(settings.DEPLOYMENT, udp_port=0)
    await database_sync_to_async(User.objects.create_user)("ann", password="x")
    refused = await _asked("ann", "/c/lobby/export.json")
    assert (refused.status_code, b"WORKER_UNAVAILABLE" in refused.content) == (503, True)

"""Styles and scripts may be kept by browsers for ever, and another content has another address."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from webchat.assets import name_of

ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')
IMPORT = re.compile(r'(?:from|import\() ?"(\.[^"]+)"')
OLDER = "/static/0123456789ab/"
STYLE = "webchat/css/base.css"

pytestmark = pytest.mark.django_db


def content_of(client: Client, address: str) -> str:
    """What is served there, for ever."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert "immutable" in answer["Cache-Control"], address
    assert int(re.findall(r"max-age=(\d+)", answer["Cache-Control"])[0]) > 300 * 24 * 3600
    return b"".join(answer).decode()


def test_all_that_a_page_needs_is_served_and_may_be_kept(client: Client) -> None:
    page = client.get(reverse("signin"))
    assert "immutable" not in page.get("Cache-Control", "")
    waiting = {*ASSET.findall(page.content.decode()), static("webchat/js/main.js")}
    seen: set[str] = set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        content = content_of(client, address)
        imported = IMPORT.findall(content) if address.endswith(".js") else []
        waiting |= {urljoin(address, each) for each in imported} - seen
    assert len(seen) > 90
    assert {address.split("/")[2] for address in seen} == {static("").strip("/").split("/")[1]}


def test_the_administration_pages_find_theirs(client: Client) -> None:
    content_of(client, static("admin/css/base.css"))


def test_another_content_has_another_name(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("one")
    names = [name_of(tmp_path), name_of(tmp_path), name_of(tmp_path, "5.2")]
    for stray in (".DS_Store", "a.js~"):
        (tmp_path / "js" / stray).write_text("whatever")
    names[1] = name_of(tmp_path)
    (tmp_path / "js" / "a.js").write_text("two")
    names.append(name_of(tmp_path))
    (tmp_path / "js" / "a.js").rename(tmp_path / "js" / "b.js")
    names.append(name_of(tmp_path))
    assert names[0] == names[1]
    assert len(set(names)) == 4
    assert all(re.fullmatch("[0-9a-f]{12}", name) for name in names)


def test_who_asks_under_an_older_name_is_sent_to_todays(client: Client) -> None:
    answer = client.get(f"{OLDER}{STYLE}")
    assert (answer.status_code, answer["Location"]) == (302, static(STYLE))
    assert "no-store" in answer["Cache-Control"]
    for nothing in (
        "webchat/js/main.js",
        "webchat/css/nothing.css",
        "../settings.py",
        "..%2f..%2fwebchat/settings.py",
    ):
        assert client.get(OLDER + nothing).status_code == 404
    assert client.get(static("webchat/js/nothing.js")).status_code == 404

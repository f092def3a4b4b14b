"""Limits are said once: the page has those of the server, and those are the network's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from peernode.channel import filetree, ids, kinds, message
from peernode.config import NodeConfig
from peernode.pubsub import reading
from webchat.limits import LIMITS

SCRIPTS = Path(__file__).parents[2] / "static" / "webchat" / "js"


def test_the_servers_limits_are_those_of_the_network() -> None:
    config = NodeConfig()
    assert {
        "text_bytes": config.text_max_bytes,
        "name_bytes": kinds.NAME_MAX_BYTES,
        "about_bytes": kinds.ABOUT_MAX_BYTES,
        "picture_bytes": message.PARTS_MAX * config.part_max_bytes,
        "file_bytes": filetree.FILE_MAX_BYTES,
        "channel_chars": ids.NAME_MAX_CHARS,
        "unread": reading.UNREAD_MAX,
    } == LIMITS


@pytest.mark.django_db
def test_the_page_gets_all_of_them() -> None:
    client = Client()
    client.force_login(User.objects.create_user("ann"))
    shown = client.get(reverse("chat")).content.decode()
    told = re.search(r'<script id="page" type="application/json">(.*?)</script>', shown)
    assert told is not None
    assert json.loads(told[1])["limits"] == LIMITS
    sealed = re.search(r"Object\.seal\({(.*?)}\)", (SCRIPTS / "limits.js").read_text(), re.DOTALL)
    assert sealed is not None
    assert set(re.findall(r"(\w+): 0,", sealed[1])) == LIMITS.keys()
    for field, limit in (("profile-name", "name_bytes"), ("profile-about", "about_bytes")):
        assert re.search(rf'id="{field}"[^>]* maxlength="{LIMITS[limit]}"', shown), field
    longest = LIMITS["channel_chars"] + 1  # what is typed with a "#" too many is told so
    assert re.search(rf'id="join-name"[^>]* maxlength="{longest}"', shown)


def test_no_module_says_a_limit_itself() -> None:
    modules = {path.name: path.read_text() for path in SCRIPTS.rglob("*.js")}
    assert [name for name, text in modules.items() if re.search(r"MAX_BYTES = (?!5 \* )", text)] == []
    users = ("channelname.js", "portraitmaker.js", "profileform.js", "reading.js", "screen.js", "uploads.js")
    assert [name for name in users if "limits." not in modules[name]] == []

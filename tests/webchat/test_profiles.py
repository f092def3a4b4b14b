"""Profiles: from one browser's socket to another's, and pictures over HTTP."""

from __future__ import annotations

import base64

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient

from tests.support.browser import Browser
from tests.support.pictures import gif_head, png
from tests.webchat.conftest import Open
from webchat.bridge import Profile
from webchat.worker import Worker

PORTRAIT = png(64, 64)


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def signed_in(name: str) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(await database_sync_to_async(User.objects.get)(username=name))
    return client


async def two_in_the_lobby(open_page: Open) -> tuple[Browser, Browser, str]:
    ann, bob = await open_page("ann"), await open_page("bob")
    node = (await ann.hello())["node"]["node_id"]
    await bob.hello()
    for page in (ann, bob):
        await page.join("#lobby")
    return ann, bob, node


@pytest.mark.usefixtures("worker")
async def test_a_profile_reaches_the_own_pages_and_the_others(open_page: Open) -> None:
    ann, bob, node = await two_in_the_lobby(open_page)
    other = await open_page("ann")
    before = await other.hello()
    assert before["profile"] == {"name": "ann", "about": "", "picture": ""}

    answer = await ann.ask("profile.set", name="Ann B.", about="Climbs.", picture=base64_of(PORTRAIT))
    assert answer["type"] == "ok", answer
    for page in (ann, other):
        own = await page.expect("profile")
        assert (own["name"], own["about"], len(own["picture"])) == ("Ann B.", "Climbs.", 32)
    await bob.expect("channel.name", author=node, name="Ann B.")
    card = await bob.expect("channel.card", author=node, picture=own["picture"])
    assert card["channel"] == "#lobby"
    person = await bob.ask("person", channel="#lobby", node=node)
    assert {name: person[name] for name in ("type", "channel", "node", "name", "about", "picture")} == {
        "type": "person",
        "channel": "#lobby",
        "node": node,
        "name": "Ann B.",
        "about": "Climbs.",
        "picture": own["picture"],
    }
    fresh = (await (await open_page("bob")).hello())["channels"][0]
    assert (fresh["names"][node], fresh["pictures"]) == ("Ann B.", {node: own["picture"]})

    assert (await ann.ask("profile.set", name="Ann", about=""))["type"] == "ok"
    assert (await other.expect("profile", name="Ann"))["picture"] == own["picture"], "it stays"
    assert (await ann.ask("profile.set", name="Ann", about="", picture=""))["type"] == "ok"
    assert (await bob.expect("channel.card", picture=""))["author"] == node


@pytest.mark.usefixtures("worker")
async def test_who_is_verified_is_the_same_on_all_pages(open_page: Open) -> None:
    ann, bob, node = await two_in_the_lobby(open_page)
    other = await open_page("bob")
    assert (await other.hello())["verified"] == []
    assert (await bob.ask("person.verify", node=node, on=True))["type"] == "ok"
    for page in (bob, other):
        assert (await page.expect("person.verified"))["verified"] == [node]
    assert (await (await open_page("bob")).hello())["verified"] == [node]
    assert (await ann.ask("person.verify", node=node, on=True))["code"] == "BAD_FRAME"


@pytest.mark.usefixtures("worker")
async def test_what_fits_no_profile_is_refused(open_page: Open) -> None:
    ann = await open_page("ann")
    await ann.hello()
    good = {"name": "Ann", "about": ""}
    for wrong, code in (
        ({"name": " "}, "BAD_FRAME"),
        ({"name": "x" * 129}, "BAD_FRAME"),
        ({"name": "\u200b"}, "EMPTY"),
        ({"about": "x" * 241}, "BAD_FRAME"),
        ({"about": "\ud800"}, "BAD_FRAME"),
        ({"picture": "not base64!"}, "BAD_FRAME"),
        ({"picture": base64_of(bytes(16 * 1024 + 1))}, "BAD_FRAME"),
        ({"picture": base64_of(b"<svg/>")}, "PICTURE_UNSUITABLE"),
        ({"picture": base64_of(png(513, 1))}, "PICTURE_UNSUITABLE"),
    ):
        assert (await ann.ask("profile.set", **{**good, **wrong}))["code"] == code, wrong
    assert (await ann.ask("person", channel="#nowhere", node="0" * 40))["code"] == "CHANNEL_UNKNOWN"


async def test_a_picture_is_served_as_nothing_but_a_picture(worker: Worker, open_page: Open) -> None:
    ann, bob, node = await two_in_the_lobby(open_page)
    await ann.ask("profile.set", name="Ann", about="", picture=base64_of(PORTRAIT))
    picture = (await bob.expect("channel.card", author=node))["picture"]
    address = f"/people/{node}/{picture}/"
    for reader in ("bob", "ann"):
        response = await (await signed_in(reader)).get(address)
        assert (response.status_code, response.content) == (200, PORTRAIT)
        headers = {
            "Content-Type": "image/png",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Disposition": "inline",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        assert {name: response[name] for name in headers} == headers
        assert "immutable" in response["Cache-Control"]
        assert "private" in response["Cache-Control"]
    cleo = await open_page("cleo")
    await cleo.hello()
    client = await signed_in("cleo")
    assert (await client.get(address)).status_code == 404, (
        "who is in no channel with her has no picture of her"
    )
    for wrong in (f"/people/{node}/{'0' * 32}/", f"/people/{node[:-1]}/{picture}/", f"/people/{node}/x/"):
        assert (await client.get(wrong)).status_code == 404
    assert (await AsyncClient().get(address)).status_code == 302
    # A hostile node may say anything is its picture; it is served to nobody.
    hostile = await worker.residents.peer((await User.objects.aget(username="ann")).pk)
    await hostile.node.set_profile(Profile("Ann", "", b"<script>alert(1)</script>"))
    card = await bob.expect("channel.card", author=node)
    client = await signed_in("bob")
    assert (await client.get(f"/people/{node}/{card['picture']}/")).status_code == 404
    for content in (gif_head(8, 8), png(600, 1)):
        await hostile.node.set_profile(Profile("Ann", "", content))
        card = await bob.expect("channel.card", author=node)
        assert (await client.get(f"/people/{node}/{card['picture']}/")).status_code == 404
